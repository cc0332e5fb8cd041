/* The stream of wire/graph.h: varints into packets, and strings that came before into their ids. */
#include "graph.h"
#include "sys.h"

#include <string.h>
#include <sys/socket.h>

#define ROOM 64u                         /* more than any few numbers take */
#define SLOTS (1u << 16)                 /* of the table of strings; three quarters of them are used */
#define TEXT_BYTES (4u << 20)
#define TEXT_MAX 255u                    /* longer strings are not looked for */

struct slot { uint32_t hash, id, at; };  /* id 0: free */

struct hl_graph_out {
    long connection;
    bool broken;                         /* nobody listens any more */
    uint32_t used;                       /* bytes of the packet */
    struct hl_graph_node node;
    uint32_t number;                     /* of the open node, or of the last one */
    bool open;
    uint32_t row;                        /* what differences are from */
    uintptr_t address, root_at;
    uint32_t root_target;
    uint32_t strings, types, n_slots;
    struct slot *slots;
    char *text;                          /* each a byte of length and the string */
    uint32_t text_bytes;
    uint64_t nodes;
    uint8_t packet[HL_GRAPH_PACKET];
};

static struct hl_graph_out the_out;

/* ---- bytes ---- */

static void send_packet(struct hl_graph_out *out)
{
    uint8_t *at = out->packet;
    size_t left = out->used;
    if (!out->broken && left > 8) {
        long n;
        while ((n = hl_sys(SYS_sendto, out->connection, (long)at, (long)left, MSG_NOSIGNAL, 0, 0)) == -EINTR || n == -EAGAIN)
            ;
        out->broken = n != (long)left;
    }
    out->used = 8;
}

HL_INLINE void reserve(struct hl_graph_out *out)
{
    if (HL_UNLIKELY(out->used + ROOM > sizeof out->packet))
        send_packet(out);
}

