/* install_content_rules.c: what the files of an install show to everybody, and how well those are protected that are
 * encrypted. RFC 8886, RFC 5652, RFC 8551, RFC 8017. */
#include "analysis/install_rules.h"
#include "dissectors/recognise.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

enum { TOLD_SECRETS = 12, LEAST_RSA_BITS = 2048 };

static bool is_upload(const struct install_arrival *arrival)
{
    return arrival->method == INSTALL_TFTP_WRITE || arrival->method == INSTALL_HTTP_PUT;
}

static bool is_one_of(const char *format, const char *const *formats)
{
    for (; format != NULL && *formats != NULL; formats++)
        if (strcmp(format, *formats) == 0)
            return true;
    return false;
}

/* Scripts by which devices are configured; those of boot loaders only say what to boot. */
static bool is_provisioning_script(const char *format)
{
    static const char *const formats[] = {"shell", "python", "tcl", NULL};
    return is_one_of(format, formats);
}

/* Text of a form that much else has, too. */
static bool is_generic(const char *format)
{
    static const char *const formats[] = {"json", "xml", "yaml", "ini", NULL};
    return is_one_of(format, formats);
}

static bool is_readable_configuration(const struct content_facts *content)
{
    if (content->encrypted == TRUTH_YES)
        return false;
    switch (content->class) {
    case CONTENT_CONFIGURATION:
    case CONTENT_KEY:
        return true;
    case CONTENT_SCRIPT:
        return is_provisioning_script(content->format) || content->secrets.value > 0;
    case CONTENT_SIGNED:
        return content->inner != NULL || content->secrets.value > 0;
    default:
        return content->secrets.value > 0;
    }
}

bool install_is_configuration(const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    if (content != NULL && content->class != CONTENT_UNKNOWN && content->class != CONTENT_EMPTY) {
        if (content->class == CONTENT_ENCRYPTED || is_readable_configuration(content))
            return true;
        return content->class == CONTENT_OPAQUE && span_seen(arrival->name) &&
               install_name_file(arrival->name) == INSTALL_NAME_CONFIGURATION;
    }
    return span_seen(arrival->name) &&
           install_name_file(arrival->name) == INSTALL_NAME_CONFIGURATION;
}

/* A finding about the file: evidence of its name, server and content. */
static struct finding file_finding(const struct install_state *state,
                                   const struct install_arrival *arrival, enum rule_id id)
{
    struct finding finding = finding_begin(state->context, id);
    const struct content_facts *content = arrival->content;
    if (span_seen(arrival->name))
        finding_about_bytes(&finding, SUBJECT_FILE, arrival->name);
    else
        install_about_server(&finding, arrival, state->context->observation->flow);
    finding_says_text(&finding, "method", install_method_name(arrival->method));
    finding_says_text(&finding, "class", content->class_name);
    finding_says_text(&finding, "format", content->format);
    if (content->complete != TRUTH_YES) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "Only a part of the file was seen: what it is rests on that part.";
    }
    return finding;
}

static void judge_cleartext(const struct install_state *state,
                            const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_CONFIG_CLEARTEXT);
    if (content->class == CONTENT_SCRIPT) {
        finding.confidence = CONFIDENCE_LIKELY;
        if (content->secrets.value == 0)
            finding.severity = SEVERITY_MEDIUM;
        finding.reason = "It is a script: that it configures the device is taken from who asked "
                         "for it.";
    } else if (is_generic(content->format)) {
        finding.severity = SEVERITY_MEDIUM;
        finding.confidence = CONFIDENCE_POSSIBLE;
        finding.reason = "It is structured text of no known dialect: that it is a configuration "
                         "is taken from who asked for it.";
    } else if (finding.reason == NULL) {
        finding.reason = "The file was read as it crossed the network.";
    }
    finding_says_number(&finding, "bytes", content->size.value);
    if (content->lines.seen)
        finding_says_number(&finding, "lines", content->lines.value);
    finding_says_text(&finding, "signed", content->is_signed == TRUTH_YES ? "yes" : NULL);
    finding_add(state->context, &finding);
}

/* A sentence in a buffer; what does not fit is left out. */
struct words {
    char text[512];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(words->text + words->len, sizeof words->text - words->len, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof words->text - words->len)
        words->len += (size_t)len;
}

/* "snmp-community line 3 (6 bytes), ..." */
static struct words secrets_in_words(const struct content_facts *content)
{
    struct words words = {.len = 0};
    size_t told = content->num_secrets < TOLD_SECRETS ? content->num_secrets : TOLD_SECRETS;
    for (size_t i = 0; i < told; i++) {
        const struct content_secret *secret = &content->secret_list[i];
        add(&words, "%s%s", i > 0 ? ", " : "", secret->kind);
        if (secret->line > 0)
            add(&words, " line %" PRIu32, secret->line);
        add(&words, " (%" PRIu32 " bytes)", secret->length);
    }
    if (content->secrets.value > told)
        add(&words, "%s%" PRIu64 " more", told > 0 ? ", and " : "", content->secrets.value - told);
    return words;
}

