#include "man.h"

#include "usage.h"
#include "verbs.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define SOURCE_WIDTH 66                  /* columns after which a line of source may end */
#define MAN_DATE "November 21, 2026"     /* of the last change of what the pages say; moves with a release */

/* What holds for all commands stands in heapline(1), once. */
static const char exit_status[] =
    ".Sh EXIT STATUS\n"
    ".Bl -tag -width 3n -compact\n"
    ".It 0\nThe command did what was asked.\n"
    ".It 1\nThe question that was asked has the answer no.\n"
    ".It 2\nWrong usage, a file that cannot be read or written, or nothing was profiled.\n"
    ".El\n"
    ".Pp\n"
    ".Ql heapline run\n"
    "ends as the program did: with its exit status, or with 128+n when signal n\n"
    "ended it, with 126 when the program cannot be executed and with 127 when it\n"
    "was not found.\n";

static const char environment[] =
    ".Sh ENVIRONMENT\n"
    ".Bl -tag -width HEAPLINE_PAGER\n"
    ".It Ev HEAPLINE_PAGER , Ev PAGER\n"
    "The pager for reports on a terminal; the first that is set counts,\nand without either it is\n.Xr less 1 .\n"
    "Empty or\n.Ql cat :\nno pager.\n"
    ".It Ev NO_COLOR\nWhen set and not empty, no colours unless they are asked for.\n"
    ".It Ev TERM\nNo colours on a\n.Ql dumb\nterminal.\n"
    ".It Ev COLUMNS\nThe width of the output when it does not go to a terminal.\n"
    ".It Ev DEBUGINFOD_URLS\nServers of debug information to ask for what is not installed;\nnever asked when unset.\n"
    ".El\n";

static const char files[] =
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa *.hpl\n"
    "A trace: one file for a run, with all its processes, and with the names of\n"
    "functions, files and lines, so that it can be read on another machine.\n"
    ".El\n";

/* Appends one character. `…` becomes a pair of quotes. A '-' between letters is a hyphen; everywhere else it is to be typed as it is. */
static void add_escaped(struct strbuf *out, const char *text, size_t i)
{
    bool in_word = i > 0 && isalpha((unsigned char)text[i - 1]) && isalpha((unsigned char)text[i + 1]);
    bool opens = i == 0 || strchr(" \n(\"", text[i - 1]);
    if (text[i] == '`')
        strbuf_add(out, opens ? "\\(oq" : "\\(cq");
    else if (text[i] == '\\')
        strbuf_add(out, "\\e");
    else if (text[i] == '-' && !in_word)
        strbuf_add(out, "\\-");
    else
        strbuf_add_char(out, text[i]);
}

/* A new line of source begins after a sentence, as roff likes it, and in long lines. */
static bool breaks_line(const char *text, size_t i, size_t column)
{
    if (text[i] == '\n' || (text[i] == ' ' && column > SOURCE_WIDTH))
        return true;
    return text[i] == ' ' && i > 1 && strchr(".?!", text[i - 1]) && isupper((unsigned char)text[i + 1]);
}

/* Paragraphs get .Pp between them; a line that begins with two blanks is displayed. */
static void add_text(struct strbuf *out, const char *text)
{
    bool line_start = true;
    size_t line = out->length;
    for (size_t i = 0; text[i]; i++) {
        if (strncmp(text + i, "\n\n", 2) == 0) {
            i += strspn(text + i, "\n") - 1;
            strbuf_add(out, text[i + 1] ? "\n.Pp\n" : "");
            line_start = true;
            line = out->length;
            continue;
        }
        if (line_start && strncmp(text + i, "  ", 2) == 0)
            strbuf_add(out, ".Dl ");
        if (line_start)
            i += strspn(text + i, " ");
        if (line_start && strchr(".'", text[i]))
            strbuf_add(out, "\\&");
        bool displayed = strncmp(out->data + line, ".Dl", 3) == 0;
        line_start = breaks_line(text, i, displayed ? 0 : out->length - line);
        if (line_start) {
            strbuf_add_char(out, '\n');
            line = out->length;
        } else {
            add_escaped(out, text, i);
        }
    }
    strbuf_add_char(out, '\n');
}

