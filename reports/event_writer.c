/* event_writer.c: events as NDJSON in the Elastic Common Schema: one object a line, findings before the
 * statistics. After the first event of its kind, writing one allocates nothing here.
 *
 * Where the lines go is the caller's: a closed pipe is told like a full disk, if SIGPIPE is ignored. */
#include "core/common_observations.h"
#include "core/flow.h"
#include "reports/event_pieces.h"
#include "reports/sink.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { MAX_TYPES = 256, MAX_TYPE_NAME = 64 };

/* An observation type that was met: how its events are written, or NULL when it is not asked for. */
struct known_type {
    const struct observation_type *type;
    struct event_steps *steps;
};

struct event_writer {
    struct json_writer *json;
    struct redactor *redactor;
    struct crypto_digest *sha1;
    struct text_clock clock;
    struct text_memo *memo;
    struct event_last ends[2]; /* client and server as they were written last */
    uint64_t keys;             /* redactor_keys: of what is remembered */
    struct event_options options;
    struct event_steps *finding, *stats;
    struct known_type types[MAX_TYPES];
    size_t num_types;
    bool no_memory;
    /* The last observation, to count those of one packet and flow. */
    uint64_t packet, time_ns, flow_packet, flow_ns;
    unsigned nth;
};

/* Takes the next name off a list with commas; false at its end. */
static bool next_name(const char **list, struct span *name)
{
    if (*list == NULL || **list == '\0')
        return false;
    size_t len = strcspn(*list, ",");
    *name = span_of(*list, len);
    *list += len + ((*list)[len] == ',');
    return true;
}

static bool is_named(const char *list, const char *type)
{
    struct span name;
    while (next_name(&list, &name))
        if (span_equal(name, span_text(type)))
            return true;
    return false;
}

static bool is_type(struct span name)
{
    const struct observation_type *type;
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++)
        if (span_equal(name, span_text(type->name)))
            return true;
    return false;
}

static void list_types(char *text, size_t size)
{
    const struct observation_type *type;
    size_t len = 0;
    for (size_t i = 0; (type = event_type_at(i)) != NULL && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%s", i == 0 ? "" : ", ", type->name);
}

static bool check_types(const char *list, struct error *error)
{
    struct span name;
    while (next_name(&list, &name)) {
        if (is_type(name))
            continue;
        char known[384];
        list_types(known, sizeof known);
        return error_set(error, "there is no observation type '%.*s'; there are: %s",
                         (int)(name.len < MAX_TYPE_NAME ? name.len : MAX_TYPE_NAME),
                         (const char *)name.at, known);
    }
    return true;
}

static void free_all(struct event_writer *writer)
{
    for (size_t i = 0; i < writer->num_types; i++)
        event_steps_free(writer->types[i].steps);
    event_steps_free(writer->finding);
    event_steps_free(writer->stats);
    crypto_digest_free(writer->sha1);
    text_memo_free(writer->memo);
    crypto_wipe(writer->ends, sizeof writer->ends);
    json_writer_free(writer->json);
    free(writer);
}

static struct event event_of(struct event_writer *writer, const struct event_plan *plan)
{
    return (struct event){.class = plan->class,
                          .dataset = plan->dataset,
                          .redactor = writer->redactor,
                          .geo = writer->options.geo,
                          .sha1 = writer->sha1,
                          .clock = &writer->clock,
                          .memo = writer->memo,
                          .client.last = &writer->ends[0],
                          .server.last = &writer->ends[1],
                          .version = PERPASS_VERSION};
}

/* How events of |plan|, which may be NULL, are written; NULL without memory. */
static struct event_steps *steps_of_plan(struct event_writer *writer, struct event_plan *plan)
{
    if (plan == NULL)
        return NULL;
    const struct event sample = event_of(writer, plan);
    return event_steps_new(plan, &sample);
}

struct event_writer *event_writer_new(FILE *out, const struct event_options *options,
                                      struct redactor *redactor, struct error *error)
{
    if (!check_types(options->observation_types, error))
        return NULL;
    struct event_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        error_set(error, "no memory to write events");
        return NULL;
    }
    error_set(error, "no memory to write events");
    writer->options = *options;
    writer->redactor = redactor;
    writer->json = json_writer_new(out);
    writer->memo = text_memo_new();
    writer->finding = steps_of_plan(writer, event_plan_new(EVENT_FINDING, NULL));
    writer->stats = steps_of_plan(writer, event_plan_new(EVENT_STATS, NULL));
    if (writer->json == NULL || writer->memo == NULL || writer->finding == NULL ||
        writer->stats == NULL || (writer->sha1 = crypto_digest_new(CRYPTO_SHA1, error)) == NULL) {
        free_all(writer);
        return NULL;
    }
    error->text[0] = '\0';
    return writer;
}

static bool is_asked_for(const struct event_options *options, const struct observation_type *type)
{
    if (type == &observation_flow_end && options->flows)
        return true;
    if (!options->observations)
        return false;
    return options->observation_types == NULL || is_named(options->observation_types, type->name);
}

