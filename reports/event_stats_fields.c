/* event_stats_fields.c: the fields of perpass.stats events: counters and inputs. */
#include "reports/event_fields.h"

#include <stddef.h>
#include <string.h>

/* Paths are as long as counters' names; a writer for each counter keeps the table plain. */
#define ENGINE_STAT(name, about)                                                                   \
    static void write_engine_##name(struct event *event)                                           \
    {                                                                                              \
        event_put_number(event, event->result->engine.name);                                       \
    }
#include "core/engine_stats.def"
#undef ENGINE_STAT

#define ANALYSIS_STAT(name, about)                                                                 \
    static void write_analysis_##name(struct event *event)                                         \
    {                                                                                              \
        event_put_number(event, event->result->analysis.name);                                     \
    }
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT

/* What the operator named: not traffic, but no more to be trusted on a terminal. */
static void name_text(struct event *event, const char *name, const char *text)
{
    const struct value value = {.type = VALUE_STRING, .bytes = span_text(text)};
    struct shown shown = redact(event->redactor, &value, PRIVACY_PUBLIC, NULL);
    json_writer_name(event->path.json, name, strlen(name));
    event_item_shown(event, &shown);
}

static void name_number(struct event *event, const char *name, uint64_t number)
{
    json_writer_name(event->path.json, name, strlen(name));
    json_writer_number(event->path.json, number);
}

static void name_time(struct event *event, const char *name, uint64_t time_ns)
{
    json_writer_name(event->path.json, name, strlen(name));
    event_item_time(event, time_ns);
}

static void write_input(struct event *event, const struct input_info *input)
{
    json_writer_object_begin(event->path.json);
    name_text(event, "path", input->path);
    if (input->format != NULL)
        name_text(event, "format", input->format);
    if (input->size != 0)
        name_number(event, "size", input->size);
    if (input->sha256[0] != '\0')
        name_text(event, "sha256", input->sha256);
    name_number(event, "frames", input->frames);
    name_number(event, "filtered", input->filtered);
    name_number(event, "dropped", input->dropped);
    if (input->freezes != 0)
        name_number(event, "freezes", input->freezes);
    if (input->outages != 0)
        name_number(event, "outages", input->outages);
    if (input->adapter_stamped != 0)
        name_number(event, "adapter_stamped", input->adapter_stamped);
    if (input->unfit != 0)
        name_number(event, "unfit", input->unfit);
    if (input->mended != 0)
        name_number(event, "mended", input->mended);
    if (input->frames != 0) {
        name_time(event, "first", input->first_ns);
        name_time(event, "last", input->last_ns);
    }
    if (input->damage[0] != '\0')
        name_text(event, "damage", input->damage);
    json_writer_object_end(event->path.json);
}

static void write_events_dropped(struct event *event)
{
    event_put_number(event, event->result->events_dropped);
}

static void write_inputs(struct event *event)
{
    struct json_writer *json = event_begin_value(event);
    json_writer_array_begin(json);
    for (size_t i = 0; i < event->result->num_inputs; i++)
        write_input(event, &event->result->inputs[i]);
    json_writer_array_end(json);
}

static const struct event_common fields[] = {
#define COUNTER(path, writer, about)                                                               \
    {path, SHAPE_NUMBER, EVENT_STATS, EVENT_STATS, PRIVACY_PUBLIC, writer, about},
#define ENGINE_STAT(name, about) COUNTER("perpass.stats." #name, write_engine_##name, about)
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about)                                                                 \
    COUNTER("perpass.stats.analysis." #name, write_analysis_##name, about)
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    COUNTER("perpass.stats.events_dropped", write_events_dropped,
            "events that were dropped, as their reader was too slow or away"){
        "perpass.stats.inputs", SHAPE_INPUTS, EVENT_STATS, EVENT_STATS, PRIVACY_PUBLIC,
        write_inputs,
        "what was read: path, format, size, sha256, frames, filtered (of these unfit: by their "
        "link "
        "type), dropped, mended (captured longer "
        "than they claim to have been), freezes of the ring, outages of the interface, "
        "adapter_stamped (frames with the adapter's time), first, last, damage"},
};

const struct event_common *event_stats_fields(size_t *num)
{
    *num = sizeof fields / sizeof fields[0];
    return fields;
}
