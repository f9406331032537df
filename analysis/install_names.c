/* install_names.c: the names that boot loaders and network devices ask for, by their form. From the documents of
 * PXELINUX, GRUB, iPXE, ONIE, Cisco IOS AutoInstall and IP phones, and RFC 8886 section A.3. */
#include "analysis/install_names.h"

#include "core/digits.h"
#include "dissectors/recognise.h"

#include <stdio.h>

enum { MAX_NAME = 512, MAC_DIGITS = 12, UUID_DIGITS = 32, LEAST_SERIAL = 5, LEAST_HOST = 4 };

static uint8_t lower(uint8_t c)
{
    return ascii_is_upper(c) ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool ends_with(struct span name, const char *ending)
{
    size_t len = strlen(ending);
    return name.len >= len && ascii_equal(span_of(name.at + name.len - len, len), ending);
}

static bool begins_with(struct span name, const char *beginning)
{
    size_t len = strlen(beginning);
    return name.len >= len && ascii_equal(span_of(name.at, len), beginning);
}

static bool is_separator(uint8_t c)
{
    return c == '/' || c == '\\' || c == ':';
}

/* The name without its directories; a name that ends in a slash is kept. */
static struct span base_of(struct span name)
{
    size_t at = name.len;
    while (at > 0 && !is_separator(name.at[at - 1]))
        at--;
    return at == name.len ? name : span_of(name.at + at, name.len - at);
}

/* Lists of endings and names end in NULL. */

static bool ends_with_any(struct span name, const char *const *endings)
{
    for (; *endings != NULL; endings++)
        if (ends_with(name, *endings))
            return true;
    return false;
}

static bool begins_with_any(struct span name, const char *const *beginnings)
{
    for (; *beginnings != NULL; beginnings++)
        if (begins_with(name, *beginnings))
            return true;
    return false;
}

static bool is_any(struct span name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (ascii_equal(name, *names))
            return true;
    return false;
}

static const char *const encrypted_endings[] = {
    ".enc", ".p7m", ".p7e", ".cms", ".pgp", ".gpg", ".age", ".aes", ".vault", ".encrypted", NULL};

/* Endings that tell nothing of a file but that it is text. */
static const char *const text_endings[] = {".xml", ".json", ".yaml", ".yml", ".txt", NULL};

static const char *const configuration_endings[] = {
    ".cnf.xml", ".cfg",  ".conf", ".config", ".cnf", "-confg", "-config", ".confg",
    ".ks",      ".cfg4", ".ini",  ".ipxe",   ".set", ".rsc",   NULL};

static const char *const configuration_names[] = {
    "default",  "startup-config", "running-config", "user-data", "meta-data", "vendor-data",
    "grub.cfg", "preseed.cfg",    "ks.cfg",         "config",    "autoinst",  NULL};

static const char *const boot_endings[] = {
    ".0",   ".efi", ".kpxe", ".pxe",   ".kkpxe", ".krn", ".img", ".bin", ".elf", ".iso",
    ".swi", ".ub",  ".itb",  ".wim",   ".sdi",   ".c32", ".dtb", ".dat", ".sig", ".mod",
    ".lst", ".tlv", ".sbn",  ".loads", ".upd",   ".gz",  ".xz",  ".tgz", ".tar", ".com",
    ".n12", ".bcd", ".ttf",  ".fon",   ".pak",   ".sgn", ".rom", ".ld",  ".trx", NULL};

static const char *const boot_beginnings[] = {"vmlinu", "bzimage",        "initr",        "uimage",
                                              "zimage", "onie-installer", "onie-updater", NULL};

enum install_name_file install_name_file(struct span name)
{
    struct span base = base_of(name);
    if (begins_with_any(base, boot_beginnings) || ends_with_any(base, boot_endings) ||
        ascii_equal(base, "bcd"))
        return INSTALL_NAME_BOOT;
    struct span stem = install_name_stem(name);
    if (ends_with_any(base, configuration_endings) || is_any(base, configuration_names) ||
        is_any(stem, configuration_names) || install_name_encrypted(name))
        return INSTALL_NAME_CONFIGURATION;
    return INSTALL_NAME_UNKNOWN;
}

bool install_name_encrypted(struct span name)
{
    return ends_with_any(name, encrypted_endings);
}

/* Takes one of the endings off, unless nothing else is there. */
static struct span without(struct span name, const char *const *endings)
{
    for (; *endings != NULL; endings++) {
        size_t len = strlen(*endings);
        if (name.len > len && ends_with(name, *endings))
            return span_of(name.at, name.len - len);
    }
    return name;
}

struct span install_name_stem(struct span name)
{
    struct span stem = without(base_of(name), encrypted_endings);
    return without(without(stem, configuration_endings), text_endings);
}

bool install_name_same_stem(struct span a, struct span b)
{
    struct span x = install_name_stem(a), y = install_name_stem(b);
    if (x.len != y.len)
        return false;
    for (size_t i = 0; i < x.len; i++)
        if (lower(x.at[i]) != lower(y.at[i]))
            return false;
    return true;
}

/* What of a device is in a name. */

/* A name in lower case without what people put between the parts of a number. */
struct squeezed {
    uint8_t at[MAX_NAME];
    size_t len;
};

static struct squeezed squeeze(struct span name)
{
    struct squeezed squeezed = {.len = 0};
    for (size_t i = 0; i < name.len && squeezed.len < MAX_NAME; i++) {
        uint8_t c = name.at[i];
        if (c != '-' && c != ':' && c != '.' && c != '_')
            squeezed.at[squeezed.len++] = lower(c);
    }
    return squeezed;
}

static bool has(const struct squeezed *name, const uint8_t *what, size_t len)
{
    return len > 0 && memmem(name->at, name->len, what, len) != NULL;
}

static void hex_of(struct span bytes, uint8_t *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = (uint8_t)digits[bytes.at[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[bytes.at[i] & 15];
    }
}

static bool has_bytes(const struct squeezed *name, struct span bytes, size_t len)
{
    uint8_t text[UUID_DIGITS];
    if (!span_seen(bytes) || bytes.len != len)
        return false;
    hex_of(bytes, text);
    return has(name, text, 2 * len);
}

/* Machines tell their UUID with the first three parts in either order of bytes. */
static bool has_uuid(const struct squeezed *name, struct span uuid)
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t swapped[16];
    if (!span_seen(uuid) || uuid.len != sizeof swapped)
        return false;
    for (size_t i = 0; i < sizeof swapped; i++)
        swapped[i] = uuid.at[order[i]];
    return has_bytes(name, uuid, 16) || has_bytes(name, span_of(swapped, 16), 16);
}

static bool has_text(const struct squeezed *name, struct span text, size_t least)
{
    if (!span_seen(text))
        return false;
    struct squeezed wanted = squeeze(text);
    return wanted.len >= least && has(name, wanted.at, wanted.len);
}

/* 192.0.2.7 as text; in hexadecimal it is one of has_bytes. */
static bool has_dotted(struct span name, struct span address)
{
    char text[16];
    if (!span_seen(address) || address.len != 4)
        return false;
    int len = snprintf(text, sizeof text, "%u.%u.%u.%u", address.at[0], address.at[1],
                       address.at[2], address.at[3]);
    return len > 0 && memmem(name.at, name.len, text, (size_t)len) != NULL;
}

/* The |len| hexadecimal digits at |at|, as a MAC address of a device: twelve, perhaps behind 01, the hardware type
 * of ARP; not all alike, no group. */
static bool take_mac(const uint8_t *at, size_t len, uint8_t mac[6])
{
    bool alike = true;
    if (len == MAC_DIGITS + 2 && at[0] == '0' && at[1] == '1') {
        at += 2;
        len -= 2;
    }
    if (len != MAC_DIGITS)
        return false;
    for (size_t i = 0; i < 6; i++) {
        mac[i] = (uint8_t)(digits_hex_value(at[2 * i]) << 4 | digits_hex_value(at[2 * i + 1]));
        alike = alike && at[2 * i] == at[0] && at[2 * i + 1] == at[0];
    }
    return !alike && (mac[0] & 1) == 0;
}

/* The first run of digits that can be a MAC address. */
static bool find_mac(const struct squeezed *name, uint8_t mac[6])
{
    for (size_t i = 0; i < name->len;) {
        size_t len = 0;
        while (i + len < name->len && ascii_is_hex(name->at[i + len]))
            len++;
        if (take_mac(name->at + i, len, mac))
            return true;
        i += len + 1;
    }
    return false;
}

static bool looks_like_mac(const struct squeezed *name)
{
    uint8_t mac[6];
    return find_mac(name, mac);
}

bool install_name_mac(struct span name, uint8_t mac[6])
{
    const struct squeezed squeezed = squeeze(install_name_stem(name));
    return find_mac(&squeezed, mac);
}

static struct install_name_identity identity(const char *kind, enum confidence confidence,
                                             const char *reason)
{
    return (struct install_name_identity){.kind = kind, .confidence = confidence, .reason = reason};
}

/* 000000000000: what stands for every device is no number of one. */
static bool all_alike(struct span text)
{
    for (size_t i = 1; i < text.len; i++)
        if (text.at[i] != text.at[0])
            return false;
    return true;
}

static struct install_name_identity identity_by_form(struct span name)
{
    struct span stem = install_name_stem(name);
    const struct squeezed squeezed = squeeze(stem);
    if (looks_like_mac(&squeezed))
        return identity("mac", CONFIDENCE_LIKELY,
                        "The name has twelve hexadecimal digits that can be a MAC address; the "
                        "device's own was not seen.");
    enum confidence serial = recognise_serial(stem);
    if (serial != RECOGNISED_NOT && !all_alike(stem))
        return identity("serial", serial,
                        "The name has the form of a serial number; the device's own was not seen.");
    return (struct install_name_identity){.kind = NULL};
}

struct install_name_identity install_name_identity(struct span name,
                                                   const struct install_self *self)
{
    static const char own[] = "The name has what the device was seen to be known by.";
    struct squeezed squeezed = squeeze(name);
    if (has_bytes(&squeezed, self->mac, 6))
        return identity("mac", CONFIDENCE_CERTAIN, own);
    if (has_text(&squeezed, self->serial, LEAST_SERIAL))
        return identity("serial", CONFIDENCE_CERTAIN, own);
    if (has_uuid(&squeezed, self->uuid))
        return identity("uuid", CONFIDENCE_CERTAIN, own);
    if (has_bytes(&squeezed, self->address, 4) || has_dotted(name, self->address))
        return identity("ip", CONFIDENCE_CERTAIN, own);
    if (has_text(&squeezed, self->host, LEAST_HOST))
        return identity("host", CONFIDENCE_CERTAIN, own);
    return identity_by_form(name);
}

/* Fixed lists of names. */

/* Whether |text| begins the IPv4 address in upper-case or lower-case hexadecimal: C0A80107, C0A8010 ... C. */
static bool begins_address(struct span text, struct span address)
{
    uint8_t hex[8];
    if (!span_seen(address) || address.len != 4 || text.len == 0 || text.len > sizeof hex)
        return false;
    hex_of(address, hex);
    for (size_t i = 0; i < text.len; i++)
        if (lower(text.at[i]) != hex[i])
            return false;
    return true;
}

/* What boot loaders look for in turn: UUID, 01- and MAC address, IPv4 address and ever less of it, default. */
static bool is_loader_walk(struct span rest, const struct install_self *self)
{
    struct squeezed squeezed = squeeze(rest);
    if (ascii_equal(rest, "default") || begins_with(rest, "default-") || rest.len == 0)
        return true;
    if (begins_address(rest, self->address))
        return true;
    if (has_bytes(&squeezed, self->mac, 6) || has_uuid(&squeezed, self->uuid))
        return true;
    /* Nobody told the device's own: one that can be it. */
    if (!span_seen(self->mac) && begins_with(rest, "01-") && looks_like_mac(&squeezed))
        return true;
    return !span_seen(self->uuid) && rest.len == 36 && recognise_uuid(rest) != RECOGNISED_NOT;
}

static bool take_beginning(struct span *name, const char *beginning)
{
    size_t len = strlen(beginning);
    if (!begins_with(*name, beginning))
        return false;
    *name = span_of(name->at + len, name->len - len);
    return true;
}

/* What follows the directory pxelinux.cfg. */
static bool is_pxelinux(struct span name, const struct install_self *self)
{
    static const char directory[] = "pxelinux.cfg/";
    for (size_t i = 0; i + sizeof directory - 1 <= name.len; i++) {
        struct span rest = span_of(name.at + i, name.len - i);
        if (take_beginning(&rest, directory))
            return is_loader_walk(rest, self);
    }
    return false;
}

static bool is_grub(struct span base, const struct install_self *self)
{
    if (!take_beginning(&base, "grub.cfg"))
        return false;
    return base.len == 0 || (take_beginning(&base, "-") && is_loader_walk(base, self));
}

static bool is_ios(struct span base, const struct install_self *self)
{
    static const char *const names[] = {"network-confg",  "cisconet.cfg",   "router-confg",
                                        "router.cfg",     "ciscortr.cfg",   "switch-confg",
                                        "cisconet-confg", "network-config", NULL};
    struct span stem = install_name_stem(base);
    if (is_any(base, names))
        return true;
    return span_seen(self->host) && self->host.len > 0 && stem.len == self->host.len &&
           install_name_same_stem(stem, self->host) &&
           (ends_with(base, "-confg") || ends_with(base, ".cfg"));
}

static bool is_phone(struct span base, const struct install_self *self)
{
    static const char *const names[] = {
        "xmldefault.cnf.xml", "sipdefault.cnf", "ctlfile.tlv",       "itlfile.tlv",  "os79xx.txt",
        "000000000000.cfg",   "aastra.cfg",     "y000000000000.cfg", "dialplan.xml", NULL};
    static const char *const beginnings[] = {"sep", "sip", "ctlsep", "itlsep", "cp", NULL};
    struct squeezed squeezed = squeeze(install_name_stem(base));
    if (is_any(base, names))
        return true;
    bool own =
        span_seen(self->mac) ? has_bytes(&squeezed, self->mac, 6) : looks_like_mac(&squeezed);
    return own && (begins_with_any(base, beginnings) || ascii_is_hex(base.at[0]));
}

const char *install_name_walk(struct span name, const struct install_self *self)
{
    struct span base = base_of(name);
    if (name.len == 0)
        return NULL;
    if (is_pxelinux(name, self))
        return "pxelinux";
    if (is_grub(base, self))
        return "grub";
    if (is_ios(base, self))
        return "ios";
    if (begins_with(base, "onie-installer") || begins_with(base, "onie-updater"))
        return "onie";
    return is_phone(base, self) ? "phone" : NULL;
}

struct install_name_shape install_name_shape(struct span name)
{
    struct install_name_shape shape = {.any = false};
    struct span base = base_of(name);
    size_t end = base.len;
    while (end > 0 && !ascii_is_digit(base.at[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && ascii_is_digit(base.at[begin - 1]))
        begin--;
    if (end == begin || end - begin > 18)
        return shape;
    for (size_t i = begin; i < end; i++)
        shape.number = shape.number * 10 + (uint64_t)(base.at[i] - '0');
    shape.before = span_of(name.at, name.len - base.len + begin);
    shape.after = span_of(base.at + end, base.len - end);
    shape.any = true;
    return shape;
}
