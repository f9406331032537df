/* signals.c: SIGINT and SIGTERM end the reading. */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A handler has no other way to hand something over. */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t null_fd = -1;
static volatile sig_atomic_t hangup, user;

/* A read from standard input may wait for ever. Interrupted reads are restarted, and this one then meets the
 * end of the input: so every kind of source ends in its ordinary way. */
static void stop(int signal_number)
{
    int saved = errno;
    stop_signal = signal_number;
    if (null_fd >= 0)
        dup2(null_fd, STDIN_FILENO);
    errno = saved;
}

void signals_prepare(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

static void note(int signal_number)
{
    if (signal_number == SIGHUP)
        hangup = 1;
    else
        user = 1;
}

void signals_serve(void)
{
    const struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

int signals_asked(int signal_number)
{
    volatile sig_atomic_t *asked = signal_number == SIGHUP ? &hangup : &user;
    int was = *asked;
    if (was)
        *asked = 0; /* before what it asks for is done */
    return was;
}

void signals_begin(void)
{
    const struct sigaction note = {.sa_handler = stop, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigaction(SIGINT, &note, NULL);
    sigaction(SIGTERM, &note, NULL);
}

int signals_stopped(void)
{
    return stop_signal;
}
