/* report.c: the table of report formats, and what all of them share. */
#include "reports/report.h"

#include <assert.h>
#include <string.h>

const struct report_format *const report_formats[] = {
#define REPORT(symbol) &symbol,
#include "reports/table.def"
#undef REPORT
    NULL};

/* Whether |path| ends in one of the space-separated |suffixes|. */
static bool ends_in(const char *path, const char *suffixes)
{
    size_t path_len = strlen(path);
    for (const char *at = suffixes; *at != '\0';) {
        size_t len = strcspn(at, " ");
        if (path_len > len && memcmp(path + path_len - len, at, len) == 0)
            return true;
        at += len + strspn(at + len, " ");
    }
    return false;
}

const struct report_format *report_format_find(const char *name_or_path)
{
    for (size_t i = 0; report_formats[i] != NULL; i++)
        if (strcmp(report_formats[i]->name, name_or_path) == 0)
            return report_formats[i];
    for (size_t i = 0; report_formats[i] != NULL; i++)
        if (ends_in(name_or_path, report_formats[i]->suffixes))
            return report_formats[i];
    return NULL;
}

struct report_severities report_severities(const struct result *result, enum attack_class attack)
{
    struct report_severities severities = {0};
    for (size_t i = 0; i < result->num_findings; i++) {
        const struct finding *finding = &result->findings[i];
        if (attack != 0 && finding->rule->attack != attack)
            continue;
        severities.num[finding->severity]++;
        severities.total++;
        if (finding->severity > severities.worst)
            severities.worst = finding->severity;
    }
    return severities;
}

/* A counter of something that was not seen. */
struct counter {
    const char *id;
    size_t offset;
    const char *one, *many;
};

#define ENGINE(name, one, many)                                                                    \
    {                                                                                              \
#name, offsetof(struct engine_stats, name), one, many                                      \
    }
#define ANALYSIS(name, one, many)                                                                  \
    {                                                                                              \
#name, offsetof(struct analysis_stats, name), one, many                                    \
    }

static const struct counter engine_counters[] = {
    ENGINE(frames_unknown_link, "frame of an unknown link type", "frames of an unknown link type"),
    ENGINE(frames_cut, "frame with headers cut by the snap length",
           "frames with headers cut by the snap length"),
    ENGINE(frames_malformed, "frame with broken headers", "frames with broken headers"),
    ENGINE(frames_snapped, "frame cut by the snap length", "frames cut by the snap length"),
    ENGINE(datagrams_incomplete, "IP datagram with missing fragments",
           "IP datagrams with missing fragments"),
    ENGINE(fragment_conflicts, "IP datagram with conflicting fragments",
           "IP datagrams with conflicting fragments"),
    ENGINE(flows_evicted, "conversation given up early (table full)",
           "conversations given up early (table full)"),
    ENGINE(streams_gaps, "hole in a TCP stream", "holes in TCP streams"),
    ENGINE(streams_gap_bytes, "byte lost in such holes", "bytes lost in such holes"),
    ENGINE(streams_conflicts, "TCP retransmission with other bytes",
           "TCP retransmissions with other bytes"),
    ENGINE(streams_dropped, "TCP stream given up (memory bound)",
           "TCP streams given up (memory bound)"),
    ENGINE(malformed, "malformed message", "malformed messages"),
    ENGINE(cut, "message captured only in part", "messages captured only in part"),
    ENGINE(memory_refused, "time that there was no memory for something that was read",
           "times that there was no memory for something that was read")};

static const struct counter analysis_counters[] = {
    ANALYSIS(tls_sessions_unknown_secrecy, "session with a cipher suite that nobody registered",
             "sessions with cipher suites that nobody registered"),
    ANALYSIS(install_transactions_not_kept, "install of a device not kept (too many)",
             "installs of devices not kept (too many)"),
    ANALYSIS(install_files_left_out, "file of an install not kept (too many)",
             "files of installs not kept (too many)"),
    ANALYSIS(blast_secrets_left_out, "secret left out of the blast radius (too many)",
             "secrets left out of the blast radius (too many)"),
    ANALYSIS(iot_endpoints_left_out, "endpoint left out of the IoT profile (too many)",
             "endpoints left out of the IoT profile (too many)"),
    ANALYSIS(link_ties_left_out, "tie of identifiers left out, which joins reports (too many)",
             "ties of identifiers left out, which join reports (too many)"),
    ANALYSIS(psk_uses_left_out, "PSK of which the users are left out, who join reports (too many)",
             "PSKs of which the users are left out, who join reports (too many)"),
    ANALYSIS(link_subjects_settled, "client to which no new session can be linked (graph full)",
             "clients to which no new session can be linked (graph full)"),
    ANALYSIS(findings_not_stored, "finding not kept (table full)",
             "findings not kept (table full)"),
    ANALYSIS(table_evictions, "entry pushed out of an analysis table",
             "entries pushed out of analysis tables")};

