/* The records that travel from a target to the collector through a ring. Shared by both sides: no malloc, no stdio, no
 * locks, no globals.
 *
 * A record is a whole number of 64-bit words in the byte order of the machine. The first word holds the kind in bits
 * 56..63. Most kinds carry a block: generation in bits 48..55, address in bits 0..47. A *stack word* says how the call stack
 * differs from the one that this ring sent before:
 *
 *   bits 0..33   size in bytes (of the block; 0 where a word of its own holds the length)
 *   bits 34..39  patches: how many frames among the kept ones have another return address
 *   bits 40..49  fresh: how many return addresses stand at the end of the record, innermost first
 *   bits 50..63  kept: how many outermost frames of the previous stack are still there
 *
 * A patch is a word behind the fresh frames: index of the frame counted from the outermost in bits 48..63, return address below. The
 * collector rebuilds: new stack = previous stack cut to `kept` outermost frames, patched, + the fresh ones.
 */
#ifndef HEAPLINE_WIRE_RECORD_H
#define HEAPLINE_WIRE_RECORD_H

#include <stdint.h>

enum hl_record_kind {
    HL_RECORD_PAD = 1,        /* w0 low 32: words to skip, this one included (end of the ring) */
    HL_RECORD_ALLOC,          /* w0 block, w1 stack word with the size, fresh frames, patches */
    HL_RECORD_FREE,           /* w0 block */
    HL_RECORD_REALLOC,        /* w0 old block; the new block's ALLOC follows directly */
    HL_RECORD_SIZE_HIGH,      /* w0 low 30: bits 34..63 of the size of the ALLOC that follows */
    HL_RECORD_FRAMES,         /* w0 empty, w1 stack word (size 0): cut and push, for stacks longer than one record */
    HL_RECORD_TIME,           /* w0 low 56: ns since the start of the run, read at the collector's last tick */
    HL_RECORD_THREAD,         /* w0 low 32: tid; the ring changes hands, the previous stack is empty */
    HL_RECORD_MAP,            /* w0 address, bits 48..55 enum hl_map_class; w1 stack word; w2 length; w3 sequence; frames */
    HL_RECORD_UNMAP,          /* w0 address; w1 length; w2 sequence */
    HL_RECORD_REMAP,          /* w0 new address; w1 stack word; w2 new length; w3 sequence; w4 old address; w5 old length; frames */
    HL_RECORD_PROTECT,        /* w0 address, bits 48..55 enum hl_map_class it turns into; w1 length; w2 sequence */
    HL_RECORD_BREAK,          /* w0 empty; w1 stack word; w2 growth in bytes, signed; w3 sequence; frames */
    HL_RECORD_FORK,           /* w0 low 56: token that the child will name */
    HL_RECORD_EXEC,           /* w0 low 16: bytes of path; w1: pid that execs (another one in a vfork child); path in whole words, zero padded */
    HL_RECORD_EXEC_FAILED,    /* w0: the exec before came back */
    HL_RECORD_MODULE,         /* w0 low 16: bytes of path; struct hl_module_record from w1; path, zero padded */
    HL_RECORD_UNLOAD,         /* w0 address: start of the module that is gone */
    HL_RECORD_EXIT,           /* w0 low 32: status handed to exit or _exit */
    HL_RECORD_NAME,           /* w0 low 16: bytes of the thread's name, which follows in whole words, zero padded */
    HL_RECORD_LAST = HL_RECORD_NAME,
};

enum hl_map_class { HL_MAP_ANONYMOUS, HL_MAP_FILE, HL_MAP_RESERVED };

struct hl_module_record {
    uint64_t bias;                /* address in memory - address in the file's own address space */
    uint64_t start, end;          /* the mapped range, addresses in memory */
    uint64_t build_id_len;        /* bytes, at most 32 */
    uint8_t build_id[32];
};

#define HL_RECORD_ADDRESS_BITS 48
#define HL_RECORD_ADDRESS_MASK ((UINT64_C(1) << 48) - 1)
#define HL_RECORD_SIZE_BITS 34
#define HL_RECORD_SIZE_MASK ((UINT64_C(1) << 34) - 1)
#define HL_RECORD_FRESH_MAX 500           /* frames in one record; more travel in FRAMES records before it */
#define HL_RECORD_KEPT_MAX 16383          /* frames of a stack */
#define HL_RECORD_PATCHES_MAX 63
#define HL_RECORD_WORDS_MAX 576           /* no record is longer */

#define HL_FRAME_TRUNCATED UINT64_C(1)    /* pseudo return address: the outermost frames could not be read */

