/* redact.h: the only place that decides what of the traffic may be shown, and how.
 *
 *              strict                        internal        raw
 *   PUBLIC     kept                          kept            kept
 *   ADDRESS    pseudonym (pseudonym.h)       kept            kept
 *   NAME       token and shape               kept            kept
 *   IDENTIFIER token                         token           kept
 *   CONTENT    dropped                       dropped         dropped
 *
 * A token is the kind, a colon and 32 hex digits: HMAC-SHA-256 of the value's bytes under the key of this
 * kind, cut to 128 bits: "psk:0f1e...". Equal values of one kind give equal tokens, whether they were seen
 * as bytes or as text; values of two kinds cannot be compared. The token of a name has its shape behind
 * it: a space and, in parentheses, "N labels" (a host name; then ", .SUFFIX" or ", other": the last label,
 * if it is one of two letters or a well-known one and not the whole name) or "N bytes":
 *   "host:00112233445566778899aabbccddeeff (3 labels, .example)"
 * Host names (kind "host") are compared without regard to ASCII case and a final dot. An empty value has
 * no token: it is shown as what it is, empty.
 *
 * All keys come from one master key by HKDF-SHA-256, with the info "perpass token " and the kind, "perpass
 * mac", "perpass event-id", "perpass fingerprint", "perpass analysis", or (as the draft has it) "ipcrypt-pfx"; only Crypto-PAn takes the master key as it is, so
 * that other tools with the same key show the same. With epochs each has a master key of its own, with the info "perpass
 * epoch " and its name; ids of events and of the key do not change. What is shown in clear has passed text_safe.h; IP addresses are in the form
 * of RFC 5952, MAC addresses in that of RFC 7042 (and ECS): "00-00-5E-00-53-23". */
#ifndef PERPASS_REPORTS_REDACT_H
#define PERPASS_REPORTS_REDACT_H

#include "core/error.h"
#include "core/value.h"
#include "reports/pseudonym.h"
#include "reports/redact_epoch.h"

enum privacy_policy { POLICY_STRICT, POLICY_INTERNAL, POLICY_RAW };

struct redactor;

struct redact_options {
    enum privacy_policy policy;
    const char
        *key_file; /* 32 bytes or 64 hex digits, mode 0600; NULL: a random key for this run */
    enum address_scheme scheme;
    enum redact_epoch epoch;
};

/* redactor_new reads (or makes) the key and derives a key for each kind of token. */
struct redactor *redactor_new(const struct redact_options *options, struct error *error);

/* redactor_of_shown makes one for values that come from reports: they were shown under |policy| already, and are shown as
 * they are; texts, and bytes, which stand for their text, are made harmless again. |key_id| (8 hex digits) is that of the
 * key which made their pseudonyms, |epoch| the name of its epoch, "" for none. */
struct redactor *redactor_of_shown(enum privacy_policy policy, const char *key_id,
                                   const char *epoch, struct error *error);
void redactor_free(struct redactor *redactor); /* wipes the keys */

/* redactor_at says of what time what is shown from here on is: of another epoch, pseudonyms are others. Without it the
 * time is 1970. */
void redactor_at(struct redactor *redactor, uint64_t time_ns);

/* redactor_keys is another number whenever pseudonyms are made with other keys than before. */
uint64_t redactor_keys(const struct redactor *redactor);

/* redactor_epoch names the epoch at hand (redact_epoch.h), "" when there are none. */
const char *redactor_epoch(const struct redactor *redactor);

bool privacy_policy_parse(const char *name, enum privacy_policy *policy);
const char *privacy_policy_name(enum privacy_policy policy);
enum privacy_policy redactor_policy(const struct redactor *redactor);
const char *redactor_key_id(const struct redactor *redactor); /* 8 hex digits */
bool redactor_key_is_random(const struct redactor *redactor);

/* redactor_technique names what the policy does to a class, in the terms of RFC 6235: "none",
 * "structured permutation", "permutation", "black-marker". */
const char *redactor_technique(const struct redactor *redactor, enum privacy privacy);

/* redactor_stability is the stability class of the pseudonyms in the terms of RFC 6235: "session" under a
 * key of this run, "stable" under a key file; NULL when the policy makes no pseudonyms. */
const char *redactor_stability(const struct redactor *redactor);

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
    bool plain;  /* the text is printable ASCII without '"' and '\\' */
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

/* redactor_analysis_key derives |len| bytes of key for the names that an analysis gives (analysis_options.key), so that
 * those of sensors with one key file agree. False, and nothing, when there is no key file, or no memory. */
bool redactor_analysis_key(const struct redactor *redactor, uint8_t *out, size_t len);

/* redact_id writes the 32 hex digits of a keyed hash of |bytes| (event.id), NUL-terminated. The key comes
 * from the key file; without one it is a fixed, public key, so that the same input gives the same id in
 * every run and under every policy. Therefore |bytes| must hold PUBLIC values only: numbers of packets,
 * times, rule ids. */
void redact_id(struct redactor *redactor, struct span bytes, char id[33]);

/* redact_fingerprint writes the 32 hex digits of a hash of |facts|, which must be PUBLIC and REDACT_MAX_FACTS bytes at
 * most, NUL-terminated. Under a key file without epochs it is a keyed hash, and one of |name|, too, which may be of any
 * class (redactor_keys_fingerprints). Else |name| is left out: without a key who tries values would find it, and with
 * epochs it would join what they part. */
bool redactor_keys_fingerprints(const struct redactor *redactor);
enum { REDACT_MAX_FACTS = 256 };
void redact_fingerprint(struct redactor *redactor, struct span facts, struct span name,
                        char fingerprint[33]);

#endif
