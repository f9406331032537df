/* report_blast.c: the blast radius of secrets as text. */
#include "reports/report_blast.h"

#include "analysis/blast_radius.h"
#include "reports/report.h"
#include "reports/sentence.h"
#include "reports/text.h"

enum { MOST_SHOWN = 20, HOSTS_COUNTED = 8 };

static void add_count(struct sentence *sentence, const char *before, struct number number,
                      const char *one, const char *many)
{
    char text[TEXT_SMALL * 2];
    sentence_add(sentence, "%s%s", before, text_count(number.value, one, many, text));
}

/* Hosts are told apart up to a number. */
void report_blast_hosts(struct sentence *sentence, struct number number, const char *one,
                        const char *many)
{
    if (number.value >= HOSTS_COUNTED)
        sentence_add(sentence, ", %u or more %s", (unsigned)HOSTS_COUNTED, many);
    else
        add_count(sentence, ", ", number, one, many);
}

void report_blast_secret(struct sentence *sentence, const struct blast_radius *radius,
                         struct redactor *redactor)
{
    const struct {
        struct span name;
        const char *words, *kind;
        enum value_type type;
    } kinds[] = {{radius->key_sha256, "server key", "spki", VALUE_BYTES},
                 {radius->psk_identity, "PSK of", "psk", VALUE_STRING},
                 {radius->ticket_key_name, "ticket key", "ticket-key", VALUE_BYTES},
                 {radius->public_value, "ephemeral key", "public-value", VALUE_BYTES}};
    char text[128];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!span_seen(kinds[i].name))
            continue;
        const struct value value = {.type = kinds[i].type, .bytes = kinds[i].name};
        const struct shown shown = redact(redactor, &value, PRIVACY_IDENTIFIER, kinds[i].kind);
        text_cut(shown.type == SHOWN_TEXT ? shown.text : "(hidden)", 80, text, sizeof text);
        sentence_add(sentence, "%s%s%s %s", radius->role != NULL ? radius->role : "",
                     radius->role != NULL ? "'s " : "", kinds[i].words,
                     text[0] != '\0' ? text : "(empty)");
    }
}

static void print_secret(FILE *out, const struct blast_radius *radius, struct redactor *redactor,
                         unsigned width)
{
    struct sentence line = {.len = 0}, reason = {.len = 0};
    char text[TEXT_SMALL];
    sentence_add(&line, "- ");
    report_blast_secret(&line, radius, redactor);
    if (radius->sessions.value > 0) {
        add_count(&line, ": ", radius->sessions, "session", "sessions");
        add_count(&line, ", ", radius->bytes, "byte", "bytes");
        report_blast_hosts(&line, radius->clients, "client", "clients");
    } else {
        sentence_add(&line, ": nothing that was recorded; it stands for");
        add_count(&line, " the server in ", radius->authenticated, "handshake", "handshakes");
    }
    report_blast_hosts(&line, radius->servers, "server", "servers");
    sentence_add(&line, ", %s", text_second(radius->first_ns.value, text));
    if (radius->last_ns.value > radius->first_ns.value)
        sentence_add(&line, " for %s",
                     text_duration(radius->last_ns.value - radius->first_ns.value, text));
    if (radius->key_exchange != NULL)
        sentence_add(&reason, "%s, %s: %s", radius->key_exchange, radius->confidence,
                     radius->reason);
    text_wrap(out, line.text, 0, width, 0);
    text_wrap(out, reason.text, 2, width, 0);
}

void report_text_blast(FILE *out, const struct result *result, struct redactor *redactor,
                       unsigned width)
{
    size_t num = 0;
    for (size_t i = 0; i < result->num_told; i++) {
        if (result->told[i]->type != &observation_blast_radius)
            continue;
        if (num == 0)
            fputs("\nWhat one leaked secret opens of what was recorded\n", out);
        if (num++ < MOST_SHOWN)
            print_secret(out, result->told[i]->data, redactor, width);
    }
    if (num > MOST_SHOWN)
        fprintf(out, "... and %zu more: --report json:FILE lists them\n", num - MOST_SHOWN);
}
