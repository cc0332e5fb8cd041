#include "ask.h"

#include "../../lib/wire/hello.h"
#include "../../lib/wire/segment.h"
#include "../../lib/wire/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_DONE, ANSWER_NOT_DONE };    /* as in struct hl_answer */

static int read_environment(int32_t pid, struct strbuf *text)
{
    char path[64], piece[4096];
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        strbuf_add_bytes(text, piece, (size_t)n);
    int error = n < 0 ? -errno : 0;
    close(fd);
    return error;
}

/* The value of a variable in a block of NAME=VALUE strings; NULL: it is not set. */
static const char *find_variable(const struct strbuf *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = text->data; at < text->data + text->length; at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at + length + 1;
    return NULL;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    strcpy(address.sun_path, path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = -errno;
    if (fd >= 0)
        close(fd);
    return error;
}

#define NOT_TOLD (-2)

/* The socket of the recording that the process belongs to, or -1 and a sentence; NOT_TOLD: its environment does not say (any
 * more: redis writes its title there). */
static int find_recording(int32_t pid, struct strbuf *sentence)
{
    struct strbuf text = STRBUF_INIT;
    int error = read_environment(pid, &text), fd = -1;
    const char *path = error ? NULL : find_variable(&text, HL_ENV_SOCKET);
    if (error == -ENOENT || error == -ESRCH)
        strbuf_printf(sentence, "there is no process %d (any more): name one that still runs", pid);
    else if (error)
        strbuf_printf(sentence, "process %d cannot be looked at (%s): it is another user's, ask as that user or as root", pid,
                      strerror(-error));
    else if (!path || strlen(path) >= sizeof ((struct sockaddr_un *)0)->sun_path)
        fd = NOT_TOLD;
    else if ((fd = connect_to(path)) < 0)
        strbuf_printf(sentence, "the recording of process %d has ended, or is out of reach (%s: %s)", pid, path, strerror(-fd));
    strbuf_release(&text);
    return fd < 0 && fd != NOT_TOLD ? -1 : fd;
}

static bool exchange(int fd, int32_t pid, const char *label, uint64_t token, struct hl_answer *answer)
{
    struct hl_hello hello = {.magic = HL_WIRE_MAGIC, .kind = HL_HELLO_REQUEST, .tid = (uint32_t)pid, .token = token};
    snprintf(hello.path, sizeof hello.path, "%s", label);
    ssize_t n = send(fd, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello ? 0 : -1;
    while (n == 0 && (n = recv(fd, answer, sizeof *answer, 0)) < 0 && errno == EINTR)
        n = 0;
    return n == (ssize_t)sizeof *answer && answer->magic == HL_WIRE_MAGIC;
}

/* The collector answers when the snapshot is written, and says when the process does not answer it: no limit of ours is
 * needed. */
static bool converse(int fd, int32_t pid, const char *label, bool graph, struct asked *asked)
{
    struct hl_answer answer;
    if (!exchange(fd, pid, label, graph ? 0 : HL_REQUEST_PLAIN, &answer)) {
        strbuf_printf(&asked->sentence,
                      "the recording of process %d did not answer: it ended meanwhile, or is another version of heapline's", pid);
        return false;
    }
    answer.text[sizeof answer.text - 1] = answer.trace[sizeof answer.trace - 1] = 0;
    strbuf_add(&asked->sentence, answer.text);
    strbuf_add(&asked->trace, answer.trace);
    asked->number = answer.number;
    asked->graph = answer.graph;
    asked->stopped_ns = answer.stopped_ns;
    return answer.status == ANSWER_DONE;
}

/* Is the process recorded there? One that does not say so soon is passed over. */
static bool is_recorded_by(const char *path, int32_t pid)
{
    struct timeval limit = {.tv_sec = 2};
    struct hl_answer answer;
    int fd = connect_to(path);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool recorded = exchange(fd, pid, "", HL_REQUEST_WHO, &answer) && answer.status == ANSWER_DONE;
    close(fd);
    return recorded;
}

/* Asks the recordings on this machine whose sockets can be reached (proc(5), /proc/net/unix: the path is the last field). */
static bool ask_everywhere(int32_t pid, const char *label, bool graph, struct asked *asked)
{
    FILE *list = fopen("/proc/net/unix", "re");
    char line[512];
    int fd = -1;
    while (list && fd < 0 && fgets(line, sizeof line, list)) {
        char *path = strchr(line, '/'), *end = path ? path + strcspn(path, "\n") : NULL;
        if (!path || !strstr(path, "/heapline-") || end - path < 7 || strncmp(end - 7, "/socket", 7) != 0 || end - path >= 100)
            continue;
        *end = 0;
        if (is_recorded_by(path, pid))
            fd = connect_to(path);
    }
    if (list)
        fclose(list);
    if (fd < 0) {
        strbuf_printf(&asked->sentence, "process %d is not recorded by heapline: start its program with `heapline run`", pid);
        return false;
    }
    bool taken = converse(fd, pid, label, graph, asked);
    close(fd);
    return taken;
}

bool ask_for_snapshot(int32_t pid, const char *label, bool graph, struct asked *asked)
{
    *asked = (struct asked){.sentence = STRBUF_INIT, .trace = STRBUF_INIT};
    if (strlen(label) >= HL_HELLO_PATH) {
        strbuf_printf(&asked->sentence, "a label has at most %d bytes: take a shorter one", HL_HELLO_PATH - 1);
        return false;
    }
    int fd = find_recording(pid, &asked->sentence);
    if (fd == NOT_TOLD)
        return ask_everywhere(pid, label, graph, asked);
    if (fd < 0)
        return false;
    bool taken = converse(fd, pid, label, graph, asked);
    close(fd);
    return taken;
}
