/* test_dhcp6.c: DHCPv6: clients' and servers' messages, and relays' around them. */
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "tests/unit/byte_text.h"
#include "tests/unit/dhcp_listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_LINES = 14 };

#define CLIENT_ID "0001{0003 0001 02005e0053af} "
#define SERVER_ID "0002{0001 0001 00000001 02005e0053b0} "
#define LINK      "20010db8 0000 0000 0000 0000 0000 0001 "
#define PEER      "fe80 0000 0000 0000 0000 5eff fe00 53af "

/* A datagram, and some of the lines that it is to give. A line that begins with '!' is a field that is not there. */
struct row {
    const char *name, *datagram; /* as in byte_text.h */
    unsigned messages;           /* 0: 1 */
    bool from_server, malformed, unknown;
    unsigned expected; /* fetches over HTTP */
    const char *lines[MAX_LINES];
};

static bool says(const struct observed_text *text, const char *line)
{
    char field[256];
    if (line[0] != '!')
        return observed_has(text, line);
    snprintf(field, sizeof field, "\n%s=", line + 1);
    return strstr(text->at, field) == NULL;
}

static void check_row(const struct row *row)
{
    static struct byte_text message;
    static struct listener listener;
    unsigned client, messages = row->messages == 0 ? 1 : row->messages;
    message.len = 0;
    byte_text_add(&message, row->datagram);
    bool known = listener_read(&listener, &dissector_dhcp6, span_of(message.at, message.len),
                               message.len, false, &client);
    bool right = known == !row->unknown && listener.num == messages && listener.cut == 0 &&
                 (listener.malformed > 0) == row->malformed && listener.expected == row->expected &&
                 client == !row->from_server;
    for (size_t j = 0; j < MAX_LINES && row->lines[j] != NULL; j++)
        if (!says(&listener.text, row->lines[j])) {
            print_error("%s: lacks %s\n", row->name, row->lines[j]);
            right = false;
        }
    if (!right)
        fail_msg("%s: recognised %d, %u messages, %u malformed, client %u\n%s", row->name, known,
                 listener.num, listener.malformed, client, listener.text.at);
}

#define CHECK(rows)                                                                                \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++)                                     \
    check_row(&(rows)[i])
#define D "perpass.dhcp6."

static void test_client(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "solicit",
         .datagram = "01 123456 " CLIENT_ID "0006{0017 003b 003c} 0008{0064} 000e{} "
                     "0003{00000001 00000000 00000000} 0027{01 <'pc'><'example'> 00}",
         .lines = {D "type=solicit", D "xid=1193046", D "to_server=true", D "depth=0",
                   D "options=1|6|8|14|3|39|", D "client_duid.type=ll",
                   D "client_duid.mac=02005e0053af", D "option_request=23|59|60|",
                   D "asks_boot=true", D "elapsed=100", D "rapid_commit=true", D "fqdn=pc.example",
                   D "pxe=false", "!" D "addresses"}},
        {.name = "information request without an identifier",
         .datagram = "0b 123456 0006{0017} 0008{0000}",
         .lines = {D "type=information-request", D "asks_boot=false", "!" D "client_duid.id"}},
        {.name = "classes",
         .datagram = "01 123456 " CLIENT_ID "000f{{'a'}{'bc'}} "
                     "0010{00007571 {'Arista;DCS-7050;01.23;SSJ17290001'}} 003d{0007 0010} "
                     "003e{01 03 10}",
         .lines = {D "user_classes=61|6263|", D "vendor_class_enterprise=30065",
                   D "serial.number=SSJ17290001", D "serial.source=vendor-class",
                   D "client_arch=7|16|", D "client_interface=010310", D "pxe=true"}},
        {.name = "a serial number in the DUID",
         .datagram = "01 123456 0001{0002 00000009 'FOC12345678'} 0010{00000009 {'PXEClient:x'}}",
         .lines = {D "client_duid.type=en", D "client_duid.enterprise=9",
                   D "serial.number=FOC12345678", D "serial.source=duid", D "pxe=true"}},
        {.name = "a UUID",
         .datagram = "01 123456 0001{0004 000102030405060708090a0b0c0d0e0f} 0008{0000}",
         .lines = {D "client_duid.type=uuid",
                   D "client_duid.identifier=000102030405060708090a0b0c0d0e0f"}},
        {.name = "vendor options of two vendors",
         .datagram = "01 123456 " CLIENT_ID "0011{0000118b 0001{'a'} 0004{'4711'}} "
                     "0011{00007571 0001{'b'}}",
         .lines = {D "vendor_enterprises=4491|4491|30065|", D "vendor_suboptions=1|4|1|",
                   D "vendor_suboption_values=61|34373131|62|", D "serial.number=4711",
                   D "serial.source=vendor-options"}},
        {.name = "release",
         .datagram = "08 123456 " CLIENT_ID SERVER_ID "0003{00000001 00000000 00000000 0005{" LINK
                     "00000e10 00001c20}} "
                     "0004{00000001 0005{" PEER "00000e10 00001c20}} "
                     "0019{00000001 00000000 00000000 001a{00000e10 00001c20 38 " LINK "}}",
         .lines = {D "type=release",
                   D "addresses=20010db8000000000000000000000001|fe800000000000000000"
                     "5efffe0053af|",
                   D "lifetimes=7200|7200|", D "prefixes=20010db8000000000000000000000001|",
                   D "prefix_lens=56|", D "server_duid.mac=02005e0053b0"}},
        {.name = "lease query",
         .datagram = "0e 123456 " CLIENT_ID "002c{01 " LINK "0005{" LINK "00000000 00000000}}",
         .lines = {D "type=leasequery", D "options=1|44|"}},
        {.name = "a type that nobody registered",
         .datagram = "19 123456 " CLIENT_ID,
         .from_server = true, /* nobody knows: the flow's client stays as it was */
         .lines = {D "type=25", "!" D "to_server"}},
    };
    CHECK(rows);
}

