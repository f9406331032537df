/* psk_sighting.c: what an external PSK identity tells by itself: RFC 9257 sections 6.1.1 and 7, RFC 4279 section
 * 5, RFC 9258. */
#include "analysis/psk_sighting.h"

#include "core/reader.h"

void psk_finding_cap(struct finding *finding, enum confidence confidence, const char *reason)
{
    if (finding->reason != NULL && confidence >= finding->confidence)
        return;
    finding->confidence = confidence;
    finding->reason = reason;
}

void psk_finding_identity(struct finding *finding, const char *name, struct span identity)
{
    finding_says_bytes(finding, name, PRIVACY_IDENTIFIER, "psk", VALUE_STRING, identity);
}

struct finding psk_sighting_finding(struct analyze_context *context,
                                    const struct psk_sighting *sighting, enum rule_id id)
{
    struct finding finding = finding_begin(context, id);
    finding.transport = sighting->transport;
    psk_finding_cap(&finding, sighting->origin.confidence, sighting->origin.reason);
    finding_about_bytes(&finding, SUBJECT_IDENTITY, sighting->identity);
    return finding;
}

static void report_cleartext(struct analyze_context *context, const struct psk_sighting *sighting)
{
    const struct psk_identity_class *class = &sighting->class;
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_IDENTITY_CLEARTEXT);
    finding.severity = psk_kind_severity(class->kind);
    psk_finding_cap(&finding, class->confidence, class->reason);
    finding_says_text(&finding, "kind", psk_kind_name(class->kind));
    finding_says_text(&finding, "kind_reason", class->reason);
    finding_says_number(&finding, "length", class->len);
    finding_says_number(&finding, "entropy_centibits_per_byte", class->entropy);
    finding_says_text(&finding, "where", sighting->where);
    finding_says_text(&finding, "key_exchange", sighting->key_exchange);
    finding_says_text(&finding, "origin", psk_origin_name(sighting->origin.verdict));
    finding_says_text(&finding, "origin_reason", sighting->origin.reason);
    finding_says_truth(&finding, "realm", class->realm);
    if (sighting->key_exchange == NULL)
        finding_says_truth(&finding, "imported", sighting->origin.imported);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

static void report_structure(struct analyze_context *context, const struct psk_sighting *sighting)
{
    const struct psk_identity_class *class = &sighting->class;
    if (class->structure == PSK_STRUCTURE_NONE)
        return;
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_IDENTITY_STRUCTURED);
    psk_finding_cap(&finding, class->structure_confidence,
                    "The structure is read from the form alone; the same signs may be there by "
                    "chance.");
    finding_says_text(&finding, "structure", psk_structure_name(class->structure));
    finding_says_text(&finding, "kind", psk_kind_name(class->kind));
    finding_says_number(&finding, "length", class->len);
    finding_says_text(&finding, "where", sighting->where);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

/* The identity without what imports it, and without a NUL at its end. */
static struct span name_in(const struct psk_sighting *sighting)
{
    struct span name =
        sighting->origin.imported ? sighting->origin.import.external_identity : sighting->identity;
    return span_of(name.at, name.len - (sighting->class.ends_in_nul ? 1 : 0));
}

static struct span realm_of(struct span name)
{
    struct reader r = reader_of(name);
    while (reader_more(&r) && reader_u8(&r) != '@')
        ;
    return reader_rest(&r);
}

static void report_realm(struct analyze_context *context, const struct psk_sighting *sighting)
{
    if (!sighting->class.realm)
        return;
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_IDENTITY_REALM);
    if (sighting->class.kind != PSK_KIND_NAI)
        psk_finding_cap(&finding, CONFIDENCE_LIKELY,
                        "The identity ends in @ and a name, but is not user@realm as a whole.");
    finding_says_text(&finding, "kind", psk_kind_name(sighting->class.kind));
    finding_says_text(&finding, "where", sighting->where);
    finding_says_bytes(&finding, "realm", PRIVACY_NAME, "host", VALUE_STRING,
                       realm_of(name_in(sighting)));
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

/* A C string that was read too far, or two of them. */
static bool is_text_with_nul(struct span bytes)
{
    struct reader r = reader_of(bytes);
    bool nul = false;
    while (reader_more(&r)) {
        uint8_t c = reader_u8(&r);
        nul = nul || c == 0;
        if (c != 0 && (c < ' ' || c > '~'))
            return false;
    }
    return nul;
}

