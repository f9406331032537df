/* short_io.c: runs a program whose system calls read and write less than they are asked to, or are interrupted.
 *
 *     short_io [--seed N] [--interrupt] PROGRAM ARGS...
 *
 * A tracer: of read, pread64, readv, recvfrom, write, pwrite64, writev and sendto dice decide which are given a smaller
 * count, down to one byte; with --interrupt they also decide which end with EINTR, having done nothing, as fsync then
 * may. What is written to standard error is left as it is.
 * That begins when a file that ARGS name is opened or standard input is read: the dynamic linker, and what sanitizers do
 * at the start, bear none of it. Everything is as the kernel may do it at any time. Ends as PROGRAM did; the last line on standard error counts. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_THREADS = 64, ONE_IN = 3 };

/* A thread of the program; what happens to the call that it is in. */
struct thread {
    pid_t id;
    bool inside, interrupt;
};

struct run {
    uint64_t dice;
    bool interrupt;
    char **files;
    bool begun;
    struct thread threads[MAX_THREADS];
    uint64_t calls, shortened, interrupted, interrupted_writes;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "short_io: %s: %s\n", what, strerror(errno));
    exit(125);
}

static uint64_t below(struct run *run, uint64_t n)
{
    run->dice ^= run->dice >> 12;
    run->dice ^= run->dice << 25;
    run->dice ^= run->dice >> 27;
    return (run->dice * 0x2545f4914f6cdd1d >> 33) % n;
}

static struct thread *thread_of(struct run *run, pid_t id)
{
    for (size_t i = 0; i < MAX_THREADS; i++)
        if (run->threads[i].id == id || run->threads[i].id == 0) {
            run->threads[i].id = id;
            return &run->threads[i];
        }
    give_up("too many threads");
}

static bool reads(unsigned long long call)
{
    return call == SYS_read || call == SYS_pread64 || call == SYS_recvfrom || call == SYS_readv;
}

static bool writes(unsigned long long call)
{
    return call == SYS_write || call == SYS_pwrite64 || call == SYS_writev || call == SYS_sendto;
}

/* Whether the path at |address| is an argument of the program. */
static bool is_named(const struct run *run, pid_t id, unsigned long long address)
{
    char path[4096] = "";
    const struct iovec to = {.iov_base = path, .iov_len = sizeof path - 1};
    /* The memory may end right behind the path. */
    const size_t in_page = 4096 - address % 4096;
    const struct iovec from = {.iov_base = (void *)(uintptr_t)address, .iov_len = in_page};
    if (process_vm_readv(id, &to, 1, &from, 1, 0) <= 0)
        return errno == EPERM; /* it hides its memory: its own code is at work */
    for (char **file = run->files; *file != NULL; file++)
        if (strcmp(*file, path) == 0)
            return true;
    return false;
}

static void enter(struct run *run, struct thread *thread)
{
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread->id, NULL, &registers) != 0)
        return;
    const unsigned long long call = registers.orig_rax;
    thread->interrupt = false;
    run->begun = run->begun || (call == SYS_read && registers.rdi == STDIN_FILENO) ||
                 (call == SYS_openat && is_named(run, thread->id, registers.rsi));
    const bool of_use = reads(call) || (writes(call) && registers.rdi != STDERR_FILENO);
    if (!run->begun || (call != SYS_fsync && (!of_use || registers.rdx == 0)))
        return;
    run->calls++;
    if (run->interrupt && below(run, ONE_IN) == 0) {
        thread->interrupt = true;
        registers.rdx = 0;
        run->interrupted++;
        run->interrupted_writes += !reads(call);
    } else if (call == SYS_fsync) {
        return;
    } else if (registers.rdx > 1 && below(run, ONE_IN) == 0) {
        registers.rdx = 1 + below(run, below(run, 2) == 0 ? registers.rdx - 1 : 1);
        run->shortened++;
    } else {
        return;
    }
    if (ptrace(PTRACE_SETREGS, thread->id, NULL, &registers) != 0)
        give_up("a call cannot be changed");
}

static void leave(struct thread *thread)
{
    struct user_regs_struct registers;
    if (!thread->interrupt || ptrace(PTRACE_GETREGS, thread->id, NULL, &registers) != 0)
        return;
    registers.rax = (unsigned long long)-EINTR;
    (void)ptrace(PTRACE_SETREGS, thread->id, NULL, &registers);
}

/* Gives the signal that the thread is to get. */
static int stopped(struct run *run, struct thread *thread, int status)
{
    const int signal = WSTOPSIG(status);
    if (status >> 16 != 0 || signal == SIGSTOP)
        return 0; /* a new thread, or what ptrace itself tells */
    if (signal != (SIGTRAP | 0x80))
        return signal;
    thread->inside = !thread->inside;
    if (thread->inside)
        enter(run, thread);
    else
        leave(thread);
    return 0;
}

static int trace(struct run *run, pid_t child)
{
    int status;
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, options) != 0 ||
        ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0)
        give_up("the program cannot be traced");
    for (pid_t id; (id = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            thread_of(run, id)->inside = false;
            if (id == child)
                return status;
            continue;
        }
        const int signal = stopped(run, thread_of(run, id), status);
        (void)ptrace(PTRACE_SYSCALL, id, NULL, (void *)(intptr_t)signal);
    }
    give_up("the program is lost");
}

int main(int argc, char **argv)
{
    static struct run run = {.dice = 1};
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--interrupt") == 0)
            run.interrupt = true;
        else if (strcmp(argv[at], "--seed") == 0 && at + 1 < argc)
            run.dice = 1 + strtoull(argv[++at], NULL, 10) * 0x9e3779b97f4a7c15;
    }
    if (at >= argc) {
        fprintf(stderr, "short_io [--seed N] [--interrupt] PROGRAM ARGS...\n");
        return 125;
    }
    run.files = argv + at + 1;
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            give_up("the program cannot be traced");
        execv(argv[at], argv + at);
        give_up(argv[at]);
    }
    if (child < 0)
        give_up("no process");
    const int status = trace(&run, child);
    fprintf(stderr,
            "short_io: %llu calls, %llu shortened, %llu interrupted, %llu of these writes\n",
            (unsigned long long)run.calls, (unsigned long long)run.shortened,
            (unsigned long long)run.interrupted, (unsigned long long)run.interrupted_writes);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
