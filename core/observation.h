/* observation.h: observations and the descriptors that make them explain themselves.
 *
 * An observation is one typed protocol fact ("tls.client_hello"). Its data is a plain struct of the
 * dissector; every member has a row (struct field) with name, type, privacy class and place. Whoever
 * consumes observations (sinks, queues, the schema generator) walks the rows, and never changes when a
 * protocol is added. */
#ifndef PERPASS_CORE_OBSERVATION_H
#define PERPASS_CORE_OBSERVATION_H

#include "core/reader.h"
#include "core/value.h"

struct flow;

/* The type of a member of an observation's struct, and how it is shown. */
enum field_type {
    FIELD_TRUTH = 1, /* enum truth */
    FIELD_NUMBER,    /* struct number; with |name_of| set it is shown by that name */
    FIELD_TIME,      /* struct number: nanoseconds since 1970 */
    FIELD_TEXT,      /* const char *: static text, NULL is not seen */
    FIELD_BYTES,     /* struct span */
    FIELD_STRING,    /* struct span */
    FIELD_ADDRESS,   /* struct span of 4 or 16 bytes */
    FIELD_MAC,       /* struct span of 6 or 8 bytes */
    FIELD_LIST,      /* struct span of wire bytes; |next| walks its items */
    FIELD_DERIVED    /* what |derive| works out when somebody asks for it: fingerprints, names */
};

/* Room for a FIELD_DERIVED: text, or the one that the row's |item| tells. */
struct derived {
    char text[2048];
    size_t len; /* of the text */
    uint64_t number;
    bool truth;
};

/* A member that a FIELD_DERIVED is worked out from. */
struct field_read {
    enum field_type type; /* FIELD_TRUTH, _NUMBER, _TEXT, a span, or a FIELD_LIST … */
    size_t offset;
    /* … of which it reads no more than the items, numbers that this takes. */
    void (*next)(struct reader *list, struct value *item);
};

struct field {
    const char *name; /* whole path as in events: "tls.client.server_name", "perpass.tls.random" */
    enum field_type type;
    enum value_type
        item; /* FIELD_LIST: the type of each item; FIELD_DERIVED: VALUE_NUMBER or VALUE_BOOL,
                             0 for VALUE_STRING; otherwise 0 */
    enum privacy privacy;
    size_t offset;    /* of the member in the observation's struct */
    const char *kind; /* PRIVACY_NAME and _IDENTIFIER: the kind of token ("host", "psk"), whose key
                               is derived for it; else NULL */
    /* FIELD_DERIVED: works it out from the whole struct |data|; false when there is none. */
    bool (*derive)(const void *data, struct derived *room);
    /* All that |derive| reads, so that what was worked out once can be told again; 0: nobody has said. */
    const struct field_read *reads;
    size_t num_reads;
    /* FIELD_LIST: takes the next item of the list. The reader is over the member's bytes. */
    void (*next)(struct reader *list, struct value *item);
    /* FIELD_NUMBER and lists of numbers: the registered name of a code point, or NULL if nobody knows
       it: then the number is shown ("0x1a2b"). Without this function numbers are shown as numbers. */
    const char *(*name_of)(uint64_t code);
    const char *about; /* one line for docs/events.md */
};

/* A member of an observation's struct that has no row and leads to bytes elsewhere: a span, or one in each item of
 * an array within the struct; or a pointer to an array. Tests compare rows and parts with the struct. */
struct observation_part {
    size_t offset;         /* of the span, or of the pointer */
    size_t stride, repeat; /* of an array: size and number of its items; a single span: 0 */
    size_t item_size;      /* not 0: it is a pointer to items of this size, without spans … */
    size_t num_items;      /* … as many as this size_t at this offset says */
};

struct observation_type {
    const char *name;  /* "tls.client_hello" */
    const char *about; /* one line for docs/events.md */
    const struct field *fields;
    size_t num_fields;
    size_t size; /* of the data struct */
    const struct observation_part *parts;
    size_t num_parts;
};

struct observation {
    const struct observation_type *type;
    const void *data;        /* the struct that |type| describes; lives until the call returns */
    const struct flow *flow; /* never NULL */
    uint64_t time_ns;        /* packet time of the packet that completed the fact */
    uint64_t packet;         /* its number in the input, from 1 */
    unsigned side;           /* who said it: 0 or 1, as in flow->ends */
    /* Of a flow that holds several conversations of its protocol, also at the same time: the number of this one, from
     * 1. 0: it is about the flow. */
    uint32_t exchange;
    /* Of a table that is told as a whole: what tells it from other rows of its packet and flow (a role, a kind: nothing
     * that is hidden); else 0. */
    uint64_t row;
};

/* field_value reads the member that |field| describes. A FIELD_LIST gives VALUE_BYTES over the whole
 * list (or VALUE_ABSENT): walk it with field->next. A FIELD_DERIVED has no member: field_derived. */
struct value field_value(const struct field *field, const void *data);

/* field_derived works a FIELD_DERIVED out, into |room|: of the type that |item| tells, or VALUE_ABSENT. */
struct value field_derived(const struct field *field, const void *data, struct derived *room);

/* field_list_begin gives the reader to walk a FIELD_LIST with; field_list_next takes an item, and gives
 * false at the end of the list (or at a fault in it: lists that do not parse end early). */
struct reader field_list_begin(const struct field *field, const void *data);
bool field_list_next(const struct field *field, struct reader *list, struct value *item);

/* Walkers for FIELD_LIST that more than one protocol needs. */
void field_next_u8(struct reader *list, struct value *item);
void field_next_u16(struct reader *list, struct value *item);
void field_next_type16_vec16(struct reader *list,
                             struct value *item); /* the type of each {type, vec16} */

#endif
