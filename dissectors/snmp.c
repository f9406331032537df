/* snmp.c: the Simple Network Management Protocol over UDP: RFC 1157 (version 1), RFC 1901 (2c), RFC 3412 and RFC 3414
 * (3). Reads what protects a message; the data it carries is left unread. */
#include "dissectors/snmp.h"

#include "dissectors/field_rows.h"
#include "dissectors/starttls_words.h"

enum { V1 = 0, V2C = 1, V3 = 3 };

enum {
    FLAG_AUTH = 0x01,
    FLAG_PRIV = 0x02,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_SEQUENCE = 0x30,
    TAG_FIRST_PDU = 0xa0,
    TAG_LAST_PDU = 0xa8,
    TAG_RESPONSE = 0xa2,
    MAX_COMMUNITY = 255
};

struct message {
    uint8_t version, flags, pdu;
    struct span community, user;
};

/* What was said of a conversation: a bit for each version and level. */
struct snmp {
    uint8_t told;
};

/* BER allows lengths that are longer than they need to be, and agents make use of that. */
static struct reader read_item(struct reader *r, uint8_t *tag)
{
    *tag = reader_u8(r);
    size_t len = reader_u8(r);
    if (len == 0x81)
        len = reader_u8(r);
    else if (len == 0x82)
        len = reader_u16(r);
    else if (len == 0x83)
        len = reader_u24(r);
    else if (len == 0x84)
        len = reader_u32(r);
    else if (len >= 0x80)
        reader_fail(r, READER_MALFORMED, "length");
    return reader_child(r, len);
}

static struct reader expect_item(struct reader *r, uint8_t wanted)
{
    uint8_t tag;
    struct reader item = read_item(r, &tag);
    if (tag != wanted)
        reader_fail(r, READER_MALFORMED, "tag");
    return item;
}

static struct span octets(struct reader *r)
{
    struct reader item = expect_item(r, TAG_OCTETS);
    return reader_bytes(&item, reader_left(&item));
}

/* HeaderData (RFC 3412 section 6) and UsmSecurityParameters (RFC 3414 section 2.4). */
static void read_version_3(struct reader *r, struct message *message)
{
    struct reader header = expect_item(r, TAG_SEQUENCE);
    (void)expect_item(&header, TAG_INTEGER);
    (void)expect_item(&header, TAG_INTEGER);
    struct span flags = octets(&header);
    (void)expect_item(&header, TAG_INTEGER);
    if (!reader_ok(&header) || flags.len != 1) {
        reader_fail(r, READER_MALFORMED, "header");
        return;
    }
    message->flags = flags.at[0];
    struct reader parameters = expect_item(r, TAG_OCTETS);
    struct reader usm = expect_item(&parameters, TAG_SEQUENCE);
    (void)octets(&usm);
    (void)expect_item(&usm, TAG_INTEGER);
    (void)expect_item(&usm, TAG_INTEGER);
    struct span user = octets(&usm);
    if (reader_ok(&usm))
        message->user = user;
}

static bool read_message(struct reader datagram, struct message *message)
{
    *message = (struct message){.version = 0};
    struct reader r = expect_item(&datagram, TAG_SEQUENCE);
    struct reader version = expect_item(&r, TAG_INTEGER);
    if (!reader_ok(&r) || reader_wire_left(&version) != 1 || reader_wire_left(&datagram) != 0)
        return false;
    message->version = reader_u8(&version);
    if (message->version == V3) {
        read_version_3(&r, message);
        return reader_ok(&r);
    }
    if (message->version != V1 && message->version != V2C)
        return false;
    message->community = octets(&r);
    message->pdu = reader_u8(&r);
    return reader_ok(&r) && message->community.len <= MAX_COMMUNITY &&
           message->pdu >= TAG_FIRST_PDU && message->pdu <= TAG_LAST_PDU;
}

static enum recognise snmp_recognises(struct reader datagram)
{
    struct reader first = datagram;
    struct message message;
    if (reader_u8(&first) != TAG_SEQUENCE)
        return RECOGNISE_NO;
    return read_message(datagram, &message) ? RECOGNISE_YES : RECOGNISE_NO;
}

static const char *level_of(uint8_t flags)
{
    if (flags & FLAG_PRIV)
        return "authPriv";
    return flags & FLAG_AUTH ? "authNoPriv" : "noAuthNoPriv";
}

static unsigned kind_of(const struct message *message)
{
    if (message->version != V3)
        return message->version;
    return 2 + (message->flags & (FLAG_AUTH | FLAG_PRIV));
}

static enum dissect snmp_dissect(struct reader *datagram, void *state,
                                 struct dissect_context *context)
{
    struct snmp *snmp = state;
    struct message message;
    if (!read_message(*datagram, &message))
        return snmp->told == 0 ? DISSECT_NOT_MINE : DISSECT_MORE;
    const unsigned bit = 1u << kind_of(&message);
    if (snmp->told & bit)
        return DISSECT_MORE;
    if (snmp->told == 0 && message.pdu == TAG_RESPONSE && !context->flow->client_certain)
        context->flow->client = (uint8_t)!context->side;
    snmp->told |= (uint8_t)bit;
    struct snmp_message said = {.version = message.version == V3    ? "3"
                                           : message.version == V2C ? "2c"
                                                                    : "1"};
    if (message.version == V3) {
        said.level = level_of(message.flags);
        said.user = truth(message.user.len > 0);
    } else {
        said.community = truth(message.community.len > 0);
        said.common =
            truth(word_is(message.community, "public") || word_is(message.community, "private"));
    }
    dissect_emit(context, &observation_snmp_message, &said);
    return DISSECT_MORE;
}

#define STRUCT struct snmp_message
static const struct field message_fields[] = {
    ROW("perpass.snmp.version", FIELD_TEXT, version, "1, 2c or 3", IS_PUBLIC),
    ROW("perpass.snmp.level", FIELD_TEXT, level,
        "version 3: noAuthNoPriv, authNoPriv or authPriv, which is the only one that encrypts",
        IS_PUBLIC),
    ROW("perpass.snmp.community", FIELD_TRUTH, community,
        "versions 1 and 2c: there is a community, which is a password in clear", IS_PUBLIC),
    ROW("perpass.snmp.common", FIELD_TRUTH, common, "that community is public or private",
        IS_PUBLIC),
    ROW("perpass.snmp.user", FIELD_TRUTH, user, "version 3: a user is named, in clear", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_snmp_message, "snmp.message", message_fields, snmp_message,
     "The first message of SNMP in a conversation with this version and protection.");

static const struct observation_type *const observations[] = {&observation_snmp_message, NULL};

const struct dissector dissector_snmp = {
    .name = "snmp",
    .spec = "RFC 1157, RFC 1901, RFC 3412, RFC 3414",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct snmp),
    .recognises = snmp_recognises,
    .dissect = snmp_dissect,
    .observations = observations,
};
