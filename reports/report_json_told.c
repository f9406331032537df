/* report_json_told.c: what analyzers made, in the JSON report, by the rows of the observations: what is below one name
 * becomes an object, lists below one name an array of objects. */
#include "reports/report_json_parts.h"

#include "analysis/blast_radius.h"
#include "analysis/covert_report.h"
#include "analysis/install_transaction.h"
#include "analysis/iot_profile.h"
#include "analysis/link_report.h"
#include "analysis/link_tie.h"
#include "analysis/places.h"
#include "analysis/psk_use.h"
#include "analysis/session_mix.h"
#include "core/memory.h"
#include "reports/report.h"
#include "reports/text.h"

#include <json-c/json.h>
#include <string.h>

static const struct report_section sections[] = {
    {"install", "transactions", "perpass.install.", &observation_install_transaction},
    {"blast_radius", "secrets", "perpass.blast.", &observation_blast_radius},
    {"iot_profile", "endpoints", "perpass.iot.", &observation_iot_profile},
    {"places", "places", "perpass.place.", &observation_place_summary},
    {"session_mix", "summaries", "perpass.mix.", &observation_session_mix},
    {"covert", "fields", "perpass.covert.", &observation_covert_capacity},
    {"covert_endpoints", "endpoints", "perpass.covert.", &observation_covert_endpoint},
    {"linkability", "summaries", "perpass.link.", &observation_link_summary},
    {"link_ties", "ties", "perpass.tie.", &observation_link_tie},
    {"psk_uses", "identities", "perpass.psk_use.", &observation_psk_use},
};

/* Without memory for all of it the report does not appear: core/memory.h. */
static void put_in(json_object *object, const char *name, json_object *value)
{
    if (object != NULL && value != NULL && json_object_object_add(object, name, value) == 0)
        return;
    memory_note_refused();
    json_object_put(value);
}

static void append(json_object *array, json_object *value)
{
    if (array != NULL && value != NULL && json_object_array_add(array, value) == 0)
        return;
    memory_note_refused();
    json_object_put(value);
}

/* What is shown, or NULL where there is nothing to show. */
static json_object *shown_json(const struct shown *shown)
{
    char text[TEXT_SMALL];
    switch (shown->type) {
    case SHOWN_TRUTH:
        return memory_made(json_object_new_boolean(shown->truth));
    case SHOWN_NUMBER:
        return memory_made(json_object_new_uint64(shown->number));
    case SHOWN_TIME:
        return memory_made(json_object_new_string(text_time(shown->number, text)));
    case SHOWN_TEXT:
        return memory_made(json_object_new_string_len(shown->text, (int)shown->len));
    case SHOWN_NOTHING:
        break;
    }
    return NULL;
}

static json_object *value_json(const struct field *field, const struct value *value,
                               struct redactor *redactor)
{
    struct shown shown = redact(redactor, value, field->privacy, field->kind);
    if (shown.type == SHOWN_NUMBER && field->name_of != NULL) {
        const char *name = field->name_of(shown.number);
        if (name != NULL)
            return memory_made(json_object_new_string(name));
    }
    /* A list of names has an empty one where there is none. */
    if (shown.type == SHOWN_TEXT && shown.len == 0)
        return NULL;
    return shown_json(&shown);
}

/* The member |name| of |object|, made by |make| when it is not there. */
static json_object *member(json_object *object, const char *name, size_t len,
                           json_object *(*make)(void))
{
    char key[64];
    json_object *found = NULL;
    if (len >= sizeof key)
        len = sizeof key - 1;
    memcpy(key, name, len);
    key[len] = '\0';
    if (object == NULL || json_object_object_get_ex(object, key, &found))
        return found;
    found = memory_made(make());
    put_in(object, key, found);
    return json_object_object_get(object, key);
}

/* A list below a name: its items go to the objects of an array, one each. */
static void add_column(json_object *rows, const char *key, const struct field *field,
                       const void *data, struct redactor *redactor)
{
    struct value item;
    size_t at = 0;
    for (struct reader list = field_list_begin(field, data);
         rows != NULL && field_list_next(field, &list, &item); at++) {
        if (at == json_object_array_length(rows))
            append(rows, memory_made(json_object_new_object()));
        json_object *value = value_json(field, &item, redactor);
        if (value != NULL)
            put_in(json_object_array_get_idx(rows, at), key, value);
    }
}

