/* Snapshots that are asked for from outside (viewer/collect/request.c): who is asked, what is answered, when it is not. */
#include "../../viewer/collect/process_info.h"
#include "snapshot_fake.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_SECONDS 100
#define A 0x10000u

static struct fake_run run;
static struct hl_answer answer;

static int ask(uint32_t pid, const char *label)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct hl_hello hello = {.magic = HL_WIRE_MAGIC, .kind = HL_HELLO_REQUEST, .tid = pid};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", run.collector.socket_path);
    snprintf(hello.path, sizeof hello.path, "%s", label);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, &hello, sizeof hello, 0), sizeof hello);
    return fd;
}

static bool is_answered(int fd)
{
    struct pollfd answered = {.fd = fd, .events = POLLIN};
    return poll(&answered, 1, 0) == 1;
}

static void await_answer(int fd)
{
    while (!is_answered(fd))
        collector_turn(&run.collector);
    assert_int_equal(recv(fd, &answer, sizeof answer, 0), sizeof answer);
    assert_int_equal(answer.magic, HL_WIRE_MAGIC);
    close(fd);
}

static void end(void)
{
    kill(run.collector.root_pid, SIGKILL);
    fake_finish(&run);
}

/* ---- a process that answers ---- */

static void on_signal(int number, siginfo_t *info, void *context) {}

static void listen_to(struct fake *fake, uint32_t number)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction((int)number, &action, NULL);
    atomic_store(&fake->segment->snapshot_ready, 1);
}

static void take(struct fake *fake, uint32_t number)
{
    int connection = fake_hello(fake, number, HL_SNAPSHOT_REQUEST, "");
    fake_note_cut(fake, number);
    struct hl_snapshot *table = fake_receive(connection);
    fake_judge_all(table, HL_REACH_HELD);
    table->stopped_ns = 4200000;
    fake_done(connection, number);
    close(connection);
}

static void answers(struct fake *fake)
{
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, (int)fake->board->snapshot_signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    listen_to(fake, fake->board->snapshot_signal);
    fake_alloc(fake, 0, A, 12345);
    fake_let_read(fake);
    for (uint32_t number = 1;;) {
        fake_check(sigwaitinfo(&set, &info) > 0);
        uint32_t asked = (uint32_t)info.si_value.sival_int >> HL_REQUEST_NUMBER_SHIFT;
        if (asked == number - 1)                          /* once more, before it was heard that this is under way */
            continue;
        fake_check(info.si_code == SI_QUEUE && asked == number);
        fake_check(number > 1 || info.si_value.sival_int & HL_REQUEST_GRAPH);    /* somebody asks; later ones may be the clock's */
        take(fake, number++);
    }
}

static void test_answers(void **state)
{
    char expected[300];
    fake_start(&run, answers);
    run.collector.requests.trace = strdup("/there/is/t.hpl");
    await_answer(ask((uint32_t)run.collector.root_pid, "warm"));
    snprintf(expected, sizeof expected, "snapshot \"warm\" of %d (test_collect_request): 1 block, 12.1 KiB, stopped for 4.20 ms", run.collector.root_pid);
    assert_string_equal(answer.text, expected);
    assert_int_equal(answer.status, 0);
    assert_int_equal(answer.number, 1);
    assert_int_equal(answer.graph, 0);                    /* it was asked for one, and has none */
    assert_string_equal(answer.trace, "/there/is/t.hpl");
    assert_int_equal(answer.stopped_ns, 4200000);
    await_answer(ask((uint32_t)run.collector.root_pid, ""));
    assert_int_equal(answer.number, 2);
    snprintf(expected, sizeof expected, "snapshot of %d (test_collect_request): 1 block, 12.1 KiB, stopped for 4.20 ms", run.collector.root_pid);
    assert_string_equal(answer.text, expected);
    end();
    assert_int_equal(run.trace->n_snapshots, 2);
    assert_int_equal(run.trace->snapshots[0].cause, TRACE_SNAPSHOT_REQUEST);
    assert_string_equal(run.trace->snapshots[0].label, "warm");
    assert_string_equal(run.trace->snapshots[1].label, "");
    fake_close(&run);
}

/* It hears no more of the request than that it is asked for what there is the second time. */
static void answers_late(struct fake *fake)
{
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, (int)fake->board->snapshot_signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    listen_to(fake, fake->board->snapshot_signal);
    fake_alloc(fake, 0, A, 12345);
    fake_let_read(fake);
    for (uint32_t times = 0; times < 2; times += (info.si_value.sival_int & HL_REQUEST_NOW) != 0)
        fake_check(sigwaitinfo(&set, &info) > 0);
    take(fake, 1);
    for (;;)
        pause();
}

