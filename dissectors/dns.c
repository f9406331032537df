/* dns.c: the Domain Name System in clear: RFC 1035; over TCP: RFC 7766; EDNS: RFC 6891, client subnet: RFC 7871; and its
 * relatives on the link: RFC 6762, RFC 4795, RFC 1002. Reads the header, the first question and the options of EDNS.
 * Records are passed over, and compression (RFC 1035 section 4.1.4) is followed nowhere: a first name cannot have it. */
#include "dissectors/dns.h"

#include "core/common_observations.h"
#include "dissectors/field_rows.h"

enum {
    HEADER_LEN = 12,
    FLAG_ANSWER = 0x8000,
    OPCODE_MASK = 0x7800, /* 0: a query */
    FLAG_RESERVED = 0x0040,
    RCODE_MASK = 0x000f,
    MAX_RECORDS = 512,
    MAX_LABEL = 63,
    LABEL_POINTER = 0xc0,
    CLASS_INTERNET = 1,
    CLASS_ANY = 255,
    CLASS_TOP_BIT = 0x8000, /* mDNS: unicast wanted, or cache to be flushed */
    TYPE_NETBIOS = 0x20,
    TYPE_NETBIOS_STATUS = 0x21, /* and SRV, elsewhere */
    TYPE_OPT = 41,
    OPTION_CLIENT_SUBNET = 8,
    PORT_NETBIOS = 137,
    PORT_MDNS = 5353,
    PORT_LLMNR = 5355
};

struct header {
    uint16_t flags, questions, answers, authorities, others;
};

/* A question, or how a record begins. */
struct question {
    struct reader name; /* its labels, without the root's */
    uint16_t type, class;
};

static struct header read_header(struct reader *message)
{
    struct span view = reader_view(message, HEADER_LEN);
    return (struct header){.flags = view_u16(view, 2),
                           .questions = view_u16(view, 4),
                           .answers = view_u16(view, 6),
                           .authorities = view_u16(view, 8),
                           .others = view_u16(view, 10)};
}

/* What a message says first: a single question, as they all have, or no question, but an answer, as mDNS has. */
static bool is_plausible(const struct header *header)
{
    if ((header->flags & (OPCODE_MASK | FLAG_RESERVED)) != 0 || header->answers > MAX_RECORDS ||
        header->authorities > MAX_RECORDS || header->others > MAX_RECORDS)
        return false;
    if (header->flags & FLAG_ANSWER)
        return header->questions == 1 || (header->questions == 0 && header->answers > 0);
    return header->questions > 0 && header->questions <= MAX_RECORDS;
}

/* Labels up to the root's; a pointer or a length that cannot be faults. */
static struct reader read_labels(struct reader *message)
{
    struct reader start = *message;
    size_t len = 0;
    for (uint8_t label = reader_u8(message); label != 0; label = reader_u8(message)) {
        len += label + 1u;
        if (label > MAX_LABEL || len >= DNS_MAX_NAME)
            reader_fail(message, READER_MALFORMED, "name");
        reader_skip(message, label);
    }
    return reader_of(reader_bytes(&start, reader_ok(message) ? len : 0));
}

static struct question read_question(struct reader *message)
{
    struct question question = {.name = read_labels(message)};
    question.type = reader_u16(message);
    question.class = reader_u16(message) & (uint16_t)~CLASS_TOP_BIT;
    return question;
}

static bool is_known_class(uint16_t class)
{
    return (class >= CLASS_INTERNET && class <= 4) || class == CLASS_ANY;
}

/* Host names have no blanks and no control characters; octets beyond ASCII are UTF-8 in mDNS. */
static bool is_printable(struct reader labels)
{
    while (reader_left(&labels) > 0) {
        struct reader label = reader_of(reader_bytes(&labels, reader_u8(&labels)));
        while (reader_left(&label) > 0) {
            uint8_t c = reader_u8(&label);
            if (c < ' ' || c == 0x7f)
                return false;
        }
    }
    return true;
}

static enum recognise dns_recognises_message(struct reader message)
{
    const struct header header = read_header(&message);
    if (!reader_ok(&message) || !is_plausible(&header))
        return RECOGNISE_NO;
    const struct question question = read_question(&message);
    bool known = reader_ok(&message) && question.type != 0 && is_known_class(question.class) &&
                 is_printable(question.name);
    /* A query that ends with its question is whole; others have to have room for what they announce. */
    size_t records = (size_t)header.questions + header.answers + header.authorities + header.others;
    bool fits = records == 1 ? reader_wire_left(&message) == 0 || header.questions == 0
                             : reader_wire_left(&message) >= records - 1;
    return known && fits ? RECOGNISE_YES : RECOGNISE_NO;
}

