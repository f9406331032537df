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

/* A list of which nobody hides anything, and which is not long, in one go. */
static void put_numbers(struct event *event, const uint64_t *numbers, size_t num)
{
    const size_t room = 2 + num * (DIGITS_MAX + 1);
    char *at = json_path_open(&event->path, event->step, room);
    *at++ = '[';
    for (size_t i = 0; i < num; i++) {
        at += digits_put(numbers[i], at);
        *at++ = ',';
    }
    at -= num != 0;
    *at++ = ']';
    json_path_close(&event->path, at);
}

/* Numbers that everybody may see are most of what lists hold. */
static void put_public_numbers(struct event *event, const struct field *field, const void *data)
{
    uint64_t numbers[SOME];
    struct reader list = field_list_begin(field, data);
    size_t num = take_numbers(field, &list, numbers);
    if (num < SOME && field->name_of == NULL) {
        put_numbers(event, numbers, num);
        return;
    }
    struct json_writer *json = event_begin_value(event);
    json_writer_array_begin(json);
    for (;; num = take_numbers(field, &list, numbers)) {
        if (field->name_of == NULL)
            json_writer_numbers(json, numbers, num);
        for (size_t i = 0; field->name_of != NULL && i < num; i++)
            put_code(json, field, numbers[i]);
        if (num < SOME)
            break;
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

static void put_value(struct event *event, const struct field *field, const void *data)
{
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

/* --- what was written before --- */

/* Adds the items of a list; all of them are numbers. */
static void add_items(struct text_memo_key *key, struct span list,
                      void (*next)(struct reader *list, struct value *item))
{
    const size_t at = key->len;
    uint64_t num = 0;
    struct value item = {.type = VALUE_NUMBER};
    text_memo_key_add_number(key, span_seen(list));
    for (struct reader items = reader_of(span_seen(list) ? list : span_text(""));
         !key->too_long && reader_more(&items); num++) {
        next(&items, &item);
        if (!reader_ok(&items))
            break;
        const uint16_t code = (uint16_t)item.number;
        key->too_long |= code != item.number;
        text_memo_key_add(key, &code, sizeof code);
    }
    num = num << 1 | span_seen(list);
    if (!key->too_long)
        memcpy(key->bytes + at, &num, sizeof num);
}

static void add_read(struct text_memo_key *key, const struct field_read *read, const void *data)
{
    const struct field member = {.type = read->type, .offset = read->offset};
    const struct value value = field_value(&member, data);
    switch (read->type) {
    case FIELD_TRUTH:
        text_memo_key_add_number(key, (uint64_t)value.type << 1 | value.truth);
        return;
    case FIELD_NUMBER:
    case FIELD_TIME:
        text_memo_key_add_number(key, value.type);
        text_memo_key_add_number(key, value.number);
        return;
    case FIELD_TEXT: /* static: the same text is in the same place, or is remembered twice */
        text_memo_key_add_number(key, (uintptr_t)value.text);
        return;
    case FIELD_LIST:
        if (read->next != NULL) {
            add_items(key, value.bytes, read->next);
            return;
        }
        break;
    case FIELD_BYTES:
    case FIELD_STRING:
    case FIELD_ADDRESS:
    case FIELD_MAC:
    case FIELD_DERIVED:
        break;
    }
    text_memo_key_add_span(key, value.bytes);
}

/* The key of a value that takes longer to make than to find, and that comes again; false when it is none. */
static bool key_of(const struct field *field, const void *data, struct text_memo_key *key)
{
    const bool derived = field->type == FIELD_DERIVED && field->num_reads != 0;
    const bool list =
        field->type == FIELD_LIST && (field->name_of != NULL || field->privacy == PRIVACY_NAME);
    if (!derived && !list)
        return false;
    text_memo_key_begin(key, field);
    for (size_t i = 0; i < field->num_reads; i++)
        add_read(key, &field->reads[i], data);
    if (list)
        text_memo_key_add_span(key, field_value(field, data).bytes);
    return !key->too_long;
}

/* Writes the value anew, and remembers it; that there is none is found out as quickly again. */
static void put_new(struct event *event, const struct field *field, const void *data,
                    const struct text_memo_key *key)
{
    static const struct text_memo_note none;
    struct json_writer *json = event->path.json;
    const size_t before = json_path_len(&event->path, event->step);
    const uint64_t mark = json_writer_mark(json);
    size_t len;
    put_value(event, field, data);
    const char *text = json_writer_since(json, mark, &len);
    if (text != NULL && len > before && text[before - 1] == ':')
        text_memo_add(event->memo, key, text + before, len - before, none);
}

void event_put_field(struct event *event, const struct field *field, const void *data)
{
    struct text_memo_key key;
    struct text_memo_found found;
    if (!key_of(field, data, &key))
        put_value(event, field, data);
    else if (!text_memo_find(event->memo, &key, &found))
        put_new(event, field, data, &key);
    else
        json_writer_value(event_begin_value(event), found.text, found.len);
}
