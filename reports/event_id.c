/* event_id.c: what an event id is the hash of. */
#include "reports/event_id.h"

#include "core/digits.h"
#include "core/flow.h"

#include <assert.h>
#include <string.h>

/* The text that is hashed: words and numbers with blanks between. */
struct id_text {
    char at[256];
    size_t len;
};

static void add_word(struct id_text *text, const char *word)
{
    size_t len = strlen(word);
    assert(len + 1 <= sizeof text->at - text->len);
    if (text->len != 0)
        text->at[text->len++] = ' ';
    memcpy(text->at + text->len, word, len);
    text->len += len;
}

static void add_number(struct id_text *text, uint64_t number)
{
    assert(DIGITS_MAX + 1 <= sizeof text->at - text->len);
    text->at[text->len++] = ' ';
    text->len += digits_put(number, text->at + text->len);
}

static void hash(struct redactor *redactor, const struct id_text *text, char id[EVENT_ID_SIZE])
{
    redact_id(redactor, span_of(text->at, text->len), id);
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
    struct id_text text = {.len = 0};
    add_word(&text, "finding");
    add_word(&text, finding->rule->id);
    add_number(&text, (uint64_t)finding->severity);
    add_number(&text, finding->packet);
    add_number(&text, finding->first_ns);
    add_number(&text, place_among_equals(findings, index));
    hash(redactor, &text, id);
}

void event_id_of_observation(struct redactor *redactor, const struct observation *observation,
                             unsigned nth, char id[EVENT_ID_SIZE])
{
    struct id_text text = {.len = 0};
    add_word(&text, observation->type->name);
    add_number(&text, observation->flow->first_packet);
    add_number(&text, observation->flow->first_ns);
    add_number(&text, observation->packet);
    add_number(&text, observation->time_ns);
    add_number(&text, nth);
    hash(redactor, &text, id);
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
    struct id_text text = {.len = 0};
    add_word(&text, "stats");
    add_number(&text, result->num_inputs);
    add_number(&text, frames);
    add_number(&text, first);
    add_number(&text, last);
    hash(redactor, &text, id);
}