/* --- what is said of it --- */

static const char *service_of(const struct flow *flow, uint16_t type)
{
    uint16_t ports[2] = {flow->ends[0].port, flow->ends[1].port};
    for (unsigned i = 0; i < 2; i++) {
        if (ports[i] == PORT_MDNS)
            return "mdns";
        if (ports[i] == PORT_LLMNR)
            return "llmnr";
        if (ports[i] == PORT_NETBIOS && (type == TYPE_NETBIOS || type == TYPE_NETBIOS_STATUS))
            return "netbios";
    }
    return "dns";
}

/* Joins the labels by dots; a dot within one stays what it is. */
static struct span join(struct reader labels, uint8_t room[DNS_MAX_NAME])
{
    size_t len = 0;
    while (reader_left(&labels) > 0) {
        struct span label = reader_bytes(&labels, reader_u8(&labels));
        if (len > 0)
            room[len++] = '.';
        memcpy(room + len, label.at, label.len);
        len += label.len;
    }
    if (len == 0)
        room[len++] = '.';
    return span_of(room, len);
}

static void skip_name(struct reader *message)
{
    for (;;) {
        uint8_t label = reader_u8(message);
        if (label >= LABEL_POINTER)
            reader_skip(message, 1);
        if (label == 0 || label >= LABEL_POINTER)
            return;
        if (label > MAX_LABEL)
            reader_fail(message, READER_MALFORMED, "name");
        reader_skip(message, label);
    }
}

static bool has_client_subnet(struct reader options)
{
    while (reader_more(&options)) {
        uint16_t code = reader_u16(&options);
        struct reader value = reader_vec16(&options);
        (void)value;
        if (code == OPTION_CLIENT_SUBNET && reader_ok(&options))
            return true;
    }
    return false;
}

/* Looks for EDNS behind the first question; what cannot be read has none that anybody would see. */
static enum truth find_client_subnet(struct reader message, const struct header *header)
{
    for (unsigned i = 1; i < header->questions; i++) {
        skip_name(&message);
        reader_skip(&message, 4);
    }
    unsigned records = (unsigned)header->answers + header->authorities + header->others;
    while (records-- > 0 && reader_more(&message)) {
        skip_name(&message);
        uint16_t type = reader_u16(&message);
        reader_skip(&message, 6);
        struct reader data = reader_vec16(&message);
        if (type == TYPE_OPT && reader_ok(&message))
            return truth(has_client_subnet(data));
    }
    return reader_ok(&message) ? TRUTH_NO : TRUTH_UNKNOWN;
}

/* Who asks is the client; among those that answer all others unasked (mDNS), who sends. */
static void note_client(struct flow *flow, unsigned side, bool answer)
{
    if (flow->client_certain)
        return;
    const bool peers = flow->ends[0].port == PORT_MDNS && flow->ends[1].port == PORT_MDNS;
    flow->client = (uint8_t)(answer && !peers ? !side : side);
    flow->client_certain = true;
}

static bool tell(struct reader message, struct dissect_context *context)
{
    uint8_t room[DNS_MAX_NAME];
    const struct header header = read_header(&message);
    if (!reader_ok(&message) || !is_plausible(&header))
        return false;
    const struct question question = read_question(&message);
    if (!reader_ok(&message) || !is_known_class(question.class))
        return false;
    bool answer = header.flags & FLAG_ANSWER;
    note_client(context->flow, context->side, answer);
    struct dns_message said = {.type = answer ? "answer" : "query",
                               .service = service_of(context->flow, question.type),
                               .name = join(question.name, room),
                               .qtype = number(question.type),
                               .answers = number(header.answers)};
    if (answer)
        said.rcode = number(header.flags & RCODE_MASK);
    if (header.questions > 0)
        said.client_subnet = find_client_subnet(message, &header);
    dissect_emit(context, &observation_dns_message, &said);
    return true;
}

/* --- UDP --- */

struct dns {
    bool begun;
    uint8_t strange; /* messages in a row that are none */
};

enum { MAX_STRANGE = 4 };

/* Others may follow on the same ports (a query of several questions, an update); for a while they are passed over. */
static enum dissect settle(struct dns *dns, bool read)
{
    dns->begun |= read;
    dns->strange = read ? 0 : (uint8_t)(dns->strange + 1);
    if (dns->strange < MAX_STRANGE)
        return DISSECT_MORE;
    return dns->begun ? DISSECT_DONE : DISSECT_NOT_MINE;
}

static enum dissect dns_dissect_datagram(struct reader *datagram, void *state,
                                         struct dissect_context *context)
{
    return settle(state, tell(*datagram, context));
}

