/* kafka_client.h: the door to librdkafka: events to brokers of Kafka.
 *
 * librdkafka has threads of its own and looks names up: it is for the process that may connect (kafka_process.h). */
#ifndef PERPASS_CLI_KAFKA_CLIENT_H
#define PERPASS_CLI_KAFKA_CLIENT_H

#include "cli/kafka_properties.h"
#include "core/error.h"

#include <stdint.h>

/* What may wait for the brokers, unless the properties say otherwise. */
enum { KAFKA_QUEUE_EVENTS = 100000, KAFKA_QUEUE_KIB = 64 << 10 };

struct kafka_client;

/* What kafka_client_new is told; the texts are read in the call only, but for |topic|. */
struct kafka_client_options {
    const char *topic;
    const char *brokers;                       /* HOST:PORT,...; NULL: the properties name them */
    const char *file;                          /* of the properties, for messages */
    const struct kafka_properties *properties; /* may have none */
    unsigned
        timeout_ms; /* an event that waits so long is lost, unless the properties say otherwise */
    bool may_run_programs;
};

bool kafka_client_built(void);
const char *kafka_client_version(void);

/* kafka_client_new checks all that can be checked without asking a broker. NULL and |error| when it is wrong. */
struct kafka_client *kafka_client_new(const struct kafka_client_options *options,
                                      struct error *error);

/* kafka_client_send takes an event (without line feed) and its key. False when too many wait: try again later. What
 * cannot be sent at all is lost. */
bool kafka_client_send(struct kafka_client *client, const char *event, size_t len, const char *key,
                       size_t key_len);

/* kafka_client_work lets librdkafka tell what happened, and waits for that |wait_ms| at most. */
void kafka_client_work(struct kafka_client *client, unsigned wait_ms);

/* kafka_client_flush waits until all is delivered or lost, |wait_ms| at most; then the rest is lost. */
void kafka_client_flush(struct kafka_client *client, unsigned wait_ms);

struct kafka_client_state {
    uint64_t delivered, lost; /* events that the brokers have; that they will never have */
    bool troubled;            /* since the last delivery |trouble| came */
    const char *trouble;      /* for people, "" while there was none; the client's */
};
struct kafka_client_state kafka_client_state(const struct kafka_client *client);

#endif
