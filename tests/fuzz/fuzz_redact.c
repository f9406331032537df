/* fuzz_redact.c: values of the wire on their way through the redactor to every output. The input's first byte says the
 * policy (low two bits), the scheme of addresses (bit 2), epochs (bit 3), and whether reports are written, too (the
 * upper four bits are set); the second and third the class and the type of a value, the fourth the type of an observation, the
 * fifth where in the value the mark stands; the rest is the value. What the policy hides must not show the mark in any
 * form, and what is shown must harm no terminal. */
#include "core/flow.h"
#include "reports/event_plan.h"
#include "reports/sink.h"
#include "reports/text_safe.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/mark_search.h"

#include <stdlib.h>

enum { HEAD = 5, MAX_VALUE = 4096, REPORTS = 0xf0 };

static const char mark[] = "mArKzQ9xVw7k";

/* A redactor of one policy, and what writes its events. */
struct shelf {
    struct redactor *redactor;
    struct event_writer *writer;
    FILE *out;
    char *text;
    size_t len;
};

/* What an input stands for. */
struct fuzz {
    struct shelf *shelf;
    enum privacy_policy policy;
    const struct observation_type *type;
    enum privacy privacy;
    enum value_type value_type;
    uint8_t value[MAX_VALUE + sizeof mark];
    size_t len;
    bool reports;
};

static bool is_text(enum value_type type)
{
    return type == VALUE_BYTES || type == VALUE_STRING;
}

static bool is_hidden(const struct fuzz *fuzz, enum privacy privacy)
{
    static const enum privacy shown_up_to[] = {[POLICY_STRICT] = PRIVACY_PUBLIC,
                                               [POLICY_INTERNAL] = PRIVACY_NAME,
                                               [POLICY_RAW] = PRIVACY_IDENTIFIER};
    return privacy > shown_up_to[fuzz->policy];
}

static bool gives_away(const void *output, size_t len)
{
    return mark_is_found(span_of(output, len), span_text(mark), VALUE_BYTES);
}

/* One value: what is shown of it is decided by its class and the policy alone. */
static void check_value(struct fuzz *fuzz, enum value_type type)
{
    static const char *const kinds[] = {
        [PRIVACY_NAME] = "host", [PRIVACY_IDENTIFIER] = "psk", [PRIVACY_CONTENT] = NULL};
    const struct value value = {.type = type, .bytes = span_of(fuzz->value, fuzz->len)};
    const struct shown shown =
        redact(fuzz->shelf->redactor, &value, fuzz->privacy, kinds[fuzz->privacy]);
    if (shown.type == SHOWN_NOTHING)
        return;
    assert(shown.type == SHOWN_TEXT && strlen(shown.text) == shown.len);
    assert(text_safe_is_visible(span_of(shown.text, shown.len)));
    assert(fuzz->privacy != PRIVACY_CONTENT);
    if (is_text(type) && is_hidden(fuzz, fuzz->privacy))
        assert(shown.token && !gives_away(shown.text, shown.len));
    else if (type == VALUE_STRING && fuzz->len < 200)
        assert(gives_away(shown.text, shown.len)); /* else the search would find nothing */
}

static void check_address(struct fuzz *fuzz)
{
    const bool mac = fuzz->value_type == VALUE_MAC;
    const size_t len = fuzz->value[0] & 1 ? (mac ? 6 : 4) : (mac ? 8 : 16);
    const struct value value = {.type = fuzz->value_type, .bytes = span_of(fuzz->value + 1, len)};
    const struct shown shown = redact(fuzz->shelf->redactor, &value, PRIVACY_ADDRESS, NULL);
    assert(shown.type == SHOWN_TEXT && strlen(shown.text) == shown.len);
    assert(text_safe_is_visible(span_of(shown.text, shown.len)));
    assert(!shown.token || is_hidden(fuzz, PRIVACY_ADDRESS));
    /* Addresses of special ranges stay as they are; those of 2000::/3 are of hosts. */
    if (len == 16 && value.bytes.at[0] >> 5 == 1 && is_hidden(fuzz, PRIVACY_ADDRESS))
        assert(shown.token &&
               !mark_is_found(span_of(shown.text, shown.len), value.bytes, VALUE_ADDRESS));
}

/* Every member of an observation that holds bytes of a class that is hidden has the value. */
static void fill(const struct fuzz *fuzz, uint8_t *data)
{
    for (size_t i = 0; i < fuzz->type->num_fields; i++) {
        const struct field *field = &fuzz->type->fields[i];
        const bool bytes = field->type == FIELD_BYTES || field->type == FIELD_STRING ||
                           (field->type == FIELD_LIST &&
                            (field->item == VALUE_BYTES || field->item == VALUE_STRING));
        if (bytes && is_hidden(fuzz, field->privacy))
            *(struct span *)(void *)(data + field->offset) = span_of(fuzz->value, fuzz->len);
    }
}

/* Members that are shown, too, cannot be told from those that are hidden: they are as they were. */
static void drop_shown(const struct fuzz *fuzz, uint8_t *data)
{
    for (size_t i = 0; i < fuzz->type->num_fields; i++) {
        const struct field *field = &fuzz->type->fields[i];
        if ((field->type == FIELD_BYTES || field->type == FIELD_STRING ||
             field->type == FIELD_LIST) &&
            !is_hidden(fuzz, field->privacy))
            *(struct span *)(void *)(data + field->offset) = (struct span){.at = NULL};
    }
}

