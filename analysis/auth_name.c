/* auth_name.c: server names and the names in certificates: RFC 9525 section 6, RFC 6125 section 6.4. Reads alternative
 * names of hosts and addresses, and the common name where there are none. Names beyond ASCII, which ought to be
 * A-labels, are not compared. */
#include "analysis/auth_name.h"

#include "core/x509_name.h"

#include <arpa/inet.h>

enum { MAX_NAME = 255 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool equal_text(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

/* "host.example." is the same name. */
static struct span without_dot(struct span name)
{
    return name.len > 1 && name.at[name.len - 1] == '.' ? span_of(name.at, name.len - 1) : name;
}

static struct span first_label(struct span name)
{
    const uint8_t *dot = memchr(name.at, '.', name.len);
    return span_of(name.at, dot != NULL ? (size_t)(dot - name.at) : name.len);
}

static struct span after(struct span name, size_t len)
{
    return span_of(name.at + len, name.len - len);
}

static bool is_a_label(struct span label)
{
    return label.len >= 4 && equal_text(span_of(label.at, 4), span_text("xn--"));
}

/* A wildcard stands for one whole label on the left. RFC 6125 section 6.4.3 lets it stand for a part of one, too, but
 * not of an A-label. */
static bool label_matches(struct span pattern, struct span label)
{
    const uint8_t *star = memchr(pattern.at, '*', pattern.len);
    if (star == NULL)
        return equal_text(pattern, label);
    size_t before = (size_t)(star - pattern.at), behind = pattern.len - before - 1;
    if (pattern.len > 1 && (is_a_label(pattern) || is_a_label(label)))
        return false;
    return label.len > before + behind &&
           equal_text(span_of(pattern.at, before), span_of(label.at, before)) &&
           equal_text(span_of(star + 1, behind), after(label, label.len - behind));
}

static bool host_matches(struct span pattern, struct span wanted)
{
    pattern = without_dot(pattern);
    struct span left = first_label(pattern), label = first_label(wanted);
    return label_matches(left, label) &&
           equal_text(after(pattern, left.len), after(wanted, label.len)) &&
           (left.len < pattern.len || memchr(left.at, '*', left.len) == NULL);
}

static bool is_ascii(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] == 0 || name.at[i] >= 0x80)
            return false;
    return true;
}

/* An address as text, in brackets or not: 4 or 16 bytes; 0 when it is none. */
static size_t read_address(struct span text, uint8_t address[16])
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
        text = span_of(text.at + 1, text.len - 2);
    if (text.len >= sizeof copy)
        return 0;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, address) == 1)
        return 4;
    return inet_pton(AF_INET6, copy, address) == 1 ? 16 : 0;
}

static bool has_address(struct reader names, struct span address)
{
    struct span name;
    while (x509_next_name(&names, X509_IP, &name))
        if (span_equal(name, address))
            return true;
    return false;
}

/* What comparing one name more makes of what was known before. */
static enum auth_name_match compare(enum auth_name_match before, struct span name,
                                    struct span wanted)
{
    if (before == AUTH_NAME_MATCHES || host_matches(name, wanted))
        return AUTH_NAME_MATCHES;
    return is_ascii(name) ? before : AUTH_NAME_UNKNOWN;
}

enum auth_name_match auth_name_match(const struct x509 *certificate, struct span wanted)
{
    struct reader names = reader_of(certificate->names);
    uint8_t address[16];
    struct span name;
    wanted = without_dot(wanted);
    size_t len = read_address(wanted, address);
    if (len > 0 && has_address(names, span_of(address, len)))
        return AUTH_NAME_MATCHES;
    enum auth_name_match match = AUTH_NAME_DIFFERS;
    bool any = false;
    while (x509_next_name(&names, X509_DNS, &name)) {
        any = true;
        match = compare(match, name, wanted);
    }
    if (any)
        return match;
    char common[MAX_NAME];
    size_t common_len = span_seen(certificate->subject)
                            ? x509_name_common(certificate->subject, common, sizeof common)
                            : 0;
    if (common_len > 0)
        return compare(match, span_of(common, common_len), wanted);
    return len > 0 && span_seen(certificate->names) ? AUTH_NAME_DIFFERS : AUTH_NAME_UNKNOWN;
}

static bool ends_with(struct span name, const char *end)
{
    struct span tail = span_text(end);
    return name.len > tail.len && equal_text(after(name, name.len - tail.len), tail);
}

bool auth_name_is_address(struct span name)
{
    uint8_t address[16];
    return read_address(without_dot(name), address) > 0;
}

/* RFC 6762 appendix G, RFC 8375, and what networks use besides. */
bool auth_name_is_local(struct span name)
{
    static const char *const ends[] = {".local",     ".lan",  ".home",     ".home.arpa",
                                       ".internal",  ".corp", ".intranet", ".private",
                                       ".localhost", ".test", ".box",      ".localdomain"};
    name = without_dot(name);
    if (memchr(name.at, '.', name.len) == NULL || auth_name_is_address(name))
        return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(name, ends[i]))
            return true;
    return false;
}
