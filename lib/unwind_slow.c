/* The way out for stacks with a frame that no compiled rule can step: signal frames, CFAs in other registers, expressions.
 * All registers are followed, expressions are evaluated, and every read of the stack is checked first.
 *
 * Why not libunwind: Debian's static archives (1.6.2) are not position independent, so no shared library can contain
 * them; and in somebody else's process libunwind 1.6 would do harm:
 *   - it checks memory by writing to a pipe that it keeps open: two descriptors, shared over fork, reopened when the
 *     target closes them;
 *   - it finds modules under the loader's lock, and opens and maps the files of modules that lack a search table;
 *   - its row cache and its memory pools have mutexes that a fork leaves locked for ever, and block signals around each use;
 *   - where unwind data is missing it guesses by rbp, and calls the place where the guess fails the end of the stack.
 * The tests compare with it.
 *
 * Here is no state but the walk's own, so any number of threads and of nested signal handlers may walk at once, and fork
 * needs no care.
 */
#include "unwind.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch.h"
#include "unwind_cfi.h"
#include "unwind_read.h"

#define PAGE_MIN 4096           /* the smallest page of any processor we know */
#define PAGES_KNOWN 16          /* pages found readable during one walk, direct-mapped */
#define INNER_MAX 64            /* frames of ours before the one asked for */
#define STACK_MAX 32            /* values on an expression's stack; compilers use three */
#define OPERATIONS_MAX 256      /* of one expression: it may jump backwards */

/* DW_OP_*, DWARF 5, section 7.7.1. */
enum {
    OP_ADDR = 0x03, OP_DEREF = 0x06, OP_CONST1U = 0x08, OP_CONST1S, OP_CONST2U, OP_CONST2S, OP_CONST4U, OP_CONST4S, OP_CONST8U,
    OP_CONST8S, OP_CONSTU, OP_CONSTS, OP_DUP, OP_DROP, OP_OVER, OP_PICK, OP_SWAP, OP_ROT,
    OP_ABS = 0x19, OP_AND, OP_DIV, OP_MINUS, OP_MOD, OP_MUL, OP_NEG, OP_NOT, OP_OR, OP_PLUS, OP_PLUS_UCONST, OP_SHL,
    OP_SHR, OP_SHRA, OP_XOR, OP_BRA, OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OP_NE, OP_SKIP,
    OP_LIT0 = 0x30, OP_LIT31 = 0x4f, OP_BREG0 = 0x70, OP_BREG31 = 0x8f, OP_BREGX = 0x92, OP_DEREF_SIZE = 0x94, OP_NOP = 0x96,
};

struct walk {
    uintptr_t pc;
    uintptr_t registers[HL_ARCH_DWARF_REGISTERS];
    bool exact;                 /* pc is where a signal struck, not a return address */
    uintptr_t pages[PAGES_KNOWN];
};

struct expression {
    struct walk *walk;
    struct hl_reader code;
    const uint8_t *start;
    uint64_t stack[STACK_MAX];
    unsigned depth;
    bool bad;
};

/* The kernel reads a new signal mask before it looks at `how`: EFAULT when the address is not readable, else EINVAL;
 * nothing changes. */
static bool word_readable(uintptr_t address)
{
    return syscall(SYS_rt_sigprocmask, -1, address, NULL, 8) == 0 || errno != EFAULT;
}

static bool page_readable(struct walk *walk, uintptr_t address)
{
    uintptr_t page = address & -(uintptr_t)PAGE_MIN;
    uintptr_t *known = &walk->pages[page / PAGE_MIN % PAGES_KNOWN];
    if (*known != page && page && word_readable(page))
        *known = page;
    return page && *known == page;
}

static bool load(struct walk *walk, uintptr_t address, void *value, size_t len)
{
    if (!page_readable(walk, address) || !page_readable(walk, address + len - 1))
        return false;
    memcpy(value, (const void *)address, len);
    return true;
}

static void push(struct expression *e, uint64_t value)
{
    if (e->depth == STACK_MAX)
        e->bad = true;
    else
        e->stack[e->depth++] = value;
}

static uint64_t pick(struct expression *e, uint64_t below)
{
    if (below < e->depth)
        return e->stack[e->depth - 1 - below];
    e->bad = true;
    return 0;
}

static uint64_t pop(struct expression *e)
{
    uint64_t value = pick(e, 0);
    e->depth -= e->depth > 0;
    return value;
}

static void push_load(struct expression *e, size_t len)
{
    uint64_t value = 0;
    e->bad |= len == 0 || len > sizeof value || !load(e->walk, pop(e), &value, len);
    push(e, value);
}

static void push_register(struct expression *e, uint64_t reg)
{
    int64_t offset = hl_read_sleb(&e->code);
    e->bad |= reg >= HL_ARCH_DWARF_REGISTERS;
    push(e, e->bad ? 0 : e->walk->registers[reg] + (uint64_t)offset);
}

