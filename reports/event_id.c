/* event_id.c: what an event id is the hash of. */
#include "reports/event_id.h"

#include "core/flow.h"

#include <assert.h>
#include <inttypes.h>

static void hash_text(struct redactor *redactor, const char *text, int len, size_t size,
                      char id[EVENT_ID_SIZE])
{
    assert(len > 0 && (size_t)len < size);
    redact_id(redactor, span_of(text, (size_t)len), id);
}

/* Findings of one rule, severity and packet differ in their subject only, which must not be hashed. They
 * follow each other in the result: their place among themselves tells them apart. */
static unsigned place_among_equals(const struct finding *findings, size_t index)
{
    const struct finding *self = &findings[index];
    unsigned place = 0;
    for (const struct finding *other = self; other != findings; place++) {
        other--;
        if (other->rule != self->rule || other->severity != self->severity ||
            other->packet != self->packet || other->first_ns != self->first_ns)
            break;
    }
    return place;
}

void event_id_of_finding(struct redactor *redactor, const struct finding *findings, size_t index,
                         char id[EVENT_ID_SIZE])
{
    const struct finding *finding = &findings[index];
    char text[256];
    int len = snprintf(text, sizeof text, "finding %s %d %" PRIu64 " %" PRIu64 " %u",
                       finding->rule->id, (int)finding->severity, finding->packet,
                       finding->first_ns, place_among_equals(findings, index));
    hash_text(redactor, text, len, sizeof text, id);
}

void event_id_of_observation(struct redactor *redactor, const struct observation *observation,
                             unsigned nth, char id[EVENT_ID_SIZE])
{
    char text[256];
    int len = snprintf(text, sizeof text, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u",
                       observation->type->name, observation->flow->first_packet,
                       observation->flow->first_ns, observation->packet, observation->time_ns, nth);
    hash_text(redactor, text, len, sizeof text, id);
}

void event_id_of_stats(struct redactor *redactor, const struct result *result,
                       char id[EVENT_ID_SIZE])
{
    uint64_t first = UINT64_MAX, last = result->time_ns, frames = 0;
    for (size_t i = 0; i < result->num_inputs; i++) {
        const struct input_info *input = &result->inputs[i];
        frames += input->frames;
        first = input->first_ns < first ? input->first_ns : first;
        last = input->last_ns > last ? input->last_ns : last;
    }
    char text[256];
    int len = snprintf(text, sizeof text, "stats %zu %" PRIu64 " %" PRIu64 " %" PRIu64,
                       result->num_inputs, frames, first, last);
    hash_text(redactor, text, len, sizeof text, id);
}