static uint64_t counter_value(const struct counter *counter, const void *stats)
{
    uint64_t value;
    memcpy(&value, (const char *)stats + counter->offset, sizeof value);
    return value;
}

static void add_limit(struct report_limit *limits, size_t *num, const struct report_limit *limit)
{
    if (limit->count == 0)
        return;
    assert(*num < REPORT_MAX_LIMITS);
    limits[(*num)++] = *limit;
}

static void add_counters(struct report_limit *limits, size_t *num, const struct counter *counters,
                         size_t num_counters, const void *stats)
{
    for (size_t i = 0; i < num_counters; i++) {
        const struct counter *counter = &counters[i];
        add_limit(limits, num,
                  &(struct report_limit){counter->id, counter_value(counter, stats), counter->one,
                                         counter->many});
    }
}

void report_limits(const struct result *result, struct report_limit limits[REPORT_MAX_LIMITS],
                   size_t *num)
{
    uint64_t damaged = 0, dropped = 0, unfit = 0, mended = 0, outages = 0;
    for (size_t i = 0; i < result->num_inputs; i++) {
        damaged += result->inputs[i].damage[0] != '\0';
        dropped += result->inputs[i].dropped;
        unfit += result->inputs[i].unfit;
        mended += result->inputs[i].mended;
        outages += result->inputs[i].outages;
    }
    *num = 0;
    add_limit(limits, num,
              &(struct report_limit){"inputs_damaged", damaged, "input not read whole",
                                     "inputs not read whole"});
    add_limit(limits, num,
              &(struct report_limit){"frames_dropped", dropped, "frame dropped by the capture",
                                     "frames dropped by the capture"});
    add_limit(limits, num,
              &(struct report_limit){"interface_outages", outages, "outage of the interface",
                                     "outages of the interface"});
    add_limit(limits, num,
              &(struct report_limit){"events_dropped", result->events_dropped,
                                     "event dropped: its reader was too slow or away",
                                     "events dropped: their reader was too slow or away"});
    add_limit(limits, num,
              &(struct report_limit){"frames_unfit", unfit,
                                     "frame left out: the filter does not fit its link type",
                                     "frames left out: the filter does not fit their link type"});
    add_limit(limits, num,
              &(struct report_limit){"frames_mended", mended,
                                     "frame captured longer than it claims to have been",
                                     "frames captured longer than they claim to have been"});
    add_counters(limits, num, engine_counters, sizeof engine_counters / sizeof engine_counters[0],
                 &result->engine);
    add_counters(limits, num, analysis_counters,
                 sizeof analysis_counters / sizeof analysis_counters[0], &result->analysis);
}

bool report_failed(const struct result *result)
{
    if (result->ended)
        return result->exit_status > 1; /* 1: there are findings to fail on */
    for (size_t i = 0; i < result->num_inputs; i++)
        if (result->inputs[i].damage[0] != '\0')
            return true;
    return false;
}

uint64_t report_filtered(const struct result *result)
{
    uint64_t num = 0;
    for (size_t i = 0; i < result->num_inputs; i++)
        num += result->inputs[i].filtered;
    return num;
}

bool report_ran(const struct result *result, enum rule_id id)
{
    return result->rules_on == NULL || result->rules_on[id];
}

size_t report_num_ran(const struct result *result)
{
    size_t num = 0;
    for (int id = 0; id < (int)NUM_RULES; id++)
        num += report_ran(result, (enum rule_id)id);
    return num;
}

size_t report_num_told(const struct result *result, const struct observation_type *type)
{
    size_t num = 0;
    for (size_t i = 0; i < result->num_told; i++)
        num += result->told[i]->type == type;
    return num;
}

const void *report_first_told(const struct result *result, const struct observation_type *type)
{
    for (size_t i = 0; i < result->num_told; i++)
        if (result->told[i]->type == type)
            return result->told[i]->data;
    return NULL;
}

