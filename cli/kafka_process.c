/* kafka_process.c: the process that sends events to Kafka. Reads of an event what its own writer put there: its id. */
#include "cli/kafka_process.h"

#include "capture/privileges.h"
#include "capture/sandbox.h"
#include "cli/kafka_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_LEN = 4 << 20, /* of lines; a longer one is lost */
    WORK_MS = 50,         /* waited for lines or room, before the next look at the other */
    TIMEOUT_MS = 300000,
    TIMEOUT_ALL_MS = 30000,
    LAST_WAIT_MS = 10000,
    LINES = 0, /* descriptors of the process; 2 is standard error */
    NEWS = 1,
    FIRST_UNUSED = 3
};

unsigned kafka_timeout_ms(const struct kafka_options *options)
{
    return options->all_or_nothing ? TIMEOUT_ALL_MS : TIMEOUT_MS;
}

unsigned kafka_last_wait_ms(const struct kafka_options *options)
{
    return options->all_or_nothing ? TIMEOUT_ALL_MS + LAST_WAIT_MS : LAST_WAIT_MS;
}

/* --- news --- */

static void tell(const struct kafka_news *news, int flags)
{
    while (send(NEWS, news, sizeof *news, flags | MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

__attribute__((noreturn)) static void give_up(const struct error *error)
{
    const struct kafka_news news = {.step = KAFKA_FAILED, .trouble = *error};
    tell(&news, 0);
    _exit(0);
}

struct server {
    struct kafka_client *client;
    struct kafka_properties properties; /* until the client is made */
    bool all_or_nothing;
    struct kafka_news told;
    uint64_t told_ms;
    size_t begin, end;
    uint64_t too_long; /* lines that did not fit */
    bool skipping, full, no_more;
    char buffer[BUFFER_LEN + 1]; /* a NUL fits behind */
};

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Who is told may be busy: later news are whole, too. */
static void tell_news(struct server *server, enum kafka_step step)
{
    const struct kafka_client_state state = kafka_client_state(server->client);
    struct kafka_news news = {.step = step,
                              .delivered = state.delivered,
                              .lost = state.lost + server->too_long,
                              .troubled = state.troubled};
    const struct kafka_news *told = &server->told;
    const uint64_t now_ms = monotonic_ms();
    const bool same = news.delivered == told->delivered && news.lost == told->lost &&
                      news.troubled == told->troubled;
    if (step == told->step && (same || now_ms - server->told_ms < WORK_MS))
        return;
    server->told_ms = now_ms;
    if (state.trouble[0] != '\0')
        error_set(&news.trouble, "%s", state.trouble);
    server->told = news;
    tell(&news, step == KAFKA_READY ? MSG_DONTWAIT : 0);
}

/* --- lines --- */

/* The key of |line|, which ends in a NUL: event.id. Quotes in values are escaped, so these are names of members. */
static const char *find_id(const char *line, size_t *len)
{
    static const char object[] = "\"event\":{", member[] = "\"id\":\"";
    const char *at = strstr(line, object);
    at = at != NULL ? strstr(at, member) : NULL;
    at = at != NULL ? at + sizeof member - 1 : NULL;
    *len = at != NULL ? strcspn(at, "\"") : 0;
    return at;
}

/* Hands whole lines on, as long as there is room for them. */
static void send_lines(struct server *server)
{
    char *newline;
    server->full = false;
    while ((newline = memchr(server->buffer + server->begin, '\n', server->end - server->begin)) !=
           NULL) {
        char *line = server->buffer + server->begin;
        size_t id_len;
        *newline = '\0';
        const char *id = find_id(line, &id_len);
        if (!server->skipping &&
            !kafka_client_send(server->client, line, (size_t)(newline - line), id, id_len)) {
            *newline = '\n';
            server->full = true;
            return;
        }
        server->skipping = false; /* the end of what was too long */
        server->begin = (size_t)(newline - server->buffer) + 1;
    }
    memmove(server->buffer, server->buffer + server->begin, server->end - server->begin);
    server->end -= server->begin;
    server->begin = 0;
    if (server->end == BUFFER_LEN) {
        server->too_long += !server->skipping;
        server->skipping = true;
        server->end = 0;
    }
}

static void read_lines(struct server *server)
{
    struct pollfd ready = {.fd = LINES, .events = POLLIN};
    if (poll(&ready, 1, WORK_MS) != 1)
        return;
    ssize_t got = recv(LINES, server->buffer + server->end, BUFFER_LEN - server->end, MSG_DONTWAIT);
    if (got > 0)
        server->end += (size_t)got;
    else
        server->no_more = got == 0 || (errno != EAGAIN && errno != EINTR);
}

/* Until no more lines come; or, and then it is false, one is lost where none may be. */
static bool work(struct server *server)
{
    bool ok = true;
    do {
        if (!server->full)
            read_lines(server);
        send_lines(server);
        kafka_client_work(server->client, server->full ? WORK_MS : 0);
        tell_news(server, KAFKA_READY);
        ok = !server->all_or_nothing ||
             kafka_client_state(server->client).lost + server->too_long == 0;
    } while (ok && (!server->no_more || server->full));
    return ok;
}

/* --- beginning --- */

/* Signals for the whole group are for the other process; nothing but the sockets and standard error stays open. */
static void stand_alone(int lines, int news)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    sigset_t none;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* Neither is one of the standard streams: these are open, see main.c. */
    dup2(lines, LINES);
    dup2(news, NEWS);
    close_range(FIRST_UNUSED, ~0U, 0);
}

/* What names are looked up by, and whose certificates are good; what is not there is passed over. */
static const char *const system_paths[] = {"/etc/hosts",
                                           "/etc/resolv.conf",
                                           "/etc/nsswitch.conf",
                                           "/etc/host.conf",
                                           "/etc/gai.conf",
                                           "/etc/services",
                                           "/run/systemd/resolve",
                                           "/etc/ssl/certs",
                                           "/etc/ssl/openssl.cnf",
                                           "/etc/pki/tls",
                                           "/usr/lib/ssl",
                                           "/usr/share/ca-certificates",
                                           "/usr/local/share/ca-certificates"};

enum { NUM_SYSTEM_PATHS = sizeof system_paths / sizeof system_paths[0] };

/* Those, and the files that properties name; TCP and the questions for names, with anybody. */
static bool confine(const struct kafka_properties *properties, struct error *error)
{
    struct sandbox_path paths[NUM_SYSTEM_PATHS + KAFKA_MAX_PROPERTIES];
    struct sandbox sandbox = {.paths = paths, .streams = true};
    for (size_t i = 0; i < NUM_SYSTEM_PATHS; i++)
        paths[sandbox.num_paths++] = (struct sandbox_path){system_paths[i], SANDBOX_READ};
    for (size_t i = 0; i < properties->num; i++)
        if (strstr(properties->at[i].name, ".location") != NULL)
            paths[sandbox.num_paths++] =
                (struct sandbox_path){properties->at[i].value, SANDBOX_READ};
    return sandbox_enter(&sandbox, error) != SANDBOX_FAILED;
}

static bool begin(struct server *server, const struct kafka_options *options, struct error *error)
{
    struct kafka_properties *properties = &server->properties;
    if ((options->file != NULL && !kafka_properties_read(properties, options->file, error)) ||
        !privileges_drop(options->user, false, error) ||
        (!options->no_sandbox && !confine(properties, error)))
        return false;
    const struct kafka_client_options client = {.topic = options->topic,
                                                .brokers = options->brokers,
                                                .file = options->file,
                                                .properties = properties,
                                                .timeout_ms = kafka_timeout_ms(options),
                                                .may_run_programs = options->no_sandbox};
    server->all_or_nothing = options->all_or_nothing;
    server->client = kafka_client_new(&client, error);
    return server->client != NULL;
}

void kafka_serve(const struct kafka_options *options, int lines, int news)
{
    struct error error = {.text = ""};
    stand_alone(lines, news);
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        error_set(&error, "there is no memory for events");
        give_up(&error);
    }
    bool ok = begin(server, options, &error);
    kafka_properties_free(&server->properties);
    if (!ok)
        give_up(&error);
    tell_news(server, KAFKA_READY);
    ok = work(server);
    kafka_client_flush(server->client, ok ? kafka_last_wait_ms(options) : 0);
    tell_news(server, KAFKA_ENDED);
    _exit(0); /* its threads have nothing left to do */
}
