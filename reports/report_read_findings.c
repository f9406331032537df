/* report_read_findings.c: the findings of a report. */
#include "reports/fingerprint.h"
#include "reports/report.h"
#include "reports/report_read_told.h"

#include <string.h>

static void read_verdict(struct members *members, struct json_object *from, struct finding *finding)
{
    const char *rule = members_need_text(members, from, "rule");
    const char *severity = members_need_text(members, from, "severity");
    const char *confidence = members_need_text(members, from, "confidence");
    if (members->failed)
        return;
    finding->rule = rule_find(rule);
    if (finding->rule == NULL)
        members_fail(members, rule, "is no rule that this version of perpass has");
    if (!severity_parse(severity, &finding->severity))
        members_fail(members, "severity", "is none that there is");
    for (int i = CONFIDENCE_POSSIBLE; i <= CONFIDENCE_CERTAIN; i++)
        if (strcmp(confidence, confidence_name((enum confidence)i)) == 0)
            finding->confidence = (enum confidence)i;
    if (finding->confidence == 0)
        members_fail(members, "confidence", "is none that there is");
    finding->reason = members_text(members, from, "reason");
}

static void read_fingerprint(struct members *members, struct json_object *from,
                             struct finding *finding)
{
    const char *text = members_need_text(members, from, "fingerprint");
    if (text == NULL)
        return;
    if (strlen(text) != FINGERPRINT_SIZE - 1 ||
        strspn(text, "0123456789abcdef") != FINGERPRINT_SIZE - 1)
        members_fail(members, "fingerprint", "is none");
    finding->fingerprint = text;
}

/* 0: it is no address of IP; then |bytes| are those of hardware, if there are any. */
static uint8_t version_of(struct span bytes)
{
    return bytes.len == 4 ? 4 : bytes.len == 16 ? 6 : 0;
}

static struct span read_any_address(struct members *members, const char *text)
{
    const struct span ip = members_address(members, text, false);
    return span_seen(ip) ? ip : members_address(members, text, true);
}

/* Whether there is one. */
static bool read_endpoint(struct members *members, struct json_object *from, const char *name,
                          struct endpoint *end, uint8_t *ip_version)
{
    uint64_t port = 0;
    struct json_object *object = members_object(members, from, name);
    const char *text = members_text(members, object, "address");
    if (text == NULL)
        return false;
    const struct span address = read_any_address(members, text);
    if (!span_seen(address))
        return members_fail(members, "address", "is none");
    *ip_version = version_of(address);
    memcpy(end->address, address.at, address.len);
    if (*ip_version != 0)
        port = members_need_number(members, object, "port", UINT16_MAX);
    end->port = (uint16_t)port;
    return true;
}

static void read_ends(struct members *members, struct json_object *from, struct finding *finding)
{
    uint8_t server_version = 0;
    static const struct {
        const char *name;
        uint8_t protocol;
    } transports[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"sctp", PROTO_SCTP}, {"other", 0}};
    const char *transport = members_need_text(members, from, "transport");
    if (!read_endpoint(members, from, "client", &finding->client, &finding->ip_version))
        members_fail(members, "client", "is not there");
    finding->no_server = !read_endpoint(members, from, "server", &finding->server, &server_version);
    if (!finding->no_server && server_version != finding->ip_version)
        members_fail(members, "server", "has another kind of address than the client");
    bool known = false;
    for (size_t i = 0; transport != NULL && i < sizeof transports / sizeof transports[0]; i++) {
        if (strcmp(transport, transports[i].name) != 0)
            continue;
        finding->protocol = transports[i].protocol;
        known = true;
    }
    if (!known)
        members_fail(members, "transport", "is none that there is");
    finding->transport = members_text(members, from, "protocol");
    if (finding->transport != NULL && !members_word(finding->transport))
        members_fail(members, "protocol", "is no name of one");
}

static enum subject_kind kind_of(const char *name)
{
    for (int kind = SUBJECT_CLIENT; kind <= SUBJECT_KEY; kind++)
        if (strcmp(name, report_subject_kind((enum subject_kind)kind)) == 0)
            return (enum subject_kind)kind;
    return 0;
}

