/* A gzipped profile.proto (github.com/google/pprof, proto/profile.proto) with the sample types of Go's heap profiles: those
 * tell pprof how to name and combine them. A pprof location is one frame of the trace, with a line for each inlined level,
 * innermost first. */
#include "../base/strmap.h"
#include "../base/vec.h"
#include "../base/xalloc.h"
#include "format.h"
#include "protobuf.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION, PROFILE_FUNCTION, PROFILE_STRINGS,
       PROFILE_TIME = 9, PROFILE_DURATION, PROFILE_PERIOD_TYPE, PROFILE_PERIOD, PROFILE_COMMENT, PROFILE_DEFAULT_TYPE };
enum { VALUE_TYPE = 1, VALUE_UNIT };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_BUILD_ID, MAPPING_HAS_FUNCTIONS, MAPPING_HAS_FILES, MAPPING_HAS_LINES,
       MAPPING_HAS_INLINES };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_NUMBER };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

struct encoder {
    const struct profile *profile;
    struct strbuf out, part, inner;
    struct strmap strings, functions;
    VEC(uint64_t) ids;
    bool *frame_used;
};

static uint64_t string_id(struct encoder *encoder, const char *text)
{
    return strmap_intern(&encoder->strings, text ? text : "");
}

static void put_part(struct encoder *encoder, unsigned field)
{
    protobuf_add_bytes(&encoder->out, field, encoder->part.data, encoder->part.length);
    strbuf_clear(&encoder->part);
}

static void put_value_type(struct encoder *encoder, unsigned field, const char *type, const char *unit)
{
    protobuf_add_number(&encoder->part, VALUE_TYPE, string_id(encoder, type));
    protobuf_add_number(&encoder->part, VALUE_UNIT, string_id(encoder, unit));
    put_part(encoder, field);
}

/* A frame is hidden when all of its levels are. */
static bool is_hidden(const struct profile *profile, uint32_t stack, uint32_t at)
{
    uint32_t frame = profile->trace->stacks[at].frame;
    for (uint32_t i = profile->locations.first[frame]; i < profile->locations.first[frame + 1]; i++)
        if (!profile_hides(profile, stack, at, profile->locations.levels[i]))
            return false;
    return true;
}

/* In use is what was held at the measure's moment: at the end with "live", else at the peak. */
static void put_sample(struct encoder *encoder, uint32_t stack, const struct costs *costs, enum measure by)
{
    const struct trace *trace = encoder->profile->trace;
    bool live = by == MEASURE_LIVE;
    uint64_t values[] = { costs->allocations, costs->allocated_bytes, live ? costs->live_blocks : costs->peak_blocks,
                          live ? costs->live_bytes : costs->peak_bytes };
    vec_clear(&encoder->ids);
    for (uint32_t s = stack; s; s = trace->stacks[s].parent) {
        if (is_hidden(encoder->profile, stack, s))
            continue;
        vec_push(&encoder->ids, (uint64_t)trace->stacks[s].frame + 1);
        encoder->frame_used[trace->stacks[s].frame] = true;
    }
    protobuf_add_numbers(&encoder->part, SAMPLE_LOCATIONS, encoder->ids.items, encoder->ids.n);
    protobuf_add_numbers(&encoder->part, SAMPLE_VALUES, values, 4);
    put_part(encoder, PROFILE_SAMPLE);
}

static void put_samples(struct encoder *encoder, enum measure by)
{
    const struct costs *stacks = encoder->profile->stacks;
    for (uint32_t s = 1; s < encoder->profile->trace->n_stacks; s++)
        if (!costs_none(&stacks[s]))
            put_sample(encoder, s, &stacks[s], by);
}

static void put_mappings(struct encoder *encoder)
{
    const struct trace *trace = encoder->profile->trace;
    for (uint32_t m = 0; m < trace->n_modules; m++) {
        struct strbuf id = STRBUF_INIT;
        for (unsigned i = 0; i < trace->modules[m].build_id_len; i++)
            strbuf_printf(&id, "%02x", trace->modules[m].build_id[i]);
        protobuf_add_number(&encoder->part, MAPPING_ID, (uint64_t)m + 1);
        protobuf_add_number(&encoder->part, MAPPING_FILE, string_id(encoder, trace->modules[m].path));
        protobuf_add_number(&encoder->part, MAPPING_BUILD_ID, string_id(encoder, id.data));
        for (unsigned field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINES; field++)
            protobuf_add_number(&encoder->part, field, 1);
        put_part(encoder, PROFILE_MAPPING);
        strbuf_release(&id);
    }
}

