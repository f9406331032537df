/* report_sample.h: made-up results for the tests of reports. */
#ifndef PERPASS_TESTS_UNIT_REPORT_SAMPLE_H
#define PERPASS_TESTS_UNIT_REPORT_SAMPLE_H

#include "reports/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLE_MAX = 600 };

struct sample {
    struct input_info inputs[3];
    struct finding findings[SAMPLE_MAX];
    struct evidence evidence[SAMPLE_MAX][FINDING_MAX_EVIDENCE];
    uint8_t addresses[SAMPLE_MAX][4];
    struct result result;
    struct redactor *redactor;
};

static inline struct sample *sample_new(enum privacy_policy policy)
{
    struct error error = {.text = ""};
    const struct redact_options options = {.policy = policy};
    struct sample *sample = calloc(1, sizeof *sample);
    assert_non_null(sample);
    sample->redactor = redactor_new(&options, &error);
    assert_non_null(sample->redactor);
    sample->inputs[0] = (struct input_info){.path = "a.pcap",
                                            .format = "pcap",
                                            .size = 1000,
                                            .frames = 10,
                                            .first_ns = UINT64_C(1700000000000000000),
                                            .last_ns = UINT64_C(1700000012000000000)};
    sample->result = (struct result){.inputs = sample->inputs,
                                     .num_inputs = 1,
                                     .engine = {.frames = 10, .flows = 2},
                                     .analysis = {.tls_client_hellos = 3,
                                                  .tls_sessions = 2,
                                                  .tls_sessions_forward_secret = 2,
                                                  .tls_handshakes_completed = 1,
                                                  .tls_handshakes_failed = 1},
                                     .findings = sample->findings,
                                     .version = "9.9.9",
                                     .privacy_policy = privacy_policy_name(policy)};
    return sample;
}

static inline void sample_free(struct sample *sample)
{
    redactor_free(sample->redactor);
    free(sample);
}

/* Adds a finding of |id| about the server 192.0.2.N:443 or 198.51.100.N:443, and gives it. */
static inline struct finding *sample_server(struct sample *sample, const char *id,
                                            enum severity severity)
{
    size_t i = sample->result.num_findings++;
    struct finding *finding = &sample->findings[i];
    const uint8_t address[4] = {192, 0, 2, (uint8_t)(i + 1)};
    assert_true(i < SAMPLE_MAX);
    memcpy(sample->addresses[i], address, sizeof address);
    *finding = (struct finding){.rule = rule_find(id),
                                .severity = severity,
                                .confidence = CONFIDENCE_CERTAIN,
                                .subject = SUBJECT_SERVER,
                                .subject_bytes = span_of(sample->addresses[i], 4),
                                .subject_port = 443,
                                .client = {.address = {10, 0, 0, 1}, .port = 50000},
                                .server = {.address = {192, 0, 2, address[3]}, .port = 443},
                                .ip_version = 4,
                                .protocol = PROTO_TCP,
                                .transport = "tls",
                                .first_ns = UINT64_C(1700000001000000000),
                                .last_ns = UINT64_C(1700000003500000000),
                                .packet = 7,
                                .count = 1,
                                .evidence = sample->evidence[i]};
    assert_non_null(finding->rule);
    return finding;
}

/* Adds a finding about the PSK identity |bytes|. */
static inline struct finding *sample_identity(struct sample *sample, struct span bytes)
{
    struct finding *finding = sample_server(sample, "psk.identity-cleartext", SEVERITY_HIGH);
    finding->subject = SUBJECT_IDENTITY;
    finding->subject_bytes = bytes;
    return finding;
}

/* What |format| writes, NUL-terminated; the caller frees it. */
static inline char *sample_written(struct sample *sample, const struct report_format *format,
                                   const struct report_style *style)
{
    char *text = NULL;
    size_t len;
    struct error error = {.text = ""};
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_true(format->write(out, &sample->result, sample->redactor, style, &error));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), len);
    return text;
}

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in:\n%s", part, text);
}

#endif
