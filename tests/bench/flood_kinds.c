/* flood_kinds.c: what floods are made of: SYNs, hellos of TLS, DTLS and QUIC that nobody goes on with, requests of
 * TFTP and DHCP that nobody answers, whole sessions, and what flood_unfinished.c has. Names, identities, keys and addresses are all different. */
#include "tests/bench/flood.h"

#include "tests/bench/flood_quic.h"
#include "tests/bench/flood_unfinished.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { SYN = 0x02, SYN_ACK = 0x12, PSH_ACK = 0x18, ACK = 0x10, FIN_ACK = 0x11 };
enum { TLS12 = 0x0303, DTLS12 = 0xfefd, HANDSHAKE = 22, APPLICATION_DATA = 23, CHANGE = 20 };

/* A message that is written front to back; lengths are put in when a part is over. */
struct text {
    uint8_t bytes[1400];
    size_t len;
};

static void put(struct text *text, const void *bytes, size_t len)
{
    assert(len <= sizeof text->bytes - text->len);
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static void put_number(struct text *text, uint64_t number, size_t size)
{
    for (size_t i = size; i-- > 0;)
        put(text, &(uint8_t){(uint8_t)(number >> 8 * i)}, 1);
}

static void put_random(struct flood *flood, struct text *text, size_t len)
{
    assert(len <= sizeof text->bytes - text->len);
    flood_bytes(flood, text->bytes + text->len, len);
    text->len += len;
}

/* begin leaves room for a length of |size| bytes; end fills it in. */
static size_t begin(struct text *text, size_t size)
{
    put_number(text, 0, size);
    return text->len;
}

static void end(struct text *text, size_t from, size_t size)
{
    size_t len = text->len - from;
    for (size_t i = 1; i <= size; i++, len >>= 8)
        text->bytes[from - i] = (uint8_t)len;
}

static void put_name(struct flood *flood, struct text *text, const char *before, const char *behind)
{
    char name[64];
    int len = snprintf(name, sizeof name, "%s%012llx%s", before,
                       (unsigned long long)(flood_random(flood) >> 16), behind);
    put(text, name, (size_t)len);
}

/* --- hellos --- */

/* What a client hello has beside what all have. */
struct hello {
    bool dtls, quic, tls13;
    size_t cookie_len;   /* DTLS */
    size_t session_id;   /* bytes of it */
    size_t identity_len; /* of a PSK (TLS 1.3); 0: none */
    size_t ticket_len;   /* of TLS 1.2; 0: none */
    const uint8_t *cookie;
};

static void put_extension_head(struct text *text, unsigned type, size_t *from)
{
    put_number(text, type, 2);
    *from = begin(text, 2);
}

static void put_server_name(struct flood *flood, struct text *text)
{
    size_t from, list, name;
    put_extension_head(text, 0, &from);
    list = begin(text, 2);
    put_number(text, 0, 1);
    name = begin(text, 2);
    put_name(flood, text, "h", ".example");
    end(text, name, 2);
    end(text, list, 2);
    end(text, from, 2);
}

static void put_key_share(struct flood *flood, struct text *text, bool by_server)
{
    size_t from, list;
    put_extension_head(text, 51, &from);
    list = by_server ? 0 : begin(text, 2);
    put_number(text, 29, 2); /* x25519 */
    put_number(text, 32, 2);
    put_random(flood, text, 32);
    if (!by_server)
        end(text, list, 2);
    end(text, from, 2);
}

static void put_psk(struct flood *flood, struct text *text, size_t identity_len)
{
    static const uint8_t modes[] = {0, 45, 0, 2, 1, 1};
    size_t from;
    put(text, modes, sizeof modes);
    put_extension_head(text, 41, &from);
    put_number(text, identity_len + 6, 2);
    put_number(text, identity_len, 2);
    put_random(flood, text, identity_len);
    put_random(flood, text, 4); /* its age */
    put_number(text, 33, 2);
    put_number(text, 32, 1);
    put_random(flood, text, 32);
    end(text, from, 2);
}

static void put_client_extensions(struct flood *flood, struct text *text, const struct hello *hello)
{
    static const uint8_t fixed[] = {0, 10, 0, 6, 0, 4, 0, 29,  0,  23,            /* groups */
                                    0, 13, 0, 8, 0, 6, 4, 3,   8,  4,  4, 1,      /* signatures */
                                    0, 23, 0, 0,                                  /* EMS */
                                    0, 16, 0, 5, 0, 3, 2, 'h', '3'};              /* ALPN */
    static const uint8_t parameters[] = {0, 57, 0, 6, 1, 2, 0x67, 0x10, 0x0f, 0}; /* of QUIC */
    size_t list = begin(text, 2), from;
    put_server_name(flood, text);
    put(text, fixed, sizeof fixed - (hello->quic ? 0 : 9));
    if (hello->ticket_len != 0) {
        put_extension_head(text, 35, &from);
        put_random(flood, text, hello->ticket_len);
        end(text, from, 2);
    }
    if (hello->quic)
        put(text, parameters, sizeof parameters);
    if (hello->tls13) {
        static const uint8_t versions[] = {0, 43, 0, 3, 2};
        put(text, versions, sizeof versions);
        put_number(text, hello->dtls ? 0xfefc : 0x0304, 2);
        put_key_share(flood, text, false);
    }
    if (hello->identity_len != 0)
        put_psk(flood, text, hello->identity_len);
    end(text, list, 2);
}

static void put_client_hello(struct flood *flood, struct text *text, const struct hello *hello)
{
    static const uint16_t suites[] = {0x1301, 0x1303, 0xc02b, 0xc02f, 0xc0ac, 0x00a8, 0xc0a8};
    put_number(text, hello->dtls ? DTLS12 : TLS12, 2);
    put_random(flood, text, 32);
    put_number(text, hello->session_id, 1);
    put_random(flood, text, hello->session_id);
    if (hello->dtls) {
        put_number(text, hello->cookie_len, 1);
        if (hello->cookie_len != 0)
            put(text, hello->cookie, hello->cookie_len);
    }
    size_t from = begin(text, 2);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        put_number(text, suites[i], 2);
    end(text, from, 2);
    put_number(text, 0x0100, 2);
    put_client_extensions(flood, text, hello);
}

/* --- TLS --- */

/* Writes a record with one handshake message from |side|: |body| of |type|. */
static void send_message(struct flood *flood, struct flood_pair *pair, unsigned side, unsigned type,
                         const struct text *body, const struct text *behind)
{
    struct text record = {.len = 0};
    put_number(&record, HANDSHAKE, 1);
    put_number(&record, TLS12, 2);
    put_number(&record, body->len + 4, 2);
    put_number(&record, type, 1);
    put_number(&record, body->len, 3);
    put(&record, body->bytes, body->len);
    if (behind != NULL)
        put(&record, behind->bytes, behind->len);
    flood_tcp(flood, pair, side, PSH_ACK, record.bytes, record.len);
}

static void put_sealed(struct flood *flood, struct text *text, unsigned type, size_t len)
{
    put_number(text, type, 1);
    put_number(text, TLS12, 2);
    put_number(text, len, 2);
    put_random(flood, text, len);
}

static void put_change(struct text *text)
{
    static const uint8_t change[] = {CHANGE, 3, 3, 0, 1, 1};
    put(text, change, sizeof change);
}

static void open_tcp(struct flood *flood, struct flood_pair *pair)
{
    flood_tcp(flood, pair, 0, SYN, NULL, 0);
    flood_tcp(flood, pair, 1, SYN_ACK, NULL, 0);
    flood_tcp(flood, pair, 0, ACK, NULL, 0);
}

static void write_syn(struct flood *flood)
{
    struct flood_pair pair = flood_pair(flood, (uint16_t)(flood_random(flood) & 0x3ff));
    flood_tcp(flood, &pair, 0, SYN, NULL, 0);
}

/* Of four: two with a connection, two without a packet before; one of each with a PSK. */
static void write_half_tls(struct flood *flood)
{
    uint64_t random = flood_random(flood);
    struct flood_pair pair = flood_pair(flood, 443);
    struct text hello = {.len = 0};
    put_client_hello(flood, &hello,
                     &(struct hello){.tls13 = true,
                                     .session_id = 32,
                                     .identity_len = random & 2 ? 16 + (random >> 8 & 63) : 0});
    if (random & 1)
        open_tcp(flood, &pair);
    send_message(flood, &pair, 0, 1, &hello, NULL);
}

static void put_server_hello(struct flood *flood, struct text *text, bool tls13, bool psk,
                             size_t session_id)
{
    static const uint8_t tls13_version[] = {0, 43, 0, 2, 3, 4}, selected[] = {0, 41, 0, 2, 0, 0};
    put_number(text, TLS12, 2);
    put_random(flood, text, 32);
    put_number(text, session_id, 1);
    put_random(flood, text, session_id);
    put_number(text, tls13 ? 0x1301 : 0xc02b, 2);
    put_number(text, 0, 1);
    size_t list = begin(text, 2);
    if (tls13) {
        put(text, tls13_version, sizeof tls13_version);
        put_key_share(flood, text, true);
    } else {
        put_number(text, 0x00170000, 4);
    }
    if (psk)
        put(text, selected, sizeof selected);
    end(text, list, 2);
}

static void write_tls13_session(struct flood *flood, bool psk)
{
    struct flood_pair pair = flood_pair(flood, 443);
    struct text hello = {.len = 0}, answer = {.len = 0}, rest = {.len = 0}, finished = {.len = 0};
    open_tcp(flood, &pair);
    put_client_hello(flood, &hello, &(struct hello){.tls13 = true, .identity_len = psk ? 160 : 0});
    send_message(flood, &pair, 0, 1, &hello, NULL);
    put_server_hello(flood, &answer, true, psk, 0);
    put_sealed(flood, &rest, APPLICATION_DATA, psk ? 90 : 400);
    send_message(flood, &pair, 1, 2, &answer, &rest);
    put_sealed(flood, &finished, APPLICATION_DATA, 53);
    put_sealed(flood, &finished, APPLICATION_DATA, 64);
    flood_tcp(flood, &pair, 0, PSH_ACK, finished.bytes, finished.len);
    flood_tcp(flood, &pair, 0, FIN_ACK, NULL, 0);
    flood_tcp(flood, &pair, 1, FIN_ACK, NULL, 0);
}

/* A session of TLS 1.2 that goes on from an earlier one by a ticket, and gets another one. */
static void write_tls12_session(struct flood *flood)
{
    struct flood_pair pair = flood_pair(flood, 443);
    struct text hello = {.len = 0}, answer = {.len = 0}, sealed = {.len = 0}, ticket = {.len = 0};
    open_tcp(flood, &pair);
    put_client_hello(flood, &hello, &(struct hello){.session_id = 32, .ticket_len = 176});
    send_message(flood, &pair, 0, 1, &hello, NULL);
    put_server_hello(flood, &answer, false, false, 0);
    send_message(flood, &pair, 1, 2, &answer, NULL);
    put_number(&ticket, 7200, 4);
    put_number(&ticket, 176, 2);
    put_random(flood, &ticket, 176);
    put_change(&sealed);
    put_sealed(flood, &sealed, HANDSHAKE, 40);
    send_message(flood, &pair, 1, 4, &ticket, &sealed);
    flood_tcp(flood, &pair, 0, PSH_ACK, sealed.bytes, sealed.len);
    flood_tcp(flood, &pair, 0, FIN_ACK, NULL, 0);
    flood_tcp(flood, &pair, 1, FIN_ACK, NULL, 0);
}

/* --- DTLS --- */

static void send_datagram(struct flood *flood, const struct flood_pair *pair, unsigned side,
                          unsigned type, unsigned seq, const struct text *body)
{
    struct text record = {.len = 0};
    put_number(&record, HANDSHAKE, 1);
    put_number(&record, DTLS12, 2);
    put_number(&record, seq, 8); /* epoch 0 */
    put_number(&record, body->len + 12, 2);
    put_number(&record, type, 1);
    put_number(&record, body->len, 3);
    put_number(&record, seq, 2);
    put_number(&record, 0, 3);
    put_number(&record, body->len, 3);
    put(&record, body->bytes, body->len);
    flood_udp(flood, pair, side, record.bytes, record.len);
}

/* Hello, cookie, hello with the cookie; |session_id| and a PSK as the hello says. */
static void open_dtls(struct flood *flood, const struct flood_pair *pair, struct hello *hello)
{
    uint8_t cookie[20];
    uint64_t same = flood->random;
    struct text first = {.len = 0}, verify = {.len = 0}, second = {.len = 0};
    put_client_hello(flood, &first, hello);
    send_datagram(flood, pair, 0, 1, 0, &first);
    put_number(&verify, 0xfeff, 2);
    put_number(&verify, sizeof cookie, 1);
    flood_bytes(flood, cookie, sizeof cookie);
    put(&verify, cookie, sizeof cookie);
    send_datagram(flood, pair, 1, 3, 0, &verify);
    hello->cookie_len = sizeof cookie;
    hello->cookie = cookie;
    uint64_t next = flood->random;
    flood->random = same; /* the same hello again */
    put_client_hello(flood, &second, hello);
    flood->random = next;
    send_datagram(flood, pair, 0, 1, 1, &second);
}

/* Of four: a hello; one with a cookie that no server gave; two with the cookie that one did. Half with a PSK. */
static void write_half_dtls(struct flood *flood)
{
    uint64_t random = flood_random(flood);
    struct flood_pair pair = flood_pair(flood, 4433);
    uint8_t cookie[32];
    bool psk = random & 4;
    struct hello hello = {
        .dtls = true, .tls13 = psk, .identity_len = psk ? 8 + (random >> 8 & 31) : 0};
    if (random & 1) {
        open_dtls(flood, &pair, &hello);
        return;
    }
    if (random & 2) {
        flood_bytes(flood, cookie, sizeof cookie);
        hello.cookie_len = sizeof cookie;
        hello.cookie = cookie;
    }
    struct text text = {.len = 0};
    put_client_hello(flood, &text, &hello);
    send_datagram(flood, &pair, 0, 1, 0, &text);
}

/* A session of DTLS 1.2 with a PSK of the device's own. */
static void write_dtls_psk_session(struct flood *flood)
{
    struct flood_pair pair = flood_pair(flood, 5684);
    struct text answer = {.len = 0}, done = {.len = 0}, exchange = {.len = 0}, sealed = {.len = 0};
    struct hello hello = {.dtls = true};
    open_dtls(flood, &pair, &hello);
    put_number(&answer, DTLS12, 2);
    put_random(flood, &answer, 32);
    put_number(&answer, 0x00c0a800, 4); /* no session id, PSK with AES_128_CCM_8, no compression */
    send_datagram(flood, &pair, 1, 2, 1, &answer);
    send_datagram(flood, &pair, 1, 14, 2, &done);
    size_t from = begin(&exchange, 2);
    put_name(flood, &exchange, "device-", "");
    end(&exchange, from, 2);
    send_datagram(flood, &pair, 0, 16, 2, &exchange);
    static const uint8_t change[] = {CHANGE, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 1};
    static const uint8_t head[] = {HANDSHAKE, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 40};
    put(&sealed, change, sizeof change);
    put(&sealed, head, sizeof head);
    put_random(flood, &sealed, 40);
    flood_udp(flood, &pair, 0, sealed.bytes, sealed.len);
    flood_udp(flood, &pair, 1, sealed.bytes, sealed.len);
}

static void write_session(struct flood *flood)
{
    switch (flood_random(flood) & 3) {
    case 0:
        write_tls13_session(flood, false);
        break;
    case 1:
        write_tls13_session(flood, true);
        break;
    case 2:
        write_tls12_session(flood);
        break;
    default:
        write_dtls_psk_session(flood);
    }
}

/* --- others over UDP --- */

static void write_tftp(struct flood *flood)
{
    static const uint8_t options[] = "octet\0blksize\0001428\0tsize\0000";
    struct flood_pair pair = flood_pair(flood, 69);
    struct text request = {.len = 0};
    put_number(&request, 1, 2);
    put_name(flood, &request, "boot/", ".cfg");
    put_number(&request, 0, 1);
    put(&request, options, sizeof options);
    flood_udp(flood, &pair, 0, request.bytes, request.len);
}

static void write_dhcp(struct flood *flood)
{
    static const uint8_t head[] = {0x63, 0x82, 0x53, 0x63, 53,  1,   1,   55,  4,
                                   1,    3,    66,   67,   60,  9,   'P', 'X', 'E',
                                   'C',  'l',  'i',  'e',  'n', 't', 61,  7,   1};
    static const uint8_t nothing[192];
    struct flood_pair pair = {.version = 4, .port = {68, 67}};
    struct text discover = {.len = 0};
    uint8_t mac[6];
    memset(pair.address[1], 0xff, 4);
    flood_bytes(flood, mac, sizeof mac);
    mac[0] = 2;
    put_number(&discover, 0x01010600, 4);
    put_random(flood, &discover, 4);
    put(&discover, nothing, 20);
    put(&discover, mac, sizeof mac);
    put(&discover, nothing, 10);
    put(&discover, nothing, 192);
    put(&discover, head, sizeof head);
    put(&discover, mac, sizeof mac);
    put_number(&discover, 12, 1);
    size_t from = begin(&discover, 1);
    put_name(flood, &discover, "host-", "");
    end(&discover, from, 1);
    put_number(&discover, 255, 1);
    flood_udp(flood, &pair, 0, discover.bytes, discover.len);
}

static void write_quic(struct flood *flood)
{
    struct flood_pair pair = flood_pair(flood, 443);
    struct text hello = {.len = 0};
    uint8_t datagram[FLOOD_QUIC_LEN];
    put_number(&hello, 1, 1);
    size_t from = begin(&hello, 3);
    put_client_hello(flood, &hello, &(struct hello){.tls13 = true, .quic = true});
    end(&hello, from, 3);
    flood_quic_initial(flood, 0, hello.bytes, hello.len, datagram);
    flood_udp(flood, &pair, 0, datagram, sizeof datagram);
}

const struct flood_kind flood_kinds[] = {
    {"syn", "a SYN of a random flow", 500000, write_syn},
    {"dtls", "a DTLS handshake that stops after its hellos", 50000, write_half_dtls},
    {"tftp", "a read request to a random server", 50000, write_tftp},
    {"tls", "a TLS handshake that stops after its hello", 50000, write_half_tls},
    {"dhcp", "a DISCOVER with a random hardware address", 50000, write_dhcp},
    {"quic", "an Initial with a hello and a random connection id", 50000, write_quic},
    {"sessions", "a session of TLS 1.2 or 1.3, or of DTLS with a PSK", 5000, write_session},
    {"fragments", "two fragments of a datagram of IP", 50000, flood_fragments},
    {"segments", "a connection, and segments behind a missing one", 5000, flood_segments},
    {"dtls-fragments", "fragments of three handshake messages", 50000, flood_dtls_fragments},
    {"quic-crypto", "an Initial with the middle of a hello", 50000, flood_quic_crypto},
    {0}};
