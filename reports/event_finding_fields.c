/* event_finding_fields.c: the fields of perpass.finding events: the rule, its subject, its evidence. */
#include "reports/baseline.h"
#include "reports/event_fields.h"
#include "reports/report.h"

#include <assert.h>
#include <string.h>

static void write_severity_score(struct event *event)
{
    event_put_number(event, severity_score(event->finding->severity));
}

static void write_rule_id(struct event *event)
{
    event_put_text(event, event->finding->rule->id);
}

static void write_rule_name(struct event *event)
{
    event_put_text(event, event->finding->rule->title);
}

static void write_rule_category(struct event *event)
{
    event_put_text(event, attack_class_id(event->finding->rule->attack));
}

static void write_rule_reference(struct event *event)
{
    event_put_text(event, event->finding->rule->references);
}

static void write_severity(struct event *event)
{
    event_put_text(event, severity_name(event->finding->severity));
}

static void write_confidence(struct event *event)
{
    event_put_text(event, confidence_name(event->finding->confidence));
}

static void write_reason(struct event *event)
{
    if (event->finding->reason != NULL)
        event_put_text(event, event->finding->reason);
}

static void write_count(struct event *event)
{
    event_put_number(event, event->finding->count);
}

static void write_fingerprint(struct event *event)
{
    event_put_text(event,
                   baseline_standing(event->result, event->redactor, event->finding).fingerprint);
}

static void write_known(struct event *event)
{
    struct json_writer *json;
    if (event->result->baseline == NULL)
        return;
    json = event_begin_value(event);
    json_writer_truth(json,
                      baseline_standing(event->result, event->redactor, event->finding).known);
}

static void write_first(struct event *event)
{
    event_put_time(event, event->finding->first_ns);
}

static void write_last(struct event *event)
{
    event_put_time(event, event->finding->last_ns);
}

static void write_subject_kind(struct event *event)
{
    event_put_text(event, report_subject_kind(event->finding->subject));
}

static bool is_about_end(const struct finding *finding)
{
    return finding->subject == SUBJECT_CLIENT || finding->subject == SUBJECT_SERVER;
}

static void put_subject(struct event *event, bool wanted)
{
    if (!wanted)
        return;
    struct shown shown = report_subject_shown(event->redactor, event->finding);
    event_put_shown(event, &shown);
}

static void write_subject_address(struct event *event)
{
    put_subject(event, is_about_end(event->finding));
}

static void write_subject_port(struct event *event)
{
    if (event->finding->subject == SUBJECT_SERVER && event->finding->ip_version != 0)
        event_put_number(event, event->finding->subject_port);
}

static void write_subject_identity(struct event *event)
{
    put_subject(event, event->finding->subject == SUBJECT_IDENTITY);
}

static void write_subject_hint(struct event *event)
{
    put_subject(event, event->finding->subject == SUBJECT_HINT);
}

static void write_subject_device(struct event *event)
{
    put_subject(event, event->finding->subject == SUBJECT_DEVICE);
}

static void write_subject_file(struct event *event)
{
    put_subject(event, event->finding->subject == SUBJECT_FILE);
}

static void write_subject_recipient(struct event *event)
{
    put_subject(event, event->finding->subject == SUBJECT_RECIPIENT);
}

static void write_subject_key(struct event *event)
{
    put_subject(event, event->finding->subject == SUBJECT_KEY);
}

static bool was_said_before(const struct finding *finding, size_t index)
{
    const char *name = finding->evidence[index].name;
    for (size_t i = 0; i < index; i++)
        if (finding->evidence[i].name[0] == name[0] && strcmp(finding->evidence[i].name, name) == 0)
            return true;
    return false;
}

static void write_evidence(struct event *event)
{
    const struct finding *finding = event->finding;
    struct json_writer *json = event_begin_value(event);
    json_writer_object_begin(json);
    for (size_t i = 0; i < finding->num_evidence; i++) {
        const struct evidence *evidence = &finding->evidence[i];
        assert(!was_said_before(finding, i));
        struct shown shown =
            redact(event->redactor, &evidence->value, evidence->privacy, evidence->kind);
        if (shown.type == SHOWN_NOTHING)
            continue;
        json_writer_name(json, evidence->name, strlen(evidence->name));
        event_item_shown(event, &shown);
    }
    json_writer_object_end(json);
}

