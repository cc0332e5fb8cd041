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
 * A patch is a word behind the fresh frames: index of the frame counted from the outermost in bits 48..61, bits 0..47 and 63 those of the
 * frame. The collector rebuilds: new stack = previous stack cut to `kept` outermost frames, patched, + the fresh ones.
 *
 * A frame is a return address, or, with bit 63 set, a Python frame: number of its code object in bits 22..47, in bits 0..21 the instruction that
 * it executes, counted in units of 2 bytes from the first (HL_PYTHON_NO_INSTRUCTION: out of range). A CODE record says what a number stands for; numbers are
 * never used again in their process. A forked child keeps its parent's numbers as of the fork, and goes on behind them. A frame may
 * arrive through one ring before its CODE, which was published earlier, is read from another.
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
    HL_RECORD_OBJECT,         /* as ALLOC: the block is from Python's allocators (PyMem_*, PyObject_*), possibly inside an arena */
    HL_RECORD_COLLECTED,      /* as FREE: by Python's cyclic collector, while it was at work on this thread */
    HL_RECORD_CODE,           /* w0 low 26: code number, bits 26..31 enum hl_line_table; w1 first line, bits 32..47 bytes of the function's name, 48..63 of
                                 the file's; w2 bytes of the line table; then name, file and table joined, as many bytes as w3 says, zero padded */
    HL_RECORD_CODE_MORE,      /* w0 low 26: code number; w1 bytes; then more of what CODE began, zero padded */
    HL_RECORD_MARK,           /* w0 low 16: bytes of label, bits 16..19 enum hl_mark_kind; label, zero padded */
    HL_RECORD_QUERY,          /* w0 low 32: number, bits 32.. enum hl_query_flag; the collector answers in the ring's head */
    HL_RECORD_WATCH,          /* w0 low 26: code number: line by line figures are wanted (the profile decorator) */
    HL_RECORD_EXECUTED,       /* w0 low 26: code number; w1 line, bits 32..63 how often it ran since the last such record */
    HL_RECORD_PYTHON,         /* w0 low 32: version as in PY_VERSION_HEX, bits 32..39 enum hl_python_state, bits 40..55 bytes of text; text: why it is not LIVE */
    HL_RECORD_SOURCE,         /* the text of a file that is only in memory: w0 low 16: bytes of its name; w1 bytes of the text; w2 bytes here: name and
                                 text joined, as much as fits, zero padded */
    HL_RECORD_SOURCE_MORE,    /* w0 empty; w1 bytes; then more of what this ring's last SOURCE began, zero padded */
    HL_RECORD_IGNORE,         /* w0 block: what the program says of it: it is no leak, and what it points to is none */
    HL_RECORD_LAST = HL_RECORD_IGNORE,
};

enum hl_map_class { HL_MAP_ANONYMOUS, HL_MAP_FILE, HL_MAP_RESERVED, HL_MAP_ARENA };   /* ARENA: Python's, whose blocks are OBJECTs */

enum hl_query_flag { HL_QUERY_WINDOW = 1, HL_QUERY_ANEW = 2 };   /* the figures of the process's window, too; begin the next one after that */

enum hl_mark_kind { HL_MARK_POINT, HL_MARK_BEGIN, HL_MARK_END };

/* How a code object says its lines: co_lnotab (to 3.9), co_linetable of 3.10 (PEP 626), co_linetable from 3.11 on (PEP 657). */
enum hl_line_table { HL_LINES_LNOTAB, HL_LINES_RANGES, HL_LINES_LOCATIONS };

enum hl_python_state {
    HL_PYTHON_LIVE,           /* every object, with Python frames */
    HL_PYTHON_ARENAS,         /* as asked: native events with Python frames, objects not one by one */
    HL_PYTHON_OBJECTS_ONLY,   /* every object, frames native only: their layout could not be confirmed */
    HL_PYTHON_NATIVE,         /* only native events and frames */
};

struct hl_module_record {
    uint64_t bias;                /* address in memory - address in the file's own address space */
    uint64_t start, end;          /* the mapped range, addresses in memory */
    uint64_t build_id_len;        /* bytes, at most 32 */
    uint8_t build_id[32];
};

#define HL_TEXT_SUPPRESSIONS "[suppressions]"     /* a SOURCE of this name: LeakSanitizer's rules that the program brings along */

#define HL_RECORD_ADDRESS_BITS 48
#define HL_RECORD_ADDRESS_MASK ((UINT64_C(1) << 48) - 1)
#define HL_RECORD_SIZE_BITS 34
#define HL_RECORD_SIZE_MASK ((UINT64_C(1) << 34) - 1)
#define HL_RECORD_FRESH_MAX 500           /* frames in one record; more travel in FRAMES records before it */
#define HL_RECORD_KEPT_MAX 16383          /* frames of a stack */
#define HL_RECORD_PATCHES_MAX 63
#define HL_RECORD_WORDS_MAX 576           /* no record is longer */

