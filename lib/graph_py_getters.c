/* Which word of an object a getter of a type written in C returns, read from its machine code; nothing of it is run. Cython's
 * public attributes and most getters by hand are a load, some counting and a return. Source: Intel 64 and IA-32 Architectures
 * Software Developer's Manual, volume 2; System V ABI, AMD64: the object comes in rdi, the answer goes in rax. */
#include "graph_py_int.h"

#ifdef __x86_64__
enum { RAX, RBX = 3, RSP, RDI = 7, REGISTERS = 16 };

struct code {
    const uint8_t *at, *end;
    uint32_t holds[REGISTERS];           /* the offset that each register was loaded from; 0: something else */
    uint32_t rex;
};

static bool advance(struct code *code, unsigned n)
{
    if ((size_t)(code->end - code->at) < n)
        return false;
    code->at += n;
    return true;
}

/* Register, memory or register operand, and what follows of it. */
struct operands { uint32_t reg, mod, rm; int32_t displacement; };

static bool take_operands(struct code *code, struct operands *operands)
{
    if (code->at == code->end)
        return false;
    uint8_t modrm = *code->at++;
    *operands = (struct operands){(modrm >> 3 & 7) | (code->rex & 4) << 1, modrm >> 6, (modrm & 7) | (code->rex & 1) << 3, 0};
    if (operands->mod == 3)
        return true;
    bool relative = operands->mod == 0 && (modrm & 7) == 5;
    unsigned n = operands->mod == 1 ? 1 : operands->mod == 2 || relative ? 4 : 0;
    const uint8_t *number = code->at;
    if ((modrm & 7) == RSP || !advance(code, n))
        return false;
    uint32_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value |= (uint32_t)number[i] << 8 * i;
    operands->displacement = n == 1 ? (int8_t)value : (int32_t)value;
    if (relative)
        operands->rm = REGISTERS;        /* of the code's own data */
    return true;
}

/* mov from memory or a register. */
static bool load(struct code *code)
{
    struct operands o;
    if (!take_operands(code, &o) || o.reg == RDI || o.reg == RSP)
        return false;
    uint32_t held = o.mod == 3 ? code->holds[o.rm] : o.rm == RDI && o.displacement > 0 ? (uint32_t)o.displacement : 0;
    code->holds[o.reg] = code->rex & 8 ? held : 0;
    return true;
}

/* mov to memory or a register. */
static bool store(struct code *code)
{
    struct operands o;
    if (!take_operands(code, &o) || (o.mod == 3 && (o.rm == RDI || o.rm == RSP)))
        return false;
    if (o.mod == 3)
        code->holds[o.rm] = code->rex & 8 ? code->holds[o.reg] : 0;
    return true;
}

/* add, or, sub, cmp, inc, dec ... of a memory or register operand, with `bytes` of a number behind. */
static bool count(struct code *code, unsigned bytes)
{
    struct operands o;
    if (!take_operands(code, &o) || (o.mod == 3 && (o.rm == RDI || o.rm == RSP)))
        return false;
    if (o.mod == 3)
        code->holds[o.rm] = 0;
    return advance(code, bytes);
}

static bool compare(struct code *code)
{
    struct operands o;
    return take_operands(code, &o);
}

/* One instruction but the return. False: another than these, which may do anything. */
static bool step(struct code *code)
{
    code->rex = 0;
    if (*code->at >> 4 == 4) {
        code->rex = *code->at++ & 15;
        if (code->at == code->end)
            return false;
    }
    uint8_t opcode = *code->at++;
    if (opcode >> 3 == 0x50 >> 3)        /* push */
        return true;
    if (opcode >> 4 == 7)                /* a short jump on a condition: the way that goes on is looked at */
        return advance(code, 1);
    if (opcode >> 3 == 0x58 >> 3) {      /* pop */
        code->holds[(opcode & 7) | (code->rex & 1) << 3] = 0;
        return true;
    }
    switch (opcode) {
    case 0x8b: return load(code);
    case 0x89: return store(code);
    case 0x83: return count(code, 1);
    case 0x81: return count(code, 4);
    case 0xff:                           /* inc, dec; not calls and jumps */
        return code->at < code->end && (*code->at >> 3 & 7) < 2 && count(code, 0);
    case 0x85: case 0x39: case 0x3b: return compare(code);
    case 0x3d: case 0xa9: return advance(code, 4);            /* eax with a number */
    default: return false;
    }
}

bool hl_graph_py_getter(const uint8_t *bytes, size_t n, uint32_t *offset)
{
    static const uint8_t landing[] = {0xf3, 0x0f, 0x1e, 0xfa};           /* endbr64 */
    struct code code = {.at = bytes, .end = bytes + n};
    bool lands = n > sizeof landing;
    for (size_t i = 0; lands && i < sizeof landing; i++)
        lands = bytes[i] == landing[i];
    if (lands)
        code.at += sizeof landing;
    while (code.at < code.end) {
        if (*code.at == 0xc3) {
            *offset = code.holds[RAX];
            return *offset % 8 == 0 && *offset >= 16;
        }
        if (!step(&code))
            return false;
    }
    return false;
}
#else
bool hl_graph_py_getter(const uint8_t *bytes, size_t n, uint32_t *offset)
{
    (void)bytes, (void)n, (void)offset;
    return false;                        /* references of such types are told by their offset */
}
#endif