#define ALWAYS(path, shape, writer, text)                                                          \
    {                                                                                              \
        path, shape, EVENT_FINDING, EVENT_FINDING, PRIVACY_PUBLIC, writer, text                    \
    }
#define SOMETIMES(path, shape, privacy, writer, text)                                              \
    {                                                                                              \
        path, shape, EVENT_FINDING, 0, privacy, writer, text                                       \
    }

static const struct event_common fields[] = {
    ALWAYS("event.severity", SHAPE_NUMBER, write_severity_score, "0 to 100"),
    ALWAYS("rule.id", SHAPE_TEXT, write_rule_id, "the rule that fired: psk.identity-cleartext"),
    ALWAYS("rule.name", SHAPE_TEXT, write_rule_name, "its title"),
    ALWAYS("rule.category", SHAPE_TEXT, write_rule_category,
           "its attack class, after draft-barnes-pervasive-problem"),
    ALWAYS("rule.reference", SHAPE_TEXT, write_rule_reference, "specifications it rests on"),
    ALWAYS("perpass.finding.severity", SHAPE_TEXT, write_severity,
           "info, low, medium, high or critical"),
    ALWAYS("perpass.finding.confidence", SHAPE_TEXT, write_confidence,
           "possible, likely or certain"),
    SOMETIMES("perpass.finding.reason", SHAPE_TEXT, PRIVACY_PUBLIC, write_reason,
              "why the confidence is what it is"),
    ALWAYS("perpass.finding.fingerprint", SHAPE_TEXT, write_fingerprint,
           "32 hex digits: the same for the same finding of another capture of the same thing"),
    SOMETIMES("perpass.finding.known", SHAPE_TRUTH, PRIVACY_PUBLIC, write_known,
              "with --baseline: whether it is in there"),
    ALWAYS("perpass.finding.count", SHAPE_NUMBER, write_count, "times it was seen"),
    ALWAYS("perpass.finding.first", SHAPE_TIME, write_first, "packet time of the first"),
    ALWAYS("perpass.finding.last", SHAPE_TIME, write_last, "packet time of the last"),
    ALWAYS("perpass.finding.subject.kind", SHAPE_TEXT, write_subject_kind,
           "client, server, identity, hint, device, file, recipient or key: what it is about"),
    SOMETIMES("perpass.finding.subject.address", SHAPE_TEXT, PRIVACY_ADDRESS, write_subject_address,
              "client and server: the address"),
    SOMETIMES("perpass.finding.subject.port", SHAPE_NUMBER, PRIVACY_PUBLIC, write_subject_port,
              "server: the port"),
    SOMETIMES("perpass.finding.subject.identity", SHAPE_TEXT, PRIVACY_IDENTIFIER,
              write_subject_identity,
              "identity: the PSK identity as text; bytes that are none as \\xNN"),
    SOMETIMES("perpass.finding.subject.hint", SHAPE_TEXT, PRIVACY_IDENTIFIER, write_subject_hint,
              "hint: the PSK identity hint, written alike"),
    SOMETIMES("perpass.finding.subject.device", SHAPE_TEXT, PRIVACY_ADDRESS, write_subject_device,
              "device: its hardware address"),
    SOMETIMES("perpass.finding.subject.file", SHAPE_TEXT, PRIVACY_NAME, write_subject_file,
              "file: its name, as it was asked for"),
    SOMETIMES("perpass.finding.subject.recipient", SHAPE_TEXT, PRIVACY_IDENTIFIER,
              write_subject_recipient,
              "recipient: the key that files are encrypted to: issuer and serial number in DER, or "
              "key identifier"),
    SOMETIMES("perpass.finding.subject.key", SHAPE_TEXT, PRIVACY_IDENTIFIER, write_subject_key,
              "key: SHA-256 of the DER of a server's public key"),
    ALWAYS("perpass.finding.evidence", SHAPE_EVIDENCE, write_evidence,
           "the facts it rests on, by name; an identity or hint as in the subject"),
};

const struct event_common *event_finding_fields(size_t *num)
{
    *num = sizeof fields / sizeof fields[0];
    return fields;
}
