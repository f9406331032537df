/* content_envelope.c: CMS by core/cms.h; session keys of OpenPGP (RFC 9580 sections 4.2, 5.1, 5.3, 5.13); the
 * recipients of age (age-encryption.org/v1). */
#include "dissectors/content_envelope.h"

#include "core/x509_name.h"

static void add_recipient(struct content_envelope *envelope, struct content_facts *facts,
                          struct span id, const char *transport)
{
    facts->recipients = number(facts->recipients.value + 1);
    if (facts->key_transport == NULL)
        facts->key_transport = transport;
    if (facts->num_recipients == CONTENT_MAX_RECIPIENTS)
        return;
    if (id.len > CONTENT_MAX_ID)
        id = (struct span){0};
    facts->recipient_list[facts->num_recipients++] =
        (struct content_recipient){.id = id, .transport = transport};
    if (!span_seen(id))
        return;
    uint8_t *at = envelope->ids + envelope->ids_len;
    at[0] = (uint8_t)(id.len >> 8);
    at[1] = (uint8_t)id.len;
    memcpy(at + 2, id.at, id.len);
    envelope->ids_len += 2 + id.len;
    facts->recipient_ids = span_of(envelope->ids, envelope->ids_len);
}

/* The shortest of the keys of RSA and its like, whose lengths compare; without any, the shortest of the others. */
static void take_bits(struct content_facts *facts, struct number bits, const char *transport)
{
    bool curve = strcmp(transport, "ecdh") == 0;
    bool has_curve = facts->key_bits.seen && strcmp(facts->key_transport, "ecdh") == 0;
    bool shorter = bits.value < facts->key_bits.value;
    if (!bits.seen || (facts->key_bits.seen && (curve == has_curve ? !shorter : curve)))
        return;
    facts->key_bits = bits;
    facts->key_transport = transport;
}

/* --- CMS --- */

/* libcrypto's names of the algorithms that CMS is used with, as text that outlives the file. */
static const char *cipher_name(struct span oid)
{
    static const char *const names[] = {"aes-256-cbc",
                                        "aes-192-cbc",
                                        "aes-128-cbc",
                                        "aes-256-gcm",
                                        "aes-192-gcm",
                                        "aes-128-gcm",
                                        "aes-256-ccm",
                                        "aes-192-ccm",
                                        "aes-128-ccm",
                                        "aes-256-ecb",
                                        "aes-128-ecb",
                                        "aes-256-cfb",
                                        "aes-128-cfb",
                                        "des-ede3-cbc",
                                        "des-cbc",
                                        "rc2-cbc",
                                        "rc4",
                                        "rc5-cbc",
                                        "idea-cbc",
                                        "cast5-cbc",
                                        "camellia-128-cbc",
                                        "camellia-192-cbc",
                                        "camellia-256-cbc",
                                        "seed-cbc",
                                        "aria-128-cbc",
                                        "aria-256-cbc",
                                        "sm4-cbc",
                                        "gost89"};
    char text[64];
    size_t len = x509_oid_text(oid, text, sizeof text);
    for (size_t i = 0; i < sizeof names / sizeof *names && len > 0; i++)
        if (span_equal(span_of(text, len), span_text(names[i])))
            return names[i];
    /* RFC 8103 section 3: libcrypto has no name for it. */
    if (span_equal(span_of(text, len), span_text("1.2.840.113549.1.9.16.3.18")))
        return "chacha20-poly1305";
    return len > 0 ? "other" : NULL;
}

static const char *rc2_name(uint64_t bits)
{
    return bits == 40 ? "rc2-40-cbc" : bits == 64 ? "rc2-64-cbc" : "rc2-128-cbc";
}

bool content_envelope_cms(struct content_envelope *envelope, struct span message, size_t cut,
                          struct content_facts *facts)
{
    struct cms *cms = &envelope->cms;
    struct reader in = reader_of_cut(message, cut);
    bool whole = cms_read(&in, cms);
    if (!whole && (in.fault != READER_CUT || cms->type == CMS_OTHER))
        return false;
    if (cms->type == CMS_OTHER || cms->type == CMS_DATA || cms->type == CMS_SIGNED)
        return true;
    for (uint64_t i = 0; i < cms->num_recipients && i < CMS_MAX_RECIPIENTS; i++) {
        const struct cms_recipient *recipient = &cms->recipients[i];
        add_recipient(envelope, facts, recipient->id, cms_transport_name(recipient->transport));
        take_bits(facts, recipient->key_bits, cms_transport_name(recipient->transport));
    }
    facts->recipients = number(cms->num_recipients);
    facts->is_signed = truth(cms->signed_inside);
    facts->cipher =
        cms->cipher_bits.seen ? rc2_name(cms->cipher_bits.value) : cipher_name(cms->cipher);
    return true;
}

/* --- OpenPGP --- */

static const char *pgp_cipher(uint8_t algorithm)
{
    static const char *const names[] = {
        [1] = "idea-cfb",          [2] = "des-ede3-cfb",     [3] = "cast5-cfb",
        [4] = "blowfish-cfb",      [7] = "aes-128-cfb",      [8] = "aes-192-cfb",
        [9] = "aes-256-cfb",       [10] = "twofish-cfb",     [11] = "camellia-128-cfb",
        [12] = "camellia-192-cfb", [13] = "camellia-256-cfb"};
    return algorithm < sizeof names / sizeof *names ? names[algorithm] : NULL;
}

