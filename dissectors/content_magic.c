/* content_magic.c: what a file is by its first bytes: executables, boot images, archives, encrypted containers, keys
 * and certificates. Text without a mark of its own is left to its lines. */
#include "dissectors/content_magic.h"

#include "core/der.h"

/* |text| may hold NUL; |len| counts. */
struct magic {
    uint16_t offset;
    uint8_t len;
    const char *text;
    enum content_class class;
    const char *format;
};

#define AT(offset, text, class, format)                                                            \
    {                                                                                              \
        offset, sizeof(text) - 1, text, class, format                                              \
    }

static const struct magic magics[] = {
    AT(0,
       "\x7f"
       "ELF",
       CONTENT_IMAGE, "elf"),
    AT(0, "\x27\x05\x19\x56", CONTENT_IMAGE, "uimage"),
    AT(0, "hsqs", CONTENT_IMAGE, "squashfs"),
    AT(0, "sqsh", CONTENT_IMAGE, "squashfs"),
    AT(0, "070701", CONTENT_IMAGE, "cpio"),
    AT(0, "070702", CONTENT_IMAGE, "cpio"),
    AT(0, "070707", CONTENT_IMAGE, "cpio"),
    AT(0, "\xc7\x71", CONTENT_IMAGE, "cpio"),
    AT(0, "\x45\x3d\xcd\x28", CONTENT_IMAGE, "cramfs"),
    AT(0, "\x28\xcd\x3d\x45", CONTENT_IMAGE, "cramfs"),
    AT(0, "-rom1fs-", CONTENT_IMAGE, "romfs"),
    AT(0, "UBI#", CONTENT_IMAGE, "ubi"),
    AT(0, "ANDROID!", CONTENT_IMAGE, "android-boot"),
    AT(0, "HDR0", CONTENT_IMAGE, "trx"),
    AT(0, "MSWIM\0\0\0", CONTENT_IMAGE, "wim"),
    AT(0, "$SDI0001", CONTENT_IMAGE, "sdi"),
    AT(0, "\x1e\xf1\xd0\xba", CONTENT_IMAGE, "routeros-npk"),
    AT(0, "QFI\xfb", CONTENT_IMAGE, "qcow2"),
    AT(0, "KDMV", CONTENT_IMAGE, "vmdk"),
    AT(0x202, "HdrS", CONTENT_IMAGE, "linux"), /* Linux's boot protocol of x86 */
    AT(56, "ARM\x64", CONTENT_IMAGE, "linux"),
    AT(36, "\x18\x28\x6f\x01", CONTENT_IMAGE, "linux"),
    AT(0, "\x1f\x8b\x08", CONTENT_ARCHIVE, "gzip"),
    AT(0,
       "\xfd"
       "7zXZ\0",
       CONTENT_ARCHIVE, "xz"),
    AT(0, "\x28\xb5\x2f\xfd", CONTENT_ARCHIVE, "zstd"),
    AT(0, "\x04\x22\x4d\x18", CONTENT_ARCHIVE, "lz4"),
    AT(0, "\x02\x21\x4c\x18", CONTENT_ARCHIVE, "lz4"),
    AT(4, "1AY&SY", CONTENT_ARCHIVE, "bzip2"),
    AT(0, "\x89LZO\0\r\n\x1a\n", CONTENT_ARCHIVE, "lzop"),
    AT(0, "\x1f\x9d", CONTENT_ARCHIVE, "compress"),
    AT(0, "7z\xbc\xaf\x27\x1c", CONTENT_ARCHIVE, "7z"),
    AT(0, "Rar!\x1a\x07", CONTENT_ARCHIVE, "rar"),
    AT(0, "MSCF\0\0\0\0", CONTENT_ARCHIVE, "cab"),
    AT(0, "!<arch>\n", CONTENT_ARCHIVE, "ar"),
    AT(0, "\xed\xab\xee\xdb", CONTENT_ARCHIVE, "rpm"),
    AT(257, "ustar", CONTENT_ARCHIVE, "tar"),
    AT(0, "Salted__", CONTENT_ENCRYPTED, "openssl"),
    AT(0, "LUKS\xba\xbe", CONTENT_ENCRYPTED, "luks"),
    AT(0, "#FGBK|", CONTENT_ENCRYPTED, "fortios-backup"),
    AT(0, "\xef\xa8\x91\x72", CONTENT_ENCRYPTED, "routeros-backup"),
    AT(0, "AES\x02", CONTENT_ENCRYPTED, "aescrypt"),
    AT(0, "VimCrypt~", CONTENT_ENCRYPTED, "vim"),
    AT(0, "\x88\xac\xa1\xb1", CONTENT_CONFIGURATION, "routeros-backup"),
    AT(0, "\x89PNG\r\n\x1a\n", CONTENT_UNKNOWN, "png"),
    AT(0, "\xff\xd8\xff", CONTENT_UNKNOWN, "jpeg"),
    AT(0, "GIF8", CONTENT_UNKNOWN, "gif"),
    AT(0, "%PDF-", CONTENT_UNKNOWN, "pdf"),
    AT(8, "WAVEfmt ", CONTENT_UNKNOWN, "wav"),
    AT(0, "ID3", CONTENT_UNKNOWN, "mp3"),
    AT(0, "OggS", CONTENT_UNKNOWN, "ogg"),
    AT(0, "wOF2", CONTENT_UNKNOWN, "woff2"),
    AT(510, "\x55\xaa", CONTENT_IMAGE, "boot-sector"),
};

