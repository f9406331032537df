/* http_tells.c: the names that installers and network devices give themselves and the files they ask for, and what
 * such files begin with. The tables are of what these devices are known to do by their documentation; what is not in
 * them is found by a URL that DHCP told, or by what a file begins with. */
#include "dissectors/http_tells.h"

#include "core/digits.h"
#include "dissectors/recognise.h"
#include "dissectors/starttls_words.h"

struct tell_row {
    const char *text; /* lower case */
    const char *service;
};

/* --- paths --- */

static const struct tell_row extensions[] = {
    {"cfg", NULL},
    {"conf", NULL},
    {"config", NULL},
    {"cnf", NULL},
    {"ks", "kickstart"},
    {"ipxe", "ipxe"},
    {"pxe", "pxe"},
    {"kpxe", "pxe"},
    {"swi", "eos"},
    {"swix", "eos"},
    {"ztp", "ztp"},
    {"seed", "preseed"},
    {"preseed", "preseed"},
    {"ign", "ignition"},
    {"rsc", "routeros"},
    {"npk", "routeros"},
    {"slax", "junos"},
    {"efi", "uefi"},
    {0},
};

/* Anywhere in a path, by the first letter, as most paths have none. */
static const struct tell_row words_mark[] = {{"-confg", NULL}, {0}};
static const struct tell_row words_a[] = {
    {"autoinstall", "autoinstall"}, {"autoyast", "autoyast"}, {0}};
static const struct tell_row words_b[] = {{"bootstrap", NULL}, {0}};
static const struct tell_row words_c[] = {{"cloud-config", "cloud-init"}, {0}};
static const struct tell_row words_d[] = {{"day0", NULL}, {"day-0", NULL}, {0}};
static const struct tell_row words_i[] = {
    {"ietf-sztp-bootstrap-server", "sztp"}, {"ignition", "ignition"}, {0}};
static const struct tell_row words_k[] = {{"kickstart", "kickstart"}, {0}};
static const struct tell_row words_m[] = {
    {"meta-data", "cloud-init"}, {"meta_data", "cloud-init"}, {0}};
static const struct tell_row words_n[] = {{"network-config", "cloud-init"}, {0}};
static const struct tell_row words_o[] = {
    {"onie-installer", "onie"}, {"onie-updater", "onie"}, {0}};
static const struct tell_row words_p[] = {{"pnp/hello", "cisco-pnp"},
                                          {"pnp/work-", "cisco-pnp"},
                                          {"poap", "poap"},
                                          {"preseed", "preseed"},
                                          {"pxelinux", "pxe"},
                                          {"provision", NULL},
                                          {0}};
static const struct tell_row words_r[] = {{"running-config", NULL}, {0}};
static const struct tell_row words_s[] = {{"startup-config", NULL}, {0}};
static const struct tell_row words_u[] = {
    {"user-data", "cloud-init"}, {"user_data", "cloud-init"}, {"undionly", "pxe"}, {0}};
static const struct tell_row words_v[] = {{"vendor-data", "cloud-init"}, {0}};
static const struct tell_row words_z[] = {
    {"ztp", "ztp"}, {"zerotouch", "ztp"}, {"zero-touch", "ztp"}, {0}};

static const struct tell_row *words_with(uint8_t first)
{
    switch (first) {
    case '-':
        return words_mark;
    case 'a':
        return words_a;
    case 'b':
        return words_b;
    case 'c':
        return words_c;
    case 'd':
        return words_d;
    case 'i':
        return words_i;
    case 'k':
        return words_k;
    case 'm':
        return words_m;
    case 'n':
        return words_n;
    case 'o':
        return words_o;
    case 'p':
        return words_p;
    case 'r':
        return words_r;
    case 's':
        return words_s;
    case 'u':
        return words_u;
    case 'v':
        return words_v;
    case 'z':
        return words_z;
    default:
        return NULL;
    }
}

/* Whole last parts of a path. */
static const struct tell_row names[] = {
    {"vmlinuz", NULL},  {"initrd", NULL},       {"initrd.img", NULL},        {"initrd.gz", NULL},

    {"boot.wim", NULL}, {"bzimage", NULL},      {"squashfs.img", NULL},      {"ks", "kickstart"},
    {"boot.php", NULL}, {"boot.scr", "u-boot"}, {"boot.scr.uimg", "u-boot"}, {0},
};

