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

/* Where an observation is: those of one type that have the same place are counted. */
struct place {
    uint64_t packet, time_ns, flow_packet, flow_ns, row;
};

/* An observation type that was met: how its events are written, or NULL when it is not asked for. */
struct known_type {
    const struct observation_type *type;
    struct event_steps *steps;
    struct place last;
    uint64_t num; /* of those told, that have this place */
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

/* The part of a type's name that says the protocol: "tls" of "tls.alert". */
static struct span family_of(struct span name)
{
    const uint8_t *dot = name.len > 0 ? memchr(name.at, '.', name.len) : NULL;
    return span_of(name.at, dot != NULL ? (size_t)(dot - name.at) : name.len);
}

static void list_name(char *text, size_t size, struct span name)
{
    const size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%.*s", len == 0 ? "" : ", ", (int)name.len,
             (const char *)name.at);
}

/* The types of |family|; false if there are none. */
static bool list_types(struct span family, char *text, size_t size)
{
    const struct observation_type *type;
    text[0] = '\0';
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++)
        if (span_equal(family_of(span_text(type->name)), family))
            list_name(text, size, span_text(type->name));
    return text[0] != '\0';
}

/* Whether no type before the one at |index| is of its family. */
static bool begins_family(size_t index)
{
    const struct span family = family_of(span_text(event_type_at(index)->name));
    for (size_t i = 0; i < index; i++)
        if (span_equal(family_of(span_text(event_type_at(i)->name)), family))
            return false;
    return true;
}

static void list_families(char *text, size_t size)
{
    const struct observation_type *type;
    text[0] = '\0';
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++)
        if (begins_family(i))
            list_name(text, size, family_of(span_text(type->name)));
}

static bool check_types(const char *list, struct error *error)
{
    struct span name;
    while (next_name(&list, &name)) {
        if (is_type(name))
            continue;
        /* All of them are more than a sentence can hold. */
        char known[384];
        const bool near = list_types(family_of(name), known, sizeof known);
        if (!near)
            list_families(known, sizeof known);
        return error_set(error, "there is no observation type '%.*s'; %s: %s",
                         (int)(name.len < MAX_TYPE_NAME ? name.len : MAX_TYPE_NAME),
                         (const char *)name.at, near ? "there are" : "their names begin with",
                         known);
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

/* What is known of a type, made when it is met first; NULL when it is not asked for. */
static struct known_type *known_of(struct event_writer *writer, const struct observation_type *type)
{
    for (size_t i = 0; i < writer->num_types; i++)
        if (writer->types[i].type == type)
            return writer->types[i].steps != NULL ? &writer->types[i] : NULL;
    assert(writer->num_types < MAX_TYPES);
    struct event_steps *steps = NULL;
    if (is_asked_for(&writer->options, type)) {
        steps = steps_of_plan(writer, event_plan_of_type(type));
        if (steps == NULL) {
            writer->no_memory = true;
            return NULL;
        }
    }
    struct known_type *known = &writer->types[writer->num_types++];
    *known = (struct known_type){.type = type, .steps = steps};
    return steps != NULL ? known : NULL;
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

/* Which of several observations of its type and place it is. Of its type only: which others there are depends on what was
 * asked for, and ids must not. */
static uint64_t count_at_place(struct known_type *known, const struct observation *observation)
{
    const struct place place = {.packet = observation->packet,
                                .time_ns = observation->time_ns,
                                .flow_packet = observation->flow->first_packet,
                                .flow_ns = observation->flow->first_ns,
                                .row = observation->row};
    if (memcmp(&place, &known->last, sizeof place) != 0)
        known->num = 0;
    known->last = place;
    return known->num++;
}

void event_writer_observation(struct event_writer *writer, const struct observation *observation)
{
    const struct flow *flow = observation->flow;
    struct known_type *known = known_of(writer, observation->type);
    if (known == NULL)
        return;
    struct event event = event_of(writer, known->steps->plan);
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
    const uint64_t nth = count_at_place(known, observation);
    event_id_of_observation(writer->redactor, observation, nth, event.id);
    write_event(writer, &event, known->steps);
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
    event_id_of_finding(writer->redactor, finding, event.id);
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
