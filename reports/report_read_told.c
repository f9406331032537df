/* report_read_told.c: what analyzers made, out of a report: by the rows of the observations, as report_json_told.c wrote
 * it. A list is put into the form that its walker reads, which is found by trying. */
#include "reports/report_read_told.h"

#include "analysis/told.h"
#include "reports/report_json_parts.h"

#include <string.h>

static const struct flow no_flow; /* reports do not tell the conversation */

/* The number of which |name| is the name. */
static bool number_of_name(const struct field *field, const char *name, uint64_t *number)
{
    for (uint64_t code = 0; code <= UINT16_MAX; code++) {
        const char *known = field->name_of(code);
        if (known != NULL && strcmp(known, name) == 0) {
            *number = code;
            return true;
        }
    }
    return false;
}

/* The value of |type| that |from| shows. */
static bool read_value(struct members *members, const struct field *field, enum value_type type,
                       struct json_object *from, struct value *value)
{
    *value = (struct value){.type = type};
    if (type == VALUE_BOOL) {
        value->truth = json_object_get_boolean(from);
        return json_object_is_type(from, json_type_boolean) ||
               members_fail(members, field->name, "is neither true nor false");
    }
    if (type == VALUE_TIME)
        return members_is_time(members, from, field->name, &value->number);
    if (type == VALUE_NUMBER && !json_object_is_type(from, json_type_string))
        return members_is_number(members, from, field->name, &value->number);
    const char *text = members_is_text(members, from, field->name);
    if (text == NULL)
        return false;
    if (type == VALUE_NUMBER)
        return (field->name_of != NULL && number_of_name(field, text, &value->number)) ||
               members_fail(members, field->name, "has a name that there is not");
    value->text = text;
    value->bytes = span_text(text);
    if (type == VALUE_ADDRESS || type == VALUE_MAC) {
        value->bytes = members_address(members, text, type == VALUE_MAC);
        return span_seen(value->bytes) || members_fail(members, field->name, "is no address");
    }
    return true;
}

/* --- lists --- */

enum form { FORM_U8, FORM_U64, FORM_VEC8, FORM_VEC16, NUM_FORMS };

static size_t length_in(enum form form, const struct value *value)
{
    switch (form) {
    case FORM_U8:
        return 1;
    case FORM_U64:
        return 8;
    case FORM_VEC8:
        return 1 + value->bytes.len;
    default:
        return 2 + value->bytes.len;
    }
}

static size_t put_number(uint8_t *at, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    return width;
}

static size_t put_in(enum form form, const struct value *value, uint8_t *at)
{
    if (form == FORM_U8 || form == FORM_U64)
        return put_number(at, value->number, length_in(form, value));
    const size_t head = put_number(at, value->bytes.len, form == FORM_VEC8 ? 1 : 2);
    if (value->bytes.len > 0)
        memcpy(at + head, value->bytes.at, value->bytes.len);
    return head + value->bytes.len;
}

/* Whether the walker of |field| reads |value| back out of |form|, and nothing else. */
static bool reads_back(const struct field *field, enum form form, const struct value *value)
{
    uint8_t bytes[32];
    struct value item = {.type = field->item};
    const struct value probe = {.number = value->number,
                                .bytes = value->bytes.len <= 16 ? value->bytes
                                                                : span_of(value->bytes.at, 16)};
    const size_t len = put_in(form, &probe, bytes);
    struct reader list = reader_of(span_of(bytes, len));
    field->next(&list, &item);
    if (!reader_ok(&list) || reader_more(&list))
        return false;
    if (form == FORM_U8 || form == FORM_U64)
        return item.number == probe.number;
    return item.type == VALUE_ABSENT ? probe.bytes.len == 0 : span_equal(item.bytes, probe.bytes);
}

/* What stands for an item that is not there, or for one that tells the form. */
static struct value sample(const struct field *field, bool empty)
{
    static const char bytes[] = "0123456789abcdef";
    const bool address = field->item == VALUE_ADDRESS;
    return (struct value){.type = field->item,
                          .number = empty ? 0 : 1,
                          .bytes = span_of(bytes, empty     ? 0
                                                  : address ? 4
                                                            : 6)};
}

static bool form_of(struct members *members, const struct field *field, enum form *form)
{
    const bool number = field->item == VALUE_NUMBER || field->item == VALUE_TIME;
    const struct value some = sample(field, false);
    for (int i = number ? FORM_U8 : FORM_VEC8; i < (number ? FORM_VEC8 : NUM_FORMS); i++) {
        if (reads_back(field, (enum form)i, &some)) {
            *form = (enum form)i;
            return true;
        }
    }
    return members_fail(members, field->name, "cannot be read back");
}

static bool fits(enum form form, const struct value *value)
{
    switch (form) {
    case FORM_U8:
        return value->number <= UINT8_MAX;
    case FORM_VEC8:
        return value->bytes.len <= UINT8_MAX;
    case FORM_VEC16:
        return value->bytes.len <= UINT16_MAX;
    default:
        return true;
    }
}

