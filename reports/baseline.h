/* baseline.h: findings that are known: a file of fingerprints (fingerprint.h), and what is new beside it.
 *
 * The file is text, a line a fingerprint, sorted, so that it can be kept with the tests that the captures are of:
 *
 *   perpass-baseline 1
 *   key none
 *   0f1e2d3c4b5a69788796a5b4c3d2e1f0 high psk.identity-cleartext identity udp/5684 dtls
 *
 * "key" is followed by the id of the key file, or "none". Of the other lines the fingerprint and the severity count, and
 * of those that are not found again the rule: whether it ran; the rest is for people. Lines that begin with # are comments. A finding is known if its fingerprint is in the file
 * with the same severity or a higher one. */
#ifndef PERPASS_REPORTS_BASELINE_H
#define PERPASS_REPORTS_BASELINE_H

#include "reports/sink.h"

struct baseline;

/* baseline_read reads the file at |path|. NULL and |error| when it cannot be read, is none, or was written under another
 * key than |redactor|'s: then no fingerprint in it would be found again. */
struct baseline *baseline_read(const char *path, const struct redactor *redactor,
                               struct error *error);
void baseline_free(struct baseline *baseline);

bool baseline_knows(const struct baseline *baseline, const char *fingerprint,
                    enum severity severity);

/* baseline_write writes the findings of |result|, known or not, as such a file. */
bool baseline_write(FILE *out, const struct result *result, struct redactor *redactor,
                    struct error *error);

/* How a finding stands to the baseline of a result, and to the severity that a run fails on. */
struct standing {
    char fingerprint[33];
    bool known; /* there is a baseline, and it is in there */
    bool fails; /* it is not known, and severe enough (result.fail_on) */
};
struct standing baseline_standing(const struct result *result, struct redactor *redactor,
                                  const struct finding *finding);

/* baseline_fails says whether any finding of |result| makes the run fail. */
bool baseline_fails(const struct result *result, struct redactor *redactor);

/* How many findings are known; |gone|: lines of the baseline of which nothing was found,
 * though it would be told: 0 for reports that were joined. */
struct baseline_count {
    uint64_t known, fresh, gone;
};
struct baseline_count baseline_count(const struct result *result, struct redactor *redactor);

#endif
