/* redact.h: the only place that decides what of the traffic may be shown, and how. */
#ifndef PERPASS_REPORTS_REDACT_H
#define PERPASS_REPORTS_REDACT_H

#include "core/error.h"
#include "core/value.h"

enum privacy_policy { POLICY_STRICT, POLICY_INTERNAL, POLICY_RAW };

struct redactor;

struct redact_options {
    enum privacy_policy policy;
    const char
        *key_file; /* 32 bytes or 64 hex digits, mode 0600; NULL: a random key for this run */
};

/* redactor_new reads (or makes) the key and derives a key for each kind of token. */
struct redactor *redactor_new(const struct redact_options *options, struct error *error);
void redactor_free(struct redactor *redactor); /* wipes the keys */

bool privacy_policy_parse(const char *name, enum privacy_policy *policy);
const char *privacy_policy_name(enum privacy_policy policy);
enum privacy_policy redactor_policy(const struct redactor *redactor);
const char *redactor_key_id(const struct redactor *redactor); /* 8 hex digits */
bool redactor_key_is_random(const struct redactor *redactor);

/* What may be shown of a value. */
enum shown_type {
    SHOWN_NOTHING = 0, /* absent, or hidden by the policy */
    SHOWN_TRUTH,
    SHOWN_NUMBER,
    SHOWN_TIME,
    SHOWN_TEXT /* valid UTF-8 without control characters (C0, DEL, C1, bidi, U+2028/9), |len| bytes */
};

struct shown {
    enum shown_type type;
    bool token;  /* the text is a pseudonym, not the value */
    bool hidden; /* SHOWN_NOTHING because of the policy, not because it is absent */
    bool truth;
    uint64_t number;
    const char *text; /* NUL-terminated; lives until the next redact_ call for this redactor */
    size_t len;
};

/* redact shows what the policy allows of |value|, which is of class |privacy|. |kind| names the token kind of
 * NAME and IDENTIFIER values ("psk", "host"), and is NULL for others. */
struct shown redact(struct redactor *redactor, const struct value *value, enum privacy privacy,
                    const char *kind);

/* redact_id writes the 32 hex digits of a keyed hash of |bytes| (event.id), NUL-terminated. */
void redact_id(struct redactor *redactor, struct span bytes, char id[33]);

#endif