#define HL_FRAME_PYTHON (UINT64_C(1) << 63)
#define HL_PYTHON_CODE_BITS 26
#define HL_PYTHON_INSTRUCTION_BITS 22
#define HL_PYTHON_NO_INSTRUCTION ((UINT32_C(1) << HL_PYTHON_INSTRUCTION_BITS) - 1)

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

#define HL_RECORD_FRAME_MASK (HL_RECORD_ADDRESS_MASK | HL_FRAME_PYTHON)

static inline uint64_t hl_record_patch(uint32_t index, uint64_t frame) { return (uint64_t)index << 48 | (frame & HL_RECORD_FRAME_MASK); }
static inline uint32_t hl_record_patch_index(uint64_t patch) { return (uint32_t)(patch >> 48) & HL_RECORD_KEPT_MAX; }

static inline uint64_t hl_frame_python(uint32_t code, uint32_t instruction)
{
    return HL_FRAME_PYTHON | (uint64_t)code << HL_PYTHON_INSTRUCTION_BITS | instruction;
}

static inline uint32_t hl_frame_code(uint64_t frame)
{
    return (uint32_t)(frame >> HL_PYTHON_INSTRUCTION_BITS) & ((UINT32_C(1) << HL_PYTHON_CODE_BITS) - 1);
}

static inline uint32_t hl_frame_instruction(uint64_t frame) { return (uint32_t)frame & HL_PYTHON_NO_INSTRUCTION; }

static inline enum hl_record_kind hl_record_kind(uint64_t w0) { return (enum hl_record_kind)(w0 >> 56); }
static inline uint8_t hl_record_generation(uint64_t w0) { return (uint8_t)(w0 >> 48); }
static inline uint64_t hl_record_address(uint64_t w0) { return w0 & HL_RECORD_ADDRESS_MASK; }
static inline uint64_t hl_record_payload(uint64_t w0) { return w0 & ((UINT64_C(1) << 56) - 1); }
static inline uint64_t hl_stack_size(uint64_t w1) { return w1 & HL_RECORD_SIZE_MASK; }
static inline uint32_t hl_stack_patches(uint64_t w1) { return (uint32_t)(w1 >> 34) & 63; }
static inline uint32_t hl_stack_words(uint64_t w1) { return ((uint32_t)(w1 >> 40) & 1023) + ((uint32_t)(w1 >> 34) & 63); }
static inline uint32_t hl_stack_fresh(uint64_t w1) { return (uint32_t)(w1 >> 40) & 1023; }
static inline uint32_t hl_stack_kept(uint64_t w1) { return (uint32_t)(w1 >> 50); }

/* Payload bytes as whole words; more than a record holds make no sense. */
static inline uint64_t hl_record_bytes_words(uint64_t bytes) { return bytes <= 8 * HL_RECORD_WORDS_MAX ? (bytes + 7) / 8 : HL_RECORD_WORDS_MAX; }

/* Words of the record at w, whose first word was read as w0 and of which `available` words may be read; 0: not a record, or not whole. The
 * caller's copy or the shared ring alike: no word is read twice. */
static inline uint32_t hl_record_words_of(uint64_t w0, const uint64_t *w, uint64_t available)
{
    uint64_t words;
    if (!available)
        return 0;
    switch (hl_record_kind(w0)) {
    case HL_RECORD_PAD: words = w0 & UINT32_MAX; break;
    case HL_RECORD_ALLOC:
    case HL_RECORD_OBJECT: words = available > 1 ? 2 + hl_stack_words(w[1]) : 2; break;
    case HL_RECORD_FREE:
    case HL_RECORD_COLLECTED: words = 1; break;
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
    case HL_RECORD_CODE: words = available > 3 ? 4 + hl_record_bytes_words(w[3]) : 4; break;
    case HL_RECORD_CODE_MORE: words = available > 1 ? 2 + hl_record_bytes_words(w[1]) : 2; break;
    case HL_RECORD_MARK: words = 1 + ((w0 & 0xffff) + 7) / 8; break;
    case HL_RECORD_QUERY: words = 1; break;
    case HL_RECORD_WATCH: words = 1; break;
    case HL_RECORD_EXECUTED: words = 2; break;
    case HL_RECORD_SOURCE: words = available > 2 ? 3 + hl_record_bytes_words(w[2]) : 3; break;
    case HL_RECORD_SOURCE_MORE: words = available > 1 ? 2 + hl_record_bytes_words(w[1]) : 2; break;
    case HL_RECORD_IGNORE: words = 1; break;
    case HL_RECORD_PYTHON: words = 1 + ((w0 >> 40 & 0xffff) + 7) / 8; break;
    default: return 0;
    }
    return words && words <= available ? (uint32_t)words : 0;
}

static inline uint32_t hl_record_words(const uint64_t *w, uint64_t available)
{
    return available ? hl_record_words_of(w[0], w, available) : 0;
}

#endif
