/* content_envelope.h: what an encrypted message tells of itself: CMS, OpenPGP, age. */
#ifndef PERPASS_DISSECTORS_CONTENT_ENVELOPE_H
#define PERPASS_DISSECTORS_CONTENT_ENVELOPE_H

#include "core/cms.h"
#include "dissectors/content.h"

enum { CONTENT_MAX_ID = 512 }; /* bytes of an identifier of a recipient that is told */

/* What the facts point to. */
struct content_envelope {
    struct cms cms;
    uint8_t ids[CONTENT_MAX_RECIPIENTS * (2 + CONTENT_MAX_ID)];
    size_t ids_len;
};

/* content_envelope_cms reads a message into envelope->cms, and tells recipients and ciphers of one that is encrypted.
 * False when it is no CMS. |cut| bytes more are in the file. */
bool content_envelope_cms(struct content_envelope *envelope, struct span message, size_t cut,
                          struct content_facts *facts);

/* content_envelope_pgp reads what precedes the data of an OpenPGP message, content_envelope_age the header of an age
 * file. */
void content_envelope_pgp(struct content_envelope *envelope, struct span message,
                          struct content_facts *facts);
void content_envelope_age(struct content_envelope *envelope, struct span file,
                          struct content_facts *facts);

#endif
