/* kafka_broker.c: kafka_broker TOPIC: a broker of Kafka on 127.0.0.1 for tests, by what librdkafka has for that.
 *
 * The first line that it writes is its HOST:PORT; then each message of TOPIC: its partition, its key and its value, with
 * tabs between. It reads commands, a line each: "down" and "up" (whether it answers), "slow" (it takes a second for each
 * answer), "large" (it refuses the next messages as too large). It ends with its input. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BROKER = 1, PRODUCE = 0, PARTITIONS = 4, WAIT_MS = 20, SLOW_MS = 1000, LARGE = 10 };

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "kafka_broker: %s\n", what);
    exit(1);
}

static rd_kafka_t *make(rd_kafka_type_t type, const char *const (*settings)[2])
{
    char reason[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; settings != NULL && (*settings)[0] != NULL; settings++)
        must(rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], reason, sizeof reason) ==
                 RD_KAFKA_CONF_OK,
             reason);
    rd_kafka_t *made = rd_kafka_new(type, conf, reason, sizeof reason);
    must(made != NULL, reason);
    return made;
}

static rd_kafka_t *consume(const char *brokers, const char *topic)
{
    const char *const settings[][2] = {{"bootstrap.servers", brokers},
                                       {"group.id", "test"},
                                       {"log_level", "0"},
                                       {"topic.metadata.refresh.interval.ms", "200"},
                                       {"reconnect.backoff.max.ms", "100"},
                                       {NULL, NULL}};
    rd_kafka_t *consumer = make(RD_KAFKA_CONSUMER, settings);
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(all, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    must(rd_kafka_assign(consumer, all) == RD_KAFKA_RESP_ERR_NO_ERROR, "no partitions");
    rd_kafka_topic_partition_list_destroy(all);
    return consumer;
}

static void obey(rd_kafka_mock_cluster_t *cluster, const char *command)
{
    if (strcmp(command, "down\n") == 0)
        rd_kafka_mock_broker_set_down(cluster, BROKER);
    else if (strcmp(command, "up\n") == 0)
        rd_kafka_mock_broker_set_up(cluster, BROKER);
    else if (strcmp(command, "slow\n") == 0)
        rd_kafka_mock_broker_set_rtt(cluster, BROKER, SLOW_MS);
    else if (strcmp(command, "large\n") == 0)
        for (int i = 0; i < LARGE; i++)
            rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1,
                                              RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    else
        must(false, "a command is wrong");
    puts("done");
}

static void print(rd_kafka_message_t *message)
{
    if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        printf("%d\t%.*s\t%.*s\n", (int)message->partition, (int)message->key_len,
               (const char *)message->key, (int)message->len, (const char *)message->payload);
    if (message != NULL)
        rd_kafka_message_destroy(message);
}

int main(int argc, char **argv)
{
    char command[64];
    must(argc == 2, "it takes a topic");
    setvbuf(stdin, NULL, _IONBF, 0); /* what is read is not more than poll knows of */
    setvbuf(stdout, NULL, _IOLBF, 0);
    rd_kafka_t *owner = make(RD_KAFKA_PRODUCER, NULL);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(owner, 1);
    must(cluster != NULL, "no cluster");
    must(rd_kafka_mock_topic_create(cluster, argv[1], PARTITIONS, 1) == RD_KAFKA_RESP_ERR_NO_ERROR,
         "no topic");
    const char *brokers = rd_kafka_mock_cluster_bootstraps(cluster);
    puts(brokers);
    rd_kafka_t *consumer = consume(brokers, argv[1]);
    for (;;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, 0) == 1) {
            if (fgets(command, sizeof command, stdin) == NULL)
                break;
            obey(cluster, command);
        }
        print(rd_kafka_consumer_poll(consumer, WAIT_MS));
    }
    _exit(0);
}
