/* report_iot.c: endpoints held against the profiles for constrained devices, as text. */
#include "reports/report_iot.h"

#include "analysis/iot_profile.h"
#include "reports/report.h"
#include "reports/sentence.h"
#include "reports/text.h"

#include <inttypes.h>

enum { MOST_SHOWN = 20 };

static uint64_t number_at(struct span column, size_t row)
{
    struct reader list = reader_of(column);
    reader_skip(&list, row * sizeof(uint64_t));
    return reader_u64(&list);
}

void report_iot_checks(struct sentence *sentence, const char *before,
                       const struct iot_profile *profile, bool met)
{
    struct reader checks = reader_of(profile->checks), verdicts = reader_of(profile->verdicts);
    for (size_t row = 0; reader_more(&checks); row++) {
        const char *name = iot_check_name(reader_u8(&checks));
        if ((reader_u8(&verdicts) == 1) != met || name == NULL)
            continue;
        sentence_add(sentence, "%s%s", before, name);
        if (!met)
            sentence_add(sentence, " (%" PRIu64 ", packet %" PRIu64 ")",
                         number_at(profile->num_broken, row), number_at(profile->packets, row));
        before = ", ";
    }
}

static void print_endpoint(FILE *out, const struct observation *told, struct redactor *redactor,
                           unsigned width)
{
    const struct iot_profile *profile = told->data;
    struct sentence head = {.len = 0}, broken = {.len = 0}, met = {.len = 0};
    const struct value address = {.type = VALUE_ADDRESS, .bytes = profile->address};
    const struct shown shown = redact(redactor, &address, PRIVACY_ADDRESS, NULL);
    char text[TEXT_SMALL * 2];
    sentence_add(&head, "- %s %s", profile->role,
                 shown.type == SHOWN_TEXT ? shown.text : "(hidden)");
    if (profile->port.seen)
        sentence_add(&head, " port %" PRIu64, profile->port.value);
    sentence_add(&head, ": %s, ",
                 text_count(profile->handshakes.value, "handshake", "handshakes", text));
    sentence_add(
        &head, "%s, ",
        text_count(profile->broken.value, "requirement broken", "requirements broken", text));
    sentence_add(&head, "%" PRIu64 " met", profile->met.value);
    report_iot_checks(&broken, "broken: ", profile, false);
    report_iot_checks(&met, "met: ", profile, true);
    text_wrap(out, head.text, 0, width, 0);
    text_wrap(out, broken.text, 2, width, 0);
    text_wrap(out, met.text, 2, width, 0);
}

void report_text_iot(FILE *out, const struct result *result, struct redactor *redactor,
                     unsigned width)
{
    size_t num = 0;
    for (size_t i = 0; i < result->num_told; i++) {
        if (result->told[i]->type != &observation_iot_profile)
            continue;
        if (num == 0)
            fputs("\nConstrained devices and the profiles of TLS and DTLS for them\n", out);
        if (num++ < MOST_SHOWN)
            print_endpoint(out, result->told[i], redactor, width);
    }
    if (num > MOST_SHOWN)
        fprintf(out, "... and %zu more: --report json:FILE lists them\n", num - MOST_SHOWN);
}
