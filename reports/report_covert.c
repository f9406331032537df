/* report_covert.c: what free fields could have carried, as text. */
#include "reports/report_covert.h"

#include "analysis/covert_report.h"
#include "reports/report.h"
#include "reports/sentence.h"
#include "reports/text.h"

#include <inttypes.h>

static void print_field(FILE *out, const struct covert_capacity *field, struct redactor *redactor,
                        unsigned width)
{
    struct sentence line = {.len = 0};
    const struct value address = {.type = VALUE_ADDRESS, .bytes = field->address};
    sentence_add(&line, "- %s: %" PRIu64 " bits at most, %" PRIu64 " each %s, %" PRIu64 " a second",
                 field->field, field->bits.value, field->bits_per_session.value, "session",
                 field->bits_per_second.value);
    if (span_seen(field->address)) {
        const struct shown shown = redact(redactor, &address, PRIVACY_ADDRESS, NULL);
        sentence_add(&line, "; most by %s %s", field->role,
                     shown.type == SHOWN_TEXT ? shown.text : "(hidden)");
    }
    if (field->tests.value > 0)
        sentence_add(&line, "; %" PRIu64 " tests of %" PRIu64 " endpoints", field->tests.value,
                     field->endpoints_tested.value);
    if (field->endpoints_departed.value > 0)
        sentence_add(&line, "; not normal at %" PRIu64, field->endpoints_departed.value);
    text_wrap(out, line.text, 0, width, 0);
}

void report_text_covert(FILE *out, const struct result *result, struct redactor *redactor,
                        unsigned width)
{
    bool begun = false;
    for (size_t i = 0; i < result->num_told; i++) {
        if (result->told[i]->type != &observation_covert_capacity)
            continue;
        if (!begun)
            fputs("\nFields that endpoints set freely, and what they could have carried\n", out);
        begun = true;
        print_field(out, result->told[i]->data, redactor, width);
    }
}
