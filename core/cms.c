/* cms.c: RFC 5652 sections 3 to 6, RFC 5083 section 2.1, RFC 9629 section 3; X.690 section 8.1 for BER. Leaves
 * attributes, certificates and signatures unread. */
#include "core/cms.h"

#include "core/der.h"

/* --- BER: blocks whose end is told by their length, or by an end mark --- */

enum { BER_END = 0x00, BER_INDEFINITE = 0x80, CONSTRUCTED = 0x20 };

struct ber_header {
    uint8_t tag;
    bool indefinite;
    size_t len;
};

static struct ber_header ber_header(struct reader *r)
{
    enum { TAG_GOES_ON = 0x1f };
    struct ber_header header = {.tag = reader_u8(r)};
    struct reader peek = *r;
    if ((header.tag & TAG_GOES_ON) == TAG_GOES_ON)
        reader_fail(r, READER_MALFORMED, "ber.tag");
    header.indefinite = reader_u8(&peek) == BER_INDEFINITE && reader_ok(&peek);
    if (header.indefinite)
        (void)reader_u8(r);
    else
        header.len = der_length(r);
    return header;
}

/* Passes over blocks up to the end mark of the one that |r| is in. */
static void ber_skip_to_end(struct reader *r)
{
    for (size_t depth = 1; depth > 0 && reader_ok(r);) {
        struct ber_header header = ber_header(r);
        if (header.indefinite)
            depth++;
        else if (header.tag == BER_END && header.len == 0)
            depth--;
        else
            reader_skip(r, header.len);
    }
}

/* Takes the next block; of one without length and without end in what is there, all the rest. */
static struct reader ber_next(struct reader *r, uint8_t *tag)
{
    enum { END_LEN = 2 };
    struct ber_header header = ber_header(r);
    *tag = header.tag;
    if (!header.indefinite)
        return reader_child(r, header.len);
    struct reader inside = *r;
    ber_skip_to_end(r);
    if (reader_ok(r))
        inside.end = r->at - END_LEN, inside.cut = 0;
    else if (r->fault == READER_CUT)
        *r = (struct reader){.at = inside.end, .end = inside.end, .cut = inside.cut};
    return inside;
}

static bool ber_is(const struct reader *r, uint8_t tag)
{
    return der_is(r, tag);
}

static struct reader ber_block(struct reader *r, uint8_t tag)
{
    uint8_t found;
    struct reader block = ber_next(r, &found);
    if (found != tag) {
        reader_fail(r, READER_MALFORMED, "ber.tag");
        reader_fail(&block, READER_MALFORMED, "ber.tag");
    }
    return block;
}

static void ber_skip(struct reader *r)
{
    uint8_t tag;
    (void)ber_next(r, &tag);
}

static void ber_skip_if(struct reader *r, uint8_t tag)
{
    if (ber_is(r, tag))
        ber_skip(r);
}

/* The block with its header, as it is. */
static struct span ber_whole(struct reader *r, uint8_t tag)
{
    const struct reader before = *r;
    (void)ber_block(r, tag);
    if (!reader_ok(r) || r->cut != before.cut)
        return (struct span){0};
    return span_of(before.at, reader_left(&before) - reader_left(r));
}

/* --- object identifiers --- */

enum { DER_SET = 0x31 };

struct known_oid {
    uint8_t len, content[11];
};

static const struct known_oid oid_data = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1}},
                              oid_signed = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2}},
                              oid_enveloped = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3}},
                              oid_encrypted = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6}},
                              oid_auth_enveloped = {11,
                                                    {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16,
                                                     1, 23}},
                              oid_kem = {11, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 13, 3}},
                              oid_rsa = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}},
                              oid_oaep = {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7}},
                              oid_rc2 = {8, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 2}};

/* |oid| has its header. */
static bool is_oid(struct span oid, const struct known_oid *known)
{
    if (!span_seen(oid))
        return false;
    struct reader r = reader_of(oid);
    return span_equal(der_content(&r, DER_OID), span_of(known->content, known->len));
}

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }; gives what is behind the
 * identifier. */
static struct reader read_algorithm(struct reader *r, struct span *oid)
{
    struct reader algorithm = ber_block(r, DER_SEQUENCE);
    *oid = ber_whole(&algorithm, DER_OID);
    return algorithm;
}