/* A function is a name and a file; places without a name are called by their module and address. */
static uint64_t function_id(struct encoder *encoder, uint32_t location)
{
    struct strbuf name = STRBUF_INIT;
    const char *file = encoder->profile->locations.items[location].file;
    location_add_name(&name, &encoder->profile->locations, location);
    uint64_t key[2] = { string_id(encoder, name.data), string_id(encoder, file) };
    uint32_t known = encoder->functions.n, id = strmap_intern_bytes(&encoder->functions, (const char *)key, sizeof key);
    strbuf_release(&name);
    if (id < known)
        return (uint64_t)id + 1;
    struct strbuf function = STRBUF_INIT;
    protobuf_add_number(&function, FUNCTION_ID, (uint64_t)id + 1);
    protobuf_add_number(&function, FUNCTION_NAME, key[0]);
    protobuf_add_number(&function, FUNCTION_SYSTEM_NAME, key[0]);
    protobuf_add_number(&function, FUNCTION_FILE, key[1]);
    protobuf_add_bytes(&encoder->out, PROFILE_FUNCTION, function.data, function.length);
    strbuf_release(&function);
    return (uint64_t)id + 1;
}

static void put_location(struct encoder *encoder, uint32_t f)
{
    const struct locations *locations = &encoder->profile->locations;
    const struct trace_frame *frame = &encoder->profile->trace->frames[f];
    protobuf_add_number(&encoder->part, LOCATION_ID, (uint64_t)f + 1);
    bool native = frame->kind == TRACE_FRAME_NATIVE || frame->kind == TRACE_FRAME_ANONYMOUS;
    bool mapped = native && frame->module != TRACE_NONE;
    protobuf_add_number(&encoder->part, LOCATION_MAPPING, mapped ? (uint64_t)frame->module + 1 : 0);
    protobuf_add_number(&encoder->part, LOCATION_ADDRESS, native ? frame->address : 0);
    for (uint32_t i = locations->first[f + 1]; i-- > locations->first[f];) {
        strbuf_clear(&encoder->inner);
        protobuf_add_number(&encoder->inner, LINE_FUNCTION, function_id(encoder, locations->levels[i]));
        protobuf_add_number(&encoder->inner, LINE_NUMBER, locations->items[locations->levels[i]].line);
        protobuf_add_bytes(&encoder->part, LOCATION_LINE, encoder->inner.data, encoder->inner.length);
    }
    put_part(encoder, PROFILE_LOCATION);
}

static void encode(struct encoder *encoder, enum measure by)
{
    const struct trace *trace = encoder->profile->trace;
    string_id(encoder, "");                            /* string 0 is the empty one */
    put_value_type(encoder, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
    put_value_type(encoder, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
    put_value_type(encoder, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
    put_value_type(encoder, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
    put_samples(encoder, by);
    put_mappings(encoder);
    for (uint32_t f = 0; f < trace->n_frames; f++)
        if (encoder->frame_used[f])
            put_location(encoder, f);
    protobuf_add_number(&encoder->out, PROFILE_TIME, trace->run.unix_ns);
    protobuf_add_number(&encoder->out, PROFILE_DURATION, trace->end_ns);
    put_value_type(encoder, PROFILE_PERIOD_TYPE, "space", "bytes");
    protobuf_add_number(&encoder->out, PROFILE_PERIOD, 1);
    uint64_t comment = string_id(encoder, trace->run.command);
    protobuf_add_numbers(&encoder->out, PROFILE_COMMENT, &comment, 1);
    bool held = by == MEASURE_PEAK || by == MEASURE_LIVE;
    protobuf_add_number(&encoder->out, PROFILE_DEFAULT_TYPE,
                        string_id(encoder, held ? "inuse_space" : by == MEASURE_ALLOCATED ? "alloc_space" : "alloc_objects"));
    for (uint32_t i = 0; i < encoder->strings.n; i++)
        protobuf_add_bytes(&encoder->out, PROFILE_STRINGS, strmap_text(&encoder->strings, i), encoder->strings.entries[i].length);
}

/* A gzip stream: window bits + 16 tell zlib so. */
static int put_gzip(FILE *out, const struct strbuf *data)
{
    z_stream stream = { .next_in = (unsigned char *)data->data, .avail_in = 0 };
    unsigned char room[65536];
    size_t left = data->length;
    int status = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    if (status != Z_OK)
        return -ENOMEM;
    while (status != Z_STREAM_END && !ferror(out)) {
        if (stream.avail_in == 0 && left) {
            stream.avail_in = left < (1u << 30) ? (unsigned)left : 1u << 30;
            left -= stream.avail_in;
        }
        stream.next_out = room;
        stream.avail_out = sizeof room;
        status = deflate(&stream, left ? Z_NO_FLUSH : Z_FINISH);
        fwrite(room, 1, sizeof room - stream.avail_out, out);
    }
    deflateEnd(&stream);
    return ferror(out) ? -EIO : 0;
}

int format_write_pprof(FILE *out, const struct profile *profile, enum measure by)
{
    struct encoder encoder = {
        .profile = profile, .out = STRBUF_INIT, .part = STRBUF_INIT, .inner = STRBUF_INIT,
        .frame_used = xcalloc(profile->trace->n_frames, sizeof *encoder.frame_used),
    };
    encode(&encoder, by);
    int status = put_gzip(out, &encoder.out);
    strbuf_release(&encoder.out);
    strbuf_release(&encoder.part);
    strbuf_release(&encoder.inner);
    strmap_release(&encoder.strings);
    strmap_release(&encoder.functions);
    vec_release(&encoder.ids);
    free(encoder.frame_used);
    return status;
}