/* What is wrong with the bytes; NULL: nothing. RFC 4279 asks for UTF-8; TLS 1.3 takes any bytes, so that only what
 * is meant as text can have a NUL too many there. */
static const char *fault_of(const struct psk_sighting *sighting)
{
    enum { LEAST_THAT_ALL_SUPPORT = 128 }; /* RFC 4279 section 5.3 */
    const struct psk_identity_class *class = &sighting->class;
    bool as_text = sighting->key_exchange != NULL;
    if (class->len == 0)
        return "empty";
    if (class->ends_in_nul)
        return "ends in NUL";
    if (as_text && is_text_with_nul(name_in(sighting)))
        return "NUL inside";
    if (as_text && !class->utf8)
        return "not UTF-8 text";
    return class->len > LEAST_THAT_ALL_SUPPORT ? "longer than 128 bytes" : NULL;
}

static void report_encoding(struct analyze_context *context, const struct psk_sighting *sighting)
{
    const char *fault = fault_of(sighting);
    if (fault == NULL || sighting->origin.verdict != PSK_ORIGIN_EXTERNAL)
        return;
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_IDENTITY_ENCODING);
    finding_says_text(&finding, "fault", fault);
    finding_says_number(&finding, "length", sighting->class.len);
    finding_says_text(&finding, "where", sighting->where);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

/* struct { opaque client_mac<0..2^8-1>; opaque server_mac<0..2^8-1>; } of RFC 9258 appendix A. */
static bool is_pair_of_macs(struct span context)
{
    enum { EUI_48 = 6, EUI_64 = 8 };
    struct reader r = reader_of(context);
    size_t client = reader_span_vec8(&r).len, server = reader_span_vec8(&r).len;
    reader_finish(&r, "context");
    bool sizes = (client == EUI_48 || client == EUI_64) && (server == client || server == 0);
    return reader_ok(&r) && sizes;
}

static bool is_hardware(enum psk_kind kind)
{
    switch (kind) {
    case PSK_KIND_DEVICE_URN:
    case PSK_KIND_MAC:
    case PSK_KIND_EUI64:
    case PSK_KIND_MAC_UUID:
    case PSK_KIND_IMEI:
    case PSK_KIND_ICCID:
    case PSK_KIND_SERIAL:
        return true;
    default:
        return false;
    }
}

static void report_import_context(struct analyze_context *context,
                                  const struct psk_sighting *sighting)
{
    const struct span bytes = sighting->origin.import.context;
    const struct psk_identity_class class = psk_identity_classify(bytes);
    bool macs = is_pair_of_macs(bytes);
    if (bytes.len > 0 && !macs && !is_hardware(class.kind))
        return;
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_IMPORT_CONTEXT);
    if (bytes.len > 0)
        psk_finding_cap(&finding, CONFIDENCE_LIKELY,
                        macs ? "It has the lengths of the two MAC addresses of RFC 9258 appendix A."
                             : class.reason);
    finding_says_text(&finding, "context", bytes.len == 0 ? "empty" : "hardware identifier");
    if (bytes.len > 0)
        finding_says_text(&finding, "kind", macs ? "mac" : psk_kind_name(class.kind));
    finding_says_number(&finding, "length", bytes.len);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

static void report_import(struct analyze_context *context, const struct psk_sighting *sighting)
{
    bool tls13 = sighting->key_exchange == NULL;
    if (!tls13 || sighting->origin.verdict != PSK_ORIGIN_EXTERNAL)
        return;
    if (sighting->origin.imported) {
        report_import_context(context, sighting);
        return;
    }
    struct finding finding = psk_sighting_finding(context, sighting, RULE_PSK_NOT_IMPORTED);
    finding_says_text(&finding, "kind", psk_kind_name(sighting->class.kind));
    finding_says_number(&finding, "length", sighting->class.len);
    psk_finding_identity(&finding, "identity", sighting->identity);
    finding_add(context, &finding);
}

void psk_sighting_report(struct analyze_context *context, const struct psk_sighting *sighting)
{
    if (sighting->origin.verdict == PSK_ORIGIN_TICKET)
        return;
    if (sighting->origin.verdict == PSK_ORIGIN_EXTERNAL)
        analysis_totals(context)->psk_identities++;
    report_cleartext(context, sighting);
    report_structure(context, sighting);
    report_realm(context, sighting);
    report_encoding(context, sighting);
    report_import(context, sighting);
}
