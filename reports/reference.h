/* reference.h: where the specifications that rules rest on can be read. */
#ifndef PERPASS_REPORTS_REFERENCE_H
#define PERPASS_REPORTS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

enum { REFERENCE_SIZE = 160 };

/* reference_uri writes the address of the first of |references|, as in struct rule: "RFC 9257 section 6.1.1" becomes
 * that of the section at the RFC Editor, a draft's that at the IETF. False when it is neither. */
bool reference_uri(const char *references, char uri[REFERENCE_SIZE]);

#endif
