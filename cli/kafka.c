/* kafka.c: this side of the process that sends events to Kafka. */
#include "cli/kafka.h"

#include "cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_TOPIC = 249,
    BEGIN_MS = 30000, /* certificates of a whole system may be read meanwhile */
    LOOK_MS = 100     /* for signals, while waiting */
};

struct kafka {
    int lines, news;
    unsigned last_wait_ms;
    struct kafka_news told;
    bool gone; /* the process is */
};

const char *kafka_topic(const char *path)
{
    static const char prefix[] = "kafka:";
    return strncmp(path, prefix, sizeof prefix - 1) == 0 ? path + sizeof prefix - 1 : NULL;
}

bool kafka_check_topic(const char *topic, struct error *error)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(topic);
    return (len > 0 && len <= MAX_TOPIC && strspn(topic, allowed) == len &&
            strcmp(topic, ".") != 0 && strcmp(topic, "..") != 0) ||
           error_set(error,
                     "\"%.100s\" is no name of a topic: it is 1 to %d letters, digits and . _ -",
                     topic, MAX_TOPIC);
}

/* --- news --- */

/* Takes what was told; false when nothing (more) was. */
static bool take_news(struct kafka *kafka)
{
    struct kafka_news news;
    ssize_t got = recv(kafka->news, &news, sizeof news, MSG_DONTWAIT);
    if (got == (ssize_t)sizeof news)
        kafka->told = news;
    kafka->gone |= got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    return got == (ssize_t)sizeof news;
}

const struct kafka_news *kafka_news(struct kafka *kafka)
{
    while (take_news(kafka))
        continue;
    return &kafka->told;
}

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const struct kafka_news *kafka_told(const struct kafka *kafka)
{
    return &kafka->told;
}

/* Waits until the process has got to |step| at least, |wait_ms| at most. */
static bool wait_for(struct kafka *kafka, enum kafka_step step, unsigned wait_ms)
{
    const int stopped = signals_stopped();
    const uint64_t end_ms = monotonic_ms() + wait_ms;
    while (kafka_news(kafka)->step < step) {
        struct pollfd ready = {.fd = kafka->news, .events = POLLIN};
        if (kafka->gone || signals_stopped() != stopped || monotonic_ms() > end_ms)
            return false;
        poll(&ready, 1, LOOK_MS);
    }
    return true;
}

/* --- beginning and end --- */

/* A child's child, so that nobody has to wait for its end. */
static bool start(const struct kafka_options *options, int lines, int news)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        pid_t server = fork();
        if (server == 0)
            kafka_serve(options, lines, news);
        _exit(server > 0 ? 0 : 1);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

/* Whether it can do its work; |error| is set when not. */
static bool begins(struct kafka *kafka, struct error *error)
{
    if (!wait_for(kafka, KAFKA_READY, BEGIN_MS))
        return error_set(error, "the process that sends to Kafka does not begin");
    if (kafka->told.step == KAFKA_READY)
        return true;
    *error = kafka->told.trouble;
    return false;
}

struct kafka *kafka_start(const struct kafka_options *options, struct error *error)
{
    int lines[2] = {-1, -1}, news[2] = {-1, -1};
    struct kafka *kafka = calloc(1, sizeof *kafka);
    if (kafka == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, news) != 0 ||
        !start(options, lines[1], news[1])) {
        error_set(error, "no process can be made that sends to Kafka: %s", strerror(errno));
        close_pair(lines);
        close_pair(news);
        free(kafka);
        return NULL;
    }
    close(lines[1]);
    close(news[1]);
    *kafka = (struct kafka){
        .lines = lines[0], .news = news[0], .last_wait_ms = kafka_last_wait_ms(options)};
    if (begins(kafka, error))
        return kafka;
    kafka_free(kafka);
    return NULL;
}

int kafka_lines(struct kafka *kafka)
{
    const int lines = kafka->lines;
    kafka->lines = -1;
    return lines;
}

bool kafka_end(struct kafka *kafka)
{
    enum { ANSWER_MS = 1000 };
    return wait_for(kafka, KAFKA_ENDED, kafka->last_wait_ms + ANSWER_MS);
}

void kafka_free(struct kafka *kafka)
{
    if (kafka == NULL)
        return;
    if (kafka->lines >= 0)
        close(kafka->lines);
    close(kafka->news);
    free(kafka);
}