static bool has_at(struct span head, size_t offset, const char *text, size_t len)
{
    return offset <= head.len && len <= head.len - offset &&
           memcmp(head.at + offset, text, len) == 0;
}

static bool begins(struct span head, const char *text)
{
    return has_at(head, 0, text, strlen(text));
}

static bool holds(struct span head, const char *text, size_t len)
{
    return head.len >= len && memmem(head.at, head.len, text, len) != NULL;
}

static struct content_kind kind_of(enum content_class class, const char *format)
{
    return (struct content_kind){.class = class,
                                 .format = format,
                                 .encrypted = class == CONTENT_ENCRYPTED ? TRUTH_YES : TRUTH_NO,
                                 .known = true,
                                 .binary = true};
}

/* --- what takes more than a few bytes --- */

/* MZ, and at 0x3c where "PE\0\0" is. A Linux kernel can be both: then it is the kernel. */
static bool is_pe(struct span head)
{
    if (!begins(head, "MZ") || has_at(head, 0x202, "HdrS", 4))
        return false;
    struct reader r = reader_of(head);
    reader_skip(&r, 0x3c);
    uint32_t at = reader_u32_le(&r);
    return reader_ok(&r) && (at >= CONTENT_HEAD || has_at(head, at, "PE\0\0", 4));
}

/* A flattened device tree; with a node of images it is a U-Boot image. */
static bool read_device_tree(struct span head, struct content_kind *kind)
{
    if (!begins(head, "\xd0\x0d\xfe\xed"))
        return false;
    *kind = kind_of(CONTENT_IMAGE, holds(head, "\0\0\0\1images\0", 11) ? "fit" : "dtb");
    return true;
}

/* A local file header of ZIP, APPNOTE.TXT section 4.3.7. The image of EOS is a ZIP that begins with files of known
 * names. */
static bool read_zip(struct span head, struct content_kind *kind)
{
    enum { ENCRYPTED = 1, AES = 99 };
    static const char *const eos[] = {"boot0", "version", "initrd-i386", "linux-i386",
                                      "rootfs-i386.sqsh"};
    struct reader r = reader_of(head);
    if (reader_u32(&r) != 0x504b0304)
        return false;
    reader_skip(&r, 2);
    uint16_t flags = reader_u16_le(&r), method = reader_u16_le(&r);
    reader_skip(&r, 16);
    size_t name_len = reader_u16_le(&r);
    reader_skip(&r, 2);
    struct span name = reader_bytes(&r, name_len);
    *kind = kind_of(CONTENT_ARCHIVE, "zip");
    if (flags & ENCRYPTED) {
        *kind = kind_of(CONTENT_ENCRYPTED, "zip");
        kind->cipher = method == AES ? "aes" : "pkzip";
    }
    for (size_t i = 0; i < sizeof eos / sizeof *eos && reader_ok(&r); i++)
        if (kind->class == CONTENT_ARCHIVE && span_equal(name, span_text(eos[i])))
            *kind = kind_of(CONTENT_IMAGE, "eos-swi");
    return true;
}