/* A word on a macro line: never taken for a macro or for punctuation. */
static void add_word(struct strbuf *out, const char *word, size_t length)
{
    strbuf_add(out, "\\&");
    for (size_t i = 0; i < length; i++)
        add_escaped(out, word, i);
}

static void add_words(struct strbuf *out, const char *macro, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        strbuf_printf(out, " %s ", macro);
        add_word(out, text, length);
        text += length + strspn(text + length, " ");
    }
}

static void add_head(struct strbuf *out, const char *page, const char *upper, const char *what)
{
    strbuf_printf(out, ".Dd " MAN_DATE "\n.Dt %s 1\n.Os \"heapline " HEAPLINE_VERSION "\"\n.Sh NAME\n.Nm %s\n.Nd ", upper, page);
    size_t begin = out->length;
    add_text(out, what);
    while (out->length > begin && strchr(".\n", out->data[out->length - 1]))
        strbuf_truncate(out, out->length - 1);
    strbuf_add_char(out, '\n');
}

static void add_option(struct strbuf *out, const struct option *option)
{
    struct strbuf room = STRBUF_INIT, help = STRBUF_INIT;
    const char *argument = usage_argument(option, &room);
    strbuf_add(out, ".It ");
    if (option->letter)
        strbuf_printf(out, "Fl %c , ", option->letter);
    strbuf_add(out, "Fl \\-");
    add_word(out, option->name, strlen(option->name));
    if (argument)
        add_words(out, "Ar", argument);
    strbuf_add_char(out, '\n');
    usage_add_help(&help, option);
    add_text(out, help.data);
    strbuf_release(&help);
    strbuf_release(&room);
}

static void add_options(struct strbuf *out, const struct command *command)
{
    strbuf_add(out, command->verbs ? "The options without a verb are:\n.Bl -tag -width Ds\n" : "The options are:\n.Bl -tag -width Ds\n");
    for (size_t i = 0; usage_option(command, i); i++)
        add_option(out, usage_option(command, i));
    strbuf_add(out, ".El\n");
}

static void add_example_lines(struct strbuf *out, const char *examples, bool first)
{
    for (; *examples; first = false) {
        size_t line = strcspn(examples, "\n"), command = strcspn(examples, "\t\n");
        if (!first)
            strbuf_add(out, ".Pp\n");
        if (command < line) {
            struct strbuf meaning = STRBUF_INIT;
            strbuf_add_bytes(&meaning, examples + command + 1, line - command - 1);
            if (islower((unsigned char)meaning.data[0]))
                meaning.data[0] = (char)toupper((unsigned char)meaning.data[0]);
            strbuf_add_char(&meaning, ':');
            add_text(out, meaning.data);
            strbuf_release(&meaning);
        }
        strbuf_add(out, ".Dl ");
        add_word(out, examples, command);
        strbuf_add_char(out, '\n');
        examples += line + (examples[line] == '\n');
    }
}

static void add_examples(struct strbuf *out, const struct command *command)
{
    strbuf_add(out, ".Sh EXAMPLES\n");
    add_example_lines(out, command->examples, true);
    for (size_t i = 0; command->verbs && command->verbs[i]; i++)
        add_example_lines(out, command->verbs[i]->examples, false);
}

/* Names of pages in alphabetical order, heapline(1) first, without the page itself (NULL: heapline(1)). */
static void add_see_also(struct strbuf *out, const struct command *self)
{
    strbuf_add(out, ".Sh SEE ALSO\n");
    const char *last = "", *page = self ? "heapline" : NULL;
    for (;;) {
        const char *next = NULL;
        for (size_t i = 0; commands[i]; i++) {
            const char *name = commands[i]->name;
            if (commands[i] != self && strcmp(name, last) > 0 && (!next || strcmp(name, next) < 0))
                next = name;
        }
        if (page)
            strbuf_printf(out, ".Xr %s 1%s\n", page, next ? " ," : "");
        else if (*last)
            strbuf_printf(out, ".Xr heapline-%s 1%s\n", last, next ? " ," : "");
        page = NULL;
        if (!next)
            break;
        last = next;
    }
}

static void add_synopsis_of(struct strbuf *out, const struct command *command)
{
    strbuf_printf(out, ".Nm heapline %s\n.Op Ar option ...\n", command->name);
    if (*command->operands) {
        strbuf_add(out, ".Ar");
        struct strbuf words = STRBUF_INIT;
        add_words(&words, "", command->operands);
        strbuf_add(out, words.data + 1);
        strbuf_add_char(out, '\n');
        strbuf_release(&words);
    }
}

