/* dhcp_boot.c: candidates for the server and the file to boot from, and the choice among them. A URL's user name and
 * password are read over. */
#include "dissectors/dhcp_boot.h"

#include "dissectors/http.h"

#include <arpa/inet.h>

enum {
    MAX_LIST_LEN = 8192, /* bytes of candidates of one kind that are kept */
    MAX_SCHEME_LEN = 16,
    MAX_EXPECTED = 8 /* URLs of a message whose fetches are looked for */
};

/* --- URLs --- */

struct url {
    struct span scheme, credentials, host, rest; /* |rest| from the port on */
};

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes what comes before the first of |stops|, a NUL or the end. */
static struct span take_until(struct reader *text, const char *stops)
{
    struct reader from = *text;
    size_t len = 0;
    for (; reader_left(text) > 0 && strchr(stops, *text->at) == NULL; len++)
        reader_skip(text, 1);
    return reader_bytes(&from, len);
}

static bool is_scheme(struct span scheme)
{
    if (scheme.len < 2 || scheme.len > MAX_SCHEME_LEN)
        return false;
    for (size_t i = 0; i < scheme.len; i++)
        if (!is_letter(scheme.at[i]) && (i == 0 || strchr("0123456789+-.", scheme.at[i]) == NULL))
            return false;
    return true;
}

/* The last @ ends the credentials: passwords may hold one that is not escaped. */
static struct span take_credentials(struct reader *authority)
{
    struct reader r = *authority, from = *authority;
    size_t len = 0, credentials = 0;
    while (reader_left(&r) > 0) {
        len++;
        if (reader_u8(&r) == '@')
            credentials = len;
    }
    reader_skip(authority, credentials);
    return reader_bytes(&from, credentials);
}

static bool read_url(struct span text, struct url *url)
{
    struct reader r = reader_of(text);
    *url = (struct url){.scheme = take_until(&r, ":/?#@ ")};
    struct span mark = reader_bytes(&r, 3);
    if (!reader_ok(&r) || !is_scheme(url->scheme) || !span_equal(mark, span_text("://")))
        return false;
    struct reader authority = reader_of(take_until(&r, "/?#"));
    url->credentials = take_credentials(&authority);
    if (reader_left(&authority) > 0 && *authority.at == '[') {
        reader_skip(&authority, 1);
        url->host = take_until(&authority, "]");
        reader_skip(&authority, reader_left(&authority) > 0);
    } else {
        url->host = take_until(&authority, ":");
    }
    url->rest = span_of(authority.at, (size_t)(text.at + text.len - authority.at));
    return true;
}

bool dhcp_boot_is_url(struct span text)
{
    struct url url;
    return read_url(text, &url);
}

const char *dhcp_boot_scheme_name(struct span scheme)
{
    static const char *const known[] = {"tftp", "http", "https", "ftp", "sftp",
                                        "scp",  "nfs",  "iscsi", "file"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t at = 0, len = strlen(known[i]);
        while (at < len && at < scheme.len && (scheme.at[at] | 0x20) == known[i][at])
            at++;
        if (at == len && at == scheme.len)
            return known[i];
    }
    return NULL;
}

static void add_url(struct dhcp_list *list, const struct url *url)
{
    bool literal = memchr(url->host.at, ':', url->host.len) != NULL;
    dhcp_list_bytes(list, url->scheme);
    dhcp_list_bytes(list, span_text(literal ? "://[" : "://"));
    dhcp_list_bytes(list, url->host);
    if (literal)
        dhcp_list_u8(list, ']');
    dhcp_list_bytes(list, url->rest);
}

size_t dhcp_boot_url_mark(struct span value)
{
    static const uint8_t mark[] = {':', '/', '/'};
    for (struct reader r = reader_of(value); reader_left(&r) >= sizeof mark; reader_skip(&r, 1)) {
        struct reader rest = r;
        if (memcmp(reader_bytes(&rest, sizeof mark).at, mark, sizeof mark) == 0)
            return value.len - reader_left(&rest);
    }
    return value.len;
}

struct span dhcp_boot_shown(struct span value)
{
    if (!span_seen(value))
        return value;
    size_t shown = dhcp_boot_url_mark(value);
    bool credentials = memchr(value.at + shown, '@', value.len - shown) != NULL;
    return credentials ? span_of(value.at, shown) : value;
}

