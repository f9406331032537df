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

/* Of what stays when a finding fires again: its severity may rise. What it is about must not be hashed; its key tells it
 * from others, too. */
void event_id_of_finding(struct redactor *redactor, const struct finding *finding,
                         char id[EVENT_ID_SIZE])
{
    struct id_text text = {.len = 0};
    add_word(&text, "finding");
    add_word(&text, finding->rule->id);
    add_number(&text, finding->key.packet);
    add_number(&text, finding->key.first_ns);
    add_number(&text, finding->key.nth);
    hash(redactor, &text, id);
}

void event_id_of_observation(struct redactor *redactor, const struct observation *observation,
                             uint64_t nth, char id[EVENT_ID_SIZE])
{
    struct id_text text = {.len = 0};
    add_word(&text, observation->type->name);
    add_number(&text, observation->flow->first_packet);
    add_number(&text, observation->flow->first_ns);
    add_number(&text, observation->packet);
    add_number(&text, observation->time_ns);
    add_number(&text, observation->row);
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