static void check_output(const char *text, size_t len)
{
    if (gives_away(text, len)) {
        fprintf(stderr, "%.*s\n", (int)len, text);
        abort();
    }
}

/* Where events go: made once, as a writer makes the plans of all events. */
static struct shelf *shelf_new(const struct redact_options *options)
{
    static const struct event_options all = {.flows = true, .observations = true};
    struct error error;
    struct shelf *shelf = calloc(1, sizeof *shelf);
    assert(shelf != NULL);
    shelf->redactor = redactor_new(options, &error);
    shelf->out = open_memstream(&shelf->text, &shelf->len);
    assert(shelf->redactor != NULL && shelf->out != NULL);
    shelf->writer = event_writer_new(shelf->out, &all, shelf->redactor, &error);
    assert(shelf->writer != NULL);
    return shelf;
}

static void check_events(struct fuzz *fuzz, const struct flow *flow, const void *data)
{
    const struct observation observation = {
        .type = fuzz->type, .data = data, .flow = flow, .packet = 1};
    struct shelf *shelf = fuzz->shelf;
    rewind(shelf->out);
    event_writer_observation(shelf->writer, &observation);
    event_writer_flush(shelf->writer);
    fflush(shelf->out);
    check_output(shelf->text, shelf->len);
}

static void check_reports(struct fuzz *fuzz, const struct result *result)
{
    const struct report_style style = {.width = 100};
    struct error error;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert(out != NULL);
    for (size_t i = 0; report_formats[i] != NULL; i++)
        assert(report_formats[i]->write(out, result, fuzz->shelf->redactor, &style, &error));
    fclose(out);
    check_output(text, len);
    free(text);
}

/* A finding about the value, with the value as its evidence. */
static void check_finding(struct fuzz *fuzz, const struct flow *flow)
{
    const struct span bytes = span_of(fuzz->value, fuzz->len);
    struct evidence evidence = {
        "identity", PRIVACY_IDENTIFIER, "psk", {.type = VALUE_BYTES, .bytes = bytes}};
    struct finding finding = {.rule = rule_find("psk.identity-cleartext"),
                              .severity = SEVERITY_HIGH,
                              .confidence = CONFIDENCE_CERTAIN,
                              .reason = "reason",
                              .subject = SUBJECT_IDENTITY,
                              .subject_bytes = bytes,
                              .client = flow->ends[1],
                              .server = flow->ends[0],
                              .ip_version = 4,
                              .protocol = PROTO_TCP,
                              .transport = "tls",
                              .packet = 1,
                              .count = 1,
                              .evidence = &evidence,
                              .num_evidence = 1};
    const struct result result = {.findings = &finding,
                                  .num_findings = 1,
                                  .version = "0",
                                  .privacy_policy = privacy_policy_name(fuzz->policy)};
    if (fuzz->policy != POLICY_RAW)
        check_reports(fuzz, &result);
}

static bool begin(struct fuzz *fuzz, const uint8_t *data, size_t size)
{
    static const enum value_type types[] = {VALUE_BYTES, VALUE_STRING, VALUE_ADDRESS, VALUE_MAC};
    static size_t num_types;
    while (event_type_at(num_types) != NULL)
        num_types++;
    if (size < HEAD || size - HEAD > MAX_VALUE)
        return false;
    fuzz->policy = (data[0] & 3) % 3;
    fuzz->privacy = PRIVACY_PUBLIC + data[1] % PRIVACY_CONTENT;
    fuzz->value_type = types[data[2] % 4];
    fuzz->type = event_type_at(data[3] % num_types);
    fuzz->reports = (data[0] & REPORTS) == REPORTS;
    fuzz->len = size - HEAD;
    const size_t at = data[4] < fuzz->len ? data[4] : fuzz->len;
    memcpy(fuzz->value, data + HEAD, at);
    memcpy(fuzz->value + at, mark, strlen(mark));
    memcpy(fuzz->value + at + strlen(mark), data + HEAD + at, fuzz->len - at);
    fuzz->len += strlen(mark);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct shelf *shelves[3][2][2];
    static struct fuzz fuzz;
    const struct flow flow = {.ip_version = 4,
                              .protocol = PROTO_TCP,
                              .client = 1,
                              .ends = {{.address = {192, 0, 2, 1}, .port = 443},
                                       {.address = {192, 0, 2, 2}, .port = 50000}}};
    if (!begin(&fuzz, data, size))
        return 0;
    struct shelf **shelf = &shelves[fuzz.policy][data[0] >> 2 & 1][data[0] >> 3 & 1];
    if (*shelf == NULL)
        *shelf = shelf_new(
            &(struct redact_options){.policy = fuzz.policy,
                                     .scheme = data[0] & 4 ? SCHEME_CRYPTO_PAN : SCHEME_IPCRYPT_PFX,
                                     .epoch = data[0] & 8 ? EPOCH_DAY : EPOCH_NEVER});
    fuzz.shelf = *shelf;
    if (is_text(fuzz.value_type))
        check_value(&fuzz, fuzz.value_type);
    else
        check_address(&fuzz);
    void *observed = calloc(1, fuzz.type->size);
    assert(observed != NULL);
    fill(&fuzz, observed);
    drop_shown(&fuzz, observed);
    check_events(&fuzz, &flow, observed);
    free(observed);
    if (fuzz.reports)
        check_finding(&fuzz, &flow);
    return 0;
}
