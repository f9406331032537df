/* marked_observation.h: observations of any type, filled by their rows with values that can be found
 * again: text "mArK.TT.FF.zQ" (type, field) in strings, bytes and lists, addresses that hold both numbers.
 *
 * A list's bytes have a form of their own, which its walker knows: forms are tried until the walker gives
 * the marked value out. A list whose form is not among them is a failure: add it to list_forms. */
#ifndef PERPASS_TESTS_MARKED_OBSERVATION_H
#define PERPASS_TESTS_MARKED_OBSERVATION_H

#include "core/flow.h"
#include "core/observation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARKED_MAX_FIELDS = 128, MARKED_MAX_BYTES = 64, MARKED_TEXT_SIZE = 24 };

struct marked_observation {
    const struct observation_type *type;
    void *data;
    uint8_t wire[MARKED_MAX_FIELDS][MARKED_MAX_BYTES];
    size_t wire_len[MARKED_MAX_FIELDS];
    uint8_t marks[MARKED_MAX_FIELDS][MARKED_TEXT_SIZE]; /* what to look for, by field */
    size_t mark_len[MARKED_MAX_FIELDS];                 /* 0: a field that holds no mark */
};

static inline bool marked_has_bytes(const struct field *field)
{
    if (field->type == FIELD_LIST)
        return field->item == VALUE_BYTES || field->item == VALUE_STRING ||
               field->item == VALUE_ADDRESS || field->item == VALUE_MAC;
    return field->type == FIELD_BYTES || field->type == FIELD_STRING ||
           field->type == FIELD_ADDRESS || field->type == FIELD_MAC;
}

static inline enum value_type marked_value_type(const struct field *field)
{
    if (field->type == FIELD_LIST)
        return field->item;
    return field->type == FIELD_ADDRESS ? VALUE_ADDRESS
           : field->type == FIELD_MAC   ? VALUE_MAC
                                        : VALUE_BYTES;
}

/* The mark of field |index| of type number |type|. */
static inline size_t marked_make(const struct field *field, size_t type, size_t index,
                                 uint8_t out[MARKED_TEXT_SIZE])
{
    const uint8_t address[4] = {198, 51, (uint8_t)(100 + type), (uint8_t)(10 + index)};
    const uint8_t mac[6] = {0x00, 0x1b, 0x63, (uint8_t)(0xa0 + type), (uint8_t)(0xb0 + index),
                            0xc7};
    switch (marked_value_type(field)) {
    case VALUE_ADDRESS:
        memcpy(out, address, sizeof address);
        return sizeof address;
    case VALUE_MAC:
        memcpy(out, mac, sizeof mac);
        return sizeof mac;
    default:
        return (size_t)snprintf((char *)out, MARKED_TEXT_SIZE, "mArK.%02zu.%02zu.zQ", type, index);
    }
}

/* Forms of lists: bytes before the mark, how many of these are the mark's length, bytes after it, and what the
 * first byte is. */
static const struct {
    size_t type_bytes, length_bytes, after;
    uint8_t first;
} list_forms[] = {{0, 1, 0, 0},    {0, 2, 0, 0},  {0, 2, 4, 0},    {2, 2, 0, 0},    {1, 2, 0, 0},
                  {1, 1, 0, 0},    {0, 2, 21, 0}, {1, 1, 0, 0x81}, {1, 1, 0, 0x82}, {1, 1, 0, 0x86},
                  {1, 1, 0, 0x87}, {0, 0, 2, 0},  {1, 0, 1, 0},    {4, 1, 0, 0},    {5, 1, 0, 0},
                  {4, 2, 0, 0},    {6, 2, 0, 0},  {0, 0, 0, 0}};

static inline size_t marked_form(size_t form, const uint8_t *mark, size_t len, uint8_t *out)
{
    size_t at = list_forms[form].type_bytes;
    memset(out, 0, MARKED_MAX_BYTES);
    out[0] = list_forms[form].first;
    if (list_forms[form].length_bytes == 2)
        out[at++] = 0;
    if (list_forms[form].length_bytes != 0)
        out[at++] = (uint8_t)len;
    memcpy(out + at, mark, len);
    return at + len + list_forms[form].after;
}

static inline void marked_set_span(const struct field *field, void *data, struct span bytes)
{
    *(struct span *)(void *)((uint8_t *)data + field->offset) = bytes;
}

static inline bool marked_comes_out(const struct field *field, const void *data, struct span mark)
{
    struct reader list = field_list_begin(field, data);
    struct value item;
    while (field_list_next(field, &list, &item))
        if (span_equal(item.bytes, mark))
            return true;
    return false;
}

