/* value.h: one typed value of an observation or of a finding's evidence, and its privacy class.
 *
 * A value borrows its bytes. Which values may be shown, and how, is decided in one place only:
 * reports/redact.c. */
#ifndef PERPASS_CORE_VALUE_H
#define PERPASS_CORE_VALUE_H

#include "core/span.h"

/* What a value tells about somebody. Secrets (keys, passwords) have no class: they never become a
 * value; only their kind, place and length do. */
enum privacy {
    PRIVACY_PUBLIC = 1, /* code points, sizes, counts, times */
    PRIVACY_ADDRESS,    /* IP and MAC addresses */
    PRIVACY_NAME,       /* SNI, host and file names, names in certificates */
    PRIVACY_IDENTIFIER, /* PSK identity, session id, ticket, connection id, client id, serial */
    PRIVACY_CONTENT     /* text of a configuration, of a preamble */
};

enum value_type {
    VALUE_ABSENT = 0, /* not seen: left out, never shown as false, 0 or "" */
    VALUE_BOOL,
    VALUE_NUMBER,  /* unsigned, in the unit that the field's name tells */
    VALUE_TIME,    /* nanoseconds since 1970-01-01T00:00:00Z */
    VALUE_TEXT,    /* text of the program's own (static); always PRIVACY_PUBLIC */
    VALUE_BYTES,   /* bytes of the wire, shown as lower-case hex */
    VALUE_STRING,  /* bytes of the wire that are meant as text, UTF-8 or not */
    VALUE_ADDRESS, /* an IP address: 4 or 16 bytes */
    VALUE_MAC      /* a MAC address: 6 or 8 bytes */
};

struct value {
    enum value_type type;
    bool truth;        /* VALUE_BOOL */
    uint64_t number;   /* VALUE_NUMBER, VALUE_TIME */
    const char *text;  /* VALUE_TEXT */
    struct span bytes; /* VALUE_BYTES, _STRING, _ADDRESS, _MAC */
};

/* A number that may not have been seen. All-zero is "not seen". */
struct number {
    uint64_t value;
    bool seen;
};

static inline struct number number(uint64_t value)
{
    return (struct number){.value = value, .seen = true};
}

/* A truth that may not have been seen. All-zero is "not seen". */
enum truth { TRUTH_UNKNOWN = 0, TRUTH_NO, TRUTH_YES };

static inline enum truth truth(bool is)
{
    return is ? TRUTH_YES : TRUTH_NO;
}

#endif
