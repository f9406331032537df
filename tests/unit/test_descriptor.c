/* test_descriptor.c: reads and writes while a timer interrupts them all the time. */
#include "core/descriptor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TOTAL = 1 << 20, PIECE = 1 << 14, PAUSE_NS = 2000000, ALARM_US = 300 };

static volatile sig_atomic_t interruptions;

static void note(int number)
{
    (void)number;
    interruptions++;
}

/* Without SA_RESTART: a call that waits ends with EINTR, or with what it has done so far. */
static void set_alarms(bool on)
{
    const struct sigaction action = {.sa_handler = note};
    const struct itimerval every = {.it_interval = {.tv_usec = on ? ALARM_US : 0},
                                    .it_value = {.tv_usec = on ? ALARM_US : 0}};
    interruptions = 0;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void fill(uint8_t bytes[TOTAL])
{
    for (size_t i = 0; i < TOTAL; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

/* Another process, which has no timer, gets the end of a pipe that the test has not; status 0 when all went well. */
static pid_t begin_other(int ends[2], int own, bool (*body)(int descriptor))
{
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[own]);
        _exit(body(ends[1 - own]) ? 0 : 1);
    }
    close(ends[1 - own]);
    set_alarms(true);
    return child;
}

static void end_other(pid_t child)
{
    int status;
    assert_true(interruptions > 0);
    set_alarms(false);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool takes_slowly(int descriptor)
{
    static uint8_t expected[TOTAL], piece[PIECE];
    size_t len = 0;
    fill(expected);
    for (ssize_t got; (got = read(descriptor, piece, sizeof piece)) > 0; len += (size_t)got) {
        if (len + (size_t)got > TOTAL || memcmp(piece, expected + len, (size_t)got) != 0)
            return false;
        wait_a_little();
    }
    return len == TOTAL;
}

static bool gives_slowly(int descriptor)
{
    static uint8_t bytes[TOTAL];
    fill(bytes);
    for (size_t len = 0; len < TOTAL; len += PIECE) {
        wait_a_little();
        if (write(descriptor, bytes + len, PIECE) != PIECE)
            return false;
    }
    return true;
}

static void all_is_written(void **state)
{
    static uint8_t bytes[TOTAL];
    int ends[2];
    (void)state;
    fill(bytes);
    pid_t child = begin_other(ends, 1, takes_slowly);
    assert_int_equal(descriptor_write(ends[1], bytes, sizeof bytes), TOTAL);
    close(ends[1]);
    end_other(child);
}

static void all_is_read(void **state)
{
    static uint8_t bytes[TOTAL + 1], expected[TOTAL];
    int ends[2];
    (void)state;
    fill(expected);
    pid_t child = begin_other(ends, 0, gives_slowly);
    assert_int_equal(descriptor_read(ends[0], bytes, 1), 1);
    assert_int_equal(descriptor_read_all(ends[0], bytes + 1, sizeof bytes - 1), TOTAL - 1);
    close(ends[0]);
    end_other(child);
    assert_memory_equal(bytes, expected, sizeof expected);
}

static void no_more_is_read_than_asked_for(void **state)
{
    uint8_t bytes[4];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(descriptor_write(ends[1], "abcdef", 6), 6);
    assert_int_equal(descriptor_read_all(ends[0], bytes, sizeof bytes), 4);
    assert_memory_equal(bytes, "abcd", 4);
    close(ends[0]);
    close(ends[1]);
}

static void what_is_refused_is_told(void **state)
{
    uint8_t byte;
    int ends[2];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(descriptor_write(ends[1], "a", 1), 0);
    assert_int_equal(descriptor_read(ends[1], &byte, 1), -1);
    assert_int_equal(descriptor_read_all(ends[1], &byte, 1), -1);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_written),
        cmocka_unit_test(all_is_read),
        cmocka_unit_test(no_more_is_read_than_asked_for),
        cmocka_unit_test(what_is_refused_is_told),
    };
    return cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