/* --- recipients --- */

static struct number bits_of_bytes(size_t len)
{
    return len > 0 ? number((uint64_t)len * 8) : (struct number){0};
}

/* IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER } or a tagged SubjectKeyIdentifier */
static struct span read_identifier(struct reader *r)
{
    uint8_t tag;
    if (ber_is(r, DER_SEQUENCE))
        return ber_whole(r, DER_SEQUENCE);
    struct reader id = ber_next(r, &tag);
    struct span bytes = reader_rest(&id);
    return reader_ok(r) && id.cut == 0 ? bytes : (struct span){0};
}

/* KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey OCTET STRING } */
static void read_key_transport(struct reader *r, struct cms_recipient *recipient)
{
    struct span algorithm;
    ber_skip(r);
    recipient->id = read_identifier(r);
    (void)read_algorithm(r, &algorithm);
    struct reader key = ber_block(r, DER_OCTET_STRING);
    if (is_oid(algorithm, &oid_rsa))
        recipient->transport = CMS_RSA_PKCS1;
    else if (is_oid(algorithm, &oid_oaep))
        recipient->transport = CMS_RSA_OAEP;
    if (recipient->transport != CMS_TRANSPORT_OTHER && reader_ok(r))
        recipient->key_bits = bits_of_bytes(reader_wire_left(&key));
}

/* A point is 04 and two coordinates; one of X25519 or X448 has none of the first. P-521 has 66 bytes of them. */
static struct number curve_bits(size_t len)
{
    enum { P521 = 133, X25519 = 32, X448 = 56 };
    if (len == P521)
        return number(521);
    if (len == X25519 || len == X448)
        return number(len == X25519 ? 253 : 448);
    return len % 2 == 1 && len < P521 ? number((uint64_t)(len - 1) * 4) : (struct number){0};
}

/* OriginatorPublicKey ::= SEQUENCE { algorithm AlgorithmIdentifier, publicKey BIT STRING }, as [0] [1] */
static void read_originator(struct reader *r, struct cms_recipient *recipient)
{
    struct span algorithm;
    struct reader originator = ber_block(r, DER_EXPLICIT);
    if (!ber_is(&originator, DER_EXPLICIT + 1))
        return;
    struct reader key = ber_block(&originator, DER_EXPLICIT + 1);
    (void)read_algorithm(&key, &algorithm);
    struct reader bits = ber_block(&key, DER_BIT_STRING);
    (void)reader_u8(&bits);
    if (reader_ok(&bits) && bits.cut == 0)
        recipient->key_bits = curve_bits(reader_left(&bits));
}

/* RecipientEncryptedKey ::= SEQUENCE { rid KeyAgreeRecipientIdentifier, encryptedKey OCTET STRING }, where rid may be
 * [0] RecipientKeyIdentifier ::= SEQUENCE { subjectKeyIdentifier OCTET STRING, ... } */
static struct span read_agreed_key(struct reader *r)
{
    struct reader key = ber_block(r, DER_SEQUENCE);
    if (ber_is(&key, DER_SEQUENCE))
        return ber_whole(&key, DER_SEQUENCE);
    struct reader identifier = ber_block(&key, DER_EXPLICIT);
    return read_identifier(&identifier);
}

static void add_recipient(struct cms *cms, const struct cms_recipient *recipient)
{
    if (cms->num_recipients < CMS_MAX_RECIPIENTS)
        cms->recipients[cms->num_recipients] = *recipient;
    cms->num_recipients++;
}

/* KeyAgreeRecipientInfo ::= SEQUENCE { version, originator [0], ukm [1] OPTIONAL, keyEncryptionAlgorithm,
 * recipientEncryptedKeys SEQUENCE OF RecipientEncryptedKey }: one key of the sender for several recipients. */
static void read_agreement(struct reader *r, struct cms *cms)
{
    struct cms_recipient recipient = {.transport = CMS_AGREEMENT};
    struct span algorithm;
    ber_skip(r);
    read_originator(r, &recipient);
    ber_skip_if(r, DER_EXPLICIT + 1);
    (void)read_algorithm(r, &algorithm);
    struct reader keys = ber_block(r, DER_SEQUENCE);
    if (!reader_ok(r))
        return;
    do {
        recipient.id = read_agreed_key(&keys);
        if (reader_ok(&keys))
            add_recipient(cms, &recipient);
    } while (reader_more(&keys));
}

