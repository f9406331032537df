/* report_install.c: installs of devices as text. What of them is shown, and how, their rows say. */
#include "reports/report_install.h"

#include "analysis/install_transaction.h"
#include "reports/report.h"
#include "reports/sentence.h"
#include "reports/text.h"

#include <assert.h>
#include <inttypes.h>

struct report_installs report_installs(const struct result *result)
{
    struct report_installs installs = {.readable = 0};
    for (size_t i = 0; i < result->num_told; i++) {
        const struct install_transaction *told = result->told[i]->data;
        if (result->told[i]->type != &observation_install_transaction)
            continue;
        installs.readable += told->encrypted == TRUTH_NO;
        installs.encrypted += told->encrypted == TRUTH_YES;
        installs.tls += told->encrypted == TRUTH_UNKNOWN && told->tls == TRUTH_YES;
        installs.unseen += told->encrypted == TRUTH_UNKNOWN && told->tls != TRUTH_YES;
    }
    return installs;
}

static const struct field *row(const char *name)
{
    const struct observation_type *type = &observation_install_transaction;
    for (size_t i = 0; i < type->num_fields; i++)
        if (strcmp(type->fields[i].name + strlen("perpass.install."), name) == 0)
            return &type->fields[i];
    assert(0 && "an install has no such field");
    return NULL;
}

static void add_value(struct sentence *sentence, struct redactor *redactor,
                      const struct field *field, const struct value *value)
{
    struct shown shown = redact(redactor, value, field->privacy, field->kind);
    const char *name =
        shown.type == SHOWN_NUMBER && field->name_of != NULL ? field->name_of(shown.number) : NULL;
    char text[128];
    if (name != NULL) {
        sentence_add(sentence, "%s", name);
    } else if (shown.type == SHOWN_NUMBER) {
        sentence_add(sentence, "%" PRIu64, shown.number);
    } else if (shown.type == SHOWN_TEXT) {
        text_cut(shown.len > 0 ? shown.text : "(no name)", 100, text, sizeof text);
        sentence_add(sentence, "%s", text);
    }
}

/* Adds |before| and the value, where there is one. */
static void add_row(struct sentence *sentence, struct redactor *redactor,
                    const struct install_transaction *told, const char *before, const char *name)
{
    const struct field *field = row(name);
    const struct value value = field_value(field, told);
    if (value.type == VALUE_ABSENT)
        return;
    sentence_add(sentence, "%s", before);
    add_value(sentence, redactor, field, &value);
}

/* Adds |before| and the items, where there are any. */
static void add_list(struct sentence *sentence, struct redactor *redactor,
                     const struct install_transaction *told, const char *before, const char *name)
{
    const struct field *field = row(name);
    struct value item;
    for (struct reader list = field_list_begin(field, told);
         field_list_next(field, &list, &item);) {
        sentence_add(sentence, "%s", before);
        add_value(sentence, redactor, field, &item);
        before = ", ";
    }
}

/* "device 00-00-5E-00-53-01, 192.0.2.7, at 2024-05-01 10:00:00Z for 12 s, packets 1 to 90" */
static void describe_device(struct sentence *sentence, struct redactor *redactor,
                            const struct install_transaction *told)
{
    char text[TEXT_SMALL];
    sentence_add(sentence, "device");
    add_row(sentence, redactor, told, " ", "device.mac");
    add_row(sentence, redactor, told, " ", "device.address");
    add_row(sentence, redactor, told, ", serial number ", "device.serial");
    add_row(sentence, redactor, told, ", host ", "device.host");
    sentence_add(sentence, ": %s", text_second(told->started_ns.value, text));
    if (told->ended_ns.value > told->started_ns.value)
        sentence_add(sentence, " for %s",
                     text_duration(told->ended_ns.value - told->started_ns.value, text));
    if (told->first_packet.seen)
        sentence_add(sentence, ", packets %" PRIu64 " to %" PRIu64, told->first_packet.value,
                     told->last_packet.value);
}

static void describe_servers(struct sentence *sentence, struct redactor *redactor,
                             const struct install_transaction *told)
{
    add_list(sentence, redactor, told, "DHCP by ", "dhcp_servers");
    add_row(sentence, redactor, told, sentence->len > 0 ? ", boot file " : "boot file ",
            "boot_file");
    add_list(sentence, redactor, told, sentence->len > 0 ? ", files by " : "files by ", "servers");
    if (told->tls == TRUTH_YES)
        sentence_add(sentence, "%sTLS with a server that DHCP named",
                     sentence->len > 0 ? ", " : "");
}

/* The files, each with what became of it: the columns are walked together. */
static void describe_files(struct sentence *sentence, struct redactor *redactor,
                           const struct install_transaction *told)
{
    static const char *const columns[] = {"files.name", "files.outcome", "files.class",
                                          "files.secrets"};
    enum { NAME, OUTCOME, CLASS, SECRETS, NUM };
    const struct field *fields[NUM];
    struct reader lists[NUM];
    struct value items[NUM];
    for (size_t i = 0; i < NUM; i++) {
        fields[i] = row(columns[i]);
        lists[i] = field_list_begin(fields[i], told);
    }
    for (const char *before = "";; before = ", ") {
        for (size_t i = 0; i < NUM; i++)
            if (!field_list_next(fields[i], &lists[i], &items[i]))
                return;
        sentence_add(sentence, "%s", before);
        add_value(sentence, redactor, fields[NAME], &items[NAME]);
        sentence_add(sentence, " ");
        add_value(sentence, redactor, fields[OUTCOME], &items[OUTCOME]);
        if (items[CLASS].number == 0)
            continue;
        sentence_add(sentence, " (");
        add_value(sentence, redactor, fields[CLASS], &items[CLASS]);
        if (items[SECRETS].number > 0)
            sentence_add(sentence, ", %" PRIu64 " %s", items[SECRETS].number,
                         items[SECRETS].number == 1 ? "secret" : "secrets");
        sentence_add(sentence, ")");
    }
}

void report_install_words(struct report_install *install, const struct install_transaction *told,
                          struct redactor *redactor)
{
    *install = (struct report_install){.device = {.len = 0}};
    describe_device(&install->device, redactor, told);
    describe_servers(&install->servers, redactor, told);
    describe_files(&install->files, redactor, told);
}

void report_text_installs(FILE *out, const struct result *result, struct redactor *redactor,
                          unsigned width)
{
    if (report_num_told(result, &observation_install_transaction) > 0)
        fputs("\nInstalls of devices\n", out);
    for (size_t i = 0; i < result->num_told; i++) {
        const struct install_transaction *told = result->told[i]->data;
        struct report_install install;
        struct sentence device = {.len = 0};
        if (result->told[i]->type != &observation_install_transaction)
            continue;
        report_install_words(&install, told, redactor);
        sentence_add(&device, "- %s", install.device.text);
        text_wrap(out, device.text, 0, width, 0);
        text_wrap(out, install.servers.text, 2, width, 0);
        text_wrap(out, install.files.text, 2, width, 0);
    }
}
