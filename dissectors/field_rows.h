/* field_rows.h: short forms for the rows of observations: STRUCT is the observation's struct, defined around
 * its rows. */
#ifndef PERPASS_DISSECTORS_FIELD_ROWS_H
#define PERPASS_DISSECTORS_FIELD_ROWS_H

#include "core/observation.h"

#define ROW(path, field_type, member, text, ...)                                                   \
    {                                                                                              \
        .name = path, .type = field_type, .offset = offsetof(STRUCT, member), .about = text,       \
        __VA_ARGS__                                                                                \
    }
#define CODES(path, member, names, text)                                                           \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .privacy = PRIVACY_PUBLIC,           \
        .next = field_next_u16, .name_of = names)
#define DERIVED_AS(path, function, text, ...)                                                      \
    {                                                                                              \
        .name = path, .type = FIELD_DERIVED, .derive = function, .about = text, __VA_ARGS__        \
    }
#define DERIVED(path, function, text) DERIVED_AS(path, function, text, IS_PUBLIC)
#define DERIVED_FROM(path, function, members, text)                                                \
    DERIVED_AS(path, function, text, IS_PUBLIC, .reads = members, .num_reads = NUM_ROWS(members))
#define READ(data, field_type, member)                                                             \
    {                                                                                              \
        .type = field_type, .offset = offsetof(struct data, member)                                \
    }
#define IS_PUBLIC            .privacy = PRIVACY_PUBLIC
#define IS_IDENTIFIER(token) .privacy = PRIVACY_IDENTIFIER, .kind = token
#define IS_NAME(token)       .privacy = PRIVACY_NAME, .kind = token
#define IS_ADDRESS           .privacy = PRIVACY_ADDRESS
#define NUM_ROWS(rows)       (sizeof(rows) / sizeof *(rows))

#define TYPE(symbol, event, rows, data, text)                                                      \
    const struct observation_type symbol = {.name = event,                                         \
                                            .about = text,                                         \
                                            .fields = rows,                                        \
                                            .num_fields = NUM_ROWS(rows),                          \
                                            .size = sizeof(struct data)}

/* The same, of a struct with members that have no row and lead elsewhere (core/observation.h). */
#define TYPE_WITH_PARTS(symbol, event, rows, rest, data, text)                                     \
    const struct observation_type symbol = {.name = event,                                         \
                                            .about = text,                                         \
                                            .fields = rows,                                        \
                                            .num_fields = NUM_ROWS(rows),                          \
                                            .size = sizeof(struct data),                           \
                                            .parts = rest,                                         \
                                            .num_parts = NUM_ROWS(rest)}
#define PART(data, member)                                                                         \
    {                                                                                              \
        .offset = offsetof(struct data, member)                                                    \
    }

#endif
