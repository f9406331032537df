/* recognise.h: what a piece of text looks like: names, addresses, numbers of devices.
 *
 * Every function takes the whole text and says how sure it is that it is one of these;
 * RECOGNISED_NOT when it is not. Text is bytes: nothing here expects a NUL or looks at the locale.
 */
#ifndef PERPASS_DISSECTORS_RECOGNISE_H
#define PERPASS_DISSECTORS_RECOGNISE_H

#include "core/finding.h"
#include "core/reader.h"

#define RECOGNISED_NOT ((enum confidence)0)

enum { RECOGNISE_MAX_NAME = 512 }; /* longer text is not looked at for names */

/* Classes of ASCII characters, whatever the locale. */
static inline bool ascii_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_alnum(uint8_t c)
{
    return ascii_is_digit(c) || ascii_is_upper(c) || ascii_is_lower(c);
}

static inline bool ascii_is_printable(uint8_t c)
{
    return c >= 0x20 && c <= 0x7e;
}

/* ascii_all says whether |text| is not empty and |is| holds for every byte. */
bool ascii_all(struct span text, bool (*is)(uint8_t c));
bool ascii_is_hex(uint8_t c);

/* ascii_equal compares without regard to case; |lower| is in lower case. */
bool ascii_equal(struct span text, const char *lower);

/* ascii_peek is the next byte, or -1 at the end; ascii_take takes it if it is |c|; ascii_until
 * takes all bytes before the next |c| or the end, and |c| itself, too. */
int ascii_peek(struct reader text);
bool ascii_take(struct reader *text, uint8_t c);
struct span ascii_until(struct reader *text, uint8_t c);

/* utf8_is_text says whether |bytes| are valid UTF-8 (RFC 3629 section 4) without control
 * characters. */
bool utf8_is_text(struct span bytes);

/* recognise_name.c: names of persons, hosts, things. */
enum confidence recognise_nai(struct span text);  /* RFC 7542 section 2.2: user@realm; e-mail */
enum confidence recognise_host(struct span text); /* RFC 1123 section 2.1, at least two labels */
enum confidence recognise_ipv4(struct span text); /* dotted decimal */
enum confidence recognise_ipv6(struct span text); /* RFC 4291 section 2.2 */
enum confidence recognise_urn(struct span text);  /* RFC 8141 section 2 */
enum confidence
recognise_device_urn(struct span text);         /* RFC 9039, RFC 7254; LwM2M endpoint names */
enum confidence recognise_dn(struct span text); /* RFC 4514 section 3, and /C=DE/O=… */
bool recognise_realm(struct span text);         /* has "@" and a realm after it */

/* recognise_device.c: numbers that hardware and subscribers have. */
enum confidence recognise_mac(struct span text);   /* EUI-48 */
enum confidence recognise_eui64(struct span text); /* EUI-64 */
enum confidence recognise_imei(struct span text);  /* 3GPP TS 23.003 section 6.2 */
enum confidence recognise_imsi(struct span text);  /* 3GPP TS 23.003 section 2.2 */
enum confidence recognise_iccid(struct span text); /* ITU-T E.118 section 4.1 */
enum confidence recognise_phone(struct span text); /* ITU-T E.164 with its "+" */
enum confidence recognise_uuid(struct span text);  /* RFC 9562 section 4 */
enum confidence
recognise_mac_uuid(struct span text); /* … made of a MAC address: versions 1 and 6 */
enum confidence recognise_serial(struct span text); /* a guess by form */

/* recognise_opaque.c: text forms of opaque bytes. */
enum confidence recognise_hex(struct span text);    /* 8 bytes or more, without separators */
enum confidence recognise_base64(struct span text); /* RFC 4648 sections 4 and 5 */

#endif
