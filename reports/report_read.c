/* report_read.c: a report in JSON (report_json.c) back into the structs that it was written from. */
#include "reports/report_read.h"

#include "reports/report.h"
#include "reports/report_read_told.h"

#include <errno.h>
#include <json-c/json_visit.h>
#include <stdlib.h>
#include <string.h>

/* --- the file --- */

/* The whole file, for the caller to free. */
static char *read_file(FILE *in, const char *path, size_t *len, struct error *error)
{
    size_t room = 1 << 16, got;
    char *text = malloc(room);
    for (*len = 0; text != NULL; *len += got) {
        if (*len == room) {
            char *more = realloc(text, room * 2);
            if (more == NULL)
                break;
            text = more;
            room *= 2;
        }
        got = fread(text + *len, 1, room - *len, in);
        if (*len + got > REPORT_READ_MOST_BYTES) {
            error_set(error, "%s is larger than %d MiB, the most that is read of a report", path,
                      REPORT_READ_MOST_BYTES >> 20);
            free(text);
            return NULL;
        }
        if (got == 0 && ferror(in)) {
            error_set(error, "%s cannot be read: %s", path, strerror(errno));
            free(text);
            return NULL;
        }
        if (got == 0)
            return text;
    }
    free(text);
    error_set(error, "there is no memory for %s", path);
    return NULL;
}

/* What can be counted in a text in JSON, and in what was made of it. */
struct json_marks {
    size_t members, commas, nulls, text; /* text: bytes of all names and strings, without escapes */
};

/* Bytes of UTF-8 that the escape behind a backslash stands for, of a pair of surrogates all with the first; |used|: its
 * own length. RFC 8259 section 7. */
static size_t escaped_len(const char *at, size_t len, size_t *used)
{
    enum { DIGITS = 4 };
    char digits[DIGITS + 1] = "";
    *used = at[0] == 'u' && len > DIGITS ? 1 + DIGITS : 1;
    if (*used == 1)
        return 1;
    memcpy(digits, at + 1, DIGITS);
    const unsigned long code = strtoul(digits, NULL, 16);
    if ((code & 0xf800) == 0xd800)
        return code < 0xdc00 ? 4 : 0;
    return code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
}

static struct json_marks marks_in(const char *text, size_t len)
{
    struct json_marks marks = {.members = 0};
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        size_t used = 0;
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            marks.text +=
                c == '\\' && i + 1 < len ? escaped_len(&text[i + 1], len - i - 1, &used) : 1;
        marks.members += !quoted && c == ':';
        marks.commas += !quoted && c == ',';
        marks.nulls += !quoted && c == 'n';
        i += used;
    }
    return marks;
}

static int note_marks(struct json_object *object, int flags, struct json_object *parent,
                      const char *name, size_t *index, void *context)
{
    struct json_marks *marks = context;
    (void)parent;
    if ((flags & JSON_C_VISIT_SECOND) != 0)
        return JSON_C_VISIT_RETURN_CONTINUE;
    marks->members += name != NULL;
    marks->text += name != NULL ? strlen(name) : 0;
    marks->commas += index != NULL && *index > 0;
    marks->nulls += object == NULL;
    if (json_object_is_type(object, json_type_string))
        marks->text += (size_t)json_object_get_string_len(object);
    if (json_object_is_type(object, json_type_object) && json_object_object_length(object) > 0)
        marks->commas += (size_t)json_object_object_length(object) - 1;
    return JSON_C_VISIT_RETURN_CONTINUE;
}

/* Where json-c gets no memory it may leave out a member or a part of a text, and say nothing; of two members with one
 * name it keeps the last. */
static bool is_whole(const char *text, size_t len, struct json_object *whole)
{
    const struct json_marks written = marks_in(text, len);
    struct json_marks read = {.members = 0};
    return json_c_visit(whole, 0, note_marks, &read) == 0 && read.members == written.members &&
           read.commas == written.commas && read.nulls == written.nulls &&
           read.text == written.text;
}