/* Takes the header of a packet, and gives its body; of one whose length is not told, the rest. */
static struct reader pgp_packet(struct reader *r, unsigned *tag)
{
    enum { NEW_FORMAT = 0x40, TWO_BYTES = 192, PARTIAL = 224, FOUR_BYTES = 255, NOT_TOLD = 3 };
    uint8_t first = reader_u8(r);
    size_t len = reader_wire_left(r);
    if (first & NEW_FORMAT) {
        *tag = first & 0x3f;
        uint8_t byte = reader_u8(r);
        if (byte < TWO_BYTES)
            len = byte;
        else if (byte < PARTIAL)
            len = (size_t)(byte - TWO_BYTES) * 256 + reader_u8(r) + TWO_BYTES;
        else
            len = byte == FOUR_BYTES ? reader_u32(r) : reader_wire_left(r);
    } else {
        *tag = first >> 2 & 0xf;
        if ((first & 3) == 0)
            len = reader_u8(r);
        else if ((first & 3) != NOT_TOLD)
            len = (first & 3) == 1 ? reader_u16(r) : reader_u32(r);
    }
    if (len > reader_wire_left(r))
        len = reader_wire_left(r);
    return reader_child(r, len);
}

static const char *pgp_transport(uint8_t algorithm)
{
    enum { RSA = 1, RSA_ENCRYPT = 2, ELGAMAL = 16, ECDH = 18, X25519 = 25, X448 = 26 };
    switch (algorithm) {
    case RSA:
    case RSA_ENCRYPT:
        return "rsaEncryption";
    case ELGAMAL:
        return "elgamal";
    case ECDH:
    case X25519:
    case X448:
        return "ecdh";
    default:
        return "other";
    }
}

/* Public-key encrypted session key of version 3: key identifier, algorithm, and numbers with their lengths in bits.
 * The first of them is shorter than the modulus by chance: whole bytes come near enough. */
static void pgp_public(struct content_envelope *envelope, struct reader body,
                       struct content_facts *facts)
{
    enum { RSA_ENCRYPT = 2, ELGAMAL = 16 };
    uint8_t version = reader_u8(&body);
    struct span id = reader_bytes(&body, 8);
    uint8_t algorithm = reader_u8(&body);
    uint64_t bits = reader_u16(&body);
    if (!reader_ok(&body) || version != 3)
        return;
    add_recipient(envelope, facts, id, pgp_transport(algorithm));
    if (algorithm <= RSA_ENCRYPT || algorithm == ELGAMAL)
        take_bits(facts, number((bits + 63) / 64 * 64), pgp_transport(algorithm));
}

void content_envelope_pgp(struct content_envelope *envelope, struct span message,
                          struct content_facts *facts)
{
    enum { PUBLIC_KEY = 1, PASSPHRASE = 3, MARKER = 10, PADDING = 21, MOST = 1000, SALTED = 3 };
    struct reader r = reader_of(message);
    for (unsigned i = 0; i < MOST && reader_more(&r); i++) {
        unsigned tag;
        struct reader body = pgp_packet(&r, &tag);
        if (tag == PUBLIC_KEY) {
            pgp_public(envelope, body, facts);
        } else if (tag == PASSPHRASE) {
            (void)reader_u8(&body);
            uint8_t cipher = reader_u8(&body), s2k = reader_u8(&body);
            reader_skip(&body, s2k == 0 ? 1 : s2k == SALTED ? 10 : 9);
            /* Without a session key of its own in the packet the passphrase's is the message's. */
            if (reader_ok(&body) && reader_left(&body) == 0)
                facts->cipher = pgp_cipher(cipher);
            add_recipient(envelope, facts, (struct span){0}, "password");
        } else if (tag != MARKER && tag != PADDING) {
            break;
        }
    }
}

/* --- age --- */

/* "-> TYPE ARGUMENT...": of an SSH key the first argument is a part of its hash. */
static void age_stanza(struct content_envelope *envelope, struct span line,
                       struct content_facts *facts)
{
    static const struct {
        const char *type, *transport;
        bool has_id;
    } types[] = {{"-> X25519 ", "ecdh", false},
                 {"-> scrypt ", "password", false},
                 {"-> ssh-rsa ", "rsaesOaep", true},
                 {"-> ssh-ed25519 ", "ecdh", true}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t len = strlen(types[i].type);
        if (line.len <= len || memcmp(line.at, types[i].type, len) != 0)
            continue;
        struct span id = span_of(line.at + len, line.len - len);
        const uint8_t *blank = memchr(id.at, ' ', id.len);
        if (blank != NULL)
            id.len = (size_t)(blank - id.at);
        add_recipient(envelope, facts, types[i].has_id ? id : (struct span){0}, types[i].transport);
        return;
    }
    /* Some recipients are there to keep readers from relying on the list. */
    if (memmem(line.at, line.len, "-grease ", 8) == NULL)
        add_recipient(envelope, facts, (struct span){0}, "other");
}

void content_envelope_age(struct content_envelope *envelope, struct span file,
                          struct content_facts *facts)
{
    struct span rest = file;
    facts->cipher = "chacha20-poly1305";
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.at) : rest.len;
        struct span line = span_of(rest.at, len);
        if (line.len >= 3 && memcmp(line.at, "---", 3) == 0)
            break;
        if (line.len >= 3 && memcmp(line.at, "-> ", 3) == 0)
            age_stanza(envelope, line, facts);
        size_t taken = end != NULL ? len + 1 : len;
        rest = span_of(rest.at + taken, rest.len - taken);
    }
}