/* |from| is a list of values or, with |column|, of objects that have one each, perhaps. */
static bool read_list(struct members *members, const struct field *field, struct json_object *from,
                      const char *column, struct span *list)
{
    const size_t num = json_object_array_length(from);
    enum form form = FORM_U8; /* gcc does not see that it is set wherever it is used */
    struct value *values = store_room(members->store, num * sizeof values[0] + 1);
    size_t len = 0;
    if (values == NULL || !form_of(members, field, &form))
        return false;
    for (size_t i = 0; i < num; i++) {
        struct json_object *item = json_object_array_get_idx(from, i);
        struct json_object *found = column != NULL ? NULL : item;
        if (column != NULL && json_object_is_type(item, json_type_object))
            (void)json_object_object_get_ex(item, column, &found);
        values[i] = sample(field, true);
        if (found != NULL && !read_value(members, field, field->item, found, &values[i]))
            return false;
        if (!fits(form, &values[i]))
            return members_fail(members, field->name, "is too long or too great");
        len += length_in(form, &values[i]);
    }
    uint8_t *bytes = store_room(members->store, len + 1);
    if (bytes == NULL)
        return false;
    *list = span_of(bytes, len);
    for (size_t i = 0; i < num; i++)
        bytes += put_in(form, &values[i], bytes);
    return true;
}

/* --- members --- */

static struct span *span_at(const struct field *field, void *data)
{
    return (struct span *)(void *)((uint8_t *)data + field->offset);
}

static bool read_scalar(struct members *members, const struct field *field,
                        struct json_object *from, void *data)
{
    void *at = (uint8_t *)data + field->offset;
    static const enum value_type types[] = {
        [FIELD_TRUTH] = VALUE_BOOL,      [FIELD_NUMBER] = VALUE_NUMBER,
        [FIELD_TIME] = VALUE_TIME,       [FIELD_TEXT] = VALUE_TEXT,
        [FIELD_BYTES] = VALUE_BYTES,     [FIELD_STRING] = VALUE_STRING,
        [FIELD_ADDRESS] = VALUE_ADDRESS, [FIELD_MAC] = VALUE_MAC};
    struct value value;
    if (!read_value(members, field, types[field->type], from, &value))
        return false;
    switch (field->type) {
    case FIELD_TRUTH: {
        const enum truth is = truth(value.truth);
        memcpy(at, &is, sizeof is);
        break;
    }
    case FIELD_NUMBER:
    case FIELD_TIME: {
        const struct number is = number(value.number);
        memcpy(at, &is, sizeof is);
        break;
    }
    case FIELD_TEXT:
        memcpy(at, &value.text, sizeof value.text);
        break;
    default:
        *span_at(field, data) = value.bytes;
        break;
    }
    return true;
}

/* The member named |key|, which may have a dot; a list behind one is a column of an array of objects. */
static bool read_field(struct members *members, const struct field *field, const char *key,
                       struct json_object *from, void *data)
{
    const char *dot = strchr(key, '.');
    char first[64];
    struct json_object *found = NULL;
    const size_t len = dot != NULL ? (size_t)(dot - key) : strlen(key);
    snprintf(first, sizeof first, "%.*s", (int)len, key);
    if (!json_object_object_get_ex(from, first, &found) || field->type == FIELD_DERIVED)
        return true;
    const bool list = field->type == FIELD_LIST;
    if (list && span_seen(*span_at(field, data))) /* another row told it, in other words */
        return true;
    if (list && json_object_is_type(found, json_type_array))
        return read_list(members, field, found, dot != NULL ? dot + 1 : NULL, span_at(field, data));
    if (list)
        return members_fail(members, field->name, "is no list");
    if (dot != NULL && !json_object_is_type(found, json_type_object))
        return members_fail(members, field->name, "is in no object");
    if (dot != NULL && !json_object_object_get_ex(found, dot + 1, &found))
        return true;
    return read_scalar(members, field, found, data);
}

static bool read_observation(struct members *members, const struct report_section *section,
                             struct json_object *from, struct read_report *report)
{
    const struct observation_type *type = section->type;
    const size_t len = strlen(section->prefix);
    struct observation *told = store_room(members->store, sizeof *told);
    void *data = store_room(members->store, type->size);
    if (told == NULL || data == NULL)
        return false;
    if (!json_object_is_type(from, json_type_object))
        return members_fail(members, section->member, "has something that is no object");
    for (size_t i = 0; i < type->num_fields; i++)
        if (strncmp(type->fields[i].name, section->prefix, len) == 0 &&
            !read_field(members, &type->fields[i], type->fields[i].name + len, from, data))
            return false;
    *told = (struct observation){.type = type, .data = data, .flow = &no_flow};
    report->told[report->num_told++] = told;
    return true;
}

static struct json_object *list_of(struct members *members, struct json_object *whole,
                                   const struct report_section *section)
{
    return members_array(members, members_object(members, whole, section->member), section->list);
}

bool report_read_told(struct members *members, struct json_object *whole,
                      struct read_report *report)
{
    const struct report_section *section;
    size_t num = 0;
    for (size_t i = 0; (section = report_section_at(i)) != NULL; i++) {
        struct json_object *list = list_of(members, whole, section);
        const size_t more = list != NULL ? json_object_array_length(list) : 0;
        if (list == NULL || more > (size_t)16 * TOLD_MAX)
            return members_fail(members, section->member,
                                list == NULL ? "is not there" : "has too much in it");
        num += more;
    }
    report->told = store_room(members->store, num * sizeof report->told[0] + 1);
    for (size_t i = 0; report->told != NULL && (section = report_section_at(i)) != NULL; i++) {
        struct json_object *list = list_of(members, whole, section);
        for (size_t k = 0; k < json_object_array_length(list); k++)
            if (!read_observation(members, section, json_object_array_get_idx(list, k), report))
                return false;
    }
    return report->told != NULL;
}
