/* event_values.c: from rows and members to JSON. */
#include "reports/event_values.h"

#include <inttypes.h>
#include <string.h>

enum { CODE_SIZE = 24 };

/* Code points have 16 bits, most of them; SSL 2 has some of 24. */
static void write_code(uint64_t code, char text[CODE_SIZE])
{
    int width = code <= 0xffff ? 4 : code <= 0xffffff ? 6 : 8;
    snprintf(text, CODE_SIZE, "0x%0*" PRIx64, width, code);
}

/* What is shown of one value of a field; |code| is room for the text of an unknown code point. */
static struct shown shown_value(struct event *event, const struct field *field,
                                const struct value *value, char code[CODE_SIZE])
{
    struct shown shown = redact(event->redactor, value, field->privacy, field->kind);
    if (shown.type != SHOWN_NUMBER || field->name_of == NULL)
        return shown;
    const char *name = field->name_of(shown.number);
    if (name == NULL) {
        write_code(shown.number, code);
        name = code;
    }
    return (struct shown){.type = SHOWN_TEXT, .text = name, .len = strlen(name)};
}

static void put_list(struct event *event, const struct field *field, const void *data)
{
    if (field_value(field, data).type == VALUE_ABSENT)
        return;
    char code[CODE_SIZE];
    bool begun = false, hidden = false;
    struct value item;
    for (struct reader list = field_list_begin(field, data);
         field_list_next(field, &list, &item);) {
        struct shown shown = shown_value(event, field, &item, code);
        hidden |= shown.hidden;
        if (shown.type == SHOWN_NOTHING)
            continue;
        if (!begun)
            json_writer_array_begin(event_begin_value(event));
        begun = true;
        event_item_shown(event, &shown);
    }
    /* A list whose items the policy hides is left out, an empty one is not. */
    if (!begun && !hidden)
        json_writer_array_begin(event_begin_value(event));
    if (begun || !hidden)
        json_writer_array_end(event->path.json);
}

void event_put_field(struct event *event, const struct field *field, const void *data)
{
    if (field->type == FIELD_LIST) {
        put_list(event, field, data);
        return;
    }
    char code[CODE_SIZE];
    struct derived room;
    struct value value =
        field->type == FIELD_DERIVED ? field_derived(field, data, &room) : field_value(field, data);
    struct shown shown = shown_value(event, field, &value, code);
    event_put_shown(event, &shown);
}