#define B D "boot."

static void test_server(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "a boot file and its parameters",
         .datagram = "07 123456 " CLIENT_ID SERVER_ID
                     "003b{'tftp://[2001:db8::23]/SN19842256.enc'} 003c{{'a'}{'b=c'}} 0017{" LINK
                     "} 000d{0000 'ok'}",
         .from_server = true,
         .lines = {D "type=reply", B "file=tftp://[2001:db8::23]/SN19842256.enc",
                   B "server_address=20010db8000000000000000000000023", B "scheme=tftp",
                   B "file_source=bootfile-url", B "server_source=bootfile-url",
                   D "bootfile_parameters=61|623d63|", D "status=0",
                   D "dns_servers=20010db8000000000000000000000001|", D "to_server=false"}},
        {.name = "a boot file with a password",
         .datagram = "02 123456 " CLIENT_ID SERVER_ID "003b{'http://u:p@boot.example/x'}",
         .from_server = true,
         .lines = {D "bootfile_url=http://boot.example/x", B "file=http://boot.example/x",
                   B "credentials=true", B "server_name=boot.example", B "scheme=http"}},
        {.name = "a boot file over HTTP from an address, for an address",
         .datagram = "07 123456 " CLIENT_ID SERVER_ID "003b{'http://[2001:db8::23]:8080/x'} "
                     "0003{00000001 00000000 00000000 0005{" LINK "00000e10 00001c20}}",
         .from_server = true,
         .expected = 1,
         .lines = {B "scheme=http", B "server_address=20010db8000000000000000000000023"}},
        {.name = "a boot file that is no URL",
         .datagram = "02 123456 " CLIENT_ID SERVER_ID "003b{'startup-config'}",
         .from_server = true,
         .lines = {B "file=startup-config", "!" B "scheme", "!" B "server_name"}},
        {.name = "secure zero-touch provisioning, two servers",
         .datagram = "02 123456 " CLIENT_ID SERVER_ID
                     "0088{{'https://sztp.example'}{'https://10.0.0.8:8443'}}",
         .from_server = true,
         .lines = {B "file=https://sztp.example", B "file_source=sztp",
                   B "server_name=sztp.example", B "server_addresses=0a000008|",
                   B "files_total=2"}},
        {.name = "files of zero-touch provisioning",
         .datagram = "02 123456 " CLIENT_ID SERVER_ID
                     "0011{00000a4c 0000{'image.tgz'} 0001{'ex.conf'} 0003{'ftp'}}",
         .from_server = true,
         .lines = {B "file=ex.conf", B "files=ex.conf|image.tgz|", B "scheme=ftp",
                   B "file_source=vendor-options"}},
        {.name = "reconfigure",
         .datagram = "0a 000000 " CLIENT_ID SERVER_ID "0013{05}",
         .from_server = true,
         .lines = {D "type=reconfigure"}},
    };
    CHECK(rows);
}

