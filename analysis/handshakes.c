/* handshakes.c: how handshakes ended. Reads their summaries, of which a session may have several, and a conversation
 * that nobody answered has one, too. */
#include "analysis/analyzer.h"
#include "dissectors/tls_summary.h"

/* What the capture cannot tell (cut, one-sided, SSL 2) is neither. */
static void observe(struct analyze_context *context, const struct observation *observation)
{
    const struct tls_handshake_summary *summary = observation->data;
    struct analysis_stats *totals = analysis_totals(context);
    if (summary->established == TRUTH_YES)
        totals->tls_handshakes_completed++;
    else if (summary->established == TRUTH_NO)
        totals->tls_handshakes_failed++;
    else
        totals->tls_handshakes_open++;
}

static const struct observation_type *const reads[] = {&observation_tls_handshake_summary, NULL};

const struct analyzer analyzer_handshakes = {
    .name = "handshakes", .reads = reads, .observe = observe};
