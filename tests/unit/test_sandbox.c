/* test_sandbox.c: capture/sandbox.c: in a child each, what must not work any more, and what must go on. */
#include "capture/privileges.h"
#include "capture/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder with an input, a report that is being written, and a file that nobody named. */
struct place {
    char folder[64];
    char input[PATH_MAX], report[PATH_MAX], temporary[PATH_MAX], other[PATH_MAX];
    char made[PATH_MAX]; /* by an attempt */
    int listener;
    struct sockaddr_un address;
};

static void put_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    snprintf(place->folder, sizeof place->folder, "perpass-sandbox-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    char sub[80];
    snprintf(sub, sizeof sub, "%s/out", place->folder);
    assert_int_equal(mkdir(sub, 0700), 0);
    snprintf(place->input, sizeof place->input, "%s/input", place->folder);
    snprintf(place->other, sizeof place->other, "%s/other", place->folder);
    snprintf(place->report, sizeof place->report, "%s/out/report", place->folder);
    snprintf(place->temporary, sizeof place->temporary, "%s/out/.report.tmp", place->folder);
    snprintf(place->made, sizeof place->made, "%s/made", place->folder);
    put_file(place->input);
    put_file(place->other);
    put_file(place->temporary);
    place->address.sun_family = AF_UNIX;
    snprintf(place->address.sun_path, sizeof place->address.sun_path, "%s/socket", place->folder);
    place->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(place->listener, (const struct sockaddr *)&place->address, sizeof place->address), 0);
    assert_int_equal(listen(place->listener, 1), 0);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char sub[80];
    unlink(place->input);
    unlink(place->other);
    unlink(place->report);
    unlink(place->temporary);
    unlink(place->made);
    unlink(place->address.sun_path);
    close(place->listener);
    snprintf(sub, sizeof sub, "%s/out", place->folder);
    rmdir(sub);
    rmdir(place->folder);
    free(place);
    return 0;
}

/* What a child does in the sandbox; gives the status that it exits with. */
enum outcome { DONE = 0, REFUSED = 40, WRONG = 41, NO_PATHS = 42 };

static int done_if(bool worked)
{
    if (worked)
        return DONE;
    return errno == EACCES || errno == EPERM || errno == ENOSYS ? REFUSED : WRONG;
}

static int opens(const char *path, int flags)
{
    return done_if(open(path, flags | O_CLOEXEC, 0600) >= 0);
}

static int read_input(const struct place *place)
{
    return opens(place->input, O_RDONLY);
}

static int read_other(const struct place *place)
{
    return opens(place->other, O_RDONLY);
}

static int read_users(const struct place *place)
{
    (void)place;
    return opens("/etc/passwd", O_RDONLY);
}

static int write_input(const struct place *place)
{
    return opens(place->input, O_WRONLY);
}

static int make_file(const struct place *place)
{
    return opens(place->made, O_WRONLY | O_CREAT);
}

static int write_report(const struct place *place)
{
    return opens(place->report, O_WRONLY | O_CREAT | O_TRUNC);
}

static int rename_report(const struct place *place)
{
    return done_if(rename(place->temporary, place->report) == 0);
}

static int rename_other(const struct place *place)
{
    return done_if(rename(place->other, place->report) == 0);
}

static int remove_other(const struct place *place)
{
    return done_if(unlink(place->other) == 0);
}