static json_object *list_json(const struct field *field, const void *data,
                              struct redactor *redactor)
{
    struct value item;
    json_object *array = memory_made(json_object_new_array());
    for (struct reader list = field_list_begin(field, data);
         field_list_next(field, &list, &item);) {
        json_object *value = value_json(field, &item, redactor);
        if (value != NULL)
            append(array, value);
    }
    return array;
}

/* The field named |key|, which may have a dot. */
static void add_field(json_object *object, const char *key, const struct field *field,
                      const void *data, struct redactor *redactor)
{
    const struct value value = field_value(field, data);
    const char *dot = strchr(key, '.');
    bool is_list = field->type == FIELD_LIST;
    if (value.type == VALUE_ABSENT)
        return;
    if (is_list && dot != NULL) {
        add_column(member(object, key, (size_t)(dot - key), json_object_new_array), dot + 1, field,
                   data, redactor);
        return;
    }
    json_object *shown =
        is_list ? list_json(field, data, redactor) : value_json(field, &value, redactor);
    if (shown == NULL)
        return;
    if (dot != NULL)
        object = member(object, key, (size_t)(dot - key), json_object_new_object);
    put_in(object, dot != NULL ? dot + 1 : key, shown);
}

static json_object *told_json(const struct report_section *section,
                              const struct observation *observation, struct redactor *redactor)
{
    json_object *object = memory_made(json_object_new_object());
    const struct observation_type *type = observation->type;
    const size_t len = strlen(section->prefix);
    for (size_t i = 0; i < type->num_fields; i++)
        if (strncmp(type->fields[i].name, section->prefix, len) == 0)
            add_field(object, type->fields[i].name + len, &type->fields[i], observation->data,
                      redactor);
    return object;
}

static void put_value(struct json_writer *json, json_object *value);

static void put_members(struct json_writer *json, json_object *object)
{
    json_writer_object_begin(json);
    json_object_object_foreach(object, name, value)
    {
        report_json_name(json, name);
        put_value(json, value);
    }
    json_writer_object_end(json);
}

static void put_items(struct json_writer *json, json_object *array)
{
    json_writer_array_begin(json);
    for (size_t i = 0; i < json_object_array_length(array); i++)
        put_value(json, json_object_array_get_idx(array, i));
    json_writer_array_end(json);
}

/* Of what was made here there is nothing deeper than a row of a column. */
static void put_value(struct json_writer *json, json_object *value)
{
    if (json_object_is_type(value, json_type_object))
        put_members(json, value);
    else if (json_object_is_type(value, json_type_array))
        put_items(json, value);
    else if (json_object_is_type(value, json_type_boolean))
        json_writer_truth(json, json_object_get_boolean(value));
    else if (json_object_is_type(value, json_type_int))
        json_writer_number(json, json_object_get_uint64(value));
    else
        json_writer_text(json, json_object_get_string(value),
                         (size_t)json_object_get_string_len(value));
}

static void put_section(struct json_writer *json, const struct report_section *section,
                        const struct result *result, struct redactor *redactor)
{
    report_json_name(json, section->member);
    json_writer_object_begin(json);
    report_json_name(json, section->list);
    json_writer_array_begin(json);
    for (size_t i = 0; i < result->num_told; i++) {
        if (result->told[i]->type != section->type)
            continue;
        json_object *told = told_json(section, result->told[i], redactor);
        put_value(json, told);
        json_object_put(told);
    }
    json_writer_array_end(json);
    json_writer_object_end(json);
}

const struct report_section *report_section_at(size_t index)
{
    return index < sizeof sections / sizeof sections[0] ? &sections[index] : NULL;
}

void report_json_told(struct json_writer *json, const struct result *result,
                      struct redactor *redactor)
{
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        put_section(json, &sections[i], result, redactor);
}

const char *report_json_library(void)
{
    return json_c_version();
}