static void read_subject(struct members *members, struct json_object *from, struct finding *finding)
{
    struct json_object *object = members_object(members, from, "subject");
    const char *kind = members_need_text(members, object, "kind");
    const char *value = members_need_text(members, object, "value");
    if (members->failed)
        return;
    finding->subject = kind_of(kind);
    finding->subject_bytes = span_text(value);
    switch (finding->subject) {
    case SUBJECT_CLIENT:
    case SUBJECT_SERVER:
        finding->subject_bytes = read_any_address(members, value);
        if (version_of(finding->subject_bytes) != finding->ip_version)
            members_fail(members, "subject", "has another kind of address than the client");
        if (finding->subject == SUBJECT_SERVER && finding->ip_version != 0)
            finding->subject_port =
                (uint16_t)members_need_number(members, object, "port", UINT16_MAX);
        break;
    case SUBJECT_DEVICE:
        finding->subject_bytes = members_address(members, value, true);
        if (!span_seen(finding->subject_bytes))
            members_fail(members, "subject", "is no hardware address");
        break;
    case SUBJECT_IDENTITY:
    case SUBJECT_HINT:
    case SUBJECT_FILE:
    case SUBJECT_RECIPIENT:
    case SUBJECT_KEY:
        break;
    default:
        members_fail(members, "subject", "is of a kind that there is not");
    }
}

static bool is_growing(struct members *members, struct json_object *names, const char *name)
{
    for (size_t i = 0; names != NULL && i < json_object_array_length(names); i++) {
        const char *text = members_is_text(members, json_object_array_get_idx(names, i), "growing");
        if (text != NULL && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

static void read_fact(struct members *members, const char *name, struct json_object *from,
                      struct evidence *evidence)
{
    evidence->name = store_bytes(members->store, name, strlen(name));
    evidence->privacy = PRIVACY_PUBLIC; /* it was shown */
    if (evidence->name == NULL || !members_word(name)) {
        members_fail(members, "evidence", "has a name that is none");
    } else if (json_object_is_type(from, json_type_boolean)) {
        evidence->value =
            (struct value){.type = VALUE_BOOL, .truth = json_object_get_boolean(from)};
    } else if (json_object_is_type(from, json_type_int)) {
        evidence->value.type = VALUE_NUMBER;
        members_is_number(members, from, name, &evidence->value.number);
    } else {
        const char *text = members_is_text(members, from, name);
        if (text != NULL)
            evidence->value = (struct value){.type = VALUE_STRING, .bytes = span_text(text)};
    }
}

static void read_evidence(struct members *members, struct json_object *from,
                          struct finding *finding)
{
    struct json_object *object = members_object(members, from, "evidence");
    struct json_object *growing = members_array(members, from, "growing");
    if (object == NULL)
        return;
    const int num = json_object_object_length(object);
    if (num > FINDING_MAX_EVIDENCE ||
        (growing != NULL && json_object_array_length(growing) > FINDING_MAX_EVIDENCE)) {
        members_fail(members, "evidence", "is more than a finding has");
        return;
    }
    finding->evidence =
        store_room(members->store, FINDING_MAX_EVIDENCE * sizeof finding->evidence[0]);
    if (finding->evidence == NULL)
        return;
    json_object_object_foreach(object, name, value)
    {
        struct evidence *evidence = &finding->evidence[finding->num_evidence++];
        read_fact(members, name, value, evidence);
        evidence->grows = is_growing(members, growing, name);
    }
}

static void read_finding(struct members *members, struct json_object *from, struct finding *finding)
{
    read_verdict(members, from, finding);
    read_fingerprint(members, from, finding);
    read_ends(members, from, finding);
    read_subject(members, from, finding);
    finding->count = members_need_number(members, from, "count", UINT64_MAX >> 16);
    finding->packet = members_need_number(members, from, "packet", UINT64_MAX >> 1);
    if (!members_time(members, from, "first", &finding->first_ns) ||
        !members_time(members, from, "last", &finding->last_ns))
        members_fail(members, "first", "or \"last\" is not there");
    read_evidence(members, from, finding);
}

bool report_read_findings(struct members *members, struct json_object *whole,
                          struct read_report *report)
{
    struct json_object *findings = members_array(members, whole, "findings");
    if (findings == NULL)
        return members_fail(members, "findings", "is not there");
    const size_t num = json_object_array_length(findings);
    if (num > REPORT_READ_MOST_FINDINGS)
        return members_fail(members, "findings", "are too many");
    report->findings = store_room(members->store, num * sizeof report->findings[0] + 1);
    for (size_t i = 0; report->findings != NULL && i < num && !members->failed; i++)
        read_finding(members, json_object_array_get_idx(findings, i), &report->findings[i]);
    report->num_findings = num;
    return !members->failed && report->findings != NULL;
}