/* Files of web pages, whatever they are called. */
static const char *const of_pages[] = {
    "js",  "mjs",  "css", "map", "html", "htm",  "woff",        "woff2", "ttf",  "eot", "png",
    "jpg", "jpeg", "gif", "svg", "ico",  "webp", "webmanifest", "less",  "scss", NULL};

/* Extensions that tell only with the address of a device before them. */
static const char *const of_devices[] = {"xml", "txt",  "json", "bin", "py",
                                         "sh",  "boot", "img",  NULL};

static bool is_among(struct span text, const char *const *list)
{
    for (; *list != NULL && text.len > 0; list++)
        if ((uint8_t) * *list == ascii_lower(*text.at) && word_is(text, *list))
            return true;
    return false;
}

/* What is behind the last |mark|, and in |before| what is before it; all is before when there is none. */
static struct span behind_last(struct span text, uint8_t mark, struct span *before)
{
    for (size_t at = text.len; at > 0; at--) {
        if (text.at[at - 1] == mark) {
            *before = span_of(text.at, at - 1);
            return span_of(text.at + at, text.len - at);
        }
    }
    *before = text;
    return span_of(text.at + text.len, 0);
}

/* The row of a word that is in |path|; NULL: there is none. */
static const struct tell_row *row_in(struct span path)
{
    for (; path.len > 0; path = span_of(path.at + 1, path.len - 1)) {
        const struct tell_row *row = words_with(ascii_lower(*path.at));
        for (; row != NULL && row->text != NULL; row++)
            if (path.len > 1 && (uint8_t)row->text[1] == ascii_lower(path.at[1]) &&
                word_begins(path, row->text))
                return row;
    }
    return NULL;
}

static struct http_tell told(const struct tell_row *row)
{
    return (struct http_tell){.service = row != NULL ? row->service : NULL, .tells = row != NULL};
}

/* The row of |text|; NULL: there is none. */
static const struct tell_row *row_of(struct span text, const struct tell_row *row)
{
    for (; row->text != NULL && text.len > 0; row++)
        if ((uint8_t)row->text[0] == ascii_lower(*text.at) && word_is(text, row->text))
            return row;
    return NULL;
}

/* The stem ends with a MAC address: 12 digits behind something that is none, or with separators. */
static bool ends_with_mac(struct span stem)
{
    enum { BARE = 12, SEPARATED = 17 };
    if (stem.len >= SEPARATED &&
        recognise_mac(span_of(stem.at + stem.len - SEPARATED, SEPARATED)) != RECOGNISED_NOT)
        return true;
    if (stem.len < BARE ||
        (stem.len > BARE && digits_hex_value(stem.at[stem.len - BARE - 1]) >= 0 &&
         ascii_is_digit(stem.at[stem.len - BARE - 1])))
        return false;
    return recognise_mac(span_of(stem.at + stem.len - BARE, BARE)) != RECOGNISED_NOT;
}

static bool has(struct span text, uint8_t c)
{
    return text.len > 0 && memchr(text.at, c, text.len) != NULL;
}

struct http_tell http_tells_path(struct span path)
{
    static const struct http_tell nothing = {.tells = false}, device = {.tells = true};
    struct span folder, stem;
    if (path.len == 0)
        return nothing;
    struct span name = behind_last(path, '/', &folder);
    struct span extension = behind_last(name, '.', &stem);
    if (is_among(extension, of_pages))
        return nothing;
    const struct tell_row *row = row_in(path);
    if (row == NULL)
        row = row_of(name, names);
    if (row == NULL)
        row = row_of(extension, extensions);
    if (row != NULL)
        return told(row);
    if (extension.len > 0 && !is_among(extension, of_devices))
        return nothing;
    bool separated = extension.len > 0 || has(name, '-') || has(name, ':');
    struct span first = span_of(name.at, 0);
    while (first.len < name.len && name.at[first.len] != '.')
        first.len++;
    return separated && (ends_with_mac(stem) || ends_with_mac(first)) ? device : nothing;
}

/* --- agents --- */

