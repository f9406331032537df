/* fingerprint.h: what makes a finding of one capture the same as a finding of another capture of the same thing.
 *
 * A fingerprint is 32 hex digits. It is a hash of the rule, of the kind of subject, and, unless the subject is a
 * client or a device (they talk to many servers), of where the server is: transport protocol, protocol and port. A
 * port of 32768 or above is one that a system chose, and does not count. With a key file (--pseudonym-key), and
 * without epochs, the hash is keyed and has the bytes of identities, hints and file names, too, if it is not merely
 * possible that they are what they seem; else it has nothing that a policy could hide.
 *
 * Nothing else counts: no address, no key, no random value, no time, no evidence. So the fingerprint does not depend on
 * the policy, nor on which of several sessions came first. */
#ifndef PERPASS_REPORTS_FINGERPRINT_H
#define PERPASS_REPORTS_FINGERPRINT_H

#include "core/finding.h"
#include "reports/redact.h"

enum { FINGERPRINT_SIZE = 33, FINGERPRINT_FIRST_CHOSEN_PORT = 32768 };

void fingerprint_of(struct redactor *redactor, const struct finding *finding,
                    char fingerprint[FINGERPRINT_SIZE]);

/* fingerprint_where writes where the subject of |finding| is, as far as it counts: "tcp/443 tls", or "-". */
enum { FINGERPRINT_WHERE_SIZE = 64 };
void fingerprint_where(const struct finding *finding, char where[FINGERPRINT_WHERE_SIZE]);

#endif
