/* x509_plain_name.h: names in certificates as most are: one attribute of a common type in each part, of printable
 * ASCII. They are read where they lie; for all others there is libcrypto (x509_name.h). */
#ifndef PERPASS_CORE_X509_PLAIN_NAME_H
#define PERPASS_CORE_X509_PLAIN_NAME_H

#include "core/span.h"

enum { X509_PLAIN_NAME_PARTS = 16 };

struct x509_plain_part {
    const char *type; /* "CN", "O" … */
    struct span value;
};

struct x509_plain_name {
    struct x509_plain_part parts[X509_PLAIN_NAME_PARTS]; /* in the order of the certificate */
    size_t num;
};

/* x509_plain_name_read reads a Name (with its header), which is all of the bytes; false when it is not as plain. */
bool x509_plain_name_read(struct span bytes, struct x509_plain_name *name);

#endif