/* KEKRecipientInfo ::= SEQUENCE { version, kekid SEQUENCE { keyIdentifier OCTET STRING, ... }, ... } */
static void read_kek(struct reader *r, struct cms_recipient *recipient)
{
    ber_skip(r);
    struct reader id = ber_block(r, DER_SEQUENCE);
    recipient->transport = CMS_KEK;
    recipient->id = read_identifier(&id);
}

/* OtherRecipientInfo ::= SEQUENCE { oriType OBJECT IDENTIFIER, oriValue ANY } */
static void read_other(struct reader *r, struct cms_recipient *recipient)
{
    if (is_oid(ber_whole(r, DER_OID), &oid_kem))
        recipient->transport = CMS_KEM;
    struct reader value = ber_block(r, DER_SEQUENCE);
    ber_skip(&value);
    if (recipient->transport == CMS_KEM && reader_ok(&value))
        recipient->id = read_identifier(&value);
}

/* RecipientInfo ::= CHOICE { KeyTransRecipientInfo, [1] KeyAgreeRecipientInfo, [2] KEKRecipientInfo,
 *                            [3] PasswordRecipientInfo, [4] OtherRecipientInfo } */
static void read_recipient(struct reader *list, struct cms *cms)
{
    uint8_t tag;
    struct reader r = ber_next(list, &tag);
    struct cms_recipient recipient = {.transport = CMS_TRANSPORT_OTHER};
    if (!reader_ok(list))
        return;
    if (tag == DER_EXPLICIT + 1) {
        read_agreement(&r, cms);
        return;
    }
    if (tag == DER_SEQUENCE)
        read_key_transport(&r, &recipient);
    else if (tag == DER_EXPLICIT + 2)
        read_kek(&r, &recipient);
    else if (tag == DER_EXPLICIT + 3)
        recipient.transport = CMS_PASSWORD;
    else if (tag == DER_EXPLICIT + 4)
        read_other(&r, &recipient);
    add_recipient(cms, &recipient);
}

/* --- what is encrypted --- */

/* RFC 8018 appendix B.2.3: RC2-CBC-Parameter ::= SEQUENCE { rc2ParameterVersion INTEGER OPTIONAL,
 * iv OCTET STRING } */
static struct number rc2_bits(struct reader parameters)
{
    static const struct {
        uint8_t version;
        uint16_t bits;
    } known[] = {{160, 40}, {120, 64}, {58, 128}};
    struct reader list = ber_block(&parameters, DER_SEQUENCE);
    struct reader version = ber_block(&list, DER_INTEGER);
    struct span bytes = reader_rest(&version);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes.len > 0 && bytes.at[bytes.len - 1] == known[i].version)
            return number(known[i].bits);
    return (struct number){0};
}

/* EncryptedContentInfo ::= SEQUENCE { contentType, contentEncryptionAlgorithm, encryptedContent [0] OPTIONAL } */
static void read_encrypted_content(struct reader *r, struct cms *cms)
{
    struct reader info = ber_block(r, DER_SEQUENCE);
    cms->signed_inside = is_oid(ber_whole(&info, DER_OID), &oid_signed);
    struct reader parameters = read_algorithm(&info, &cms->cipher);
    if (is_oid(cms->cipher, &oid_rc2))
        cms->cipher_bits = rc2_bits(parameters);
    if (!reader_ok(&info))
        reader_fail(r, info.fault, "cms.content");
}

/* EnvelopedData ::= SEQUENCE { version, originatorInfo [0] OPTIONAL, recipientInfos SET OF RecipientInfo,
 *                              encryptedContentInfo, ... }; AuthEnvelopedData is the same up to there. */
static void read_enveloped(struct reader *r, struct cms *cms)
{
    ber_skip(r);
    ber_skip_if(r, DER_EXPLICIT);
    struct reader list = ber_block(r, DER_SET);
    while (reader_more(&list))
        read_recipient(&list, cms);
    if (!reader_ok(&list))
        reader_fail(r, list.fault, "cms.recipients");
    read_encrypted_content(r, cms);
}

/* --- what is signed --- */

static struct number count_blocks(struct reader list)
{
    uint64_t count = 0;
    while (reader_more(&list)) {
        ber_skip(&list);
        count += reader_ok(&list);
    }
    return number(count);
}