static void test_relays(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "two relays",
         .datagram = "0c 01 " LINK PEER "0025{00000009 'r1'} 0009{0c 00 " PEER LINK
                     "0012{'ge-0'} 0026{'sub'} 004f{0001 02005e0053af} 0009{01 123456 " CLIENT_ID
                     "0008{0000}}}",
         .messages = 3,
         .lines = {D "type=relay-forw", D "hops=1", D "depth=2", D "type=solicit",
                   D "link_address=20010db8000000000000000000000001",
                   D "relay_links=20010db8000000000000000000000001|fe8000000000000000005efffe0053af"
                     "|",
                   D "relay_interface_ids=|67652d30|", D "relay_remote_ids=000000097231||",
                   D "relay_subscriber_ids=|737562|", D "client_link_mac=02005e0053af",
                   D "client_duid.mac=02005e0053af"}},
        {.name = "an answer",
         .datagram = "0d 00 " LINK PEER "0012{'ge-0'} 0009{07 123456 " CLIENT_ID SERVER_ID
                     "003b{'http://h.example/'}}",
         .messages = 2,
         .from_server = true,
         .lines = {D "type=relay-repl", D "type=reply", B "server_name=h.example",
                   "!" D "client_link_mac"}},
        {.name = "DHCPv4 inside",
         .datagram = "14 800000 0057{01 01 06 00 12345678 0000 0000 00*16 02005e0053af 00*10 00*64 "
                     "00*128 63825363 35<01> 0c<'pc'> ff}",
         .messages = 2,
         .lines = {D "type=dhcpv4-query", "!" D "xid", "perpass.dhcp.in_dhcpv6=true",
                   "perpass.dhcp.hostname=pc"}},
        {.name = "the message inside is a lie",
         .datagram = "0c 01 " LINK PEER "0012{'ge-0'} 0009{01 123456 " CLIENT_ID "0008 ffff 00}",
         .messages = 2,
         .malformed = true,
         .lines = {D "type=solicit", D "options=1|"}},
        {.name = "no message inside",
         .datagram = "0c 01 " LINK PEER "0012{'ge-0'}",
         .unknown = true,
         .lines = {D "type=relay-forw", D "relay_interface_ids=67652d30|"}},
    };
    CHECK(rows);
}

static void test_lies(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "an option longer than the message",
         .datagram = "01 123456 " CLIENT_ID "0008{0000} 0010 00ff 00",
         .malformed = true,
         .lines = {D "options=1|8|", D "elapsed=0"}},
        {.name = "a class that is no list",
         .datagram = "01 123456 " CLIENT_ID "000f{00ff 'a'} 0010{00000009 00ff}",
         .malformed = true,
         .lines = {"!" D "user_classes", D "vendor_class_enterprise=9", "!" D "vendor_class"}},
        {.name = "options of the wrong length",
         .datagram = "01 123456 " CLIENT_ID "0008{} 0017{00} 0006{0017 00} 000c{00} 0011{00}",
         .malformed = true,
         .lines = {"!" D "elapsed", "!" D "dns_servers", "!" D "option_request",
                   "!" D "vendor_suboptions"}},
        {.name = "a lease that is none",
         .datagram = "01 123456 " CLIENT_ID "0003{00000001 00000000 00000000 0005{00}}",
         .malformed = true,
         .lines = {"!" D "addresses"}},
        {.name = "a lease without its times, and one for good",
         .datagram = "08 123456 " CLIENT_ID "0003{00000001 00000000 00000000 0005{" LINK
                     "} 0005{" PEER "ffffffff ffffffff}}",
         .malformed = true,
         .lines = {D "addresses=fe8000000000000000005efffe0053af|", D "lifetimes=4294967295|"}},
        {.name = "an empty name",
         .datagram = "01 123456 " CLIENT_ID "0027{00}",
         .lines = {"!" D "fqdn", D "fqdn_flags=0"}},
        {.name = "a DUID of no known type",
         .datagram = "01 123456 0001{00ff aabb} 0008{0000}",
         .lines = {D "client_duid.id=00ffaabb", D "client_duid.type=255", "!" D "client_duid.mac"}},
        {.name = "an option 0",
         .datagram = "01 123456 " CLIENT_ID "0000{01 123456 " CLIENT_ID "}",
         .lines = {D "options=1|0|"}},
    };
    CHECK(rows);
}

/* --- what is not whole, and what is none --- */

