/* kafka.h: events to a topic of Kafka: this side of the process that sends them (kafka_process.h). */
#ifndef PERPASS_CLI_KAFKA_H
#define PERPASS_CLI_KAFKA_H

#include "cli/kafka_process.h"
#include "core/error.h"

#include <stdio.h>

struct kafka;

/* kafka_topic gives what follows "kafka:" in |path|, NULL when it does not begin so. kafka_check_topic refuses what is
 * no name of a topic. */
const char *kafka_topic(const char *path);
bool kafka_check_topic(const char *topic, struct error *error);

/* kafka_start makes that process, and waits until it has read its properties (the brokers are not asked). Call it before
 * keys are read, there are threads, and the sandbox is entered. NULL and |error| when it cannot do its work. */
struct kafka *kafka_start(const struct kafka_options *options, struct error *error);

/* kafka_lines gives the one descriptor to write lines to, the caller's: a socket, which waits while nobody takes them, but
 * not with MSG_DONTWAIT. */
int kafka_lines(struct kafka *kafka);

/* kafka_news looks for news, without waiting, and gives the last; kafka_told gives those that were seen last. */
const struct kafka_news *kafka_news(struct kafka *kafka);
const struct kafka_news *kafka_told(const struct kafka *kafka);

/* kafka_end waits, once the stream of lines is closed, until what became of them is known:
 * kafka_last_wait_ms and a second at most, and not longer than until a signal asks for the end. False when that was
 * not told. */
bool kafka_end(struct kafka *kafka);
void kafka_free(struct kafka *kafka);

#endif
