/* heapline snapshot: asks the recording of a running process for a snapshot of it. */
#include "commands.h"

#include "../../lib/wire/hello.h"
#include "../../lib/wire/segment.h"
#include "../base/parse.h"
#include "../base/say.h"
#include "../base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *label;

static const struct option options[] = {
    {"label", 'l', OPTION_STRING, "TEXT", "name the snapshot; `heapline leaks --label TEXT` shows it", &label, NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static int read_environment(uint64_t pid, struct strbuf *text)
{
    char path[64], piece[4096];
    snprintf(path, sizeof path, "/proc/%llu/environ", (unsigned long long)pid);
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

/* Connects to the recording that the process belongs to. Returns the socket, or -1 after a sentence. */
static int find_recording(uint64_t pid)
{
    struct strbuf text = STRBUF_INIT;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error = read_environment(pid, &text), fd = -1;
    const char *path = error ? NULL : find_variable(&text, HL_ENV_SOCKET);
    if (error == -ENOENT || error == -ESRCH)
        say_error("there is no process %llu (any more): name one that still runs", (unsigned long long)pid);
    else if (error)
        say_error("process %llu cannot be looked at (%s): it is another user's, ask as that user or as root", (unsigned long long)pid, strerror(-error));
    else if (!path || strlen(path) >= sizeof address.sun_path)
        say_error("process %llu is not recorded by heapline: start its program with `heapline run`", (unsigned long long)pid);
    else {
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
            say_error("the recording of process %llu has ended, or is out of reach (%s: %s)", (unsigned long long)pid, path, strerror(errno));
            if (fd >= 0)
                close(fd);
            fd = -1;
        }
    }
    strbuf_release(&text);
    return fd;
}

/* The collector answers when the snapshot is written, and says when the process does not answer it: no limit of ours is needed. */
static int ask(int fd, uint32_t pid)
{
    struct hl_hello hello = {.magic = HL_WIRE_MAGIC, .kind = HL_HELLO_REQUEST, .tid = pid};
    struct hl_answer answer;
    snprintf(hello.path, sizeof hello.path, "%s", label ? label : "");
    ssize_t n = send(fd, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello ? 0 : -1;
    while (n == 0 && (n = recv(fd, &answer, sizeof answer, 0)) < 0 && errno == EINTR)
        n = 0;
    if (n != (ssize_t)sizeof answer || answer.magic != HL_WIRE_MAGIC) {
        say_error("the recording of process %u did not answer: it ended meanwhile, or is another version of heapline's", pid);
        return EXIT_USAGE;
    }
    answer.text[sizeof answer.text - 1] = 0;
    if (answer.status) {
        say_error("%s", answer.text);
        return EXIT_USAGE;
    }
    puts(answer.text);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    uint64_t pid;
    int operands = option_parse(&command_snapshot, argc, argv);
    if (operands < 0)
        return operands == -2 ? EXIT_OK : EXIT_USAGE;
    if (operands != 1 || !parse_count(argv[1], &pid) || pid == 0 || pid > INT32_MAX) {
        say_error("snapshot takes the number of one process that `heapline run` records: heapline snapshot [--label TEXT] PID");
        return EXIT_USAGE;
    }
    if (label && strlen(label) >= HL_HELLO_PATH) {
        say_error("--label takes at most %d bytes", HL_HELLO_PATH - 1);
        return EXIT_USAGE;
    }
    int fd = find_recording(pid);
    if (fd < 0)
        return EXIT_USAGE;
    int status = ask(fd, (uint32_t)pid);
    close(fd);
    return status;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .operands = "PID",
    .summary = "take a heap snapshot of a process that is being recorded",
    .description = "Asks the `heapline run` that records process PID for a snapshot: all heap blocks at one moment, and for each of them whether the program can still "
                   "reach it. The program stands still while it is copied, some milliseconds; the copy is searched beside it. The snapshot goes into the "
                   "trace of that recording, under its label if it has one, and one line says what is in it.\n"
                   "\n"
                   "Processes that the program started can be named as well. `heapline run --snapshot-every 10s` takes snapshots by the clock.",
    .examples = "heapline snapshot --label warm 4711\ta snapshot of process 4711 with the name warm\n",
    .options = options,
    .run = run,
};
