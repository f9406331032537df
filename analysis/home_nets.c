/* home_nets.c: prefixes as text (RFC 4632 section 3.1, RFC 4291 section 2.3), and the ranges that are set aside
 * (RFC 6890). */
#include "analysis/home_nets.h"

#include <arpa/inet.h>

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    if (memcmp(a, b, bits / 8) != 0)
        return false;
    unsigned left = bits % 8;
    return left == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - left) == 0;
}

/* Reads "24" up to |most|. */
static bool read_bits(const char *text, unsigned most, uint8_t *bits)
{
    unsigned value = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 3)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *bits = (uint8_t)value;
    return value <= most;
}

static bool read_net(const char *word, struct home_net *net)
{
    char address[64];
    const char *slash = strchr(word, '/');
    size_t len = slash != NULL ? (size_t)(slash - word) : strlen(word);
    if (len >= sizeof address)
        return false;
    memcpy(address, word, len);
    address[len] = '\0';
    *net = (struct home_net){.len = 0};
    if (inet_pton(AF_INET, address, net->address) == 1)
        net->len = 4;
    else if (inet_pton(AF_INET6, address, net->address) == 1)
        net->len = 16;
    else
        return false;
    net->bits = (uint8_t)(net->len * 8);
    return slash == NULL || read_bits(slash + 1, net->bits, &net->bits);
}

bool home_nets_add(struct home_nets *nets, const char *text, struct error *error)
{
    for (const char *at = text;;) {
        char word[80];
        size_t len = strcspn(at, ",");
        struct home_net net;
        memcpy(word, at, len < sizeof word ? len : sizeof word - 1);
        word[len < sizeof word ? len : sizeof word - 1] = '\0';
        if (len >= sizeof word || !read_net(word, &net))
            return error_set(error,
                             "\"%.60s\" is no network: it has to be like 192.0.2.0/24 or "
                             "2001:db8::/32, with commas between several",
                             word);
        if (nets->num == HOME_NETS_MAX)
            return error_set(error, "there can be %d networks at most", HOME_NETS_MAX);
        nets->nets[nets->num++] = net;
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
}

bool home_nets_have(const struct home_nets *nets, struct span address)
{
    for (size_t i = 0; i < nets->num; i++)
        if (nets->nets[i].len == address.len &&
            bits_equal(nets->nets[i].address, address.at, nets->nets[i].bits))
            return true;
    return false;
}

enum address_scope address_scope(struct span address)
{
    static const struct {
        struct home_net net;
        enum address_scope scope;
    } ranges[] = {
        {{{0}, 4, 8}, ADDRESS_NONE},
        {{{10}, 4, 8}, ADDRESS_PRIVATE},
        {{{100, 64}, 4, 10}, ADDRESS_PRIVATE},
        {{{127}, 4, 8}, ADDRESS_ON_LINK},
        {{{169, 254}, 4, 16}, ADDRESS_ON_LINK},
        {{{172, 16}, 4, 12}, ADDRESS_PRIVATE},
        {{{192, 168}, 4, 16}, ADDRESS_PRIVATE},
        {{{224}, 4, 4}, ADDRESS_NONE},
        {{{255, 255, 255, 255}, 4, 32}, ADDRESS_NONE},
        {{{0}, 16, 128}, ADDRESS_NONE},
        {{{[15] = 1}, 16, 128}, ADDRESS_ON_LINK},
        {{{0xfe, 0x80}, 16, 10}, ADDRESS_ON_LINK},
        {{{0xfc}, 16, 7}, ADDRESS_PRIVATE},
        {{{0xff}, 16, 8}, ADDRESS_NONE},
    };
    if (address.len != 4 && address.len != 16)
        return ADDRESS_NONE;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (ranges[i].net.len == address.len &&
            bits_equal(ranges[i].net.address, address.at, ranges[i].net.bits))
            return ranges[i].scope;
    return ADDRESS_EVERYWHERE;
}