void report_span(const struct result *result, uint64_t *first_ns, uint64_t *last_ns)
{
    *first_ns = *last_ns = 0;
    for (size_t i = 0; i < result->num_inputs; i++) {
        const struct input_info *input = &result->inputs[i];
        if (input->last_ns == 0)
            continue;
        if (*last_ns == 0 || input->first_ns < *first_ns)
            *first_ns = input->first_ns;
        if (input->last_ns > *last_ns)
            *last_ns = input->last_ns;
    }
}

const char *report_transport(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_TCP:
        return "tcp";
    case PROTO_UDP:
        return "udp";
    case PROTO_SCTP:
        return "sctp";
    default:
        return "other";
    }
}

/* Kinds of subject: as a machine's word, one, many, and how the value is classed. */
struct kind_row {
    const char *name, *many;
    enum value_type type;
    enum privacy privacy;
    const char *token;
};

static const struct kind_row *kind_row(enum subject_kind kind)
{
    static const struct kind_row rows[] = {
        [SUBJECT_CLIENT] = {"client", "clients", VALUE_ADDRESS, PRIVACY_ADDRESS, NULL},
        [SUBJECT_SERVER] = {"server", "servers", VALUE_ADDRESS, PRIVACY_ADDRESS, NULL},
        [SUBJECT_IDENTITY] = {"identity", "identities", VALUE_STRING, PRIVACY_IDENTIFIER, "psk"},
        [SUBJECT_HINT] = {"hint", "hints", VALUE_STRING, PRIVACY_IDENTIFIER, "hint"},
        [SUBJECT_DEVICE] = {"device", "devices", VALUE_MAC, PRIVACY_ADDRESS, NULL},
        [SUBJECT_FILE] = {"file", "files", VALUE_STRING, PRIVACY_NAME, "file"},
        [SUBJECT_RECIPIENT] = {"recipient", "recipients", VALUE_BYTES, PRIVACY_IDENTIFIER,
                               "recipient"},
        [SUBJECT_KEY] = {"key", "keys", VALUE_BYTES, PRIVACY_IDENTIFIER, "spki"}};
    assert(kind >= SUBJECT_CLIENT && (size_t)kind < sizeof rows / sizeof rows[0]);
    return &rows[kind];
}

const char *report_subject_kind(enum subject_kind kind)
{
    return kind_row(kind)->name;
}

const char *report_subject_noun(enum subject_kind kind, uint64_t number)
{
    return number == 1 ? kind_row(kind)->name : kind_row(kind)->many;
}

/* Copies as much of |shown| as fits, whole characters only. */
static void copy_shown(const struct shown *shown, char *text, size_t size)
{
    size_t len = shown->len < size ? shown->len : size - 1;
    while (len < shown->len && len > 0 && ((unsigned char)shown->text[len] & 0xc0) == 0x80)
        len--;
    memcpy(text, shown->text, len);
    text[len] = '\0';
}

struct shown report_subject_shown(struct redactor *redactor, const struct finding *finding)
{
    const struct kind_row *row = kind_row(finding->subject);
    const bool hardware = row->type == VALUE_ADDRESS && finding->ip_version == 0;
    const struct value value = {.type = hardware ? VALUE_MAC : row->type,
                                .bytes = finding->subject_bytes};
    return redact(redactor, &value, row->privacy, row->token);
}

bool report_subject(struct redactor *redactor, const struct finding *finding,
                    char text[REPORT_SUBJECT_SIZE])
{
    const struct shown shown = report_subject_shown(redactor, finding);
    text[0] = '\0';
    if (shown.type != SHOWN_TEXT)
        return false;
    if (finding->subject != SUBJECT_SERVER || finding->ip_version == 0) {
        copy_shown(&shown, text, REPORT_SUBJECT_SIZE);
        return true;
    }
    bool brackets = memchr(shown.text, ':', shown.len) != NULL;
    snprintf(text, REPORT_SUBJECT_SIZE, "%s%.*s%s:%u", brackets ? "[" : "",
             (int)(shown.len < 256 ? shown.len : 256), shown.text, brackets ? "]" : "",
             finding->subject_port);
    return true;
}

bool report_address(struct redactor *redactor, const struct endpoint *end, uint8_t ip_version,
                    char text[REPORT_SUBJECT_SIZE])
{
    const struct value value = {.type = ip_version == 0 ? VALUE_MAC : VALUE_ADDRESS,
                                .bytes = endpoint_address(end, ip_version)};
    const struct shown shown = redact(redactor, &value, PRIVACY_ADDRESS, NULL);
    text[0] = '\0';
    if (shown.type != SHOWN_TEXT)
        return false;
    copy_shown(&shown, text, REPORT_SUBJECT_SIZE);
    return true;
}
