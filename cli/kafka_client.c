/* kafka_client.c: events to brokers of Kafka, by librdkafka. */
#include "cli/kafka_client.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TROUBLE = 300 };

struct kafka_client {
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    uint64_t delivered, lost;
    bool troubled;
    char reason[MAX_TROUBLE]; /* the last that librdkafka told */
    char trouble[MAX_TROUBLE];
};

bool kafka_client_built(void)
{
    return true;
}

const char *kafka_client_version(void)
{
    return rd_kafka_version_str();
}

/* --- what librdkafka tells --- */

static void set_trouble(struct kafka_client *client, const char *text)
{
    snprintf(client->trouble, sizeof client->trouble, "%s", text);
    client->troubled = true;
}

/* That one broker of several is away is no trouble yet; its reason is kept for when all are. */
static void on_error(rd_kafka_t *producer, int code, const char *reason, void *opaque)
{
    struct kafka_client *client = opaque;
    (void)producer;
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        snprintf(client->reason, sizeof client->reason, "%s", reason);
    if (code != RD_KAFKA_RESP_ERR__TRANSPORT && code != RD_KAFKA_RESP_ERR__RESOLVE)
        set_trouble(client, client->reason[0] != '\0' ? client->reason : reason);
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_client *client = opaque;
    (void)producer;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        client->delivered++;
        client->troubled = false;
        client->reason[0] = '\0';
        return;
    }
    client->lost++;
    /* That time ran out says less than what it ran out by. */
    bool known = client->reason[0] != '\0' && (message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ||
                                               message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                                               message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
    set_trouble(client, known ? client->reason : rd_kafka_err2str(message->err));
}

/* Errors come to on_error, too; the rest is for who asked for it by "debug". */
static void on_log(const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
    enum { LOG_LEVEL_DEBUG = 7 };
    (void)producer;
    if (level == LOG_LEVEL_DEBUG)
        fprintf(stderr, "librdkafka: %s: %s\n", facility, text);
}

/* --- making it --- */

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, const char *where,
                struct error *error)
{
    char reason[200] = "";
    return rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK ||
           error_set(error, "%.200s: %s", where, reason);
}

static bool set_number(rd_kafka_conf_t *conf, const char *name, unsigned number,
                       struct error *error)
{
    char value[16];
    snprintf(value, sizeof value, "%u", number);
    return set(conf, name, value, name, error);
}

static bool set_own(rd_kafka_conf_t *conf, const struct kafka_client_options *options,
                    struct error *error)
{
    return set(conf, "client.id", "perpass", "client.id", error) &&
           set(conf, "socket.keepalive.enable", "true", "socket.keepalive.enable", error) &&
           set(conf, "log.connection.close", "false", "log.connection.close", error) &&
           set_number(conf, "queue.buffering.max.messages", KAFKA_QUEUE_EVENTS, error) &&
           set_number(conf, "queue.buffering.max.kbytes", KAFKA_QUEUE_KIB, error) &&
           set_number(conf, "message.timeout.ms", options->timeout_ms, error);
}

static bool set_properties(rd_kafka_conf_t *conf, const struct kafka_client_options *options,
                           struct error *error)
{
    const struct kafka_properties *properties = options->properties;
    for (size_t i = 0; i < properties->num; i++) {
        const struct kafka_property *property = &properties->at[i];
        char where[280];
        snprintf(where, sizeof where, "%.200s, line %u", options->file, property->line);
        if (!set(conf, property->name, property->value, where, error))
            return false;
    }
    return options->brokers == NULL ||
           set(conf, "bootstrap.servers", options->brokers, "--kafka-brokers", error);
}

static bool has(const rd_kafka_conf_t *conf, const char *name, const char *word)
{
    char value[256] = "";
    size_t size = sizeof value;
    return rd_kafka_conf_get(conf, name, value, &size) == RD_KAFKA_CONF_OK &&
           (word == NULL ? value[0] != '\0' && strcmp(value, "0") != 0
                         : strcasestr(value, word) != NULL);
}

static bool check(const rd_kafka_conf_t *conf, const struct kafka_client_options *options,
                  struct error *error)
{
    if (!has(conf, "bootstrap.servers", NULL) && !has(conf, "metadata.broker.list", NULL) &&
        !has(conf, "test.mock.num.brokers", NULL))
        return error_set(error, "no broker is named: --kafka-brokers HOST:PORT, or "
                                "bootstrap.servers in the file of --kafka-config");
    if (has(conf, "security.protocol", "sasl") && has(conf, "sasl.mechanisms", "GSSAPI") &&
        !options->may_run_programs)
        return error_set(error, "the mechanism GSSAPI of SASL (which is librdkafka's default) runs "
                                "other programs, and that needs --no-sandbox; see sasl.mechanisms");
    return true;
}

static struct kafka_client *failed(struct kafka_client *client, rd_kafka_conf_t *conf)
{
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
    free(client);
    return NULL;
}

struct kafka_client *kafka_client_new(const struct kafka_client_options *options,
                                      struct error *error)
{
    char reason[300] = "";
    struct kafka_client *client = calloc(1, sizeof *client);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (client == NULL || conf == NULL) {
        error_set(error, "there is no memory for librdkafka");
        return failed(client, conf);
    }
    if (!set_own(conf, options, error) || !set_properties(conf, options, error) ||
        !check(conf, options, error))
        return failed(client, conf);
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_log_cb(conf, on_log);
    client->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (client->producer == NULL) {
        error_set(error, "librdkafka: %s", reason);
        return failed(client, conf);
    }
    client->topic = rd_kafka_topic_new(client->producer, options->topic, NULL);
    if (client->topic == NULL) {
        error_set(error, "librdkafka: the topic %.200s: %s", options->topic,
                  rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_destroy(client->producer);
        return failed(client, NULL);
    }
    return client;
}

/* --- its work --- */

bool kafka_client_send(struct kafka_client *client, const char *event, size_t len, const char *key,
                       size_t key_len)
{
    /* With this flag the bytes are copied: nothing is written where they are. */
    if (rd_kafka_produce(client->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)event, len, key, key_len, NULL) == 0)
        return true;
    const rd_kafka_resp_err_t reason = rd_kafka_last_error();
    if (reason == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return false;
    client->lost++;
    set_trouble(client, rd_kafka_err2str(reason));
    return true;
}

void kafka_client_work(struct kafka_client *client, unsigned wait_ms)
{
    rd_kafka_poll(client->producer, (int)wait_ms);
}

void kafka_client_flush(struct kafka_client *client, unsigned wait_ms)
{
    enum { TOLD_MS = 200 };
    if (rd_kafka_flush(client->producer, (int)wait_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    rd_kafka_purge(client->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client->producer, TOLD_MS); /* only tells what was purged */
}

struct kafka_client_state kafka_client_state(const struct kafka_client *client)
{
    return (struct kafka_client_state){.delivered = client->delivered,
                                       .lost = client->lost,
                                       .troubled = client->troubled,
                                       .trouble = client->trouble};
}
