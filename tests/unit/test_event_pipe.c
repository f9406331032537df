/* test_event_pipe.c: cli/event_pipe.c to a socket whose reader goes and comes back. Files, pipes and slow readers are
 * tested by tests/system/monitor_test.py, with a program around them. */
#include "capture/sandbox.h"
#include "cli/event_pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { TRIES = 400, PAUSE_MS = 10 };

struct reader {
    char folder[64], path[80];
    int listening, connection;
    char text[64 << 10];
    size_t len;
};

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

static void reader_listen(struct reader *reader)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", reader->path);
    reader->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(reader->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(reader->listening, 4), 0);
    reader->connection = -1;
    reader->len = 0;
}

static void reader_begin(struct reader *reader)
{
    snprintf(reader->folder, sizeof reader->folder, "/tmp/test_event_pipe_XXXXXX");
    assert_non_null(mkdtemp(reader->folder));
    snprintf(reader->path, sizeof reader->path, "%s/socket", reader->folder);
    reader_listen(reader);
}

static void reader_go(struct reader *reader)
{
    if (reader->connection >= 0)
        close(reader->connection);
    close(reader->listening);
    unlink(reader->path);
}

static void reader_end(struct reader *reader)
{
    reader_go(reader);
    rmdir(reader->folder);
}

/* Reads what is there. */
static void reader_read(struct reader *reader)
{
    if (reader->connection < 0)
        reader->connection = accept4(reader->listening, NULL, NULL, SOCK_NONBLOCK);
    if (reader->connection < 0)
        return;
    ssize_t got = recv(reader->connection, reader->text + reader->len,
                       sizeof reader->text - 1 - reader->len, 0);
    reader->len += got > 0 ? (size_t)got : 0;
    reader->text[reader->len] = '\0';
}

/* Flushes and reads until |text| has come. */
static bool comes(struct event_pipe *pipe, struct reader *reader, const char *text)
{
    struct error error;
    for (int i = 0; i < TRIES; i++) {
        event_pipe_flush(pipe, &error);
        reader_read(reader);
        if (reader->len > 0 && strstr(reader->text, text) != NULL)
            return true;
        pause_a_little();
    }
    return false;
}

static struct event_pipe *open_to(const struct reader *reader, char name[96])
{
    struct error error = {.text = ""};
    const struct event_pipe_options options = {.num_kept = 1};
    snprintf(name, 96, "unix:%s", reader->path);
    struct event_pipe *pipe = event_pipe_open(name, &options, &error);
    if (pipe == NULL)
        fail_msg("%s", error.text);
    return pipe;
}

/* Writes lines until the pipe has seen that its reader is gone. */
static void notice(struct event_pipe *pipe)
{
    struct error error;
    for (int i = 0; i < TRIES; i++) {
        fputs("lost\n", event_pipe_file(pipe));
        if (!event_pipe_flush(pipe, &error)) {
            assert_non_null(strstr(error.text, "cannot be written"));
            return;
        }
        pause_a_little();
    }
    fail_msg("nobody notices");
}

static void test_comes_back(void **state)
{
    (void)state;
    char name[96];
    struct reader reader;
    struct error error = {.text = ""};
    reader_begin(&reader);
    struct event_pipe *pipe = open_to(&reader, name);
    fputs("one\n", event_pipe_file(pipe));
    assert_true(comes(pipe, &reader, "one\n"));
    reader_go(&reader);
    notice(pipe);
    fputs("two\n", event_pipe_file(pipe));
    for (int i = 0; i < 150; i++) { /* in vain, more than once */
        event_pipe_flush(pipe, &error);
        pause_a_little();
    }
    reader_listen(&reader);
    fputs("three\n", event_pipe_file(pipe));
    assert_true(comes(pipe, &reader, "two\nthree\n"));
    assert_int_equal(event_pipe_dropped(pipe), 0);
    assert_true(event_pipe_finish(pipe, 100));
    event_pipe_free(pipe);
    reader_end(&reader);
}

/* What waits for a reader that does not come is bounded; what has no room, and what nobody took, is counted. */
static void test_bounded(void **state)
{
    (void)state;
    enum { LINES = 5000, LINE = 1024 };
    char name[96], line[LINE + 1];
    struct reader reader;
    struct error error;
    reader_begin(&reader);
    struct event_pipe *pipe = open_to(&reader, name);
    reader_go(&reader);
    notice(pipe);
    memset(line, 'x', LINE);
    memcpy(line + LINE - 1, "\n", 2);
    for (unsigned i = 0; i < LINES; i++)
        fputs(line, event_pipe_file(pipe));
    event_pipe_flush(pipe, &error);
    uint64_t dropped = event_pipe_dropped(pipe);
    assert_in_range(dropped, LINES - 4096, LINES - 4000); /* 4 MiB wait */
    assert_false(event_pipe_finish(pipe, 50));
    assert_true(event_pipe_dropped(pipe) >= LINES);
    event_pipe_free(pipe);
    rmdir(reader.folder);
}

/* In the sandbox nothing can be connected, and the reader comes back all the same. */
static void test_confined(void **state)
{
    (void)state;
    char name[96];
    struct reader reader;
    int status = 0;
    reader_begin(&reader);
    pid_t child = fork();
    if (child ==
        0) { /* writes a line each 10 ms, until one of the second reader's time was taken */
        struct error error;
        struct event_pipe *pipe = open_to(&reader, name);
        const struct sandbox sandbox = {.num_paths = 0};
        bool ok = sandbox_enter(&sandbox, &error) != SANDBOX_FAILED;
        for (int i = 0; ok && i < TRIES; i++) {
            fputs("line\n", event_pipe_file(pipe));
            event_pipe_flush(pipe, &error);
            pause_a_little();
        }
        _exit(ok && event_pipe_finish(pipe, 1000) ? 0 : 1);
    }
    for (int i = 0; i < TRIES && reader.len == 0; i++, pause_a_little())
        reader_read(&reader);
    assert_true(reader.len > 0);
    reader_go(&reader);
    reader_listen(&reader);
    for (int i = 0; i < TRIES && reader.len == 0; i++, pause_a_little())
        reader_read(&reader);
    assert_true(reader.len > 0);
    while (waitpid(child, &status, WNOHANG) == 0) {
        reader.len = 0;
        reader_read(&reader);
        pause_a_little();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    reader_end(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_confined),
    };
    return cmocka_run_group_tests_name("event_pipe", tests, NULL, NULL);
}
