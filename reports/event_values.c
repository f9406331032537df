/* event_values.c: from rows and members to JSON. */
#include "reports/event_values.h"

#include "core/digits.h"

#include <string.h>

enum { CODE_SIZE = 10 };

/* Code points have 16 bits, most of them; SSL 2 has some of 24. */
static size_t write_code(uint64_t code, char text[CODE_SIZE])
{
    const uint8_t bytes[4] = {(uint8_t)(code >> 24), (uint8_t)(code >> 16), (uint8_t)(code >> 8),
                              (uint8_t)code};
    size_t len = code <= 0xffff ? 2 : code <= 0xffffff ? 3 : 4;
    memcpy(text, "0x", 2);
    digits_hex(bytes + sizeof bytes - len, len, text + 2);
    return 2 + 2 * len;
}

static void put_code(struct json_writer *json, const struct field *field, uint64_t code)
{
    char unknown[CODE_SIZE];
    const char *name = field->name_of(code);
    if (name != NULL)
        json_writer_plain(json, name, strlen(name));
    else
        json_writer_plain(json, unknown, write_code(code, unknown));
}

/* Writes a value that is shown, behind its name or as an item. */
static void put_shown(struct event *event, const struct field *field, const struct shown *shown)
{
    if (shown->type == SHOWN_NUMBER && field->name_of != NULL)
        put_code(event->path.json, field, shown->number);
    else
        event_item_shown(event, shown);
}

enum { SOME = 64 };

/* Takes the next numbers of a list; gives how many, fewer than SOME at its end. */
static size_t take_numbers(const struct field *field, struct reader *list, uint64_t numbers[SOME])
{
    size_t num = 0;
    if (field->next == field_next_u16) { /* most lists, without a call for each item */
        while (num < SOME && reader_left(list) >= 2)
            numbers[num++] = reader_u16(list);
        return num;
    }
    for (struct value item; num < SOME && field_list_next(field, list, &item);)
        numbers[num++] = item.number;
    return num;
}

/* Numbers that everybody may see are most of what lists hold. */
static void put_public_numbers(struct event *event, const struct field *field, const void *data)
{
    uint64_t numbers[SOME];
    struct json_writer *json = event_begin_value(event);
    struct reader list = field_list_begin(field, data);
    json_writer_array_begin(json);
    for (size_t num = SOME; num == SOME;) {
        num = take_numbers(field, &list, numbers);
        if (field->name_of == NULL)
            json_writer_numbers(json, numbers, num);
        for (size_t i = 0; field->name_of != NULL && i < num; i++)
            put_code(json, field, numbers[i]);
    }
    json_writer_array_end(json);
}

static void put_list(struct event *event, const struct field *field, const void *data)
{
    if (field_value(field, data).type == VALUE_ABSENT)
        return;
    if (field->item == VALUE_NUMBER && field->privacy == PRIVACY_PUBLIC) {
        put_public_numbers(event, field, data);
        return;
    }
    bool begun = false, hidden = false;
    struct value item;
    for (struct reader list = field_list_begin(field, data);
         field_list_next(field, &list, &item);) {
        struct shown shown = redact(event->redactor, &item, field->privacy, field->kind);
        hidden |= shown.hidden;
        if (shown.type == SHOWN_NOTHING)
            continue;
        if (!begun)
            json_writer_array_begin(event_begin_value(event));
        begun = true;
        put_shown(event, field, &shown);
    }
    /* A list whose items the policy hides is left out, an empty one is not. */
    if (!begun && !hidden)
        json_writer_array_begin(event_begin_value(event));
    if (begun || !hidden)
        json_writer_array_end(event->path.json);
}

/* Truths and numbers that everybody may see are most of what members hold; false for another one. */
static bool put_public(struct event *event, const struct field *field, const void *data)
{
    const void *member = (const uint8_t *)data + field->offset;
    if (field->privacy != PRIVACY_PUBLIC)
        return false;
    if (field->type == FIELD_TRUTH) {
        enum truth truth = *(const enum truth *)member;
        if (truth != TRUTH_UNKNOWN)
            json_writer_truth(event_begin_value(event), truth == TRUTH_YES);
        return true;
    }
    if (field->type == FIELD_NUMBER && field->name_of == NULL) {
        const struct number *number = member;
        if (number->seen)
            event_put_number(event, number->value);
        return true;
    }
    return false;
}

void event_put_field(struct event *event, const struct field *field, const void *data)
{
    if (put_public(event, field, data))
        return;
    if (field->type == FIELD_LIST) {
        put_list(event, field, data);
        return;
    }
    struct value value;
    struct shown shown;
    if (field->type == FIELD_DERIVED) {
        struct derived room;
        value = field_derived(field, data, &room);
        shown = redact(event->redactor, &value, field->privacy, field->kind);
        event_put_shown(event, &shown);
        return;
    }
    value = field_value(field, data);
    shown = redact(event->redactor, &value, field->privacy, field->kind);
    if (shown.type == SHOWN_NOTHING)
        return;
    event_begin_value(event);
    put_shown(event, field, &shown);
}
