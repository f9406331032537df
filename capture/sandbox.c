/* sandbox.c: the allow-list of system calls. */
#include "capture/sandbox.h"

#include "capture/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Harmless whatever their arguments are, for who has no descriptor that is worth anything. */
static const int always[] = {
    /* reading and writing what is open */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(stat),
    SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(fsync), SCMP_SYS(ftruncate), SCMP_SYS(poll),
    SCMP_SYS(ppoll), SCMP_SYS(fcntl), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg), SCMP_SYS(getsockopt), SCMP_SYS(fadvise64),
    /* asking about paths */
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
    /* memory, threads, time */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
    SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
    SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(getpid), SCMP_SYS(gettid),
    /* signals and the end */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* By which outputs appear, or a file is put aside. */
static const int renaming[] = {SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
                               SCMP_SYS(unlink), SCMP_SYS(unlinkat)};

/* What the leak checker does at the end: a process that stops this one and looks. */
static const int sanitizers[] = {
    SCMP_SYS(clone),      SCMP_SYS(wait4),           SCMP_SYS(ptrace),  SCMP_SYS(prctl),
    SCMP_SYS(getdents64), SCMP_SYS(getdents),        SCMP_SYS(openat),  SCMP_SYS(open),
    SCMP_SYS(mmap),       SCMP_SYS(mprotect),        SCMP_SYS(getppid), SCMP_SYS(pipe),
    SCMP_SYS(pipe2),      SCMP_SYS(prlimit64),       SCMP_SYS(getuid),  SCMP_SYS(geteuid),
    SCMP_SYS(arch_prctl), SCMP_SYS(process_vm_readv)};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static bool allow_each(scmp_filter_ctx filter, const int *calls, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    return true;
}

static bool allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition) == 0;
}

static bool refuse(scmp_filter_ctx filter, int call, int reason)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)reason), call, 0) == 0;
}

static bool has_use(const struct sandbox *sandbox, enum sandbox_use use)
{
    for (size_t i = 0; i < sandbox->num_paths; i++)
        if (sandbox->paths[i].use == use)
            return true;
    return false;
}

/* Which paths may be opened is landlock(7)'s; here, what for. */
static bool allow_opening(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    enum { WRITING = O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE };
    if (has_use(sandbox, SANDBOX_WRITE))
        return allow_each(filter, (const int[]){SCMP_SYS(openat)}, 1);
    return allow_if(filter, SCMP_SYS(openat),
                    SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING & ~O_DIRECTORY, O_RDONLY));
}

static bool allow_renaming(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    return !(has_use(sandbox, SANDBOX_WRITE) || has_use(sandbox, SANDBOX_RENAME)) ||
           allow_each(filter, renaming, LENGTH(renaming));
}

/* An interface that went away is looked for, and bound to again. */
static bool allow_interfaces(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    for (size_t i = 0; i < sandbox->num_interfaces; i++) {
        const struct scmp_arg_cmp it = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)sandbox->interfaces[i]);
        if (!allow_if(filter, SCMP_SYS(bind), it) || !allow_if(filter, SCMP_SYS(setsockopt), it))
            return false;
    }
    static const unsigned long questions[] = {SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFNAME};
    for (size_t i = 0; sandbox->num_interfaces > 0 && i < LENGTH(questions); i++)
        if (!allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)questions[i])))
            return false;
    return true;
}

/* Sockets of UDP, over IPv4 and IPv6; each has memory for keys of its own. */
static bool allow_datagrams(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    static const int calls[] = {SCMP_SYS(bind),        SCMP_SYS(connect), SCMP_SYS(setsockopt),
                                SCMP_SYS(getsockname), SCMP_SYS(mlock),   SCMP_SYS(munlock)};
    static const int families[] = {AF_INET, AF_INET6};
    enum { KIND = 0xf }; /* the rest are flags */
    for (size_t i = 0; sandbox->datagrams && i < LENGTH(families); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]),
                             SCMP_A1(SCMP_CMP_MASKED_EQ, KIND, SOCK_DGRAM)) != 0)
            return false;
    return !sandbox->datagrams || allow_each(filter, calls, LENGTH(calls));
}