static void judge_secrets(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    struct words words = secrets_in_words(content);
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_SECRET_EXPOSED);
    if (finding.reason == NULL) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "The lines have the form of secrets; whether the values are in use "
                         "cannot be seen.";
    }
    finding_says_number(&finding, "secrets", content->secrets.value);
    if (content->reversible.seen)
        finding_says_number(&finding, "reversible", content->reversible.value);
    if (words.len > 0)
        finding_says_bytes(&finding, "kinds", PRIVACY_PUBLIC, NULL, VALUE_STRING,
                           span_of(words.text, words.len));
    finding_add(state->context, &finding);
}

static bool is_rsa(const char *transport)
{
    return transport != NULL && strncmp(transport, "rsa", 3) == 0;
}

static bool is_pkcs1(const char *transport)
{
    return transport != NULL && strcmp(transport, "rsaEncryption") == 0;
}

static void says_encryption(struct finding *finding, const struct content_facts *content)
{
    /* Its name is the file's, and goes with it. */
    if (content->cipher != NULL)
        finding_says_bytes(finding, "cipher", PRIVACY_PUBLIC, NULL, VALUE_STRING,
                           span_text(content->cipher));
    finding_says_text(finding, "key_transport", content->key_transport);
    if (content->key_bits.seen)
        finding_says_number(finding, "key_bits", content->key_bits.value);
    if (content->recipients.seen)
        finding_says_number(finding, "recipients", content->recipients.value);
}

static void judge_encrypted(const struct install_state *state,
                            const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_ENCRYPTED);
    if (finding.reason == NULL)
        finding.reason = "The container's own structure tells it.";
    says_encryption(&finding, content);
    if (content->num_recipients > 0)
        finding_says_bytes(&finding, "recipient", PRIVACY_IDENTIFIER, "recipient", VALUE_BYTES,
                           content->recipient_list[0].id);
    finding_add(state->context, &finding);
}

static bool begins(const char *text, const char *with)
{
    return text != NULL && strncasecmp(text, with, strlen(with)) == 0;
}

/* "des-cbc", "des-ede3-cbc", "3des", "rc2-cbc", "rc4", and none. */
static const char *weak_cipher(const char *cipher)
{
    if (begins(cipher, "des-ede") || begins(cipher, "3des") || begins(cipher, "tripledes"))
        return "3des";
    if (begins(cipher, "des"))
        return "des";
    if (begins(cipher, "rc2"))
        return "rc2";
    if (begins(cipher, "rc4"))
        return "rc4";
    return NULL;
}

static void judge_weakness(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    const char *cipher = weak_cipher(content->cipher);
    bool pkcs1 = is_pkcs1(content->key_transport);
    bool short_key = is_rsa(content->key_transport) && content->key_bits.seen &&
                     content->key_bits.value < LEAST_RSA_BITS;
    for (size_t i = 0; i < content->num_recipients; i++)
        pkcs1 |= is_pkcs1(content->recipient_list[i].transport);
    if (cipher == NULL && !short_key && !pkcs1)
        return;
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_WEAK_ENCRYPTION);
    if (cipher == NULL && !short_key)
        finding.severity = SEVERITY_INFO;
    else if (cipher != NULL && (strcmp(cipher, "des") == 0 || begins(cipher, "rc")))
        finding.severity = SEVERITY_HIGH;
    if (finding.reason == NULL)
        finding.reason = "The container names its algorithms; the size of an RSA key is that of "
                         "what is encrypted to it.";
    says_encryption(&finding, content);
    finding_says_text(&finding, "weak_cipher", cipher);
    finding_says_truth(&finding, "short_key", short_key);
    finding_says_truth(&finding, "pkcs1_v15", pkcs1);
    finding_add(state->context, &finding);
}

static void judge_origin(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    if (content->is_signed == TRUTH_YES || is_upload(arrival))
        return;
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_UNAUTHENTICATED);
    if (content->encrypted == TRUTH_YES) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "A signature inside the encrypted part could not be seen.";
    } else if (finding.reason == NULL) {
        finding.reason = "The file is readable, and has no signature that this program knows.";
    }
    finding_says_truth(&finding, "encrypted", content->encrypted == TRUTH_YES);
    finding_add(state->context, &finding);
}

struct install_member install_device_member(const struct install_state *state,
                                            const struct install_device *device)
{
    struct install_known known = install_device_known(device);
    struct span by = span_seen(known.mac)    ? known.mac
                     : span_seen(known.duid) ? known.duid
                                             : known.client_id;
    return (struct install_member){
        .device = span_seen(by) ? install_devices_hash(state->devices, by) : 0,
        .address =
            span_seen(known.address) ? install_devices_hash(state->devices, known.address) : 0};
}

