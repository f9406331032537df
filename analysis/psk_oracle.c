/* psk_oracle.c: servers that tell an unknown PSK identity and a wrong key apart, by the alert that they send: RFC
 * 4279 section 2, RFC 7925. Reads how handshakes ended. Bounded: of eight servers the one that sent such an alert
 * longest ago gives way. */
#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"

#include "dissectors/tls_summary.h"

#include <string.h>

enum { MOST_SERVERS = 4096 };
enum { ALERT_BAD_RECORD_MAC = 20, ALERT_DECRYPT_ERROR = 51, ALERT_UNKNOWN_PSK_IDENTITY = 115 };

/* Of a server. */
struct entry {
    bool unknown_identity; /* it said that it does not know an identity */
    uint16_t wrong_key;    /* the alert that it sent for a wrong key; 0: none was seen */
};

struct state {
    struct bounded_table *servers; /* made with the first such alert */
};

static void report(struct analyze_context *context, const struct entry *entry,
                   const char *transport)
{
    struct finding finding = finding_begin(context, RULE_PSK_ORACLE);
    finding.transport = transport;
    finding_about_server(&finding, context->observation->flow);
    if (entry->wrong_key != 0) {
        finding.reason = "It answered an unknown identity with one alert, and a wrong key with "
                         "another.";
    } else {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason =
            "It says which identities it does not know; how it answers a wrong key was "
            "not seen.";
    }
    finding_says_number(&finding, "unknown_identity_alert", ALERT_UNKNOWN_PSK_IDENTITY);
    if (entry->wrong_key != 0)
        finding_says_most(&finding, "wrong_key_alert", entry->wrong_key);
    finding_add(context, &finding);
}

/* Whether the alert may be about the key: one for which a PSK was really at stake. Of a client that a server without use
 * for its PSK asked for a certificate, decrypt_error says that its signature was wrong (RFC 5246 section 7.2.2). */
static bool is_wrong_key(const struct tls_handshake_summary *summary)
{
    bool used = summary->psk != NULL && strcmp(summary->psk, "external") == 0;
    switch (summary->alert.value) {
    case ALERT_BAD_RECORD_MAC:
        return used;
    case ALERT_DECRYPT_ERROR: /* in 1.3 before the server's hello: of a binder */
        return used || (summary->psk_offered == TRUTH_YES && summary->psk == NULL);
    default:
        return false;
    }
}

static void observe(struct analyze_context *context, const struct observation *observation)
{
    const struct tls_handshake_summary *summary = observation->data;
    struct state *state = context->state;
    if (!summary->alert.seen || summary->alert_from == NULL ||
        strcmp(summary->alert_from, "server") != 0)
        return;
    bool unknown_identity = summary->alert.value == ALERT_UNKNOWN_PSK_IDENTITY;
    if (!unknown_identity && !is_wrong_key(summary))
        return;
    if (state->servers == NULL)
        state->servers = bounded_table_new(MOST_SERVERS, sizeof(struct entry));
    if (state->servers == NULL) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    const uint64_t words[2] = {analysis_server_name(context), observation->flow->protocol};
    const struct bounded_place place = bounded_table_place(
        state->servers, analysis_name(context, 0, span_of(words, sizeof words)));
    struct entry *entry = place.room;
    if (unknown_identity)
        entry->unknown_identity = true;
    else
        entry->wrong_key = (uint16_t)summary->alert.value;
    if (entry->unknown_identity)
        report(context, entry, summary->transport);
    analysis_totals(context)->table_evictions += place.pushed_out;
}

static void finish(struct analyze_context *context)
{
    struct state *state = context->state;
    bounded_table_free(state->servers);
    state->servers = NULL;
}

static const struct observation_type *const reads[] = {&observation_tls_handshake_summary, NULL};

const struct analyzer analyzer_psk_oracle = {.name = "psk_oracle",
                                             .reads = reads,
                                             .state_size = sizeof(struct state),
                                             .observe = observe,
                                             .finish = finish};