static void jump(struct expression *e, bool taken)
{
    int64_t distance = hl_read_sint(&e->code, 2);
    if (!taken || e->code.bad)
        return;
    if (distance < e->start - e->code.at || distance > e->code.end - e->code.at)
        e->bad = true;
    else
        e->code.at += distance;
}

/* The operations that push a constant. */
static bool run_constant(struct expression *e, unsigned op)
{
    if (op >= OP_LIT0 && op <= OP_LIT31)
        push(e, op - OP_LIT0);
    else if (op == OP_ADDR)
        push(e, hl_read_uint(&e->code, sizeof(uintptr_t)));
    else if (op >= OP_CONST1U && op <= OP_CONST8S)
        push(e, op & 1 ? (uint64_t)hl_read_sint(&e->code, (size_t)1 << (op - OP_CONST1U) / 2)
            : hl_read_uint(&e->code, (size_t)1 << (op - OP_CONST1U) / 2));
    else if (op == OP_CONSTU || op == OP_CONSTS)
        push(e, hl_read_leb(&e->code, op == OP_CONSTS));
    else
        return false;
    return true;
}

/* The operations that move things about. */
static bool run_move(struct expression *e, unsigned op)
{
    uint64_t a, b, c;
    if (op >= OP_BREG0 && op <= OP_BREG31) {
        push_register(e, op - OP_BREG0);
        return true;
    }
    switch (op) {
    case OP_NOP: break;
    case OP_BREGX: push_register(e, hl_read_uleb(&e->code)); break;
    case OP_DEREF: push_load(e, sizeof(uintptr_t)); break;
    case OP_DEREF_SIZE: push_load(e, hl_read_uint(&e->code, 1)); break;
    case OP_DUP: push(e, pick(e, 0)); break;
    case OP_DROP: pop(e); break;
    case OP_OVER: push(e, pick(e, 1)); break;
    case OP_PICK: push(e, pick(e, hl_read_uint(&e->code, 1))); break;
    case OP_SWAP: a = pop(e); b = pop(e); push(e, a); push(e, b); break;
    case OP_ROT: a = pop(e); b = pop(e); c = pop(e); push(e, a); push(e, c); push(e, b); break;
    case OP_SKIP: jump(e, true); break;
    case OP_BRA: jump(e, pop(e) != 0); break;
    default: return false;
    }
    return true;
}

static bool run_unary(struct expression *e, unsigned op)
{
    switch (op) {
    case OP_ABS: { uint64_t a = pop(e); push(e, (int64_t)a < 0 ? -a : a); break; }
    case OP_NEG: push(e, -pop(e)); break;
    case OP_NOT: push(e, ~pop(e)); break;
    case OP_PLUS_UCONST: push(e, pop(e) + hl_read_uleb(&e->code)); break;
    default: return false;
    }
    return true;
}

static void run_binary(struct expression *e, unsigned op)
{
    uint64_t b = pop(e), a = pop(e);
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    switch (op) {
    case OP_AND: push(e, a & b); break;
    case OP_OR: push(e, a | b); break;
    case OP_XOR: push(e, a ^ b); break;
    case OP_PLUS: push(e, a + b); break;
    case OP_MINUS: push(e, a - b); break;
    case OP_MUL: push(e, a * b); break;
    case OP_DIV: e->bad |= b == 0 || (sb == -1 && sa == INT64_MIN); push(e, e->bad ? 0 : (uint64_t)(sa / sb)); break;
    case OP_MOD: e->bad |= b == 0; push(e, e->bad ? 0 : a % b); break;
    case OP_SHL: push(e, b < 64 ? a << b : 0); break;
    case OP_SHR: push(e, b < 64 ? a >> b : 0); break;
    case OP_SHRA: push(e, (uint64_t)(sa >> (b < 64 ? b : 63))); break;
    case OP_EQ: push(e, a == b); break;
    case OP_NE: push(e, a != b); break;
    case OP_GE: push(e, sa >= sb); break;
    case OP_GT: push(e, sa > sb); break;
    case OP_LE: push(e, sa <= sb); break;
    case OP_LT: push(e, sa < sb); break;
    default: e->bad = true;
    }
}

/* Evaluates an expression; `cfa` is on the stack at the start, except for the CFA's own. */
static bool evaluate(struct walk *walk, const struct hl_cfi_place *place, const uintptr_t *cfa, uintptr_t *result)
{
    struct expression e;
    e.walk = walk;
    e.start = place->expression;
    e.code = (struct hl_reader){ e.start, e.start + place->len, false };
    e.depth = 0;
    e.bad = false;
    if (cfa)
        push(&e, *cfa);
    for (unsigned n = 0; !e.bad && !e.code.bad && e.code.at < e.code.end; n++) {
        unsigned op = (unsigned)hl_read_uint(&e.code, 1);
        if (!run_constant(&e, op) && !run_move(&e, op) && !run_unary(&e, op))
            run_binary(&e, op);
        e.bad |= n == OPERATIONS_MAX;
    }
    *result = pop(&e);
    return !e.bad && !e.code.bad;
}

