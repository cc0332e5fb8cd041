/* The constants of a trace file. docs/format.md explains them; writer and reader share them and nothing else. */
#ifndef HEAPLINE_TRACE_FORMAT_H
#define HEAPLINE_TRACE_FORMAT_H

#include <stdint.h>

#define FORMAT_MAGIC "\x89HPL\r\n\x1a\n"
#define FORMAT_MAGIC_BYTES 8
#define FORMAT_MAJOR 1
#define FORMAT_MINOR 2
#define FORMAT_FLAGS_KNOWN 0u              /* flags in bits 0..15 must be understood; bits 16..31 may be ignored */
#define FORMAT_FLAGS_MUST 0xffffu

#define FORMAT_HEADER_BYTES 24
#define FORMAT_CHUNK_MARK "HLCK"
#define FORMAT_CHUNK_HEADER_BYTES 24
#define FORMAT_TRAILER_MARK "HPL-END\n"
#define FORMAT_TRAILER_BYTES 24

enum format_chunk_type {
    FORMAT_TABLES = 1,
    FORMAT_TIMELINE,
    FORMAT_EVENTS,
    FORMAT_TOTALS,
    FORMAT_BLOCKS,
    FORMAT_INDEX,
    FORMAT_SNAPSHOTS,
    FORMAT_GRAPHS,
    FORMAT_CHUNK_TYPES,
};

enum format_codec { FORMAT_STORED, FORMAT_ZSTD };

enum format_kind {
    /* TABLES */
    FORMAT_RUN = 1,
    FORMAT_STRING,
    FORMAT_PROCESS,
    FORMAT_THREAD,
    FORMAT_THREAD_NAME,
    FORMAT_MODULE,
    FORMAT_CODES,
    FORMAT_FRAMES,
    FORMAT_STACKS,
    FORMAT_SITES,
    FORMAT_SYMBOLS,
    FORMAT_SOURCE,
    FORMAT_SNAPSHOT,
    FORMAT_ROOTS,
    FORMAT_ROOT_NAMES,
    /* TIMELINE */
    FORMAT_EPOCH = 16,
    FORMAT_DELTAS,
    /* EVENTS */
    FORMAT_EVENT_LIST = 24,
    /* TOTALS */
    FORMAT_PROCESS_TOTALS = 32,
    FORMAT_SITE_TOTALS,
    FORMAT_EXIT,
    FORMAT_LOSSES,
    FORMAT_UNPROFILED,
    FORMAT_MARK,
    FORMAT_PYTHON,
    FORMAT_LINES,
    /* BLOCKS */
    FORMAT_BLOCK_LIST = 40,
    /* INDEX */
    FORMAT_CHUNK_LIST = 48,
    /* SNAPSHOTS */
    FORMAT_SNAPSHOT_BLOCKS = 56,
    /* GRAPHS */
    FORMAT_GRAPH_PART = 64,
};

/* Limits: a writer keeps them, a reader refuses what passes them. */
#define FORMAT_CHUNK_CLOSE (256u << 10)    /* raw bytes at which a chunk is closed */
#define FORMAT_CHUNK_RAW_MAX (16u << 20)   /* the most a reader allocates for a chunk, stored and raw each */
#define FORMAT_ROWS_MAX 65536u             /* rows of one record that holds columns */
#define FORMAT_STRING_MAX (1u << 20)       /* bytes, of a source's text as well; the writer cuts longer ones */
#define FORMAT_ARENA_MAX (UINT64_C(2) << 30) /* bytes of all strings, texts and symbols in a reader's memory */
#define FORMAT_IDS_MAX (UINT32_C(1) << 28) /* rows of one table */
#define FORMAT_PROCESSES_MAX (1u << 20)    /* each costs a reader about 1 KB */
#define FORMAT_SNAPSHOTS_MAX (1u << 20)
#define FORMAT_SYMBOL_LEVELS_MAX 4096u     /* inlined functions of one frame */
#define FORMAT_ZSTD_LEVEL 3

static inline void format_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void format_put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static inline void format_put64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static inline uint16_t format_get16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

static inline uint32_t format_get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t format_get64(const uint8_t *at) { return format_get32(at) | (uint64_t)format_get32(at + 4) << 32; }

#endif
