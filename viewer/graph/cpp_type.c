#include "cpp_type.h"

#include <ctype.h>
#include <string.h>

#define DEEP 64                            /* templates in templates that are made short; what is in those stays as it is */
#define LONG 8192                          /* bytes of a name that nobody reads */

#define ARRAY "[]"
#define MADE_SHARED " (make_shared)"

struct text { const char *at; size_t n; };

static struct text text_of(const char *at) { return (struct text){ at, strlen(at) }; }

static bool starts_with(struct text text, const char *start)
{
    size_t n = strlen(start);
    return text.n >= n && memcmp(text.at, start, n) == 0;
}

static bool ends_with(struct text text, const char *end)
{
    size_t n = strlen(end);
    return text.n >= n && memcmp(text.at + text.n - n, end, n) == 0;
}

static bool is_opening(char c) { return c == '<' || c == '(' || c == '{' || c == '['; }
static bool is_closing(char c) { return c == '>' || c == ')' || c == '}' || c == ']'; }

static struct text trimmed(struct text text)
{
    for (; text.n && *text.at == ' '; text.n--)
        text.at++;
    while (text.n && text.at[text.n - 1] == ' ')
        text.n--;
    return text;
}

/* How far it is to the comma, or the bracket that closes, which ends what begins at `at`; text.n: there is none. */
static size_t argument_end(struct text text, size_t at)
{
    for (size_t depth = 0; at < text.n; at++) {
        if (depth == 0 && (text.at[at] == ',' || is_closing(text.at[at])))
            return at;
        depth += is_opening(text.at[at]);
        depth -= is_closing(text.at[at]);
    }
    return text.n;
}

/* ---- names of types ---- */

static bool is_default(struct text argument)
{
    static const char *const defaults[] = { "std::allocator<", "std::char_traits<", "std::less<", "std::hash<", "std::equal_to<",
                                            "std::default_delete<", "std::__1::allocator<", "std::__1::char_traits<",
                                            "std::__1::less<", "std::__1::hash<", "std::__1::equal_to<", "std::__1::default_delete<" };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (starts_with(argument, defaults[i]))
            return true;
    return false;
}

static size_t hidden_namespace(struct text text, size_t at)
{
    static const char *const hidden[] = { "__cxx11::", "__1::", "__detail::" };
    for (size_t i = 0; at >= 2 && text.at[at - 1] == ':' && i < sizeof hidden / sizeof *hidden; i++)
        if (starts_with((struct text){ text.at + at, text.n - at }, hidden[i]))
            return strlen(hidden[i]);
    return 0;
}

static void add_short(struct strbuf *out, struct text text, int depth);

/* The arguments behind '<' at text.at[at]; returns where they end, behind '>', or 0 when they do not. */
static size_t add_arguments(struct strbuf *out, struct text text, size_t at, int depth)
{
    size_t begin = out->length, last = 0, i = at + 1;       /* last: where those end that are no defaults */
    strbuf_add(out, "<");
    for (bool first = true;; first = false) {
        size_t end = argument_end(text, i);
        if (end == text.n) {
            strbuf_truncate(out, begin);
            return 0;
        }
        struct text argument = trimmed((struct text){ text.at + i, end - i });
        strbuf_add(out, first ? "" : ", ");
        add_short(out, argument, depth + 1);
        if (first || !is_default(argument))
            last = out->length;
        i = end + 1;
        if (text.at[end] != ',')
            break;
    }
    strbuf_truncate(out, last);
    strbuf_add(out, ">");
    return i;
}

static void add_short(struct strbuf *out, struct text text, int depth)
{
    static const char string[] = "std::basic_string<char>";
    for (size_t i = 0; i < text.n;) {
        size_t hidden = hidden_namespace(text, i), end = text.at[i] == '<' && depth < DEEP ? add_arguments(out, text, i, depth) : 0;
        if (end && ends_with((struct text){ out->data, out->length }, string)) {
            strbuf_truncate(out, out->length - strlen("basic_string<char>"));
            strbuf_add(out, "string");
        }
        if (hidden || end) {
            i = end ? end : i + hidden;
            continue;
        }
        if (!(text.at[i] == ' ' && i + 1 < text.n && text.at[i + 1] == '['))
            strbuf_add_char(out, text.at[i]);
        i++;
    }
}

/* What a standard library keeps a shared object in (libstdc++ and libc++: with the object inside; with a pointer to it) is
 * called after the object. */
static bool add_control(struct strbuf *out, struct text type)
{
    static const struct { const char *head, *before, *after; } controls[] = {
        { "std::_Sp_counted_ptr_inplace<", "", MADE_SHARED }, { "std::__shared_ptr_emplace<", "", MADE_SHARED },
        { "std::_Sp_counted_ptr<", "control block of shared_ptr to ", "" },
        { "std::_Sp_counted_deleter<", "control block of shared_ptr to ", "" },
        { "std::__shared_ptr_pointer<", "control block of shared_ptr to ", "" },
    };
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
        size_t head = strlen(controls[i].head);
        if (!starts_with(type, controls[i].head))
            continue;
        struct text object = { type.at + head, argument_end(type, head) - head };
        object.n -= *controls[i].before && ends_with(object, "*");            /* the pointer that it keeps */
        strbuf_add(out, controls[i].before);
        add_short(out, object, 0);
        strbuf_add(out, controls[i].after);
        return true;
    }
    return false;
}

