/* observation.c: walks the members of an observation by their rows. */
#include "core/observation.h"

#include <assert.h>

static struct value bytes_value(enum value_type type, struct span bytes)
{
    if (!span_seen(bytes))
        return (struct value){.type = VALUE_ABSENT};
    return (struct value){.type = type, .bytes = bytes};
}

static struct value number_value(enum value_type type, struct number n)
{
    if (!n.seen)
        return (struct value){.type = VALUE_ABSENT};
    return (struct value){.type = type, .number = n.value};
}

struct value field_value(const struct field *field, const void *data)
{
    const void *member = (const uint8_t *)data + field->offset;
    switch (field->type) {
    case FIELD_TRUTH: {
        enum truth t = *(const enum truth *)member;
        if (t == TRUTH_UNKNOWN)
            return (struct value){.type = VALUE_ABSENT};
        return (struct value){.type = VALUE_BOOL, .truth = t == TRUTH_YES};
    }
    case FIELD_NUMBER:
        return number_value(VALUE_NUMBER, *(const struct number *)member);
    case FIELD_TIME:
        return number_value(VALUE_TIME, *(const struct number *)member);
    case FIELD_TEXT: {
        const char *text = *(const char *const *)member;
        if (text == NULL)
            return (struct value){.type = VALUE_ABSENT};
        return (struct value){.type = VALUE_TEXT, .text = text};
    }
    case FIELD_STRING:
        return bytes_value(VALUE_STRING, *(const struct span *)member);
    case FIELD_ADDRESS:
        return bytes_value(VALUE_ADDRESS, *(const struct span *)member);
    case FIELD_MAC:
        return bytes_value(VALUE_MAC, *(const struct span *)member);
    case FIELD_DERIVED:
        return (struct value){.type = VALUE_ABSENT};
    case FIELD_BYTES:
    case FIELD_LIST:
        return bytes_value(VALUE_BYTES, *(const struct span *)member);
    }
    assert(0 && "a field of no type");
    return (struct value){.type = VALUE_ABSENT};
}

struct value field_derived(const struct field *field, const void *data, struct derived *room)
{
    assert(field->type == FIELD_DERIVED);
    room->len = 0;
    room->number = 0;
    room->truth = false;
    if (!field->derive(data, room))
        return (struct value){.type = VALUE_ABSENT};
    if (field->item != 0)
        return (struct value){.type = field->item, .number = room->number, .truth = room->truth};
    return (struct value){.type = VALUE_STRING, .bytes = span_of(room->text, room->len)};
}

struct reader field_list_begin(const struct field *field, const void *data)
{
    assert(field->type == FIELD_LIST);
    struct value whole = field_value(field, data);
    static const uint8_t nothing[1];
    return reader_of(whole.type == VALUE_ABSENT ? span_of(nothing, 0) : whole.bytes);
}

bool field_list_next(const struct field *field, struct reader *list, struct value *item)
{
    if (!reader_more(list))
        return false;
    *item = (struct value){.type = field->item};
    field->next(list, item);
    return reader_ok(list);
}

void field_next_u8(struct reader *list, struct value *item)
{
    item->number = reader_u8(list);
}

void field_next_u16(struct reader *list, struct value *item)
{
    item->number = reader_u16(list);
}

void field_next_type16_vec16(struct reader *list, struct value *item)
{
    item->number = reader_u16(list);
    struct reader body = reader_vec16(list);
    (void)body;
}