/* The header of LZMA: properties, size of the dictionary, and an unknown size. */
static bool is_lzma(struct span head)
{
    return has_at(head, 0, "\x5d\0\0", 3) && has_at(head, 5, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

/* A DOCSIS configuration file (CM-SP-MULPI annex C, D): settings of type, length, value, the first of them network
 * access or one of the common others, the ends of the message integrity checks among them. */
static bool is_docsis(struct span head)
{
    enum {
        PAD = 0,
        NETWORK_ACCESS = 3,
        CM_MIC = 6,
        CMTS_MIC = 7,
        LAST = 99,
        END = 255,
        ENOUGH = 4
    };
    struct reader r = reader_of(head);
    unsigned settings = 0;
    bool access = false, mic = false;
    while (reader_more(&r)) {
        uint8_t type = reader_u8(&r);
        if (type == PAD)
            continue;
        if (type == END)
            break;
        struct reader value = reader_vec8(&r);
        size_t len = reader_left(&value);
        if (type > LAST || (reader_ok(&r) && len == 0))
            return false;
        if (type == NETWORK_ACCESS && (len != 1 || reader_u8(&value) > 1))
            return false;
        access |= type == NETWORK_ACCESS;
        mic |= (type == CM_MIC || type == CMTS_MIC) && len == 16;
        settings++;
    }
    return access && settings >= ENOUGH && (mic || head.len >= CONTENT_HEAD);
}

/* A signed file of a Cisco telephone: the header is of type, length, value, too: version, its own length, signer. */
static bool is_cisco_signed(struct span head)
{
    struct reader r = reader_of(head);
    bool version = reader_u8(&r) == 1 && reader_u16(&r) == 2;
    reader_skip(&r, 2);
    bool length = reader_u8(&r) == 2 && reader_u16(&r) == 2;
    reader_skip(&r, 2);
    return version && length && reader_u8(&r) == 3 && reader_u16(&r) > 0 && reader_ok(&r);
}

/* Grandstream's: length, checksum and MAC address, two line ends, then P=value&... in clear. */
static bool is_grandstream(struct span head)
{
    return has_at(head, 12, "\r\n\r\nP", 5);
}

/* --- DER --- */

/* ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }, with a content type of PKCS #7
 * or S/MIME; also in BER, of indefinite length. */
static bool is_cms(struct reader in)
{
    static const uint8_t pkcs7[] = {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7},
                         smime[] = {DER_OID, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1};
    struct span rest = reader_rest(&in);
    return has_at(rest, 0, (const char *)pkcs7, sizeof pkcs7) ||
           has_at(rest, 0, (const char *)smime, sizeof smime);
}

/* After INTEGER 0 of PKCS #8 comes an AlgorithmIdentifier, of PKCS #1 the modulus; after INTEGER 3 of PKCS #12 a
 * ContentInfo; after INTEGER 1 of an EC private key its OCTET STRING. */
static const char *numbered_key(struct reader in)
{
    uint64_t version = 0;
    struct span number = der_content(&in, DER_INTEGER);
    if (!reader_ok(&in) || number.len != 1)
        return NULL;
    version = number.at[0];
    if (version == 0 && der_is(&in, DER_SEQUENCE))
        return "pkcs8";
    if (version == 0 && der_is(&in, DER_INTEGER))
        return "pkcs1";
    if (version == 1 && der_is(&in, DER_OCTET_STRING))
        return "sec1";
    return version == 3 && der_is(&in, DER_SEQUENCE) ? "pkcs12" : NULL;
}

/* EncryptedPrivateKeyInfo ::= SEQUENCE { SEQUENCE { a password based scheme of PKCS #5 or #12, ... */
static bool is_encrypted_key(struct reader in)
{
    static const uint8_t pkcs5[] = {DER_OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5},
                         pkcs12[] = {DER_OID, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1};
    uint8_t tag = reader_u8(&in);
    (void)der_length(&in);
    struct span rest = reader_rest(&in);
    return tag == DER_SEQUENCE && (has_at(rest, 0, (const char *)pkcs5, sizeof pkcs5) ||
                                   has_at(rest, 0, (const char *)pkcs12, sizeof pkcs12));
}

/* TBSCertificate of version 2 or 3, or a certificate list or request that has a name there: only the first is told. */
static bool is_certificate(struct reader in)
{
    uint8_t tag = reader_u8(&in);
    (void)der_length(&in);
    struct span version = der_content(&in, DER_EXPLICIT);
    return tag == DER_SEQUENCE && reader_ok(&in) && version.len == 3 && version.at[0] == 2 &&
           der_is(&in, DER_INTEGER);
}

static bool read_der(struct span head, struct content_kind *kind)
{
    enum { INDEFINITE = 0x80 };
    struct reader r = reader_of(head);
    if (reader_u8(&r) != DER_SEQUENCE || reader_left(&r) == 0)
        return false;
    struct reader peek = r;
    if (reader_u8(&peek) == INDEFINITE)
        (void)reader_u8(&r);
    else
        (void)der_length(&r);
    if (!reader_ok(&r))
        return false;
    if (is_cms(r)) {
        *kind = kind_of(CONTENT_UNKNOWN, "cms");
        kind->wrap = CONTENT_IN_CMS;
    } else if (numbered_key(r) != NULL) {
        *kind = kind_of(CONTENT_KEY, numbered_key(r));
        kind->encrypted = truth(strcmp(kind->format, "pkcs12") == 0);
    } else if (is_encrypted_key(r)) {
        *kind = kind_of(CONTENT_KEY, "pkcs8");
        kind->encrypted = TRUTH_YES;
    } else if (is_certificate(r)) {
        *kind = kind_of(CONTENT_CERTIFICATE, "x509");
    } else {
        return false;
    }
    kind->encoding = "der";
    return true;
}

/* --- OpenPGP in binary: a session key, for a public key or by a passphrase, comes first --- */

static bool is_pgp(struct span head)
{
    enum {
        PUBLIC_KEY = 1,
        PASSPHRASE = 3,
        RSA = 1,
        ELGAMAL = 16,
        ECDH = 18,
        X25519 = 25,
        X448 = 26
    };
    struct reader r = reader_of(head);
    uint8_t first = reader_u8(&r);
    unsigned tag = first & 0x40 ? first & 0x3f : first >> 2 & 0xf;
    unsigned length_type = first & 3;
    if (!(first & 0x80) || (!(first & 0x40) && length_type > 1))
        return false;
    reader_skip(&r, first & 0x40 || length_type == 0 ? 1 : 2);
    if (first & 0x40 && head.len > 1 && head.at[1] >= 192)
        reader_skip(&r, 1);
    uint8_t version = reader_u8(&r);
    if (tag == PASSPHRASE) {
        uint8_t cipher = reader_u8(&r), s2k = reader_u8(&r);
        return reader_ok(&r) && version == 4 && cipher >= 1 && cipher <= 13 && s2k <= 4 && s2k != 2;
    }
    reader_skip(&r, 8);
    uint8_t algorithm = reader_u8(&r);
    return tag == PUBLIC_KEY && reader_ok(&r) && version == 3 &&
           (algorithm == RSA || algorithm == RSA + 1 || algorithm == ELGAMAL || algorithm == ECDH ||
            algorithm == X25519 || algorithm == X448);
}

/* --- text with a mark --- */

struct label {
    const char *begins; /* behind "-----BEGIN " */
    enum content_class class;
    const char *format;
    enum content_wrap wrap;
    enum truth encrypted;
};

static const struct label labels[] = {
    {"CMS-----", CONTENT_UNKNOWN, "cms", CONTENT_IN_PEM, TRUTH_NO},
    {"PKCS7-----", CONTENT_UNKNOWN, "cms", CONTENT_IN_PEM, TRUTH_NO},
    {"PKCS #7 SIGNED DATA-----", CONTENT_UNKNOWN, "cms", CONTENT_IN_PEM, TRUTH_NO},
    {"PGP MESSAGE-----", CONTENT_ENCRYPTED, "pgp", CONTENT_IN_PEM, TRUTH_YES},
    {"PGP SIGNED MESSAGE-----", CONTENT_SIGNED, "pgp", CONTENT_BARE, TRUTH_NO},
    {"PGP SIGNATURE-----", CONTENT_SIGNED, "pgp-signature", CONTENT_BARE, TRUTH_NO},
    {"PGP PUBLIC KEY BLOCK-----", CONTENT_CERTIFICATE, "pgp-key", CONTENT_BARE, TRUTH_NO},
    {"PGP PRIVATE KEY BLOCK-----", CONTENT_KEY, "pgp-key", CONTENT_BARE, TRUTH_UNKNOWN},
    {"AGE ENCRYPTED FILE-----", CONTENT_ENCRYPTED, "age", CONTENT_IN_PEM, TRUTH_YES},
    {"ENCRYPTED PRIVATE KEY-----", CONTENT_KEY, "pkcs8", CONTENT_BARE, TRUTH_YES},
    {"PRIVATE KEY-----", CONTENT_KEY, "pkcs8", CONTENT_BARE, TRUTH_NO},
    {"RSA PRIVATE KEY-----", CONTENT_KEY, "pkcs1", CONTENT_BARE, TRUTH_NO},
    {"EC PRIVATE KEY-----", CONTENT_KEY, "sec1", CONTENT_BARE, TRUTH_NO},
    {"DSA PRIVATE KEY-----", CONTENT_KEY, "dsa", CONTENT_BARE, TRUTH_NO},
    {"OPENSSH PRIVATE KEY-----", CONTENT_KEY, "openssh", CONTENT_BARE, TRUTH_UNKNOWN},
    {"OpenVPN Static key V1-----", CONTENT_KEY, "openvpn", CONTENT_BARE, TRUTH_NO},
    {"CERTIFICATE REQUEST-----", CONTENT_CERTIFICATE, "pkcs10", CONTENT_BARE, TRUTH_NO},
    {"NEW CERTIFICATE REQUEST-----", CONTENT_CERTIFICATE, "pkcs10", CONTENT_BARE, TRUTH_NO},
    {"CERTIFICATE-----", CONTENT_CERTIFICATE, "x509", CONTENT_BARE, TRUTH_NO},
    {"TRUSTED CERTIFICATE-----", CONTENT_CERTIFICATE, "x509", CONTENT_BARE, TRUTH_NO},
    {"X509 CRL-----", CONTENT_CERTIFICATE, "crl", CONTENT_BARE, TRUTH_NO},
    {"PUBLIC KEY-----", CONTENT_CERTIFICATE, "public-key", CONTENT_BARE, TRUTH_NO},
};

static bool read_pem(struct span text, struct content_kind *kind)
{
    static const char dashes[] = "-----BEGIN ";
    if (!begins(text, dashes))
        return false;
    struct span behind = span_of(text.at + sizeof dashes - 1, text.len - (sizeof dashes - 1));
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (!begins(behind, labels[i].begins))
            continue;
        *kind = (struct content_kind){.class = labels[i].class,
                                      .format = labels[i].format,
                                      .encoding = strstr(labels[i].format, "pgp") ? "armor" : "pem",
                                      .wrap = labels[i].wrap,
                                      .encrypted = labels[i].encrypted,
                                      .known = true};
        if (kind->class == CONTENT_KEY && holds(text, "Proc-Type: 4,ENCRYPTED", 22))
            kind->encrypted = TRUTH_YES;
        return true;
    }
    return false;
}

/* Headers of S/MIME (RFC 8551 section 3), in any order. */
static bool read_mime(struct span text, struct content_kind *kind)
{
    if (!begins(text, "MIME-Version:") && !begins(text, "Content-") && !begins(text, "To:") &&
        !begins(text, "From:") && !begins(text, "Subject:"))
        return false;
    if (!holds(text, "pkcs7-mime", 10) && !holds(text, "pkcs7-signature", 15))
        return false;
    *kind = (struct content_kind){
        .format = "cms", .encoding = "smime", .wrap = CONTENT_IN_MIME, .known = true};
    return true;
}

struct mark {
    const char *begins;
    enum content_class class;
    const char *format, *encoding, *cipher;
    enum content_wrap wrap;
};

static const struct mark marks[] = {
    {"$ANSIBLE_VAULT;", CONTENT_ENCRYPTED, "ansible-vault", NULL, "aes-256-ctr", CONTENT_BARE},
    {"U2FsdGVkX1", CONTENT_ENCRYPTED, "openssl", "base64", NULL, CONTENT_BARE},
    {"age-encryption.org/v1\n", CONTENT_ENCRYPTED, "age", NULL, "chacha20-poly1305",
     CONTENT_IN_AGE},
    {"MII", CONTENT_UNKNOWN, NULL, "base64", NULL, CONTENT_IN_BASE64},
    {"MIA", CONTENT_UNKNOWN, NULL, "base64", NULL, CONTENT_IN_BASE64},
    {"#!ipxe", CONTENT_SCRIPT, "ipxe", NULL, NULL, CONTENT_BARE},
    {"#!gpxe", CONTENT_SCRIPT, "ipxe", NULL, NULL, CONTENT_BARE},
    {"#!version:", CONTENT_CONFIGURATION, "yealink", NULL, NULL, CONTENT_BARE},
    {"#cloud-config", CONTENT_CONFIGURATION, "cloud-init", NULL, NULL, CONTENT_BARE},
    {"## template: jinja", CONTENT_CONFIGURATION, "cloud-init", NULL, NULL, CONTENT_BARE},
    {"#cloud-boothook", CONTENT_SCRIPT, "shell", NULL, NULL, CONTENT_BARE},
    {"#config-version=", CONTENT_CONFIGURATION, "fortios", NULL, NULL, CONTENT_BARE},
    {"PuTTY-User-Key-File-", CONTENT_KEY, "putty", NULL, NULL, CONTENT_BARE},
};

static bool read_mark(struct span text, struct content_kind *kind)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (!begins(text, marks[i].begins))
            continue;
        *kind = (struct content_kind){.class = marks[i].class,
                                      .format = marks[i].format,
                                      .encoding = marks[i].encoding,
                                      .wrap = marks[i].wrap,
                                      .cipher = marks[i].cipher,
                                      .encrypted = truth(marks[i].class == CONTENT_ENCRYPTED),
                                      .known = marks[i].class != CONTENT_UNKNOWN};
        return true;
    }
    return false;
}