static void test_asked_until_it_answers(void **state)
{
    fake_start(&run, answers_late);
    int fd = ask((uint32_t)run.collector.root_pid, "late");
    while (!run.collector.requests.all.n)
        collector_turn(&run.collector);
    run.collector.start_ns -= UINT64_C(3000000000);
    await_answer(fd);
    assert_int_equal(answer.status, 0);
    end();
    assert_int_equal(run.trace->n_snapshots, 1);
    fake_close(&run);
}

/* Who asked need not wait for the answer, and the clock asks without anybody. */
static void test_nobody_waits(void **state)
{
    fake_start(&run, answers);
    int fd = ask((uint32_t)run.collector.root_pid, "gone");
    while (!run.collector.requests.all.n)
        collector_turn(&run.collector);
    close(fd);
    while (run.collector.requests.all.n)
        collector_turn(&run.collector);
    run.collector.requests.every_ns = 1000000;
    for (uint32_t before = 0, taken; before < 4; before = taken > before ? taken : before) {
        collector_turn(&run.collector);
        taken = run.collector.targets.items[0]->cut_taken;
    }
    end();
    assert_true(run.trace->n_snapshots >= 3);
    assert_string_equal(run.trace->snapshots[0].label, "gone");
    assert_string_equal(run.trace->snapshots[1].label, "");
    fake_close(&run);
}

/* ---- processes that cannot be asked ---- */

static void waits(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    fake_let_read(fake);
    for (;;)
        pause();
}

static void listens_no_more(struct fake *fake)
{
    atomic_store(&fake->segment->snapshot_ready, 1);
    waits(fake);
}

static void assert_refused(const char *text)
{
    assert_int_equal(answer.status, strstr(text, "is not recorded") ? 2 : 1);
    if (!strstr(answer.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, answer.text);
}

static void test_refusals(void **state)
{
    fake_start(&run, waits);
    await_answer(ask((uint32_t)getpid(), ""));
    assert_refused("is not recorded");
    await_answer(ask((uint32_t)run.collector.root_pid, ""));
    assert_refused("does not listen for requests");
    run.collector.snapshot_signal = 0;
    await_answer(ask((uint32_t)run.collector.root_pid, ""));
    assert_refused("--snapshot-signal 0");
    end();
    fake_close(&run);
    fake_start(&run, listens_no_more);
    await_answer(ask((uint32_t)run.collector.root_pid, ""));
    assert_refused("for itself");
    end();
    fake_close(&run);
}

/* It takes the signal and does nothing: the time is moved on by hand. */
static void ignores(struct fake *fake)
{
    listen_to(fake, fake->board->snapshot_signal);
    waits(fake);
}

static void blocks(struct fake *fake)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, (int)fake->board->snapshot_signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ignores(fake);
}

static void assert_late(fake_fn *fn, const char *why)
{
    fake_start(&run, fn);
    uint32_t pid = (uint32_t)run.collector.root_pid;
    int fd = ask(pid, "late");
    while (!run.collector.requests.all.n)
        collector_turn(&run.collector);
    assert_false(is_answered(fd));
    await_answer(ask(pid, ""));
    assert_refused("an earlier snapshot");
    while (fn == ignores && process_waits((int32_t)pid, run.collector.snapshot_signal))
        collector_turn(&run.collector);
    run.collector.start_ns -= UINT64_C(11000000000);
    await_answer(fd);
    assert_refused(why);
    end();
    assert_int_equal(run.trace->n_snapshots, 0);
    fake_close(&run);
}

static void test_does_not_answer(void **state)
{
    assert_late(blocks, "block");
    assert_late(ignores, "did not stand still");
}

static void test_stopped(void **state)
{
    fake_start(&run, ignores);
    kill(run.collector.root_pid, SIGSTOP);
    assert_int_equal(waitpid(run.collector.root_pid, NULL, WUNTRACED), run.collector.root_pid);
    await_answer(ask((uint32_t)run.collector.root_pid, ""));
    assert_refused("is stopped");
    end();
    fake_close(&run);
}

/* It dies of the request, and the recording ends under one. */
static void test_ends(void **state)
{
    fake_start(&run, ignores);
    int fd = ask((uint32_t)run.collector.root_pid, "");
    while (!run.collector.requests.all.n)
        collector_turn(&run.collector);
    kill(run.collector.root_pid, SIGKILL);
    await_answer(fd);
    assert_refused("ended");
    end();
    fake_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_asked_until_it_answers),
        cmocka_unit_test(test_nobody_waits),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_does_not_answer),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_ends),
    };
    alarm(HANG_SECONDS);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
