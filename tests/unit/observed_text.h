/* observed_text.h: an observation as text, a line "path=value" for each field that was seen; the items of a list
 * end in '|', bytes are hex digits. */
#ifndef PERPASS_TESTS_OBSERVED_TEXT_H
#define PERPASS_TESTS_OBSERVED_TEXT_H

#include "core/observation.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

struct observed_text {
    char at[1 << 16];
    size_t len;
};

static inline void observed_bytes(struct observed_text *out, const void *bytes, size_t len)
{
    assert(out->len + len < sizeof out->at);
    memcpy(out->at + out->len, bytes, len);
    out->len += len;
    out->at[out->len] = '\0';
}

static inline void observed_say(struct observed_text *out, const char *text)
{
    observed_bytes(out, text, strlen(text));
}

static inline void observed_number(struct observed_text *out, const struct field *field,
                                   uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    const char *name = field->name_of != NULL ? field->name_of(number) : NULL;
    observed_say(out, name != NULL ? name : digits);
}

static inline void observed_value(struct observed_text *out, const struct field *field,
                                  const struct value *value)
{
    char digits[4];
    switch (value->type) {
    case VALUE_BOOL:
        observed_say(out, value->truth ? "true" : "false");
        break;
    case VALUE_NUMBER:
        observed_number(out, field, value->number);
        break;
    case VALUE_TEXT:
        observed_say(out, value->text);
        break;
    case VALUE_STRING:
        observed_bytes(out, value->bytes.at, value->bytes.len);
        break;
    default:
        for (size_t i = 0; i < value->bytes.len; i++) {
            snprintf(digits, sizeof digits, "%02x", value->bytes.at[i]);
            observed_say(out, digits);
        }
        break;
    }
}

static inline void observed_field(struct observed_text *out, const struct field *field,
                                  const void *data)
{
    struct derived room;
    struct value value =
        field->type == FIELD_DERIVED ? field_derived(field, data, &room) : field_value(field, data);
    if (value.type == VALUE_ABSENT)
        return;
    observed_say(out, field->name);
    observed_say(out, "=");
    if (field->type == FIELD_LIST) {
        struct value item;
        for (struct reader list = field_list_begin(field, data);
             field_list_next(field, &list, &item); observed_say(out, "|"))
            observed_value(out, field, &item);
    } else {
        observed_value(out, field, &value);
    }
    observed_say(out, "\n");
}

/* observed_add adds the type's name and the fields of |data|. */
static inline void observed_add(struct observed_text *out, const struct observation_type *type,
                                const void *data)
{
    observed_say(out, type->name);
    observed_say(out, "\n");
    for (size_t i = 0; i < type->num_fields; i++)
        observed_field(out, &type->fields[i], data);
}

/* observed_has says whether |line| is one of the lines. */
static inline bool observed_has(const struct observed_text *out, const char *line)
{
    char whole[512];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    return strstr(out->at, whole) != NULL;
}

#endif