HL_INLINE void put(struct hl_graph_out *out, uint64_t value)             /* reserve() first */
{
    while (value >= 0x80) {
        out->packet[out->used++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out->packet[out->used++] = (uint8_t)value;
}

HL_INLINE void put_signed(struct hl_graph_out *out, int64_t value) { put(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63)); }

static void put_bytes(struct hl_graph_out *out, const char *bytes, size_t n)
{
    while (n) {
        size_t part = n < sizeof out->packet - out->used ? n : sizeof out->packet - out->used;
        memcpy(out->packet + out->used, bytes, part);
        out->used += (uint32_t)part;
        bytes += part;
        n -= part;
        if (out->used == sizeof out->packet)
            send_packet(out);
    }
}

/* A definition, between records or between a node's edges. */
static void begin_definition(struct hl_graph_out *out, enum hl_graph_record kind)
{
    reserve(out);
    put(out, out->open ? kind + HL_GRAPH_BETWEEN : kind);
}

bool hl_graph_out_open(struct hl_graph *graph, long connection)
{
    uint64_t magic = HL_GRAPH_MAGIC;
    struct hl_graph_out *out = graph->out = &the_out;
    memset(out, 0, offsetof(struct hl_graph_out, packet));
    out->connection = connection;
    out->slots = hl_sys_map(SLOTS * sizeof *out->slots, 0);
    out->text = hl_sys_map(TEXT_BYTES, 0);
    memcpy(out->packet, &magic, sizeof magic);
    out->used = sizeof magic;
    return out->slots && out->text;
}

bool hl_graph_out_close(struct hl_graph *graph)
{
    struct hl_graph_out *out = graph->out;
    reserve(out);
    put(out, HL_GRAPH_END);
    put(out, out->nodes);
    put(out, graph->edges);
    send_packet(out);
    return !out->broken;
}

/* ---- definitions ---- */

static uint32_t hash_of(const char *bytes, size_t n)
{
    uint32_t hash = 2166136261u;         /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
    return hash;
}

/* The slot of an equal string, or the free one where it goes. NULL: there is no room for more. */
static struct slot *find_slot(struct hl_graph_out *out, const char *bytes, size_t n, uint32_t hash)
{
    for (uint32_t i = hash & (SLOTS - 1);; i = (i + 1) & (SLOTS - 1)) {
        struct slot *slot = &out->slots[i];
        if (!slot->id)
            return out->n_slots < SLOTS / 4 * 3 && out->text_bytes + n + 1 <= TEXT_BYTES ? slot : NULL;
        if (slot->hash == hash && (uint8_t)out->text[slot->at] == n && memcmp(out->text + slot->at + 1, bytes, n) == 0)
            return slot;
    }
}

static void keep(struct hl_graph_out *out, struct slot *slot, const char *bytes, size_t n, uint32_t hash)
{
    *slot = (struct slot){hash, out->strings, out->text_bytes};
    out->n_slots++;
    out->text[out->text_bytes] = (char)n;
    memcpy(out->text + out->text_bytes + 1, bytes, n);
    out->text_bytes += (uint32_t)n + 1;
}

uint32_t hl_graph_string(struct hl_graph *graph, const char *bytes, size_t n)
{
    struct hl_graph_out *out = graph->out;
    uint32_t hash = n <= TEXT_MAX ? hash_of(bytes, n) : 0;
    struct slot *slot = n <= TEXT_MAX ? find_slot(out, bytes, n, hash) : NULL;
    if (slot && slot->id)
        return slot->id;
    begin_definition(out, HL_GRAPH_STRING);
    put(out, n);
    put_bytes(out, bytes, n);
    out->strings++;
    if (slot)
        keep(out, slot, bytes, n, hash);
    return out->strings;
}

uint32_t hl_graph_type(struct hl_graph *graph, enum hl_graph_type kind, uint32_t name, uint32_t module, uintptr_t address)
{
    struct hl_graph_out *out = graph->out;
    begin_definition(out, HL_GRAPH_TYPE);
    put(out, kind);
    put(out, name);
    put(out, module);
    put(out, address);
    return ++out->types;
}

void hl_graph_reason(struct hl_graph *graph, const char *sentence)
{
    uint32_t string = hl_graph_string(graph, sentence, strlen(sentence));
    begin_definition(graph->out, HL_GRAPH_REASON);
    put(graph->out, string);
}

/* ---- nodes ---- */

static void put_text(struct hl_graph_out *out, const struct hl_graph_node *node)
{
    size_t n = node->n_bytes < HL_GRAPH_TEXT_MAX ? node->n_bytes : HL_GRAPH_TEXT_MAX;
    put(out, node->text);
    if (node->text == HL_TEXT_INTEGER) {
        put_signed(out, node->integer);
    } else if (node->text == HL_TEXT_REAL) {
        put_bytes(out, (const char *)&node->real, sizeof node->real);
    } else {
        put(out, n);
        put_bytes(out, node->bytes, n);
    }
}

static void put_place(struct hl_graph *graph, uint32_t number)
{
    struct hl_graph_out *out = graph->out;
    if (number < graph->marker->n) {
        put(out, HL_GRAPH_BLOCK);
        put(out, number - out->row);
        out->row = number;
        return;
    }
    const struct hl_graph_extra *extra = &graph->extras[number - graph->marker->n];
    put(out, HL_GRAPH_EXTRA);
    put_signed(out, (int64_t)(extra->address - out->address));
    put(out, extra->bytes);
    put(out, 0);
    out->address = extra->address;
}

void hl_graph_begin(struct hl_graph *graph, uint32_t number, const struct hl_graph_node *node)
{
    struct hl_graph_out *out = graph->out;
    uint32_t flags = node->flags | (node->text ? HL_NODE_TEXT : 0);
    if ((node->text == HL_TEXT_STRING || node->text == HL_TEXT_OCTETS || node->text == HL_TEXT_NAME) &&
        node->n_bytes > HL_GRAPH_TEXT_MAX)
        flags |= HL_NODE_TEXT_CUT;
    reserve(out);
    put_place(graph, number);
    put(out, node->type);
    put(out, flags);
    put(out, node->offset);
    reserve(out);
    if (flags & HL_NODE_PYTHON)
        put(out, node->references);
    if (node->text)
        put_text(out, node);
    out->number = number;
    out->open = true;
    out->nodes++;
}

void hl_graph_edge(struct hl_graph *graph, enum hl_graph_edge kind, uint64_t value, uint32_t target)
{
    struct hl_graph_out *out = graph->out;
    reserve(out);
    put(out, kind);
    if (hl_edge_names_node(kind))
        put_signed(out, (int64_t)value - out->number);
    else if (hl_edge_has_value(kind))
        put(out, value);
    put_signed(out, (int64_t)target - out->number);
    graph->edges++;
}

static void end(struct hl_graph_out *out, uint8_t how)
{
    reserve(out);
    out->packet[out->used++] = how;
    out->open = false;
}

void hl_graph_end(struct hl_graph *graph) { end(graph->out, HL_GRAPH_WHOLE); }

void hl_graph_cut(struct hl_graph *graph)
{
    if (graph->out->open)
        end(graph->out, HL_GRAPH_CUT);
}

void hl_graph_root(struct hl_graph *graph, enum hl_root_kind kind, int32_t tid, uintptr_t at, uintptr_t code, uint32_t string,
                   uint32_t target)
{
    struct hl_graph_out *out = graph->out;
    reserve(out);
    put(out, HL_GRAPH_ROOT);
    put(out, kind);
    put(out, (uint32_t)tid);
    put_signed(out, (int64_t)(at - out->root_at));
    put(out, code);
    put(out, string);
    put_signed(out, (int64_t)target - out->root_target);
    out->root_at = at;
    out->root_target = target;
}
