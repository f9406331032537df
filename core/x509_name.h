/* x509_name.h: the door to what libcrypto knows of X.509: distinguished names and object identifiers as text.
 *
 * What is not plain (x509_plain_name.h) costs microseconds: for when somebody asks. They write at most |size| bytes, without a NUL, and
 * give the length; 0 when the bytes are no such thing, when the text is longer, or without memory. Text is
 * UTF-8 as far as the certificate is honest about its character sets: whoever shows it takes care. */
#ifndef PERPASS_CORE_X509_NAME_H
#define PERPASS_CORE_X509_NAME_H

#include "core/span.h"

/* x509_name_text writes a Name (with its header) in the form of RFC 4514: "CN=a.example,O=A,C=DE". */
size_t x509_name_text(struct span name, char *text, size_t size);

/* x509_name_common writes the last common name of a Name, the most specific one. */
size_t x509_name_common(struct span name, char *text, size_t size);

/* x509_oid_text writes the name of an object identifier (with its header), "sha256WithRSAEncryption", or
 * its numbers, "1.3.6.1.4.1.99999". */
size_t x509_oid_text(struct span oid, char *text, size_t size);

#endif