static void report_sharing(const struct install_state *state, const struct install_arrival *arrival,
                           struct span id, const struct install_sharing *sharing)
{
    struct finding finding = finding_begin(state->context, RULE_INSTALL_SHARED_RECIPIENT);
    finding_about_bytes(&finding, SUBJECT_RECIPIENT, id);
    finding.confidence = CONFIDENCE_CERTAIN;
    finding.reason = "Files for one key were fetched by devices with different hardware addresses "
                     "or identifiers.";
    if (sharing->known < 2) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "All of the devices but one at most are known by their IP addresses only, "
                         "and one device may have several.";
    }
    if (sharing->same_file) {
        finding.confidence = CONFIDENCE_POSSIBLE;
        finding.reason = "The devices fetched one and the same file: one of them may be no device "
                         "that can open it, but somebody who collects files.";
    }
    finding_says_number(&finding, "devices", sharing->devices);
    finding_says_number(&finding, "recipients", arrival->content->recipients.value);
    finding_says_truth(&finding, "same_file", sharing->same_file);
    finding_says_bytes(&finding, "file", PRIVACY_NAME, "file", VALUE_STRING, arrival->name);
    finding_add(state->context, &finding);
}

static void judge_recipients(struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    if (is_upload(arrival))
        return;
    if (state->fleet == NULL)
        state->fleet = install_fleet_new();
    if (state->fleet == NULL) {
        analysis_totals(state->context)->table_evictions++;
        return;
    }
    struct install_member member = install_device_member(state, arrival->device);
    struct span file = span_seen(content->sha256) ? content->sha256 : arrival->name;
    uint64_t hash = span_seen(file) ? install_devices_hash(state->devices, file) : 0;
    if (member.device == 0 && member.address == 0)
        return;
    for (size_t i = 0; i < content->num_recipients; i++) {
        struct span id = content->recipient_list[i].id;
        if (!span_seen(id) || id.len == 0)
            continue;
        struct install_sharing sharing = install_fleet_recipient(state->fleet, id, &member, hash);
        analysis_totals(state->context)->table_evictions += sharing.pushed_out;
        if (sharing.shared)
            report_sharing(state, arrival, id, &sharing);
    }
}

static void judge_upload(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    bool readable = is_readable_configuration(content);
    bool by_name = span_seen(arrival->name) &&
                   install_name_file(arrival->name) == INSTALL_NAME_CONFIGURATION &&
                   (content->class == CONTENT_UNKNOWN || content->class == CONTENT_ENCRYPTED ||
                    content->class == CONTENT_OPAQUE);
    if (!is_upload(arrival) || (!readable && !by_name))
        return;
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_UPLOAD);
    if (!readable) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "The name is that of a configuration; its content was not recognised as "
                         "one.";
        if (content->encrypted == TRUTH_YES)
            finding.severity = SEVERITY_LOW;
    } else if (finding.reason == NULL) {
        finding.reason = "The file was read as it crossed the network.";
    }
    finding_says_number(&finding, "bytes", content->size.value);
    if (content->secrets.seen)
        finding_says_number(&finding, "secrets", content->secrets.value);
    finding_add(state->context, &finding);
}

static void judge_boot(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    bool by_content = content->class == CONTENT_IMAGE || content->class == CONTENT_SCRIPT;
    bool by_name = (content->class == CONTENT_UNKNOWN || content->class == CONTENT_OPAQUE) &&
                   span_seen(arrival->name) &&
                   install_name_file(arrival->name) == INSTALL_NAME_BOOT;
    if (is_upload(arrival) || content->is_signed == TRUTH_YES || (!by_content && !by_name))
        return;
    struct finding finding = file_finding(state, arrival, RULE_INSTALL_BOOT_IMAGE);
    if (!by_content) {
        finding.severity = SEVERITY_LOW;
        finding.confidence = CONFIDENCE_POSSIBLE;
        finding.reason = "The name is that of a boot file; its content was not recognised.";
    } else if (finding.reason == NULL) {
        finding.confidence = CONFIDENCE_LIKELY;
        finding.reason = "The file has no signature that this program knows; a signature that "
                         "comes in a file of its own is not looked for.";
    }
    finding_says_number(&finding, "bytes", content->size.value);
    finding_add(state->context, &finding);
}

void install_judge_content(struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    if (content == NULL || !content->size.seen || content->size.value == 0)
        return;
    judge_upload(state, arrival);
    judge_boot(state, arrival);
    if (content->class == CONTENT_ENCRYPTED && content->encrypted == TRUTH_YES) {
        judge_encrypted(state, arrival);
        judge_weakness(state, arrival);
        judge_origin(state, arrival);
        judge_recipients(state, arrival);
        return;
    }
    if (!is_readable_configuration(content))
        return;
    judge_cleartext(state, arrival);
    if (content->secrets.value > 0 || content->class == CONTENT_KEY)
        judge_secrets(state, arrival);
    if (content->class != CONTENT_SCRIPT) /* told as install.boot-image */
        judge_origin(state, arrival);
}