/* What an agent begins with. */
static const struct tell_row agents[] = {
    {"ipxe/", "ipxe"},
    {"gpxe/", "ipxe"},
    {"etherboot", "pxe"},
    {"uefihttpboot/", "uefi"},
    {"grub ", "grub"},
    {"u-boot", "u-boot"},
    {"anaconda", "kickstart"},
    {"dracut", "kickstart"},
    {"debian-installer", "preseed"},
    {"d-i", "preseed"},
    {"subiquity", "autoinstall"},
    {"cloud-init/", "cloud-init"},
    {"ignition/", "ignition"},
    {"coreos-installer/", "ignition"},
    {"autoyast", "autoyast"},
    {"linuxrc", "autoyast"},
    {"busybox", NULL},
    {"udhcpc", NULL},
    {"uclient-fetch", NULL},
    {"fetch libfetch/", NULL}, /* FreeBSD and Junos */
    {"onie", "onie"},
    {"cumulus", "ztp"},
    {"sonic", "ztp"},
    {"arista", "eos"},
    {"eos", "eos"},
    {"cisco", NULL},
    {"nx-os", "poap"},
    {"junos", "junos"},
    {"juniper", "junos"},
    {"mikrotik", "routeros"},
    {"huawei", NULL},
    {"comware", NULL},
    {"h3c", NULL},
    {"nokia", NULL},
    {"timos", NULL},
    {"aruba", NULL},
    {"extreme", NULL},
    {"fortigate", NULL},
    {"fortios", NULL},
    {"yealink ", "phone"},
    {"grandstream ", "phone"},
    {"filetransport polycom", "phone"},
    {"polycom", "phone"},
    {"snom", "phone"},
    {0},
};

bool http_tells_browser(struct span agent)
{
    return word_begins(agent, "mozilla/");
}

struct http_tell http_tells_agent(struct span agent)
{
    static const struct http_tell plain = {.tells = true};
    if (http_tells_browser(agent))
        return told(NULL);
    /* BusyBox's wget names no version; GNU's does. */
    if (word_is(agent, "wget"))
        return plain;
    for (const struct tell_row *row = agents; row->text != NULL && agent.len > 0; row++)
        if ((uint8_t)row->text[0] == ascii_lower(*agent.at) && word_begins(agent, row->text))
            return told(row);
    return told(NULL);
}

/* --- contents --- */

/* What a file begins with. */
static const char *const beginnings[] = {
    "#cloud-config",
    "#cloud-boothook",
    "#!ipxe",
    "#!gpxe",
    "#platform=",
    "#_preseed_v1",
    "d-i ",

    "-----begin cms",
    "-----begin pkcs7",
    "-----begin pgp message",
    "-----begin age",
    "$ansible_vault",
    "salted__",
    "age-encryption.org/",
    "! command: show",
    "!command: show",
    "!rancid-content-type",
    "building configuration",
    "current configuration",
    "## last changed",
    "## last commit",
    "# tmos-",
    "# software id",
    "#config-version=",
    "mime-version: 1.0",
    NULL,
};

/* What one of its first lines begins with. */
static const char *const line_beginnings[] = {
    "hostname ",
    "set version ",
    "set system ",
    "version {",
    "system {",
    "sysname ",
    "enable secret",
    "enable password",
    "service password-encryption",
    "no service ",
    "snmp-server ",
    "username ",
    "aaa new-model",
    "feature ",
    "boot system ",
    "/interface",
    "/ip address",
    "/system identity",
    "config system ",
    "configure\n",
    "rootpw ",
    "autoinstall:",
    "install\n",
    "url --url",
    "network --bootproto",
    "interface gigabit",
    "interface ethernet",
    "interface management",
    "interface vlan",
    "management api ",
    NULL,
};

static bool begins_with_one(struct span text, const char *const *list)
{
    for (; *list != NULL; list++)
        if ((uint8_t) * *list == ascii_lower(*text.at) && word_begins(text, *list))
            return true;
    return false;
}

bool http_tells_content(struct span start)
{
    if (start.len > HTTP_TELLS_BYTES)
        start.len = HTTP_TELLS_BYTES;
    if (start.len == 0 || *start.at == '<' || *start.at == '{')
        return false;
    if (begins_with_one(start, beginnings))
        return true;
    while (start.len > 0) {
        if (begins_with_one(start, line_beginnings))
            return true;
        const uint8_t *end = memchr(start.at, '\n', start.len);
        if (end == NULL)
            return false;
        size_t passed = (size_t)(end - start.at) + 1;
        start = span_of(start.at + passed, start.len - passed);
    }
    return false;
}