static int make_socket(const struct place *place)
{
    (void)place;
    return done_if(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static int make_local_socket(const struct place *place)
{
    (void)place;
    return done_if(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static int make_raw_socket(const struct place *place)
{
    (void)place;
    return done_if(socket(AF_INET, SOCK_RAW, IPPROTO_UDP) >= 0);
}

static int own_socket = -1; /* made before the sandbox was entered */

static int listen_to_tcp(const struct place *place)
{
    (void)place;
    return done_if(listen(socket(AF_INET, SOCK_STREAM, 0), 1) == 0);
}

static int connect_it(const struct place *place)
{
    const struct sockaddr *address = (const struct sockaddr *)&place->address;
    return done_if(connect(own_socket, address, sizeof place->address) == 0);
}

static int send_to_it(const struct place *place)
{
    const struct sockaddr *address = (const struct sockaddr *)&place->address;
    return done_if(sendto(own_socket, "x", 1, 0, address, sizeof place->address) == 1);
}

static int bind_it(const struct place *place)
{
    (void)place;
    const struct sockaddr_in address = {.sin_family = AF_INET};
    return done_if(bind(own_socket, (const struct sockaddr *)&address, sizeof address) == 0);
}

static int run_program(const struct place *place)
{
    (void)place;
    char *const words[] = {(char[]){"true"}, NULL};
    return done_if(execv("/bin/true", words) == 0);
}

static int fork_it(const struct place *place)
{
    (void)place;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return done_if(child > 0);
}

static int look_into_parent(const struct place *place)
{
    (void)place;
    return done_if(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0);
}

static int kill_parent(const struct place *place)
{
    (void)place;
    return done_if(kill(getppid(), 0) == 0);
}

static int make_code(const struct place *place)
{
    (void)place;
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return done_if(page != MAP_FAILED);
}

static void *thread(void *done)
{
    *(bool *)done = true;
    return NULL;
}

static int work(const struct place *place)
{
    (void)place;
    bool ran = false;
    pthread_t other;
    char *memory = malloc(64 << 20);
    struct rusage usage;
    if (memory == NULL)
        return WRONG;
    memset(memory, 1, 64 << 20);
    free(memory);
    if (pthread_create(&other, NULL, thread, &ran) != 0 || pthread_join(other, NULL) != 0 || !ran)
        return WRONG;
    return getrusage(RUSAGE_SELF, &usage) == 0 && write(STDERR_FILENO, "", 0) == 0 ? DONE : WRONG;
}

static int fail_assertion(const struct place *place)
{
    (void)place;
    abort();
}

enum { READS = 1, WRITES = 2, INTERFACE = 4, STREAMS = 8 };

struct attempt {
    const char *name;
    int (*try)(const struct place *place);
    unsigned
        with; /* READS: as perpass analyze; WRITES: as perpass monitor; INTERFACE: |own_socket| is one;
               * STREAMS: TCP may be spoken */
    /* What is right: it works; it is refused, by an error or by the end of the process; it is refused where
     * the kernel confines paths; it ends the process by this signal. */
    enum { WORKS, REFUSES, REFUSES_PATH, ENDS_BY_ABORT } right;
    bool sanitized_may; /* the leak checker needs it */
};

static const struct attempt attempts[] = {
    {"work", work, READS, WORKS, false},
    {"work with an interface", work, WRITES | INTERFACE, WORKS, false},
    {"abort", fail_assertion, READS, ENDS_BY_ABORT, false},
    {"read an input", read_input, READS, WORKS, false},
    {"rename a report", rename_report, READS, WORKS, false},
    {"rename a report while monitoring", rename_report, WRITES, WORKS, false},
    {"write a report while monitoring", write_report, WRITES, WORKS, false},
    {"read another file", read_other, READS, REFUSES_PATH, false},
    {"read another file while monitoring", read_other, WRITES, REFUSES_PATH, false},
    {"read the list of users", read_users, READS, REFUSES_PATH, false},
    {"write an input", write_input, READS, REFUSES, false},
    {"write an input while monitoring", write_input, WRITES, REFUSES_PATH, false},
    {"write a new report", write_report, READS, REFUSES, false},
    {"make a file", make_file, READS, REFUSES, false},
    {"make a file while monitoring", make_file, WRITES, REFUSES_PATH, false},
    {"take another file away", rename_other, WRITES, REFUSES_PATH, false},
    {"remove another file", remove_other, WRITES, REFUSES_PATH, false},
    {"remove a file without outputs", remove_other, 0, REFUSES, false},
    {"make a socket", make_socket, READS, REFUSES, false},
    {"connect", connect_it, READS, REFUSES, false},
    {"connect while monitoring", connect_it, WRITES | INTERFACE, REFUSES, false},
    {"send somewhere", send_to_it, READS, REFUSES, false},
    {"bind", bind_it, READS, REFUSES, false},
    {"run a program", run_program, READS, REFUSES, false},
    {"run a program while monitoring", run_program, WRITES | INTERFACE, REFUSES, false},
    {"fork", fork_it, READS, REFUSES, true},
    {"look into the parent", look_into_parent, READS, REFUSES, true},
    {"signal the parent", kill_parent, READS, REFUSES, false},
    {"make code", make_code, READS, REFUSES, true},
    {"work with streams", work, STREAMS, WORKS, false},
    {"make a socket for streams", make_socket, STREAMS, WORKS, false},
    {"make another socket with streams", make_local_socket, STREAMS, REFUSES, false},
    {"make a raw socket with streams", make_raw_socket, STREAMS, REFUSES, false},
    {"listen with streams", listen_to_tcp, STREAMS, REFUSES, false},
    {"read another file with streams", read_other, STREAMS, REFUSES_PATH, false},
    {"make a file with streams", make_file, STREAMS, REFUSES, false},
    {"run a program with streams", run_program, STREAMS, REFUSES, false},
    {"fork with streams", fork_it, STREAMS, REFUSES, true},
    {"make code with streams", make_code, STREAMS, REFUSES, true},
};

static void child(const struct attempt *attempt, const struct place *place)
{
    struct error error = {.text = ""};
    char out[80];
    snprintf(out, sizeof out, "%s/out", place->folder);
    const struct sandbox_path paths[] = {
        {place->input, SANDBOX_READ},
        {out, attempt->with & WRITES ? SANDBOX_WRITE : SANDBOX_RENAME}};
    const int interface = own_socket + 1;
    const struct sandbox sandbox = {.paths = paths,
                                    .num_paths = attempt->with & (READS | WRITES) ? 2 : 0,
                                    .interfaces = &interface,
                                    .num_interfaces = attempt->with & INTERFACE ? 1 : 0,
                                    .streams = attempt->with & STREAMS};
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(WRONG);
    enum sandbox_result result = sandbox_enter(&sandbox, &error);
    if (result == SANDBOX_FAILED)
        _exit(WRONG);
    if (result == SANDBOX_NO_PATHS && attempt->right == REFUSES_PATH)
        _exit(NO_PATHS);
    _exit(attempt->try(place));
}

static bool is_right(const struct attempt *attempt, int status)
{
    if (PERPASS_SANITIZED && attempt->sanitized_may)
        return true;
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    switch (attempt->right) {
    case WORKS:
        return code == DONE;
    case REFUSES:
        return killed || code == REFUSED;
    case REFUSES_PATH:
        return killed || code == REFUSED || code == NO_PATHS;
    case ENDS_BY_ABORT:
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    }
    return false;
}

static void test_attempts(void **state)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        const struct attempt *attempt = &attempts[i];
        void *place = NULL;
        int status;
        make_place(&place);
        own_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(own_socket >= 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child(attempt, place);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!is_right(attempt, status)) {
            print_error("%s: status %x\n", attempt->name, (unsigned)status);
            wrong++;
        }
        close(own_socket);
        remove_place(&place);
    }
    (void)state;
    assert_int_equal(wrong, 0);
}

/* Without the sandbox each of these works: what the test above sees refused is refused by the sandbox. */
static void test_outside(void **state)
{
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        const struct attempt *attempt = &attempts[i];
        void *place = NULL;
        int status;
        if (attempt->right == WORKS || attempt->right == ENDS_BY_ABORT ||
            attempt->try == look_into_parent || attempt->try == send_to_it ||
            attempt->try == bind_it || attempt->try == make_raw_socket)
            continue; /* the rest of these the system may refuse for reasons of its own */
        make_place(&place);
        own_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(attempt->try(place));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
            fail_msg("%s does not even work without a sandbox: %x", attempt->name,
                     (unsigned)status);
        close(own_socket);
        remove_place(&place);
    }
    (void)state;
}

static void check_user(const char *user, uid_t uid)
{
    struct error error = {.text = ""};
    struct rlimit core;
    if (!privileges_drop(user, false, &error))
        _exit(1);
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long long capabilities, all = 0;
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "CapPrm: %llx", &capabilities) == 1 ||
            sscanf(line, "CapEff: %llx", &capabilities) == 1 ||
            sscanf(line, "CapInh: %llx", &capabilities) == 1)
            all |= capabilities;
    bool ok = getuid() == uid && geteuid() == uid && all == 0 &&
              prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && setuid(0) == (uid == 0 ? 0 : -1) &&
              getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 &&
              (PERPASS_SANITIZED || prctl(PR_GET_DUMPABLE) == 0);
    _exit(ok ? 0 : 2);
}

static void test_privileges(void **state)
{
    (void)state;
    const bool root = geteuid() == 0;
    for (int as_nobody = 0; as_nobody <= (root ? 1 : 0); as_nobody++) {
        int status;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            check_user(as_nobody ? "nobody" : NULL, as_nobody ? 65534 : getuid());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    struct error error = {.text = ""};
    assert_false(privileges_drop("no-such-user-here", false, &error));
    assert_string_equal(error.text, "there is no user no-such-user-here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_attempts),
                                       cmocka_unit_test(test_outside),
                                       cmocka_unit_test(test_privileges)};
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