static bool refuse_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 1, condition) == 0;
}

/* What the C library asks on its way to the address of a name, and can do without: other sockets (of a cache of names,
 * of the kernel's list of addresses), and libraries for other ways. */
static bool refuse_detours(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
    for (int family = 0; family < AF_MAX; family++)
        if (family != AF_INET && family != AF_INET6 &&
            !refuse_if(filter, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family)))
            return false;
    return refuse_if(filter, SCMP_SYS(mmap), code);
}

/* TCP, and UDP to name servers; no listening. */
static bool allow_streams(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    static const int calls[] = {
        SCMP_SYS(connect),  SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
        SCMP_SYS(shutdown), SCMP_SYS(sendmsg),    SCMP_SYS(sendmmsg),    SCMP_SYS(pipe),
        SCMP_SYS(pipe2),    SCMP_SYS(uname),      SCMP_SYS(getuid),      SCMP_SYS(geteuid),
        SCMP_SYS(getgid),   SCMP_SYS(getegid),    SCMP_SYS(prlimit64),   SCMP_SYS(getdents64)};
    static const int families[] = {AF_INET, AF_INET6}, kinds[] = {SOCK_STREAM, SOCK_DGRAM};
    enum { KIND = 0xf, NUM_KINDS = 2 }; /* the rest are flags */
    if (!sandbox->streams)
        return true;
    for (size_t i = 0; i < LENGTH(families) * NUM_KINDS; i++)
        if (seccomp_rule_add(
                filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i / NUM_KINDS]),
                SCMP_A1(SCMP_CMP_MASKED_EQ, KIND, (scmp_datum_t)kinds[i % NUM_KINDS])) != 0)
            return false;
    return allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)FIONREAD)) &&
           allow_each(filter, calls, LENGTH(calls)) && refuse_detours(filter);
}

/* Calls that are harmless with some arguments only. */
static bool allow_some(scmp_filter_ctx filter)
{
    enum { THREAD = CLONE_VM | CLONE_THREAD };
    const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return allow_if(filter, SCMP_SYS(mmap), no_code) &&
           allow_if(filter, SCMP_SYS(mprotect), no_code) &&
           allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)TCGETS)) &&
           allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)TIOCGWINSZ)) &&
           /* to where the socket is connected, and nowhere else */
           allow_if(filter, SCMP_SYS(sendto), SCMP_A4(SCMP_CMP_EQ, 0)) &&
           allow_if(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) &&
           allow_if(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD, THREAD)) &&
           /* its arguments are in memory, where they cannot be looked at: threads are made by clone */
           refuse(filter, SCMP_SYS(clone3), ENOSYS);
}

static bool fill(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    if (PERPASS_SANITIZED && !allow_each(filter, sanitizers, LENGTH(sanitizers)))
        return false;
    return allow_each(filter, always, LENGTH(always)) && allow_some(filter) &&
           allow_opening(filter, sandbox) && allow_renaming(filter, sandbox) &&
           allow_interfaces(filter, sandbox) && allow_datagrams(filter, sandbox) &&
           allow_streams(filter, sandbox) &&
           (PERPASS_SANITIZED || refuse(filter, SCMP_SYS(prctl), EPERM));
}

static bool enter_seccomp(const struct sandbox *sandbox, struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = filter != NULL && fill(filter, sandbox);
    int reason = ok ? seccomp_load(filter) : -ENOMEM;
    seccomp_release(filter);
    errno = -reason;
    return reason == 0 ||
           error_set(error, "the system cannot confine the program to a list of system calls: %m "
                            "(--no-sandbox goes on without)");
}

enum sandbox_result sandbox_enter(const struct sandbox *sandbox, struct error *error)
{
    enum landlock_result paths = landlock_enter(sandbox, error);
    if (paths == LANDLOCK_FAILED || !enter_seccomp(sandbox, error))
        return SANDBOX_FAILED;
    return paths == LANDLOCK_ON ? SANDBOX_FULL : SANDBOX_NO_PATHS;
}