/* How events of a type are written, made when it is met first; NULL when it is not asked for. */
static struct event_steps *steps_of(struct event_writer *writer,
                                    const struct observation_type *type)
{
    for (size_t i = 0; i < writer->num_types; i++)
        if (writer->types[i].type == type)
            return writer->types[i].steps;
    assert(writer->num_types < MAX_TYPES);
    struct event_steps *steps = NULL;
    if (is_asked_for(&writer->options, type)) {
        steps = steps_of_plan(writer, event_plan_of_type(type));
        if (steps == NULL) {
            writer->no_memory = true;
            return NULL;
        }
    }
    writer->types[writer->num_types++] = (struct known_type){.type = type, .steps = steps};
    return steps;
}

/* Pseudonyms of one epoch are not those of another one. */
static void forget_other_epoch(struct event_writer *writer)
{
    const uint64_t keys = redactor_keys(writer->redactor);
    if (keys != writer->keys) {
        text_memo_clear(writer->memo);
        crypto_wipe(writer->ends, sizeof writer->ends);
    }
    writer->keys = keys;
}

static void write_event(struct event_writer *writer, struct event *event, struct event_steps *steps)
{
    redactor_at(event->redactor, event->time_ns);
    forget_other_epoch(writer);
    json_path_begin(&event->path, writer->json);
    event_steps_write(steps, event);
    json_path_end(&event->path);
    json_writer_line(writer->json);
}

/* Which of several observations of one packet and flow it is: counted whether they are written or not, so
 * that ids do not depend on what was asked for. */
static unsigned count_in_packet(struct event_writer *writer, const struct observation *observation)
{
    const struct flow *flow = observation->flow;
    bool same = writer->packet == observation->packet && writer->time_ns == observation->time_ns &&
                writer->flow_packet == flow->first_packet && writer->flow_ns == flow->first_ns;
    writer->nth = same ? writer->nth + 1 : 0;
    writer->packet = observation->packet;
    writer->time_ns = observation->time_ns;
    writer->flow_packet = flow->first_packet;
    writer->flow_ns = flow->first_ns;
    return writer->nth;
}

void event_writer_observation(struct event_writer *writer, const struct observation *observation)
{
    const struct flow *flow = observation->flow;
    unsigned nth = count_in_packet(writer, observation);
    struct event_steps *steps = steps_of(writer, observation->type);
    if (steps == NULL)
        return;
    struct event event = event_of(writer, steps->plan);
    event.time_ns = observation->time_ns;
    event.packet = observation->packet;
    event.client.end = &flow->ends[flow->client];
    event.server.end = &flow->ends[1 - flow->client];
    event.ip_version = flow->ip_version;
    event.protocol = flow->protocol;
    event.protocol_name = flow->dissector != NULL ? flow->dissector->name : NULL;
    event.around = &flow->around;
    event.flow = flow;
    event.observation = observation;
    event_id_of_observation(writer->redactor, observation, nth, event.id);
    write_event(writer, &event, steps);
}

static void write_finding(struct event_writer *writer, const struct result *result, size_t index)
{
    const struct finding *finding = &result->findings[index];
    struct event event = event_of(writer, writer->finding->plan);
    event.time_ns = finding->first_ns;
    event.packet = finding->packet;
    event.client.end = &finding->client;
    event.server.end = &finding->server;
    event.ip_version = finding->ip_version;
    event.protocol = finding->protocol;
    event.protocol_name = finding->transport;
    event.around = &finding->around;
    event.finding = finding;
    event.result = result;
    event_id_of_finding(writer->redactor, result->findings, index, event.id);
    write_event(writer, &event, writer->finding);
}

void event_writer_stats(struct event_writer *writer, const struct result *result)
{
    struct event event = event_of(writer, writer->stats->plan);
    event.time_ns = result->time_ns;
    for (size_t i = 0; i < result->num_inputs; i++)
        if (result->inputs[i].last_ns > event.time_ns)
            event.time_ns = result->inputs[i].last_ns;
    event.result = result;
    event_id_of_stats(writer->redactor, result, event.id);
    write_event(writer, &event, writer->stats);
}

void event_writer_findings(struct event_writer *writer, const struct result *result, unsigned since)
{
    for (size_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].interval >= since)
            write_finding(writer, result, i);
}

void event_writer_flush(struct event_writer *writer)
{
    int error_number; /* told by event_writer_free */
    json_writer_flush(writer->json, &error_number);
}

void event_writer_result(struct event_writer *writer, const struct result *result)
{
    event_writer_findings(writer, result, 0);
    event_writer_stats(writer, result);
}

bool event_writer_free(struct event_writer *writer, struct error *error)
{
    int error_number;
    bool ok = json_writer_flush(writer->json, &error_number);
    if (!ok)
        error_set(error, "%s", strerror(error_number)); /* the caller names the output */
    else if (writer->no_memory)
        ok = error_set(error, "some events were not written: no memory");
    free_all(writer);
    return ok;
}
