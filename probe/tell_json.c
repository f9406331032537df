/* tell_json.c: a target as a JSON object. */
#include "probe/tell.h"

#include "reports/json_writer.h"
#include "reports/text.h"

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_writer_name(json, name, strlen(name));
    json_writer_text(json, text, strlen(text));
}

static void put_number(struct json_writer *json, const char *name, uint64_t number)
{
    json_writer_name(json, name, strlen(name));
    json_writer_number(json, number);
}

static void put_check(struct json_writer *json, enum check_id id, const struct check_result *result,
                      struct redactor *redactor)
{
    char value[TELL_VALUE_LEN];
    json_writer_object_begin(json);
    put_text(json, "id", check_get(id)->id);
    put_text(json, "outcome", check_outcome_name(result->outcome));
    put_text(json, "value", tell_value(result, redactor, value));
    put_text(json, "reason", result->reason);
    if (result->rule != NULL)
        put_text(json, "rule", result->rule->id);
    json_writer_object_end(json);
}

static void put_packets(struct json_writer *json, const struct udp_count *count)
{
    json_writer_name(json, "packets", strlen("packets"));
    json_writer_object_begin(json);
    put_number(json, "budget", count->budget);
    put_number(json, "sent", count->sent);
    put_number(json, "received", count->received);
    put_number(json, "bytes_sent", count->bytes_sent);
    put_number(json, "bytes_received", count->bytes_received);
    json_writer_object_end(json);
}

bool tell_json(FILE *out, const struct probe *probe, struct redactor *redactor)
{
    char target[TELL_TARGET_LEN], took[64], begun[TEXT_SMALL];
    const uint64_t ms = (probe->ended_ns - probe->begun_ns) / 1000000;
    struct json_writer *json = json_writer_new(out);
    int reason;
    if (json == NULL)
        return false;
    json_writer_object_begin(json);
    put_text(json, "target", tell_target(probe, redactor, target));
    put_text(json, "begun", text_time(probe->time_ns, begun));
    json_writer_name(json, "checks", strlen("checks"));
    json_writer_array_begin(json);
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        if (probe->settings->wanted[i])
            put_check(json, (enum check_id)i, &probe->results[i], redactor);
    json_writer_array_end(json);
    put_packets(json, &probe->count);
    if (probe->trouble[0] != '\0')
        put_text(json, "trouble", probe->trouble);
    int len = snprintf(took, sizeof took, "\"duration_s\":%llu.%03llu",
                       (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000));
    json_writer_made(json, 0, took, (size_t)len, false);
    json_writer_object_end(json);
    json_writer_line(json);
    (void)json_writer_flush(json, &reason);
    json_writer_free(json);
    return true;
}