/* Rows that show different items of one list: those of the row before go first. */
static inline void marked_add_to_list(struct marked_observation *marked, size_t index)
{
    const struct field *fields = marked->type->fields;
    size_t before = index;
    while (before-- > 0)
        if (fields[before].type == FIELD_LIST && fields[before].offset == fields[index].offset &&
            marked->mark_len[before] != 0)
            break;
    if (before >= index)
        return;
    size_t len = marked->wire_len[before];
    assert(len + marked->wire_len[index] <= MARKED_MAX_BYTES);
    memmove(marked->wire[index] + len, marked->wire[index], marked->wire_len[index]);
    memcpy(marked->wire[index], marked->wire[before], len);
    marked->wire_len[index] += len;
    marked_set_span(&fields[index], marked->data,
                    span_of(marked->wire[index], marked->wire_len[index]));
}

/* Tries all forms; false when none fits. */
static inline bool marked_try_list(struct marked_observation *marked, size_t index)
{
    const struct field *field = &marked->type->fields[index];
    struct span mark = span_of(marked->marks[index], marked->mark_len[index]);
    for (size_t form = 0; form < sizeof list_forms / sizeof list_forms[0]; form++) {
        marked->wire_len[index] =
            marked_form(form, marked->marks[index], marked->mark_len[index], marked->wire[index]);
        marked_set_span(field, marked->data, span_of(marked->wire[index], marked->wire_len[index]));
        if (marked_comes_out(field, marked->data, mark)) {
            marked_add_to_list(marked, index);
            return true;
        }
    }
    return false;
}

/* A list of addresses may have those of IPv4 only, or those of IPv6. */
static inline void marked_make_long(struct marked_observation *marked, size_t index)
{
    const uint8_t last[4] = {marked->marks[index][2], 0x51, 0x52, marked->marks[index][3]};
    const uint8_t first[8] = {0x2a, 0x0d, 0x5d, 0xc0, 0x6d, 0x61, 0x72, 0x6b};
    memcpy(marked->marks[index], first, sizeof first);
    memset(marked->marks[index] + 8, 0x77, 4);
    memcpy(marked->marks[index] + 12, last, sizeof last);
    marked->mark_len[index] = 16;
}

static inline void marked_fill_list(struct marked_observation *marked, size_t index)
{
    const struct field *field = &marked->type->fields[index];
    if (marked_try_list(marked, index))
        return;
    if (field->item == VALUE_ADDRESS) {
        marked_make_long(marked, index);
        if (marked_try_list(marked, index))
            return;
    }
    fprintf(stderr, "no known form fits the list %s: add it to list_forms\n", field->name);
    abort();
}

/* Numbers of any width: a list of u8, u16, u24, or {u16 type, empty vec16}. */
static inline void marked_fill_numbers(struct marked_observation *marked, size_t index)
{
    static const uint8_t numbers[12] = {0x13, 0x01, 0, 0, 0x13, 0x02, 0, 0, 0xfe, 0xfe, 0, 0};
    memcpy(marked->wire[index], numbers, sizeof numbers);
    marked_set_span(&marked->type->fields[index], marked->data,
                    span_of(marked->wire[index], sizeof numbers));
}

static inline void marked_fill_field(struct marked_observation *marked, size_t index)
{
    const struct field *field = &marked->type->fields[index];
    void *member = (uint8_t *)marked->data + field->offset;
    switch (field->type) {
    case FIELD_TRUTH:
        *(enum truth *)member = TRUTH_YES;
        break;
    case FIELD_NUMBER:
    case FIELD_TIME:
        *(struct number *)member = number(0x1301);
        break;
    case FIELD_TEXT:
        *(const char **)member = "text";
        break;
    case FIELD_BYTES:
    case FIELD_STRING:
    case FIELD_ADDRESS:
    case FIELD_MAC:
        memcpy(marked->wire[index], marked->marks[index], marked->mark_len[index]);
        marked_set_span(field, marked->data, span_of(marked->wire[index], marked->mark_len[index]));
        break;
    case FIELD_DERIVED: /* made of other members */
        break;
    case FIELD_LIST:
        if (marked->mark_len[index] != 0)
            marked_fill_list(marked, index);
        else
            marked_fill_numbers(marked, index);
        break;
    }
}

/* marked_new fills an observation of |type|, which is number |number|. Members that more than one row
 * shows are filled for a row that can hold a mark. */
static inline struct marked_observation *marked_new(const struct observation_type *type,
                                                    size_t number)
{
    struct marked_observation *marked = calloc(1, sizeof *marked);
    assert(marked != NULL && type->num_fields <= MARKED_MAX_FIELDS);
    marked->type = type;
    marked->data = calloc(1, type->size);
    assert(marked->data != NULL);
    for (int with_mark = 0; with_mark < 2; with_mark++) {
        for (size_t i = 0; i < type->num_fields; i++) {
            if (marked_has_bytes(&type->fields[i]) != with_mark)
                continue;
            if (with_mark)
                marked->mark_len[i] = marked_make(&type->fields[i], number, i, marked->marks[i]);
            marked_fill_field(marked, i);
        }
    }
    return marked;
}

static inline void marked_free(struct marked_observation *marked)
{
    free(marked->data);
    free(marked);
}

#endif
