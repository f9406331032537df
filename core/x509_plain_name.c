/* x509_plain_name.c: RFC 5280 section 4.1.2.4; what needs an escape for its place by RFC 2253 section 2.4 (a '#' or
 * blank at an end) is not plain. */
#include "core/x509_plain_name.h"

#include "core/der.h"

enum { DER_SET = 0x31, UTF8_STRING = 0x0c, PRINTABLE_STRING = 0x13, IA5_STRING = 0x16 };

static const struct {
    uint8_t oid[10];
    uint8_t len;
    char type[13];
} types[] = {
    {{0x55, 4, 3}, 3, "CN"},
    {{0x55, 4, 10}, 3, "O"},
    {{0x55, 4, 6}, 3, "C"},
    {{0x55, 4, 11}, 3, "OU"},
    {{0x55, 4, 8}, 3, "ST"},
    {{0x55, 4, 7}, 3, "L"},
    {{0x55, 4, 5}, 3, "serialNumber"},
    {{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1}, 9, "emailAddress"},
    {{0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25}, 10, "DC"},
};

static const char *type_of(struct span oid)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (span_equal(oid, span_of(types[i].oid, types[i].len)))
            return types[i].type;
    return NULL;
}

static bool is_plain(struct span value)
{
    if (value.len == 0 || value.at[0] == '#' || value.at[0] == ' ' ||
        value.at[value.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.at[i];
        if (c < 0x20 || c >= 0x7f)
            return false;
    }
    return true;
}

static struct span rest_of(struct reader *block)
{
    return reader_bytes(block, reader_left(block));
}

/* Reads a SET of one attribute. */
static bool read_part(struct reader *names, struct x509_plain_part *part)
{
    uint8_t tag;
    struct reader set = der_block(names, DER_SET);
    struct reader attribute = der_block(&set, DER_SEQUENCE);
    struct reader oid = der_block(&attribute, DER_OID);
    struct reader value = der_next(&attribute, &tag);
    if (!reader_ok(names) || !reader_ok(&set) || !reader_ok(&attribute) || reader_left(&set) != 0 ||
        reader_left(&attribute) != 0)
        return false;
    part->type = type_of(rest_of(&oid));
    part->value = rest_of(&value);
    bool text = tag == UTF8_STRING || tag == PRINTABLE_STRING || tag == IA5_STRING;
    return text && part->type != NULL && is_plain(part->value);
}

bool x509_plain_name_read(struct span bytes, struct x509_plain_name *name)
{
    name->num = 0;
    if (!span_seen(bytes))
        return false;
    struct reader r = reader_of(bytes);
    struct reader names = der_block(&r, DER_SEQUENCE);
    if (!reader_ok(&r) || reader_left(&r) != 0 || reader_left(&names) == 0)
        return false;
    while (reader_left(&names) != 0)
        if (name->num == X509_PLAIN_NAME_PARTS || !read_part(&names, &name->parts[name->num++]))
            return false;
    return true;
}