/* A script by the interpreter in its first line. */
static bool read_interpreter(struct span text, struct content_kind *kind)
{
    static const struct {
        const char *in_line, *format;
    } interpreters[] = {{"python", "python"}, {"expect", "expect"}, {"tclsh", "tcl"},
                        {"perl", "perl"},     {"ruby", "ruby"},     {"nft", "nftables"},
                        {"sh", "shell"}};
    if (!begins(text, "#!"))
        return false;
    const uint8_t *end = memchr(text.at, '\n', text.len);
    struct span line = span_of(text.at, end != NULL ? (size_t)(end - text.at) : text.len);
    *kind = (struct content_kind){.class = CONTENT_SCRIPT, .encrypted = TRUTH_NO, .known = true};
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters && kind->format == NULL; i++)
        if (holds(line, interpreters[i].in_line, strlen(interpreters[i].in_line)))
            kind->format = interpreters[i].format;
    return true;
}

/* Behind the mark of UTF-8 and empty lines. */
static struct span text_of(struct span head)
{
    size_t at = begins(head, "\xef\xbb\xbf") ? 3 : 0;
    while (at < head.len && (head.at[at] == '\n' || head.at[at] == '\r' || head.at[at] == ' '))
        at++;
    return span_of(head.at + at, head.len - at);
}

