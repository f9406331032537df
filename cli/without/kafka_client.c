/* kafka_client.c: instead of cli/kafka_client.c where perpass is built without librdkafka. */
#include "cli/kafka_client.h"

bool kafka_client_built(void)
{
    return false;
}

const char *kafka_client_version(void)
{
    return "";
}

struct kafka_client *kafka_client_new(const struct kafka_client_options *options,
                                      struct error *error)
{
    (void)options;
    error_set(error, "this perpass was built without librdkafka");
    return NULL;
}

bool kafka_client_send(struct kafka_client *client, const char *event, size_t len, const char *key,
                       size_t key_len)
{
    (void)client;
    (void)event;
    (void)len;
    (void)key;
    (void)key_len;
    return true;
}

void kafka_client_work(struct kafka_client *client, unsigned wait_ms)
{
    (void)client;
    (void)wait_ms;
}

void kafka_client_flush(struct kafka_client *client, unsigned wait_ms)
{
    (void)client;
    (void)wait_ms;
}

struct kafka_client_state kafka_client_state(const struct kafka_client *client)
{
    (void)client;
    return (struct kafka_client_state){.trouble = ""};
}
