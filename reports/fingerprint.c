/* fingerprint.c: what makes findings of two captures the same. */
#include "reports/fingerprint.h"

#include "analysis/rules.h"
#include "reports/report.h"

#include <assert.h>

/* Clients and devices talk to many servers, and which comes first may change from capture to capture. */
static bool is_at_a_server(enum subject_kind kind)
{
    return kind != SUBJECT_CLIENT && kind != SUBJECT_DEVICE;
}

static uint16_t port_of(const struct finding *finding)
{
    uint16_t port =
        finding->subject == SUBJECT_SERVER ? finding->subject_port : finding->server.port;
    return port < FINGERPRINT_FIRST_CHOSEN_PORT ? port : 0;
}

void fingerprint_where(const struct finding *finding, char where[FINGERPRINT_WHERE_SIZE])
{
    const char *transport = finding->transport != NULL ? finding->transport : "-";
    if (!is_at_a_server(finding->subject))
        memcpy(where, "-", 2);
    else if (port_of(finding) != 0)
        snprintf(where, FINGERPRINT_WHERE_SIZE, "%s/%u %s", report_transport(finding->protocol),
                 port_of(finding), transport);
    else
        snprintf(where, FINGERPRINT_WHERE_SIZE, "%s %s", report_transport(finding->protocol),
                 transport);
}

/* What the subject is by itself, wherever it is seen; addresses and keys are not. */
static struct span name_of(const struct finding *finding)
{
    bool named = finding->subject == SUBJECT_IDENTITY || finding->subject == SUBJECT_HINT ||
                 finding->subject == SUBJECT_FILE;
    if (!named || finding->confidence == CONFIDENCE_POSSIBLE)
        return span_of("", 0);
    return finding->subject_bytes;
}

/* Adds a blank and |word|; gives the new length. snprintf would take longer than the hash. */
static size_t add_word(char facts[REDACT_MAX_FACTS], size_t len, const char *word)
{
    size_t more = strlen(word);
    assert(len + 1 + more <= REDACT_MAX_FACTS);
    facts[len++] = ' ';
    memcpy(facts + len, word, more);
    return len + more;
}

void fingerprint_of(struct redactor *redactor, const struct finding *finding,
                    char fingerprint[FINGERPRINT_SIZE])
{
    if (finding->fingerprint != NULL) {
        memcpy(fingerprint, finding->fingerprint, FINGERPRINT_SIZE);
        return;
    }
    char facts[REDACT_MAX_FACTS] = "1", where[FINGERPRINT_WHERE_SIZE];
    size_t len = 1;
    fingerprint_where(finding, where);
    len = add_word(facts, len, finding->rule->id);
    len = add_word(facts, len, report_subject_kind(finding->subject));
    len = add_word(facts, len, where);
    redact_fingerprint(redactor, span_of(facts, len), name_of(finding), fingerprint);
}