struct span dhcp_boot_without_credentials(struct span text, struct dhcp_list *room)
{
    struct url url;
    if (!span_seen(text) || !read_url(text, &url) || url.credentials.len == 0)
        return text;
    struct dhcp_list list = dhcp_list_open(room, text.len);
    if (list.room < text.len)
        return dhcp_list_close(room, &list);
    add_url(&list, &url);
    return dhcp_list_close(room, &list);
}

/* --- the lists --- */

struct dhcp_boot_lists dhcp_boot_begin(struct dhcp_list *room)
{
    struct dhcp_boot_lists lists = {.addresses = dhcp_list_open(room, MAX_LIST_LEN)};
    lists.names = dhcp_list_open(room, MAX_LIST_LEN);
    lists.files = dhcp_list_open(room, MAX_LIST_LEN);
    return lists;
}

static void add(struct dhcp_list *list, enum dhcp_boot_source source, struct span value)
{
    if (value.len > MAX_LIST_LEN || !dhcp_list_fits(list, 3 + value.len))
        return;
    dhcp_list_u8(list, source);
    dhcp_list_u16(list, value.len);
    dhcp_list_bytes(list, value);
}

static bool is_unspecified(struct span address)
{
    struct reader r = reader_of(address);
    reader_skip_zeros(&r);
    return reader_left(&r) == 0;
}

void dhcp_boot_address(struct dhcp_boot_lists *lists, enum dhcp_boot_source source,
                       struct span address)
{
    if (!span_seen(address) || is_unspecified(address))
        return;
    lists->num_servers++;
    add(&lists->addresses, source, address);
}

/* An address in text, into |bytes|; its length, 0 if it is none. */
static size_t parse_address(struct span text, uint8_t bytes[16])
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy)
        return 0;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, copy, bytes) == 1 ? 16 : 0;
}

void dhcp_boot_server(struct dhcp_boot_lists *lists, enum dhcp_boot_source source, struct span text)
{
    struct url url;
    uint8_t bytes[16];
    if (!span_seen(text) || text.len == 0)
        return;
    if (read_url(text, &url)) {
        text = url.host;
        if (url.credentials.len > 0)
            lists->credentials = TRUTH_YES;
    }
    size_t len = parse_address(text, bytes);
    if (len > 0) {
        dhcp_boot_address(lists, source, span_of(bytes, len));
    } else if (text.len > 0) {
        lists->num_servers++;
        add(&lists->names, source, text);
    }
}

void dhcp_boot_file(struct dhcp_boot_lists *lists, enum dhcp_boot_source source, struct span text)
{
    uint8_t clean[MAX_LIST_LEN];
    struct dhcp_list room = {.at = clean, .room = sizeof clean};
    if (!span_seen(text) || text.len == 0)
        return;
    lists->num_files++;
    struct span public = dhcp_boot_without_credentials(text, &room);
    if (public.at != text.at)
        lists->credentials = TRUTH_YES;
    if (span_seen(public))
        add(&lists->files, source, public);
    if (dhcp_boot_is_url(text))
        dhcp_boot_server(lists, source, text);
}

/* --- the choice --- */

bool dhcp_boot_next(struct reader *list, struct dhcp_boot_candidate *candidate)
{
    if (!reader_more(list))
        return false;
    candidate->source = reader_u8(list);
    candidate->value = reader_span_vec16(list);
    return reader_ok(list);
}

static struct span find(const struct dhcp_list *list, uint64_t source)
{
    if (list->len == 0)
        return (struct span){0};
    struct reader r = reader_of(dhcp_list_span(list));
    for (struct dhcp_boot_candidate candidate; dhcp_boot_next(&r, &candidate);)
        if (candidate.source == source)
            return candidate.value;
    return (struct span){0};
}

static bool take_server(const struct dhcp_boot_lists *lists, uint64_t source,
                        struct dhcp_boot *boot)
{
    boot->server_address = find(&lists->addresses, source);
    if (!span_seen(boot->server_address))
        boot->server_name = find(&lists->names, source);
    if (!span_seen(boot->server_address) && !span_seen(boot->server_name))
        return false;
    boot->server_source = number(source);
    return true;
}