static void add_synopsis(struct strbuf *out, const struct command *command)
{
    strbuf_add(out, ".Sh SYNOPSIS\n");
    if (!command->verbs)
        add_synopsis_of(out, command);
    for (size_t i = 0; command->verbs && command->verbs[i]; i++)
        add_synopsis_of(out, command->verbs[i]);
}

/* Each with a section of its own, as its -h tells it. */
static void add_verbs(struct strbuf *out, const struct command *command)
{
    for (size_t i = 0; command->verbs && command->verbs[i]; i++) {
        const struct command *verb = command->verbs[i];
        struct strbuf summary = STRBUF_INIT;
        strbuf_printf(out, ".Ss heapline %s\n", verb->name);
        usage_add_sentence(&summary, verb->summary);
        add_text(out, summary.data);
        strbuf_add(out, ".Pp\n");
        add_text(out, verb->description);
        strbuf_add(out, ".Pp\n");
        add_options(out, verb);
        strbuf_release(&summary);
    }
}

void man_print_command(FILE *out, const struct command *command)
{
    struct strbuf text = STRBUF_INIT, upper = STRBUF_INIT, page = STRBUF_INIT;
    strbuf_printf(&page, "heapline-%s", command->name);
    strbuf_add(&upper, page.data);
    for (size_t i = 0; i < upper.length; i++)
        upper.data[i] = (char)toupper((unsigned char)upper.data[i]);
    add_head(&text, page.data, upper.data, command->summary);
    add_synopsis(&text, command);
    strbuf_add(&text, ".Sh DESCRIPTION\n");
    if (command->description && *command->description) {
        add_text(&text, command->description);
        strbuf_add(&text, ".Pp\n");
    }
    add_options(&text, command);
    add_verbs(&text, command);
    strbuf_add(&text, ".Sh EXIT STATUS\nSee\n.Xr heapline 1 ,\nwhich also names the environment variables and the files.\n");
    if (command->examples && *command->examples)
        add_examples(&text, command);
    add_see_also(&text, command);
    fputs(text.data, out);
    strbuf_release(&page);
    strbuf_release(&upper);
    strbuf_release(&text);
}

static void add_commands(struct strbuf *out)
{
    strbuf_add(out, ".Pp\nThe commands are:\n.Bl -tag -width completion\n");
    for (size_t i = 0; commands[i]; i++) {
        strbuf_printf(out, ".It Cm %s\n", commands[i]->name);
        struct strbuf summary = STRBUF_INIT;
        usage_add_sentence(&summary, commands[i]->summary);
        add_text(out, summary.data);
        strbuf_release(&summary);
        strbuf_printf(out, "See\n.Xr heapline-%s 1 .\n", commands[i]->name);
    }
    strbuf_add(out, ".El\n.Pp\nThe options are:\n.Bl -tag -width Ds\n"
                    ".It Fl h , Fl \\-help\nPrint the list of commands and exit; behind a command, explain the command.\n"
                    ".It Fl V , Fl \\-version\nPrint the version and exit.\n.El\n");
}

void man_print_overview(FILE *out)
{
    struct strbuf text = STRBUF_INIT;
    add_head(&text, "heapline", "HEAPLINE", "show where a program's memory goes, line by line, and what it leaked");
    strbuf_add(&text, ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar option ...\n.Op Ar argument ...\n.Sh DESCRIPTION\n");
    add_text(&text, "heapline records every allocation of a program and of all its children into one trace, and answers "
                    "questions from it. "
                    "The program need not be built again; debug information makes the answers name lines.");
    add_commands(&text);
    strbuf_add(&text, environment);
    strbuf_add(&text, files);
    strbuf_add(&text, exit_status);
    strbuf_add(&text, ".Sh EXAMPLES\n");
    add_example_lines(&text, "heapline run -o app.hpl ./app\trecord a program\n"
                        "heapline report app.hpl\tread the totals, the peak and the largest sites\n"
                        "heapline lines app.hpl\tread the source with the memory of each line\n", true);
    add_see_also(&text, NULL);
    fputs(text.data, out);
    strbuf_release(&text);
}