void cpp_type_add(struct strbuf *out, const char *type)
{
    struct text text = text_of(type);
    if (text.n > LONG)
        strbuf_add(out, type);
    else if (!add_control(out, text))
        add_short(out, text, 0);
}

bool cpp_type_is_array(const char *type) { return ends_with(text_of(type), ARRAY); }

size_t cpp_type_class_length(const char *type)
{
    const char *shared = strstr(type, MADE_SHARED);
    return shared ? (size_t)(shared - type) : strlen(type) - (cpp_type_is_array(type) ? strlen(ARRAY) : 0);
}

/* ---- functions ---- */

/* "T* ns::pool<A>::get<B>[abi:v1](int) const" -> "ns::pool<A>::get<B>": to the first parenthesis or mark and from the last blank outside of brackets. */
static struct text qualified_name(const char *function)
{
    const char *start = function, *at = function;
    for (int depth = 0; *at && (depth || (*at != '(' && *at != '[')); at++) {
        depth += is_opening(*at) - (is_closing(*at) && depth);
        if (*at == ' ' && depth == 0)
            start = at + 1;
    }
    return (struct text){ start, (size_t)(at - start) };
}

/* The first of the arguments that stand at the end: "std::allocator<A, B>" -> "A", with *rest "std::allocator". */
static bool first_argument(struct text name, struct text *argument, struct text *rest)
{
    size_t open = name.n, depth = 0;
    if (!ends_with(name, ">"))
        return false;
    do {
        open--;
        depth += is_closing(name.at[open]);
        depth -= is_opening(name.at[open]) && depth;
    } while (open && depth);
    if (depth || name.at[open] != '<')
        return false;
    *argument = trimmed((struct text){ name.at + open + 1, argument_end(name, open + 1) - open - 1 });
    *rest = (struct text){ name.at, open };
    return argument->n;
}

static bool is_called(struct text name, const char *last)
{
    char before = name.n > strlen(last) ? name.at[name.n - strlen(last) - 1] : ':';
    return ends_with(name, last) && !isalnum((unsigned char)before) && before != '_';
}

/* What containers make is a node of one element, or a table; all else is an array. */
static void add_elements(struct strbuf *out, struct text type)
{
    static const struct { const char *node, *called; } nodes[] = {
        { "_Rb_tree_node", "tree node of " }, { "_Hash_node", "hash node of " }, { "_List_node", "list node of " },
        { "_Fwd_list_node", "list node of " }, { "__tree_node", "tree node of " }, { "__hash_node", "hash node of " },
        { "__list_node", "list node of " }, { "__forward_list_node", "list node of " },
    };
    struct text element, node;
    if (ends_with(type, "_Hash_node_base*")) {
        strbuf_add(out, "hash buckets");
        return;
    }
    bool one = first_argument(type, &element, &node);
    for (size_t i = 0; one && i < sizeof nodes / sizeof *nodes; i++)
        if (is_called(node, nodes[i].node)) {
            strbuf_add(out, nodes[i].called);
            add_short(out, element, 0);
            return;
        }
    add_short(out, type, 0);
    strbuf_add(out, ARRAY);
}

/* "std::basic_string<char, ...>::_M_create": its members make nothing else. */
static bool is_string_member(struct text name, struct text *character)
{
    static const char *const strings[] = { "std::__cxx11::basic_string<", "std::basic_string<", "std::__1::basic_string<" };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        size_t head = strlen(strings[i]), end;
        if (!starts_with(name, strings[i]))
            continue;
        end = argument_end(name, head);
        *character = trimmed((struct text){ name.at + head, end - head });
        while (end < name.n && name.at[end] == ',')
            end = argument_end(name, end + 1);
        return starts_with((struct text){ name.at + end, name.n - end }, ">::");
    }
    return false;
}

bool cpp_type_add_made(struct strbuf *out, const char *function)
{
    struct text name = qualified_name(function), argument, rest;
    if (name.n > LONG)
        return false;
    if (ends_with(name, "::allocate")) {
        name.n -= strlen("::allocate");
        if (!first_argument(name, &argument, &rest) || !ends_with(rest, "allocator"))
            return false;
        add_elements(out, argument);
        return true;
    }
    if (is_string_member(name, &argument)) {
        add_elements(out, argument);
        return true;
    }
    if (!first_argument(name, &argument, &rest) || !is_called(rest, "make_unique") || !starts_with(rest, "std::"))
        return false;
    add_short(out, argument, 0);
    return true;
}

bool cpp_type_passes_on(const char *function)
{
    return starts_with(text_of(function), "operator new") || starts_with(text_of(function), "std::__1::__libcpp_") ||
           starts_with(qualified_name(function), "std::__1::__libcpp_");
}