#define WHOLE                                                                                      \
    "0c 01 " LINK PEER "0025{00000009 'r1'} 0012{'ge-0'} 0009{0d 00 " PEER LINK                    \
    "0026{'sub'} 004f{0001 02005e0053af} 0009{07 123456 " CLIENT_ID SERVER_ID                      \
    "0003{00000001 00000000 00000000 0005{" LINK "00000e10 00001c20}} 0027{01 <'pc'>} "            \
    "0010{00000009 {'a'}} 0011{00000a4c 0001{'ex.conf'}} 0088{{'https://a'}} "                     \
    "003b{'http://u:p@h.example/'} 003c{{'a'}}}}"

static void test_every_prefix(void **state)
{
    (void)state;
    static struct byte_text message;
    static struct listener listener;
    message.len = 0;
    byte_text_add(&message, WHOLE);
    struct span bytes = span_of(message.at, message.len);
    unsigned messages = 0, client;
    for (size_t len = 0; len <= message.len; len++) {
        listener_read(&listener, &dissector_dhcp6, bytes, len, true, &client);
        assert_int_equal(listener.malformed, 0);
        assert_true((listener.cut > 0) == (len < message.len));
        assert_true(listener.num >= messages); /* more bytes say no less */
        messages = listener.num;
        listener_read(&listener, &dissector_dhcp6, bytes, len, false, &client);
        assert_int_equal(listener.cut, 0);
    }
    assert_int_equal(messages, 3);
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    static struct byte_text message;
    static struct listener listener;
    uint32_t seed = 7;
    for (unsigned round = 0; round < 1500; round++) {
        unsigned client;
        message.len = 0;
        byte_text_add(&message, WHOLE);
        for (unsigned flips = 0; flips < 4; flips++) {
            seed = seed * 1664525 + 1013904223;
            message.at[(seed >> 8) % message.len] = (uint8_t)(seed >> 24);
        }
        listener_read(&listener, &dissector_dhcp6, span_of(message.at, message.len), message.len,
                      false, &client);
        assert_true(listener.num <= 4 && listener.cut == 0);
    }
}

static void count_messages(void *to, const struct observation *observation)
{
    unsigned *num = to;
    *num += observation->type == &observation_dhcp6_message;
}

/* Relays in one another without end: as many are read as there may be. */
static void test_relays_without_end(void **state)
{
    (void)state;
    enum { LEVELS = 1000, HEAD = 38 };
    static uint8_t message[LEVELS * HEAD];
    unsigned num = 0;
    for (size_t i = 0; i < LEVELS; i++) {
        uint8_t *at = message + i * HEAD;
        size_t left = (LEVELS - i - 1) * HEAD;
        at[0] = DHCP6_RELAY_FORW;
        at[35] = 9;
        at[36] = (uint8_t)(left >> 8);
        at[37] = (uint8_t)left;
    }
    struct flow flow = {.protocol = PROTO_UDP};
    struct scratch scratch = {0};
    struct dissect_context context = {
        .flow = &flow, .scratch = &scratch, .emit_to = &num, .emit = count_messages};
    struct reader bytes = reader_of(span_of(message, sizeof message));
    dissector_dhcp6.dissect(&bytes, NULL, &context);
    assert_int_equal(num, 32);
    scratch_free(&scratch);
}

static void test_recognises(void **state)
{
    (void)state;
    static struct byte_text message;
    static struct listener listener;
    unsigned client;
    static const struct {
        const char *name, *bytes;
        bool known;
    } others[] = {
        {"nothing", "", false},
        {"type 0", "00 123456 " CLIENT_ID, false},
        {"no option that proves it", "01 123456 0003{00*12}", false},
        {"one option, and something else", "01 123456 " CLIENT_ID "ffff", false},
        {"a DNS query", "0102 0100 0001 0000 0000 0000 <'www'><'example'><'org'> 00 0001 0001",
         false},
        {"a DUID of no known type alone", "01 123456 0001{0009 aabbccdd}", false},
        {"the elapsed time", "01 123456 0008{0000}", true},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        message.len = 0;
        byte_text_add(&message, others[i].bytes);
        bool known = listener_read(&listener, &dissector_dhcp6, span_of(message.at, message.len),
                                   message.len, false, &client);
        if (known != others[i].known)
            fail_msg("%s", others[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_relays),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_relays_without_end),
        cmocka_unit_test(test_recognises),
    };
    return cmocka_run_group_tests_name("dhcp6", tests, NULL, NULL);
}
