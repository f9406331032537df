/* kafka_process.h: the process that sends events to Kafka. It is made before the sandbox is entered, as the sandbox
 * forbids to connect; it has a sandbox of its own, sees no packet and knows no key of pseudonyms. Lines come to it on
 * one socket; what became of them is told on another one. It ends when the other end of the first is closed. */
#ifndef PERPASS_CLI_KAFKA_PROCESS_H
#define PERPASS_CLI_KAFKA_PROCESS_H

#include "core/error.h"

#include <stdint.h>

struct kafka_options {
    const char *topic;
    const char *brokers; /* NULL: the file names them */
    const char *file;    /* of properties; NULL: none */
    const char *user;    /* to go on as; NULL: as who is there */
    bool no_sandbox;
    /* Stop at the first event that is lost, instead of counting it. */
    bool all_or_nothing;
};

enum kafka_step { KAFKA_BEGINS, KAFKA_READY, KAFKA_FAILED, KAFKA_ENDED };

/* What is told, whole each time. */
struct kafka_news {
    enum kafka_step step;
    uint64_t delivered, lost; /* events */
    bool troubled;
    struct error trouble; /* why it failed, or could not deliver last; "" */
};

/* Milliseconds that an event may wait for a broker, and that the last ones may wait when no more come. */
unsigned kafka_timeout_ms(const struct kafka_options *options);
unsigned kafka_last_wait_ms(const struct kafka_options *options);

/* kafka_serve is all that the process does. |lines| is a stream socket, |news| one of packets. */
__attribute__((noreturn)) void kafka_serve(const struct kafka_options *options, int lines,
                                           int news);

#endif