static inline uint64_t hl_record_word(enum hl_record_kind kind, uint64_t payload) { return (uint64_t)kind << 56 | payload; }

static inline uint64_t hl_record_block(enum hl_record_kind kind, uint8_t generation, uint64_t address)
{
    return (uint64_t)kind << 56 | (uint64_t)generation << 48 | (address & HL_RECORD_ADDRESS_MASK);
}

static inline uint64_t hl_record_stack_patched(uint64_t size, uint32_t patches, uint32_t fresh, uint32_t kept)
{
    return (size & HL_RECORD_SIZE_MASK) | (uint64_t)patches << 34 | (uint64_t)fresh << 40 | (uint64_t)kept << 50;
}

static inline uint64_t hl_record_stack(uint64_t size, uint32_t fresh, uint32_t kept)
{
    return hl_record_stack_patched(size, 0, fresh, kept);
}

static inline uint64_t hl_record_patch(uint32_t index, uint64_t pc) { return (uint64_t)index << 48 | (pc & HL_RECORD_ADDRESS_MASK); }

static inline enum hl_record_kind hl_record_kind(uint64_t w0) { return (enum hl_record_kind)(w0 >> 56); }
static inline uint8_t hl_record_generation(uint64_t w0) { return (uint8_t)(w0 >> 48); }
static inline uint64_t hl_record_address(uint64_t w0) { return w0 & HL_RECORD_ADDRESS_MASK; }
static inline uint64_t hl_record_payload(uint64_t w0) { return w0 & ((UINT64_C(1) << 56) - 1); }
static inline uint64_t hl_stack_size(uint64_t w1) { return w1 & HL_RECORD_SIZE_MASK; }
static inline uint32_t hl_stack_patches(uint64_t w1) { return (uint32_t)(w1 >> 34) & 63; }
static inline uint32_t hl_stack_words(uint64_t w1) { return ((uint32_t)(w1 >> 40) & 1023) + ((uint32_t)(w1 >> 34) & 63); }
static inline uint32_t hl_stack_fresh(uint64_t w1) { return (uint32_t)(w1 >> 40) & 1023; }
static inline uint32_t hl_stack_kept(uint64_t w1) { return (uint32_t)(w1 >> 50); }

/* Words of the record at w, whose first word was read as w0 and of which `available` words may be read; 0: not a record, or not whole. The
 * caller's copy or the shared ring alike: no word is read twice. */
static inline uint32_t hl_record_words_of(uint64_t w0, const uint64_t *w, uint64_t available)
{
    uint64_t words;
    if (!available)
        return 0;
    switch (hl_record_kind(w0)) {
    case HL_RECORD_PAD: words = w0 & UINT32_MAX; break;
    case HL_RECORD_ALLOC: words = available > 1 ? 2 + hl_stack_words(w[1]) : 2; break;
    case HL_RECORD_FREE: words = 1; break;
    case HL_RECORD_REALLOC: words = 1; break;
    case HL_RECORD_SIZE_HIGH: words = 1; break;
    case HL_RECORD_FRAMES: words = available > 1 ? 2 + hl_stack_words(w[1]) : 2; break;
    case HL_RECORD_TIME: words = 1; break;
    case HL_RECORD_THREAD: words = 1; break;
    case HL_RECORD_MAP: words = available > 1 ? 4 + hl_stack_words(w[1]) : 4; break;
    case HL_RECORD_UNMAP: words = 3; break;
    case HL_RECORD_REMAP: words = available > 1 ? 6 + hl_stack_words(w[1]) : 6; break;
    case HL_RECORD_PROTECT: words = 3; break;
    case HL_RECORD_BREAK: words = available > 1 ? 4 + hl_stack_words(w[1]) : 4; break;
    case HL_RECORD_FORK: words = 1; break;
    case HL_RECORD_EXEC: words = 2 + ((w0 & 0xffff) + 7) / 8; break;
    case HL_RECORD_EXEC_FAILED: words = 1; break;
    case HL_RECORD_MODULE: words = 1 + sizeof(struct hl_module_record) / 8 + ((w0 & 0xffff) + 7) / 8; break;
    case HL_RECORD_UNLOAD: words = 1; break;
    case HL_RECORD_EXIT: words = 1; break;
    case HL_RECORD_NAME: words = 1 + ((w0 & 0xffff) + 7) / 8; break;
    default: return 0;
    }
    return words && words <= available ? (uint32_t)words : 0;
}

static inline uint32_t hl_record_words(const uint64_t *w, uint64_t available)
{
    return available ? hl_record_words_of(w[0], w, available) : 0;
}

#endif
