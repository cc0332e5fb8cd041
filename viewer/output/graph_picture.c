/* Graphviz's dot, as a child without a shell: the text in an unlinked file, what it draws and what it complains about by pipes,
 * all read before anything is written. */
#include "graph_dot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

const char *const graph_picture_formats[] = { "svg", "png", "pdf", NULL };

struct drawing {
    pid_t pid;
    int streams[2];                    /* what it draws, what it says; -1: closed */
    struct strbuf texts[2];
    bool late;
    int status;
};

static int fail(struct trace_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct trace_error *error, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return code;
}

/* Empty parts of PATH would mean the working directory, where strangers' files may lie. */
static bool find_program(struct strbuf *path, const char *name)
{
    const char *from = getenv("PATH");
    while (from && *from) {
        size_t n = strcspn(from, ":");
        strbuf_clear(path);
        strbuf_add_bytes(path, from, n);
        strbuf_printf(path, "/%s", name);
        if (n && access(path->data, X_OK) == 0)
            return true;
        from += n + (from[n] == ':');
    }
    return false;
}

static int write_text(FILE **text, const struct graph *graph, const struct graph_view *view)
{
    *text = tmpfile();
    if (!*text)
        return -errno;
    int result = graph_dot_print(*text, graph, view);
    if (!result && fflush(*text))
        result = -errno;
    if (!result && lseek(fileno(*text), 0, SEEK_SET) < 0)
        result = -errno;
    if (result)
        fclose(*text);
    return result;
}

static int spawn(struct drawing *drawing, const char *program, const char *format, int input)
{
    int out[2], said[2];
    char option[32];
    snprintf(option, sizeof option, "-T%s", format);
    if (pipe2(out, O_CLOEXEC))
        return -errno;
    if (pipe2(said, O_CLOEXEC)) {
        int code = -errno;
        close(out[0]);
        close(out[1]);
        return code;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO);
    int code = posix_spawn(&drawing->pid, program, &actions, NULL, (char *[]){ "dot", option, NULL }, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(said[1]);
    drawing->streams[0] = out[0];
    drawing->streams[1] = said[0];
    return -code;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_stream(struct drawing *drawing, int which)
{
    char bytes[65536];
    ssize_t n = read(drawing->streams[which], bytes, sizeof bytes);
    if (n > 0)
        strbuf_add_bytes(&drawing->texts[which], bytes, (size_t)n);
    else if (n == 0 || errno != EINTR) {
        close(drawing->streams[which]);
        drawing->streams[which] = -1;
    }
}

/* Reads until both streams end, or time is up: then the child is ended. */
static void read_streams(struct drawing *drawing, unsigned seconds)
{
    int64_t end = now_ms() + (int64_t)seconds * 1000;
    while (drawing->streams[0] >= 0 || drawing->streams[1] >= 0) {
        struct pollfd polled[2] = { { drawing->streams[0], POLLIN, 0 }, { drawing->streams[1], POLLIN, 0 } };
        int64_t left = end - now_ms();
        int n = left > 0 ? poll(polled, 2, (int)left) : 0;
        if (n == 0) {
            drawing->late = true;
            kill(drawing->pid, SIGKILL);
            break;
        }
        for (int which = 0; which < 2 && n > 0; which++)
            if (polled[which].revents)
                read_stream(drawing, which);
    }
    for (int which = 0; which < 2; which++)
        if (drawing->streams[which] >= 0)
            close(drawing->streams[which]);
    while (waitpid(drawing->pid, &drawing->status, 0) < 0 && errno == EINTR)
        ;
}

/* What it said, on one line, or how it ended. */
static void add_complaint(struct strbuf *out, const struct drawing *drawing)
{
    for (const char *c = drawing->texts[1].data; *c && out->length < 300; c++)
        if ((unsigned char)*c >= 0x20)
            strbuf_add_char(out, *c);
        else if (out->length && c[1])
            strbuf_add_char(out, ' ');
    if (!out->length && WIFSIGNALED(drawing->status))
        strbuf_printf(out, "it was ended by signal %d", WTERMSIG(drawing->status));
    else if (!out->length)
        strbuf_printf(out, "it ended with exit code %d", WEXITSTATUS(drawing->status));
}

static int judge(const struct drawing *drawing, const struct graph_view *view, unsigned seconds, struct trace_error *error)
{
    if (drawing->late)
        return fail(error, -ETIME,
                    "Graphviz did not finish the picture of %zu boxes and %zu arrows within %u s; "
                    "show fewer (--depth, --too-many), or print the text with --dot and draw it with sfdp",
                    view->nodes.n, view->edges.n, seconds);
    if (WIFEXITED(drawing->status) && WEXITSTATUS(drawing->status) == 0 && drawing->texts[0].length)
        return 0;
    struct strbuf complaint = STRBUF_INIT;
    add_complaint(&complaint, drawing);
    int code =
        fail(error, -EIO, "Graphviz could not draw the picture: %s; --dot prints the text that it was given", complaint.data);
    strbuf_release(&complaint);
    return code;
}

static int draw(FILE *out, const char *program, FILE *text, const char *format, const struct graph_view *view, unsigned seconds,
                struct trace_error *error)
{
    struct drawing drawing = { .streams = { -1, -1 }, .texts = { STRBUF_INIT, STRBUF_INIT } };
    int result = spawn(&drawing, program, format, fileno(text));
    if (result)
        result =
            fail(error, result, "cannot start %s: %s; --dot prints the text that it would be given", program, strerror(-result));
    else {
        read_streams(&drawing, seconds);
        result = judge(&drawing, view, seconds, error);
    }
    if (!result && fwrite(drawing.texts[0].data, 1, drawing.texts[0].length, out) != drawing.texts[0].length)
        result = fail(error, -EIO, "cannot write the picture: %s", strerror(errno));
    strbuf_release(&drawing.texts[0]);
    strbuf_release(&drawing.texts[1]);
    return result;
}

int graph_picture_print(FILE *out, const struct graph *graph, const struct graph_view *view, const char *format, unsigned seconds,
                        struct trace_error *error)
{
    struct strbuf program = STRBUF_INIT;
    FILE *text;
    int result;
    if (!find_program(&program, "dot"))
        result = fail(error, -ENOENT,
                      "pictures are drawn by Graphviz, whose program \"dot\" is not in PATH; install it (Debian, Ubuntu, Fedora: "
                      "the package graphviz), "
                      "or print the text for it with --dot");
    else if ((result = write_text(&text, graph, view)))
        result = fail(error, result, "cannot write a temporary file for Graphviz: %s", strerror(-result));
    else {
        result = draw(out, program.data, text, format, view, seconds, error);
        fclose(text);
    }
    strbuf_release(&program);
    return result;
}