static struct json_object *parse(const char *text, size_t len, const char *path,
                                 struct error *error)
{
    struct json_tokener *tokener = json_tokener_new_ex(REPORT_READ_DEPTH);
    if (tokener == NULL) {
        error_set(error, "there is no memory for %s", path);
        return NULL;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *whole = json_tokener_parse_ex(tokener, text, (int)len);
    const enum json_tokener_error said = json_tokener_get_error(tokener);
    if (said == json_tokener_continue)
        error_set(error, "%s is no whole report: it ends too early", path);
    else if (said != json_tokener_success)
        error_set(error, "%s is no report in JSON: byte %zu: %s", path,
                  json_tokener_get_parse_end(tokener), json_tokener_error_desc(said));
    json_tokener_free(tokener);
    const bool success = said == json_tokener_success;
    if (success && !is_whole(text, len, whole))
        error_set(error, "%s cannot be read: a member is there twice, or there is no memory", path);
    else if (success && json_object_is_type(whole, json_type_object))
        return whole;
    else if (success)
        error_set(error, "%s is no report of perpass", path);
    json_object_put(whole);
    return NULL;
}

/* --- who wrote it, and under which key --- */

static bool read_tool(struct members *members, struct json_object *whole,
                      struct read_report *report)
{
    uint64_t schema = 0;
    struct json_object *tool = members_object(members, whole, "tool");
    const char *name = members_text(members, tool, "name");
    const bool is_ours = name != NULL && strcmp(name, "perpass") == 0 &&
                         members_number(members, whole, "schema", &schema);
    if (!is_ours && !members->failed) {
        error_set(members->error, "%s is no report of perpass (--report FILE.json)", report->path);
        members->failed = true;
    }
    report->version = members_need_text(members, tool, "version");
    if (members->failed)
        return false;
    if (schema == REPORT_SCHEMA)
        return true;
    return error_set(members->error,
                     "%s is of schema %llu, written by perpass %.40s: this one joins schema %d; "
                     "write the report again with the same version of perpass",
                     report->path, (unsigned long long)schema, report->version, REPORT_SCHEMA);
}

static bool is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

static bool read_privacy(struct members *members, struct json_object *whole,
                         struct read_report *report)
{
    struct json_object *privacy = members_object(members, whole, "privacy");
    const char *policy = members_need_text(members, privacy, "policy");
    const char *key_id = members_text(members, privacy, "key_id");
    const char *epoch = members_text(members, privacy, "epoch");
    const bool kept = members_truth(members, privacy, "key_kept");
    if (policy != NULL && !privacy_policy_parse(policy, &report->policy))
        members_fail(members, "policy", "is none that there is");
    if (key_id != NULL && !is_hex(key_id, 8))
        members_fail(members, "key_id", "is no id of a key");
    if (epoch != NULL && strlen(epoch) >= sizeof report->epoch)
        members_fail(members, "epoch", "is too long");
    if (members->failed)
        return false;
    if (key_id == NULL || !kept)
        return error_set(members->error,
                         "%s was written without --pseudonym-key, under a key that is forgotten: "
                         "nothing in it can be found in another report. Give all sensors one key "
                         "file",
                         report->path);
    snprintf(report->key_id, sizeof report->key_id, "%s", key_id);
    snprintf(report->epoch, sizeof report->epoch, "%s", epoch != NULL ? epoch : "");
    return true;
}

/* --- what was read --- */

static bool read_input(struct members *members, struct json_object *from, struct input_info *input)
{
    const char *sha256 = members_text(members, from, "sha256");
    const char *damage = members_text(members, from, "damage");
    input->path = members_need_text(members, from, "path");
    input->format = members_text(members, from, "format");
    members_number(members, from, "size", &input->size);
    members_number(members, from, "frames", &input->frames);
    members_number(members, from, "filtered", &input->filtered);
    members_number(members, from, "dropped", &input->dropped);
    members_number(members, from, "unfit", &input->unfit);
    members_number(members, from, "mended", &input->mended);
    members_number(members, from, "freezes", &input->freezes);
    members_number(members, from, "outages", &input->outages);
    members_number(members, from, "adapter_stamped", &input->adapter_stamped);
    members_time(members, from, "first", &input->first_ns);
    members_time(members, from, "last", &input->last_ns);
    if (sha256 != NULL && !is_hex(sha256, sizeof input->sha256 - 1))
        members_fail(members, "sha256", "is no such sum");
    else if (sha256 != NULL)
        memcpy(input->sha256, sha256, sizeof input->sha256);
    if (damage != NULL)
        snprintf(input->damage, sizeof input->damage, "%s", damage);
    return !members->failed;
}

static bool read_inputs(struct members *members, struct json_object *whole,
                        struct read_report *report)
{
    struct json_object *inputs = members_array(members, whole, "inputs");
    if (inputs == NULL)
        return members_fail(members, "inputs", "is not there");
    report->num_inputs = json_object_array_length(inputs);
    if (report->num_inputs > REPORT_READ_MOST_INPUTS)
        return members_fail(members, "inputs", "are too many");
    report->inputs = store_room(members->store, report->num_inputs * sizeof report->inputs[0] + 1);
    for (size_t i = 0; report->inputs != NULL && i < report->num_inputs; i++)
        if (!read_input(members, json_object_array_get_idx(inputs, i), &report->inputs[i]))
            return false;
    return report->inputs != NULL;
}

static bool read_looked_for(struct members *members, struct json_object *whole,
                            struct read_report *report)
{
    struct json_object *looked_for = members_object(members, whole, "looked_for");
    const char *least = members_need_text(members, looked_for, "least_severity");
    struct json_object *left_out = members_array(members, looked_for, "left_out");
    if (least != NULL && !severity_parse(least, &report->min_severity))
        members_fail(members, "least_severity", "is none that there is");
    memset(report->ran, true, sizeof report->ran);
    for (size_t i = 0; left_out != NULL && i < json_object_array_length(left_out); i++) {
        const char *id =
            members_is_text(members, json_object_array_get_idx(left_out, i), "left_out");
        const struct rule *rule = id != NULL ? rule_find(id) : NULL;
        if (rule != NULL)
            report->ran[rule_id_of(rule)] = false;
    }
    return !members->failed;
}

static bool read_statistics(struct members *members, struct json_object *whole,
                            struct read_report *report)
{
    struct json_object *statistics = members_object(members, whole, "statistics");
    struct json_object *engine = members_object(members, statistics, "engine");
    struct json_object *analysis = members_object(members, statistics, "analysis");
    if (engine == NULL || analysis == NULL)
        return members_fail(members, "statistics", "is not there");
#define ENGINE_STAT(name, about) members_number(members, engine, #name, &report->engine.name);
#include "core/engine_stats.def"
#undef ENGINE_STAT
#define ANALYSIS_STAT(name, about) members_number(members, analysis, #name, &report->analysis.name);
#include "analysis/analysis_stats.def"
#undef ANALYSIS_STAT
    return !members->failed;
}

bool report_read(FILE *in, const char *path, struct store *store, struct read_report *report,
                 struct error *error)
{
    size_t len;
    struct members members = {.store = store, .path = path, .error = error};
    *report = (struct read_report){.path = path};
    char *text = read_file(in, path, &len, error);
    if (text == NULL)
        return false;
    struct json_object *whole = parse(text, len, path, error);
    bool ok = whole != NULL && (crypto_sha256(span_of(text, len), report->sha256) ||
                                error_set(error, "libcrypto cannot compute a SHA-256"));
    free(text);
    ok = ok && read_tool(&members, whole, report) && read_privacy(&members, whole, report) &&
         read_inputs(&members, whole, report) && read_looked_for(&members, whole, report) &&
         read_statistics(&members, whole, report) &&
         report_read_findings(&members, whole, report) && report_read_told(&members, whole, report);
    json_object_put(whole);
    if (ok && store->failed)
        ok = error_set(error, "there is no memory for %s", path);
    return ok;
}