static bool register_get(const struct walk *walk, uint16_t reg, uintptr_t *value)
{
    *value = reg < HL_ARCH_DWARF_REGISTERS ? walk->registers[reg] : 0;
    return reg < HL_ARCH_DWARF_REGISTERS;
}

static bool cfa_get(struct walk *walk, const struct hl_cfi_place *place, uintptr_t *cfa)
{
    if (place->how == HL_CFI_AT_EXPRESSION)
        return evaluate(walk, place, NULL, cfa);
    if (place->how != HL_CFI_REGISTER || !register_get(walk, place->reg, cfa))
        return false;
    *cfa += (uintptr_t)place->value;
    return true;
}

/* The caller's value of one register. */
static bool place_get(struct walk *walk, const struct hl_cfi_place *place, uintptr_t cfa, uintptr_t *value)
{
    uintptr_t address;
    switch (place->how) {
    case HL_CFI_AT: return load(walk, cfa + (uintptr_t)place->value, value, sizeof *value);
    case HL_CFI_IS: *value = cfa + (uintptr_t)place->value; return true;
    case HL_CFI_REGISTER: return register_get(walk, place->reg, value);
    case HL_CFI_AT_EXPRESSION: return evaluate(walk, place, &cfa, &address) && load(walk, address, value, sizeof *value);
    case HL_CFI_IS_EXPRESSION: return evaluate(walk, place, &cfa, value);
    default: return true;    /* the same, or lost, and then nobody counts on it */
    }
}

enum step { STEP_DONE, STEP_END, STEP_FAILED };

/* Goes to the caller's frame. END: there is none. */
static enum step step(struct walk *walk)
{
    struct hl_cfi_image image;
    struct hl_cfi_row row;
    uintptr_t cfa, registers[HL_ARCH_DWARF_REGISTERS], at = walk->pc - !walk->exact;
    if (walk->pc == 0)
        return STEP_END;
    if (hl_cfi_image_find(at, &image) || hl_cfi_row_find(&image, at, &row))
        return STEP_FAILED;
    if (row.registers[row.ra].how == HL_CFI_UNDEFINED)
        return STEP_END;
    if (!cfa_get(walk, &row.cfa, &cfa))
        return STEP_FAILED;

    memcpy(registers, walk->registers, sizeof registers);
    registers[HL_ARCH_DWARF_SP] = cfa;
    for (size_t i = 0; i < HL_ARCH_DWARF_REGISTERS; i++)
        if (!place_get(walk, &row.registers[i], cfa, &registers[i]))
            return STEP_FAILED;
    uintptr_t pc = hl_arch_strip(registers[row.ra]);
    if (pc == walk->pc && registers[HL_ARCH_DWARF_SP] == walk->registers[HL_ARCH_DWARF_SP])
        return STEP_FAILED;    /* would go round for ever */
    memcpy(walk->registers, registers, sizeof registers);
    walk->pc = pc;
    walk->exact = row.signal_frame;
    return STEP_DONE;
}

static size_t walk_outwards(struct walk *walk, uintptr_t cfa, uintptr_t *pcs, uintptr_t *sps, size_t max, bool *whole)
{
    enum step result = STEP_DONE;
    size_t n = 0;
    for (size_t inner = 0; inner < INNER_MAX && n <= max && (result = step(walk)) == STEP_DONE && walk->pc;) {
        if (n == 0 && walk->registers[HL_ARCH_DWARF_SP] != cfa)
            inner++;
        else if (n == max)
            return n;
        else {
            if (sps)
                sps[n] = walk->registers[HL_ARCH_DWARF_SP];
            pcs[n++] = walk->pc;
        }
    }
    *whole = n > 0 && (result == STEP_END || walk->pc == 0);
    return n;
}

/* In a frame of its own, which stays while the walk goes on from it. */
static __attribute__((noinline)) size_t walk_from_here(uintptr_t cfa, uintptr_t *pcs, uintptr_t *sps, size_t max, bool *whole)
{
    ucontext_t context;
    struct walk walk;
    if (getcontext(&context))
        return 0;
    walk.pc = hl_arch_registers(&context, walk.registers);
    walk.exact = false;
    memset(walk.pages, 0, sizeof walk.pages);
    return walk_outwards(&walk, cfa, pcs, sps, max, whole);
}

size_t hl_unwind_slow(uintptr_t cfa, uintptr_t *pcs, uintptr_t *sps, size_t max, bool *whole)
{
    int saved = errno;
    *whole = false;
    size_t n = walk_from_here(cfa, pcs, sps, max, whole);
    errno = saved;
    return n;
}
