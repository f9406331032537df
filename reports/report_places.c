/* report_places.c: countries and networks in which far ends of conversations are, as text. */
#include "reports/report_places.h"

#include "analysis/places.h"
#include "reports/sentence.h"
#include "reports/text.h"

#include <inttypes.h>

enum { MOST_SHOWN = 20 };

/* Text of a database, which may be anything, as it may be shown. */
static const char *safe(struct span text, struct redactor *redactor)
{
    const struct value value = {.type = VALUE_STRING, .bytes = text};
    const struct shown shown = redact(redactor, &value, PRIVACY_PUBLIC, NULL);
    return shown.type == SHOWN_TEXT ? shown.text : "";
}

void report_place_name(struct sentence *sentence, const struct place_summary *place,
                       struct redactor *redactor)
{
    if (place->other == TRUTH_YES) {
        sentence_add(sentence, "all others");
        return;
    }
    sentence_add(sentence, "%s",
                 span_seen(place->country) ? safe(place->country, redactor) : "country not known");
    if (place->as_number.seen)
        sentence_add(sentence, ", AS%" PRIu64, place->as_number.value);
    if (span_seen(place->as_organization))
        sentence_add(sentence, " %s", safe(place->as_organization, redactor));
}

static void print_place(FILE *out, const struct place_summary *place, struct redactor *redactor,
                        unsigned width)
{
    struct sentence line = {.len = 0};
    char text[TEXT_SMALL * 2], bytes[TEXT_SMALL];
    sentence_add(&line, "- ");
    report_place_name(&line, place, redactor);
    sentence_add(&line, ": %s",
                 text_count(place->conversations.value, "conversation", "conversations", text));
    sentence_add(&line, " (%" PRIu64 " encrypted, %" PRIu64 " in clear)", place->encrypted.value,
                 place->clear.value);
    sentence_add(&line, " of %s", text_count(place->hosts.value, "host", "hosts", text));
    sentence_add(&line, ", %s", text_bytes(place->bytes.value, bytes));
    text_wrap(out, line.text, 0, width, 0);
}

void report_text_places(FILE *out, const struct result *result, struct redactor *redactor,
                        unsigned width)
{
    size_t num = 0;
    for (size_t i = 0; i < result->num_told; i++) {
        if (result->told[i]->type != &observation_place_summary)
            continue;
        if (num == 0)
            fputs("\nWhere far ends of conversations are, and an observer there sees them\n", out);
        if (num++ < MOST_SHOWN)
            print_place(out, result->told[i]->data, redactor, width);
    }
    if (num > MOST_SHOWN)
        fprintf(out, "... and %zu more: --report json:FILE lists them\n", num - MOST_SHOWN);
}