/* eContent: an OCTET STRING in one piece or in several; PKCS #7 allows other things. */
static void enter_content(struct reader content, struct cms *cms)
{
    cms->content = ber_next(&content, &cms->content_tag);
    cms->has_content = reader_ok(&cms->content);
}

/* EncapsulatedContentInfo ::= SEQUENCE { eContentType, eContent [0] EXPLICIT OCTET STRING OPTIONAL } */
static void read_encapsulated(struct reader *r, struct cms *cms)
{
    struct reader info = ber_block(r, DER_SEQUENCE);
    (void)ber_whole(&info, DER_OID);
    if (ber_is(&info, DER_EXPLICIT))
        enter_content(ber_block(&info, DER_EXPLICIT), cms);
}

/* SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo, certificates [0] OPTIONAL,
 *                           crls [1] OPTIONAL, signerInfos SET OF SignerInfo } */
static void read_signed(struct reader *r, struct cms *cms)
{
    ber_skip(r);
    ber_skip(r);
    read_encapsulated(r, cms);
    if (ber_is(r, DER_EXPLICIT)) {
        struct reader certificates = ber_block(r, DER_EXPLICIT);
        cms->certificates = reader_rest(&certificates);
    }
    ber_skip_if(r, DER_EXPLICIT + 1);
    struct reader signers = ber_block(r, DER_SET);
    if (reader_ok(r) && signers.cut == 0)
        cms->num_signers = count_blocks(signers);
}

/* --- the message --- */

static enum cms_type type_of(struct span oid)
{
    static const struct {
        const struct known_oid *oid;
        enum cms_type type;
    } types[] = {{&oid_data, CMS_DATA},
                 {&oid_signed, CMS_SIGNED},
                 {&oid_enveloped, CMS_ENVELOPED},
                 {&oid_auth_enveloped, CMS_AUTH_ENVELOPED},
                 {&oid_encrypted, CMS_ENCRYPTED}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_oid(oid, types[i].oid))
            return types[i].type;
    return CMS_OTHER;
}

static void read_content(struct reader content, struct cms *cms, struct reader *in)
{
    if (cms->type == CMS_DATA) {
        enter_content(content, cms);
        return;
    }
    if (cms->type == CMS_OTHER)
        return;
    struct reader body = ber_block(&content, DER_SEQUENCE);
    if (cms->type == CMS_SIGNED) {
        read_signed(&body, cms);
    } else if (cms->type == CMS_ENCRYPTED) {
        ber_skip(&body);
        read_encrypted_content(&body, cms);
    } else {
        read_enveloped(&body, cms);
    }
    if (!reader_ok(&body))
        reader_fail(in, body.fault, body.field);
}

/* ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY DEFINED BY contentType } */
bool cms_read(struct reader *in, struct cms *cms)
{
    *cms = (struct cms){0};
    struct reader info = ber_block(in, DER_SEQUENCE);
    struct span oid = ber_whole(&info, DER_OID);
    struct reader content = ber_block(&info, DER_EXPLICIT);
    if (!reader_ok(&info)) {
        reader_fail(in, info.fault, "cms");
        return false;
    }
    cms->type = type_of(oid);
    read_content(content, cms, in);
    return reader_ok(in);
}

bool cms_next_content(struct cms *cms, struct span *piece)
{
    if (!cms->has_content || !reader_more(&cms->content))
        return false;
    if (!(cms->content_tag & CONSTRUCTED)) {
        *piece = reader_rest(&cms->content);
        return piece->len > 0;
    }
    uint8_t tag;
    struct reader part = ber_next(&cms->content, &tag);
    *piece = reader_rest(&part);
    return tag == DER_OCTET_STRING && piece->len > 0;
}

const char *cms_transport_name(enum cms_transport transport)
{
    static const char *const names[] = {[CMS_TRANSPORT_OTHER] = "other",
                                        [CMS_RSA_PKCS1] = "rsaEncryption",
                                        [CMS_RSA_OAEP] = "rsaesOaep",
                                        [CMS_AGREEMENT] = "ecdh",
                                        [CMS_KEK] = "kek",
                                        [CMS_PASSWORD] = "password",
                                        [CMS_KEM] = "kem"};
    return names[transport];
}
