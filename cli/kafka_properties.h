/* kafka_properties.h: a file of properties for librdkafka: lines of NAME=VALUE, empty ones, and comments behind #.
 * What is in it may be secret: it is wiped when it is given back, and is in no message. */
#ifndef PERPASS_CLI_KAFKA_PROPERTIES_H
#define PERPASS_CLI_KAFKA_PROPERTIES_H

#include "core/error.h"

#include <stddef.h>

enum { KAFKA_MAX_PROPERTIES = 200, KAFKA_MAX_FILE = 64 << 10 };

struct kafka_property {
    const char *name, *value;
    unsigned line; /* of the file, from 1 on */
};

/* All zero has none. The texts are in |text|. */
struct kafka_properties {
    struct kafka_property at[KAFKA_MAX_PROPERTIES];
    size_t num;
    char *text;
    size_t text_size;
};

/* kafka_properties_read reads |path|. A file with a password must not be readable by others. False and |error| when it
 * cannot be used; kafka_properties_free is for both cases. */
bool kafka_properties_read(struct kafka_properties *properties, const char *path,
                           struct error *error);

/* kafka_properties_find gives the value of the last property |name|, NULL when there is none. */
const char *kafka_properties_find(const struct kafka_properties *properties, const char *name);

void kafka_properties_free(struct kafka_properties *properties);

#endif
