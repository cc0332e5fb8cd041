/* The handshake: one SOCK_SEQPACKET message each way over the session's unix socket, then both descriptors are closed. */
#ifndef HEAPLINE_WIRE_HELLO_H
#define HEAPLINE_WIRE_HELLO_H

#include <stdint.h>

#define HL_ENV_SOCKET "HEAPLINE_SOCKET"      /* path of the socket; its presence turns recording on */
#define HL_HELLO_PATH 1024
#define HL_ANSWER_PATH 4096

enum hl_hello_kind {
    HL_HELLO_PROGRAM = 1,     /* a program begins (after exec) */
    HL_HELLO_FORK,            /* a forked child records its first event */
    HL_HELLO_EXEC,            /* no reply: a child that never attached is about to exec `path` */
    HL_HELLO_BARRED,          /* no reply: this program cannot be profiled; `path` holds the reason, a sentence */
    HL_HELLO_SNAPSHOT,        /* the threads stand still; `parent` is the process's own serial, `token` the snapshot's number in bits 0..31 and enum
                                 hl_snapshot_cause in bits 32..39, `path` its label. The connection stays open (snapshot.h) */
    HL_HELLO_REQUEST,         /* from `heapline snapshot`: of the process `tid`, with the label `path`; answered by struct hl_answer when all is done */
};

struct hl_hello {
    uint64_t magic;           /* HL_WIRE_MAGIC */
    uint32_t kind;
    uint32_t tid;             /* of the caller, as it sees itself */
    uint64_t parent;          /* serial that the process this one was forked from had; 0: none */
    uint64_t token;           /* of the FORK record; 0: the fork went unseen */
    uint64_t address_limit;   /* bytes of address space that may still be mapped (RLIMIT_AS); ~0: no limit */
    char path[HL_HELLO_PATH]; /* NUL-terminated */
};

struct hl_answer {
    uint64_t magic;
    uint32_t status;          /* 0: done, 1: not, 2: it does not record that process */
    uint32_t number;          /* of the snapshot in its trace, from 1, in the order of time; 0: there is none */
    uint32_t graph;           /* 1: with its reference graph */
    uint64_t stopped_ns;      /* how long the process stood still for it */
    char text[HL_HELLO_PATH]; /* one sentence: what there is now, or why not */
    char trace[HL_ANSWER_PATH];   /* path of the trace; "": it has none that an outsider could open */
};

/* Travels with two descriptors (SCM_RIGHTS): the board and the segment. */
struct hl_welcome {
    uint64_t magic;
    uint64_t serial;          /* of this process in the run, from 1 */
    uint64_t segment_bytes;
};

#endif