static bool read_text(struct span text, struct content_kind *kind)
{
    return read_pem(text, kind) || read_mime(text, kind) || read_mark(text, kind) ||
           read_interpreter(text, kind);
}

struct content_kind content_magic(struct span head)
{
    struct content_kind kind = {0};
    if (read_text(text_of(head), &kind) || read_device_tree(head, &kind) || read_zip(head, &kind) ||
        read_der(head, &kind))
        return kind;
    if (is_pgp(head)) {
        kind = kind_of(CONTENT_ENCRYPTED, "pgp");
        kind.wrap = CONTENT_IN_PGP;
        return kind;
    }
    if (is_pe(head))
        return kind_of(CONTENT_IMAGE, "pe");
    if (is_lzma(head))
        return kind_of(CONTENT_ARCHIVE, "lzma");
    if (is_docsis(head))
        return kind_of(CONTENT_CONFIGURATION, "docsis");
    if (is_cisco_signed(head))
        return kind_of(CONTENT_SIGNED, "cisco-sgn");
    if (is_grandstream(head)) {
        kind = kind_of(CONTENT_CONFIGURATION, "grandstream");
        kind.binary = false;
        return kind;
    }
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        if (!has_at(head, magics[i].offset, magics[i].text, magics[i].len))
            continue;
        kind = kind_of(magics[i].class, magics[i].format);
        /* What is stored in these is stored as it is. */
        kind.binary = strcmp(magics[i].format, "tar") != 0 && strcmp(magics[i].format, "cpio") != 0;
        return kind;
    }
    return kind;
}
