/* x509.h: what is where in an X.509 certificate (RFC 5280 section 4.1), and of its key what can be told by
 * looking. Nothing is verified. Names and object identifiers become text behind x509_name.h. */
#ifndef PERPASS_CORE_X509_H
#define PERPASS_CORE_X509_H

#include "core/reader.h"
#include "core/value.h"

/* The parts, as spans of the certificate; what a broken one lacks is not seen. */
struct x509 {
    struct span serial;    /* content of the INTEGER, a leading 00 included */
    struct span signature; /* object identifier of the signature's algorithm, with its header */
    struct span issuer, subject;       /* Name, with its header */
    struct span not_before, not_after; /* UTCTime or GeneralizedTime, with its header */
    struct span key;                   /* SubjectPublicKeyInfo, with its header */
    struct span names; /* subjectAltName: GeneralName after GeneralName; not seen without one */
};

/* x509_read finds the parts. False, and a fault in |der|, when it is no whole certificate; what was
 * found before the fault stands. */
bool x509_read(struct reader *der, struct x509 *certificate);

/* x509_extension finds the extension |id| (an object identifier, with its header) of a whole certificate, and gives
 * what is in its OCTET STRING; false when there is none. */
bool x509_extension(struct span der, struct span id, struct span *value);

/* The forms of a GeneralName, RFC 5280 section 4.2.1.6, that are text or an address. */
enum x509_name_form { X509_EMAIL = 1, X509_DNS = 2, X509_URI = 6, X509_IP = 7 };

/* x509_next_name takes the next name of |form| from the names of a certificate; false at their end. */
bool x509_next_name(struct reader *names, enum x509_name_form form, struct span *name);

struct x509_key {
    struct span algorithm; /* object identifier, with its header */
    struct span curve;     /* EC with a named curve: its object identifier, with its header */
    struct number bits;    /* of the RSA or DSA modulus, or of the curve's field, if it is known */
};

/* x509_key_read reads a SubjectPublicKeyInfo. */
bool x509_key_read(struct span key, struct x509_key *out);

/* A time of RFC 5280 section 4.1.2.5: always with seconds, always UTC. */
enum { X509_TIME_TEXT = sizeof "9999-12-31T23:59:59Z" };
bool x509_time_text(struct span time, char text[X509_TIME_TEXT]);

/* x509_time_seconds gives seconds since 1970, negative before; false if |time| is no such time. */
bool x509_time_seconds(struct span time, int64_t *seconds);

#endif