/* Whether |value| is one of those that |source| names; gives it as the list has it. */
static struct span find_value(const struct dhcp_list *list, uint64_t source, struct span value)
{
    if (list->len == 0)
        return (struct span){0};
    struct reader r = reader_of(dhcp_list_span(list));
    for (struct dhcp_boot_candidate candidate; dhcp_boot_next(&r, &candidate);)
        if (candidate.source == source && span_equal(candidate.value, value))
            return candidate.value;
    return (struct span){0};
}

/* The server in the URL of the file, which is one of several in a list. */
static bool take_server_of_url(const struct dhcp_boot_lists *lists, const struct url *url,
                               struct dhcp_boot *boot)
{
    uint8_t bytes[16];
    size_t len = parse_address(url->host, bytes);
    if (url->host.len == 0)
        return false;
    if (len > 0)
        boot->server_address =
            find_value(&lists->addresses, boot->file_source.value, span_of(bytes, len));
    else
        boot->server_name = find_value(&lists->names, boot->file_source.value, url->host);
    bool found = span_seen(boot->server_address) || span_seen(boot->server_name);
    if (found)
        boot->server_source = boot->file_source;
    return found;
}

struct dhcp_boot dhcp_boot_decide(const struct dhcp_boot_lists *lists, const uint8_t *file_order,
                                  const uint8_t *server_order)
{
    struct dhcp_boot boot = {.addresses = dhcp_list_span(&lists->addresses),
                             .names = dhcp_list_span(&lists->names),
                             .files = dhcp_list_span(&lists->files),
                             .num_servers = number(lists->num_servers),
                             .num_files = number(lists->num_files),
                             .credentials = lists->credentials};
    for (; *file_order != 0 && !span_seen(boot.file); file_order++) {
        boot.file = find(&lists->files, *file_order);
        boot.file_source = number(*file_order);
    }
    if (!span_seen(boot.file))
        boot.file_source = (struct number){0};
    struct url url;
    bool is_url = span_seen(boot.file) && read_url(boot.file, &url);
    if (span_seen(boot.file))
        boot.scheme = is_url ? dhcp_boot_scheme_name(url.scheme) : "tftp";
    bool found = is_url && take_server_of_url(lists, &url, &boot);
    for (; *server_order != 0 && !found; server_order++)
        found = take_server(lists, *server_order, &boot);
    return boot;
}

void dhcp_boot_expect(const struct dhcp_boot *boot, struct span client,
                      struct dissect_context *context)
{
    if (!span_seen(boot->files))
        return;
    struct reader r = reader_of(boot->files);
    struct dhcp_boot_candidate candidate;
    for (unsigned i = 0; i < MAX_EXPECTED && dhcp_boot_next(&r, &candidate); i++)
        (void)http_expect_url(context, candidate.value, client);
}

/* --- rows --- */

void dhcp_boot_next_value(struct reader *list, struct value *item)
{
    (void)reader_u8(list);
    item->bytes = reader_span_vec16(list);
}

void dhcp_boot_next_source(struct reader *list, struct value *item)
{
    item->number = reader_u8(list);
    (void)reader_span_vec16(list);
}

const char *dhcp_boot_source_name(uint64_t source)
{
    static const char *const names[] = {
        [BOOT_FROM_SIADDR] = "siaddr",
        [BOOT_FROM_SNAME] = "sname",
        [BOOT_FROM_FILE] = "file",
        [BOOT_FROM_OPTION_66] = "option-66",
        [BOOT_FROM_OPTION_67] = "option-67",
        [BOOT_FROM_OPTION_150] = "option-150",
        [BOOT_FROM_SERVER_ID] = "server-id",
        [BOOT_FROM_PXE_SERVERS] = "pxe-boot-servers",
        [BOOT_FROM_VENDOR_FILE] = "option-43",
        [BOOT_FROM_PNP] = "option-43-pnp",
        [BOOT_FROM_OPTION_209] = "option-209",
        [BOOT_FROM_SZTP] = "sztp",
        [BOOT_FROM_BOOTFILE_URL] = "bootfile-url",
        [BOOT_FROM_VENDOR_OPTIONS] = "vendor-options",
    };
    return source < sizeof names / sizeof *names ? names[source] : NULL;
}
