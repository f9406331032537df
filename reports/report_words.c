/* report_words.c: sentences that the reports for people share. */
#include "reports/report_words.h"

#include "analysis/install_transaction.h"
#include "reports/baseline.h"
#include "reports/report.h"
#include "reports/report_install.h"
#include "reports/text.h"

#include <inttypes.h>

void report_words_count(struct sentence *line, uint64_t number, const char *one, const char *many)
{
    char count[TEXT_SMALL * 2];
    sentence_add(line, "%s", text_count(number, one, many, count));
}

void report_words_traffic(struct sentence *line, const struct result *result)
{
    char text[TEXT_SMALL];
    uint64_t first_ns, last_ns;
    const struct engine_stats *engine = &result->engine;
    report_span(result, &first_ns, &last_ns);
    if (result->merged > 0)
        sentence_add(line, "%zu reports joined: ", result->merged);
    report_words_count(line, engine->frames, "packet", "packets");
    if (report_filtered(result) > 0)
        sentence_add(line, " (%s more left out by the filter)",
                     text_number(report_filtered(result), text));
    if (engine->frames > 0) {
        sentence_add(line, " in %s", text_duration(last_ns - first_ns, text));
        sentence_add(line, " from %s, ", text_second(first_ns, text));
        report_words_count(line, engine->flows, "conversation", "conversations");
    }
}

void report_words_sessions(struct sentence *line, const struct result *result)
{
    const struct analysis_stats *stats = &result->analysis;
    if (stats->tls_client_hellos == 0 && stats->tls_sessions == 0) {
        sentence_add(line, "No TLS handshake was seen");
        if (report_num_told(result, &observation_install_transaction) == 0)
            sentence_add(line, ", and no install of a device");
        return;
    }
    report_words_count(line, stats->tls_client_hellos, "client hello, ", "client hellos, ");
    report_words_count(line, stats->tls_sessions, "TLS session", "TLS sessions");
    const struct {
        uint64_t num;
        const char *are;
    } sorts[] = {{stats->tls_sessions_forward_secret, "with forward secrecy"},
                 {stats->tls_sessions_not_forward_secret, "that one leaked key opens"},
                 {stats->tls_sessions_unknown_secrecy, "of unknown secrecy"}};
    const char *before = ": ";
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        char number[TEXT_SMALL];
        if (sorts[i].num == 0)
            continue;
        sentence_add(line, "%s%s %s", before, text_number(sorts[i].num, number), sorts[i].are);
        before = ", ";
    }
    if (stats->tls_handshakes_failed > 0) {
        sentence_add(line, "; ");
        report_words_count(line, stats->tls_handshakes_failed, "handshake failed",
                           "handshakes failed");
    }
}

void report_words_installs(struct sentence *line, const struct result *result)
{
    struct report_installs installs = report_installs(result);
    const struct {
        uint64_t num;
        const char *are;
    } sorts[] = {{installs.readable, "with a readable configuration"},
                 {installs.encrypted, "with an encrypted configuration"},
                 {installs.tls, "over TLS"},
                 {installs.unseen, "in which no configuration was seen"}};
    const char *before = ": ";
    size_t num = report_num_told(result, &observation_install_transaction);
    if (num == 0)
        return;
    report_words_count(line, num, "install of a device", "installs of devices");
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        char number[TEXT_SMALL];
        if (sorts[i].num == 0)
            continue;
        sentence_add(line, "%s%s %s", before, text_number(sorts[i].num, number), sorts[i].are);
        before = ", ";
    }
}

void report_words_limits(struct sentence *line, const struct result *result)
{
    struct report_limit limits[REPORT_MAX_LIMITS];
    size_t num;
    report_limits(result, limits, &num);
    for (size_t i = 0; i < num; i++) {
        sentence_add(line, "%s", i == 0 ? "Not seen whole: " : ", ");
        report_words_count(line, limits[i].count, limits[i].one, limits[i].many);
    }
}

void report_words_privacy(struct sentence *line, const struct result *result,
                          const struct redactor *redactor)
{
    enum privacy_policy policy = redactor_policy(redactor);
    if (result->num_findings == 0 || policy == POLICY_RAW)
        return;
    sentence_add(line, "%s shown as pseudonyms (--privacy raw %s)",
                 policy == POLICY_STRICT ? "Identities and addresses are" : "Identities are",
                 result->merged > 0 ? "of the sensors would show them" : "shows them");
}

const char *report_words_standing(const struct result *result, struct redactor *redactor,
                                  const struct finding *finding)
{
    if (result->baseline == NULL)
        return NULL;
    return baseline_standing(result, redactor, finding).known ? "known" : "new";
}

void report_words_baseline(struct sentence *line, const struct result *result,
                           struct redactor *redactor)
{
    if (result->baseline == NULL)
        return;
    const struct baseline_count count = baseline_count(result, redactor);
    sentence_add(line, "Of the findings %" PRIu64 " are in the baseline, %" PRIu64 " are new",
                 count.known, count.fresh);
    if (count.gone > 0)
        sentence_add(line, "; %" PRIu64 " of the baseline were not found again", count.gone);
}

/* What the rules that ran did not see. */
static void add_looked_for(struct sentence *line, const struct result *result)
{
    sentence_add(line, ": nothing%s was seen that the ",
                 result->min_severity > SEVERITY_INFO ? " so severe" : "");
    report_words_count(line, report_num_ran(result), "rule that ran looks for",
                       "rules that ran look for");
}

void report_words_none(struct sentence *line, const struct result *result)
{
    if (result->engine.frames == 0 && report_filtered(result) > 0) {
        sentence_add(line, "The filter left every packet out: there is nothing to tell.");
        return;
    }
    if (result->engine.frames == 0) {
        sentence_add(line, "No packet was read: there is nothing to tell.");
        return;
    }
    sentence_add(line, "No finding");
    if (result->min_severity > SEVERITY_INFO)
        sentence_add(line, " of severity %s or above (--min-severity)",
                     severity_name(result->min_severity));
    add_looked_for(line, result);
    sentence_add(line, ". That is no proof of safety: see above what was looked at.");
}

const char *report_words_shown(const struct shown *shown, size_t columns, char *text, size_t size)
{
    char time[TEXT_SMALL];
    text[0] = '\0';
    switch (shown->type) {
    case SHOWN_TEXT:
        text_cut(shown->len > 0 ? shown->text : "(empty)", columns, text, size);
        break;
    case SHOWN_NUMBER:
        snprintf(text, size, "%" PRIu64, shown->number);
        break;
    case SHOWN_TRUTH:
        snprintf(text, size, "%s", shown->truth ? "yes" : "no");
        break;
    case SHOWN_TIME:
        snprintf(text, size, "%s", text_second(shown->number, time));
        break;
    case SHOWN_NOTHING:
        break;
    }
    return text;
}