/* --- TCP: each message has its length(16) before it, RFC 1035 section 4.2.2 --- */

static enum recognise dns_recognises_stream(struct reader bytes)
{
    struct reader start = bytes, next = bytes;
    uint16_t len = reader_u16(&start);
    if (!reader_ok(&start))
        return RECOGNISE_NO; /* a length in a segment of its own */
    if (len <= HEADER_LEN)
        return RECOGNISE_NO;
    struct reader message = reader_vec16(&next);
    if (reader_ok(&next))
        return dns_recognises_message(message);
    /* Only long answers come in several segments; their beginning tells. */
    struct reader head = start;
    const struct header header = read_header(&head);
    if (!reader_ok(&head) || !is_plausible(&header))
        return RECOGNISE_NO;
    const struct question question = read_question(&head);
    return reader_ok(&head) && is_known_class(question.class) ? RECOGNISE_YES : RECOGNISE_NO;
}

static enum dissect dns_dissect_stream(struct reader *bytes, void *state,
                                       struct dissect_context *context)
{
    struct dns *dns = state;
    if (context->gap)
        return DISSECT_DONE;
    while (reader_left(bytes) > 0) {
        struct reader next = *bytes;
        struct reader message = reader_vec16(&next);
        if (!reader_ok(&next))
            return bytes->cut == 0 ? DISSECT_MORE : DISSECT_DONE;
        *bytes = next;
        enum dissect answer = settle(dns, tell(message, context));
        if (answer != DISSECT_MORE)
            return answer;
    }
    return DISSECT_MORE;
}

/* --- rows --- */

/* RFC 1035 and the registry of DNS parameters: those that are seen. */
static const char *type_name(uint64_t type)
{
    static const struct {
        uint16_t code;
        const char *name;
    } names[] = {{1, "A"},      {2, "NS"},      {5, "CNAME"},  {6, "SOA"},    {12, "PTR"},
                 {13, "HINFO"}, {15, "MX"},     {16, "TXT"},   {28, "AAAA"},  {33, "SRV"},
                 {35, "NAPTR"}, {41, "OPT"},    {43, "DS"},    {44, "SSHFP"}, {46, "RRSIG"},
                 {47, "NSEC"},  {48, "DNSKEY"}, {50, "NSEC3"}, {52, "TLSA"},  {61, "OPENPGPKEY"},
                 {64, "SVCB"},  {65, "HTTPS"},  {99, "SPF"},   {251, "IXFR"}, {252, "AXFR"},
                 {255, "ANY"},  {257, "CAA"}};
    for (size_t i = 0; i < NUM_ROWS(names); i++)
        if (names[i].code == type)
            return names[i].name;
    return NULL;
}

static const char *rcode_name(uint64_t rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};
    return rcode < NUM_ROWS(names) ? names[rcode] : NULL;
}

#define STRUCT struct dns_message
static const struct field message_fields[] = {
    ROW("dns.type", FIELD_TEXT, type, "query or answer", IS_PUBLIC),
    ROW("perpass.dns.service", FIELD_TEXT, service,
        "dns, or, told by the port, a relative on the link: mdns, llmnr, netbios", IS_PUBLIC),
    ROW("dns.question.name", FIELD_STRING, name,
        "name of the first question, or of the first record where there is no question; the root "
        "is a dot",
        IS_NAME("host")),
    ROW("dns.question.type", FIELD_NUMBER, qtype, "its type", IS_PUBLIC, .name_of = type_name),
    ROW("dns.response_code", FIELD_NUMBER, rcode, "answers: the response code", IS_PUBLIC,
        .name_of = rcode_name),
    ROW("perpass.dns.answers", FIELD_NUMBER, answers, "records in the answer section", IS_PUBLIC),
    ROW("perpass.dns.client_subnet", FIELD_TRUTH, client_subnet,
        "the message tells the network of who asks (EDNS client subnet, RFC 7871)", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_dns_message, "dns.message", message_fields, dns_message,
     "A message of DNS in clear, or of mDNS, LLMNR or NetBIOS names.");

static const struct observation_type *const observations[] = {&observation_dns_message, NULL};

const struct dissector dissector_dns_udp = {
    .name = "dns",
    .spec = "RFC 1035, RFC 6762, RFC 4795",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct dns),
    .recognises = dns_recognises_message,
    .dissect = dns_dissect_datagram,
    .observations = observations,
};

const struct dissector dissector_dns_tcp = {
    .name = "dns",
    .spec = "RFC 1035, RFC 7766",
    .protocol = PROTO_TCP,
    .state_size = sizeof(struct dns),
    .recognises = dns_recognises_stream,
    .dissect = dns_dissect_stream,
    .observations = observations,
};
