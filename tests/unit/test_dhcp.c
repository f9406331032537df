/* test_dhcp.c: BOOTP and DHCPv4: where options are, what they say, and which server and file count. */
#include "dissectors/dhcp.h"
#include "tests/unit/byte_text.h"
#include "tests/unit/dhcp_listener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_LINES = 12, SNAME_LEN = 64, FILE_LEN = 128 };

#define COOKIE "63825363 "

/* A message, and some of the lines that it is to give. A line that begins with '!' is a field that is not there. */
struct row {
    const char *name;
    unsigned op;              /* 0: 1 */
    const char *addresses;    /* ciaddr, yiaddr, siaddr, giaddr; NULL: none */
    const char *sname, *file; /* as in byte_text.h; filled up with zeros */
    const char *behind;       /* the cookie, and what is behind it */
    const char *lines[MAX_LINES];
    bool malformed;
    unsigned expected; /* fetches over HTTP */
};

static void put_field(struct byte_text *message, const char *text, size_t len)
{
    size_t end = message->len + len;
    if (text != NULL)
        byte_text_add(message, text);
    assert_true(message->len <= end);
    while (message->len < end)
        byte_text_put(message, 0);
}

static void build(struct byte_text *message, const struct row *row)
{
    message->len = 0;
    byte_text_put(message, row->op == 0 ? 1 : row->op);
    byte_text_add(message, "01 06 00 12345678 0007 8000");
    put_field(message, row->addresses, 16);
    byte_text_add(message, "02005e0053af 00*10");
    put_field(message, row->sname, SNAME_LEN);
    put_field(message, row->file, FILE_LEN);
    byte_text_add(message, row->behind);
}

static bool says(const struct observed_text *text, const char *line)
{
    char field[256];
    if (line[0] != '!')
        return observed_has(text, line);
    snprintf(field, sizeof field, "\n%s=", line + 1);
    return strstr(text->at, field) == NULL;
}

static void check_rows(const struct row *rows, size_t num)
{
    static struct byte_text message;
    static struct listener listener;
    for (size_t i = 0; i < num; i++) {
        unsigned client;
        build(&message, &rows[i]);
        bool known = listener_read(&listener, &dissector_dhcp, span_of(message.at, message.len),
                                   message.len, false, &client);
        bool right = known && listener.num == 1 && listener.cut == 0 &&
                     (listener.malformed > 0) == rows[i].malformed &&
                     listener.expected == rows[i].expected && client == (rows[i].op == 2 ? 0 : 1);
        for (size_t j = 0; j < MAX_LINES && rows[i].lines[j] != NULL; j++)
            if (!says(&listener.text, rows[i].lines[j])) {
                print_error("%s: lacks %s\n", rows[i].name, rows[i].lines[j]);
                right = false;
            }
        if (!right)
            fail_msg("%s: recognised %d, %u messages, %u malformed, client %u\n%s", rows[i].name,
                     known, listener.num, listener.malformed, client, listener.text.at);
    }
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))
#define D           "perpass.dhcp."

static void test_header(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "discover",
         .behind = COOKIE "35<01> ff",
         .lines = {D "type=discover", D "op=1", D "xid=305419896", D "secs=7", D "flags=32768",
                   D "client_mac=02005e0053af", D "bootp_only=false", D "options=53|",
                   D "option_values=01|", D "hardware_slack_len=10", D "hardware_slack_zero=true",
                   "!" D "your_address"}},
        {.name = "ack",
         .op = 2,
         .addresses = "0a000001 0a000002 0a000003 0a000004",
         .sname = "'boot.example'",
         .file = "'image.bin'",
         .behind = COOKIE "35<05> 36<0a000005> 33<00000e10> ff",
         .lines = {D "type=ack", D "client_address=0a000001", D "your_address=0a000002",
                   D "next_server=0a000003", D "relay=0a000004", D "sname=boot.example",
                   D "file=image.bin", D "server_id=0a000005", D "lease_time=3600",
                   D "sname_slack_len=51", D "file_slack_zero=true", D "file_slack_len=118"}},
        {.name = "request of BOOTP, with a cookie",
         .behind = COOKIE "ff 00*59",
         .lines = {D "type=bootrequest", D "bootp_only=false", "!" D "options",
                   D "options_slack_len=59", D "options_slack_zero=true"}},
        {.name = "reply of BOOTP, without a cookie",
         .op = 2,
         .addresses = "00*8 0a000003",
         .file = "'vmunix'",
         .behind = "00*64",
         .lines = {D "type=bootreply", D "bootp_only=true", D "file=vmunix", "!" D "options",
                   D "boot.server_address=0a000003", D "boot.file=vmunix"}},
        {.name = "a type that nobody registered",
         .behind = COOKIE "35<c8> ff",
         .lines = {D "type=200"}},
        {.name = "lease query", .behind = COOKIE "35<0a> ff", .lines = {D "type=leasequery"}},
        {.name = "no end, pads between and behind",
         .behind = COOKIE "00 00 35<01> 00 0c<'a'> 00 00 00",
         .lines = {D "options=53|12|", D "pads=3", D "hostname=a", "!" D "options_slack_len"}},
        {.name = "bytes behind the end",
         .behind = COOKIE "35<01> ff 00 00 'hidden'",
         .lines = {D "options_slack_len=8", D "options_slack_zero=false"}},
        {.name = "bytes behind the text",
         .op = 2,
         .sname = "'a' 00 'hidden'",
         .file = "00*20 'x'",
         .behind = COOKIE "35<02> ff",
         .lines = {D "sname=a", D "sname_slack_zero=false", D "file_slack_zero=false",
                   "!" D "file"}},
    };
    CHECK(rows);
}

static void test_where_options_are(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "overload of file",
         .op = 2,
         .sname = "'s.example'",
         .file = "43<'a.cfg'> ff 00 01",
         .behind = COOKIE "35<02> 34<01> ff",
         .lines = {D "overload=1", D "options=53|52|67|", D "bootfile=a.cfg", D "sname=s.example",
                   "!" D "file", D "file_slack_len=120", D "file_slack_zero=false",
                   D "boot.file=a.cfg", D "boot.server_name=s.example"}},
        {.name = "overload of sname",
         .op = 2,
         .sname = "42<'t.example'> 00",
         .file = "'b.cfg'",
         .behind = COOKIE "34<02> 35<02> ff",
         .lines = {D "overload=2", D "options=52|53|66|", D "tftp_server_name=t.example",
                   D "file=b.cfg", "!" D "sname", D "boot.server_source=option-66",
                   D "boot.file_source=file"}},
        {.name = "of both; parts in the order options, file, sname",
         .op = 2,
         .sname = "43<'g'> ff",
         .file = "43<'f'> ff",
         .behind = COOKIE "35<02> 43<'c'> 34<03> 43<'on'> ff",
         .lines = {D "options=53|67|52|67|67|67|", D "option_codes=53|67|52|",
                   D "option_lens=1|5|1|", D "bootfile=confg"}},
        {.name = "an overload inside the overloaded does nothing",
         .op = 2,
         .sname = "'name'",
         .file = "34<03> 43<'x'> ff",
         .behind = COOKIE "35<02> 34<01> ff",
         .lines = {D "overload=1", D "sname=name", D "bootfile=x", D "option_lens=1|2|1|"}},
        {.name = "an overload of nothing",
         .op = 2,
         .file = "'plain'",
         .behind = COOKIE "35<02> 34<00> ff",
         .lines = {"!" D "overload", D "file=plain"},
         .malformed = true},
        {.name = "an option of 305 bytes",
         .op = 2,
         .behind = COOKIE "35<02> 2b<01c8 aa*200 02 36 bb*50> 2b<bb*4 03 2d cc*45> ff",
         .lines = {D "option_lens=1|305|", D "vendor_suboptions=1|2|3|"}},
        {.name = "an option longer than the message",
         .behind = COOKIE "35<01> 0c<'abc'> 3d ff 01",
         .lines = {D "options=53|12|", D "hostname=abc", "!" D "client_id"},
         .malformed = true},
        {.name = "an option longer than the field",
         .op = 2,
         .sname = "42<'t'> 43 ff 'x'",
         .behind = COOKIE "35<02> 34<02> 0c<'h'> ff",
         .lines = {D "tftp_server_name=t", D "hostname=h", "!" D "bootfile"},
         .malformed = true},
    };
    CHECK(rows);
}

static void test_client(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "hardware type and address",
         .behind = COOKIE "35<01> 3d<01.02005e0053b0> 0c<'pc-7' 00> 51<00 00 00 'pc-7.example'> ff",
         .lines = {D "client_id=0102005e0053b0", D "client_id_mac=02005e0053b0", D "hostname=pc-7",
                   D "fqdn=pc-7.example", D "fqdn_flags=0", "!" D "serial.number"}},
        {.name = "a DUID and an encoded name",
         .behind = COOKIE "35<01> 3d<ff 00000007 0001 0001 00000001 02005e0053b1> "
                          "51<05 00 00 <'pc'> <'example'> 00> ff",
         .lines = {D "duid.type=llt", D "duid.mac=02005e0053b1", D "duid.hardware_type=1",
                   D "client_id_iaid=00000007", D "fqdn=pc.example"}},
        {.name = "text with the hardware address",
         .behind = COOKIE "35<01> 3d<00 'cisco-0200.5e00.53b2-Vl1'> ff",
         .lines = {D "client_id_mac=02005e0053b2", "!" D "serial.number"}},
        {.name = "a serial number as client identifier",
         .behind = COOKIE "35<01> 3d<00 'SN19842256'> ff",
         .lines = {D "serial.number=SN19842256", D "serial.source=client-id",
                   "!" D "client_id_mac"}},
        {.name = "a serial number in the DUID",
         .behind = COOKIE "35<01> 3d<ff 00000001 0002 00000009 'FOC12345678'> ff",
         .lines = {D "duid.type=en", D "duid.enterprise=9", D "serial.number=FOC12345678",
                   D "serial.source=duid"}},
        {.name = "Arista",
         .behind = COOKIE "35<01> 3c<'Arista;DCS-7050S-64;01.23;JPE12345678'> ff",
         .lines = {D "serial.number=JPE12345678", D "serial.source=vendor-class"}},
        {.name = "Juniper",
         .behind = COOKIE "35<01> 3c<'Juniper-ex2300-c-12p-HV0218400123'> ff",
         .lines = {D "serial.number=HV0218400123"}},
        {.name = "Juniper without one",
         .behind = COOKIE "35<01> 3c<'Juniper-qfx5100-48s-6q'> ff",
         .lines = {D "vendor_class=Juniper-qfx5100-48s-6q", "!" D "serial.number"}},
        {.name = "a field SN",
         .behind = COOKIE "35<01> 3c<'TY=DELLNTW-S4810 ;HW=3.0;SN=HADL134J20193;OS=9.3'> ff",
         .lines = {D "serial.number=HADL134J20193"}},
        {.name = "a vendor class with an enterprise number",
         .behind = COOKIE "35<01> 7c<00007571 <<'Arista;a;b;SSJ17290001'>>> ff",
         .lines = {D "vendor_class_enterprises=30065|", D "serial.number=SSJ17290001"}},
        {.name = "vendor options of a modem",
         .behind = COOKIE "35<01> 3c<'docsis3.0:'> 2b<02<'ECM'> 04<'42424242'> ff 00> ff",
         .lines = {D "vendor_suboptions=2|4|", D "serial.number=42424242",
                   D "serial.source=vendor-options"}},
        {.name = "vendor options of a gateway",
         .behind = COOKIE "35<01> 7d<00000de9 <01<'00D09E'> 02<'CP0644JTHQ'>>> ff",
         .lines = {D "vendor_specific_enterprises=3561|3561|", D "vendor_specific_suboptions=1|2|",
                   D "serial.number=CP0644JTHQ"}},
        {.name = "a client of PXE",
         .behind = COOKIE "35<01> 37<01 03 42 43> 3c<'PXEClient:Arch:00007:UNDI:003016'> "
                          "5d<0007> 5e<01 03 10> 61<00 000102030405060708090a0b0c0d0e0f> "
                          "4d<'iPXE'> ff",
         .lines = {D "pxe=true", D "http_boot=false", D "client_arch=7|", D "asks_boot=true",
                   D "client_uuid=000102030405060708090a0b0c0d0e0f", D "client_interface=010310",
                   D "user_class=69505845", "!" D "user_classes", "!" D "boot.file"}},
        {.name = "user classes in a list",
         .behind = COOKIE "35<01> 37<01 03> 4d<<'a'><'bc'>> ff",
         .lines = {D "user_classes=61|6263|", D "asks_boot=false"}},
        {.name = "relay information",
         .behind = COOKIE "35<01> 52<01<'ge-0/0/1'> 02<'sw1'> 05<0a0a0000> 06<'sub'> "
                          "0b<0a000001>> ff",
         .lines = {D "relay_suboptions=1|2|5|6|11|", D "circuit_id=67652d302f302f31",
                   D "remote_id=737731", D "subscriber_id=737562", D "link_selection=0a0a0000",
                   D "server_override=0a000001"}},
        {.name = "options of the wrong length",
         .behind = COOKIE "35<01> 32<0a0000> 61<01 02> 33<01> 5d<07> 36<0a000001> ff",
         .lines = {"!" D "requested_address", "!" D "client_uuid", "!" D "lease_time",
                   "!" D "client_arch", D "server_id=0a000001"},
         .malformed = true},
        {.name = "a name with a label too long",
         .behind = COOKIE "35<01> 51<04 00 00 40 'a'> ff",
         .lines = {"!" D "fqdn"},
         .malformed = true},
        {.name = "relay information that is no list",
         .behind = COOKIE "35<01> 52<01 ff 00> ff",
         .lines = {D "options=53|82|", "!" D "circuit_id"},
         .malformed = true},
    };
    CHECK(rows);
}

#define B D "boot."

static void test_boot(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.name = "every server that there can be",
         .op = 2,
         .addresses = "00*8 0a000003",
         .sname = "'s.example'",
         .behind = COOKIE "35<02> 36<0a000001> 42<'10.0.0.4'> 43<'a.cfg'> 96<0a000005 0a000006> ff",
         .lines = {B "server_address=0a000005", B "server_source=option-150", B "file=a.cfg",
                   B "server_addresses=0a000003|0a000004|0a000005|0a000006|0a000001|",
                   B "server_addresses_sources=siaddr|option-66|option-150|option-150|server-id|",
                   B "server_names=s.example|", B "server_names_sources=sname|",
                   B "servers_total=6", B "scheme=tftp", "!" B "server_name",
                   D "tftp_servers=0a000005|0a000006|"}},
        {.name = "option 66 before the header",
         .op = 2,
         .addresses = "00*8 0a000003",
         .sname = "'s.example'",
         .file = "'header.cfg'",
         .behind = COOKIE "35<02> 42<'t.example'> 43<'option.cfg' 00> ff",
         .lines = {B "server_name=t.example", B "server_source=option-66", B "file=option.cfg",
                   B "file_source=option-67", B "files=header.cfg|option.cfg|",
                   B "files_sources=file|option-67|", B "files_total=2"}},
        {.name = "two files in two options of one code",
         .op = 2,
         .behind = COOKIE "35<02> 42<'a.example' 00> 43<'one' 00> 43<'two'> 42<'b.example'> ff",
         .lines = {D "bootfile=one", D "tftp_server_name=a.example", B "file=one",
                   B "files=one|two|", B "server_name=a.example",
                   B "server_names=a.example|b.example|"}},
        {.name = "PXE takes siaddr",
         .op = 2,
         .addresses = "00*8 0a000003",
         .behind = COOKIE "35<02> 3c<'PXEClient'> 36<0a000001> 42<'t.example'> 43<'pxe.0'> ff",
         .lines = {D "pxe=true", B "server_address=0a000003", B "server_source=siaddr",
                   B "server_names=t.example|"}},
        {.name = "PXE takes the DHCP server for want of another",
         .op = 2,
         .behind = COOKIE "35<02> 3c<'PXEClient'> 36<0a000001> 43<'pxe.0'> ff",
         .lines = {B "server_address=0a000001", B "server_source=server-id"}},
        {.name = "boot servers of PXE",
         .op = 2,
         .behind = COOKIE "35<02> 3c<'PXEClient'> 36<0a000001> "
                          "2b<06<08> 08<0000 02 0a000007 0a000008> 00 ff> ff",
         .lines = {D "vendor_suboptions=6|8|", B "server_address=0a000007",
                   B "server_addresses_sources=pxe-boot-servers|pxe-boot-servers|server-id|"}},
        {.name = "a URL",
         .op = 2,
         .expected = 1,
         .addresses = "00*4 0a000002 0a000003",
         .behind = COOKIE "35<02> 3c<'HTTPClient'> 43<'http://boot.example:8080/a/b.efi'> ff",
         .lines = {D "http_boot=true", B "scheme=http", B "server_name=boot.example",
                   B "server_source=option-67", B "file=http://boot.example:8080/a/b.efi",
                   B "server_addresses=0a000003|"}},
        {.name = "a URL with a password",
         .op = 2,
         .behind = COOKIE "35<02> 43<'FTP://user:p@ss@10.0.0.9/b.cfg'> ff",
         .lines = {B "file=FTP://10.0.0.9/b.cfg", D "bootfile=FTP://10.0.0.9/b.cfg",
                   B "files=FTP://10.0.0.9/b.cfg|", B "credentials=true", B "scheme=ftp",
                   B "server_address=0a000009"}},
        {.name = "a URL with a password in the header, and a server as URL",
         .op = 2,
         .file = "'http://u:secret@h.example'",
         .sname = "'http://u:secret@s.example/'",
         .behind = COOKIE "35<02> 42<'https://a:secret@t.example/p'> ff",
         .lines = {D "file=http://h.example", D "sname=http://s.example/",
                   D "tftp_server_name=https://t.example/p",
                   B "server_names=s.example|t.example|h.example|", B "credentials=true"}},
        {.name = "a URL with an IPv6 address",
         .op = 2,
         .behind = COOKIE "35<02> 43<'tftp://[2001:db8::23]:69/c'> ff",
         .lines = {B "server_address=20010db8000000000000000000000023", B "scheme=tftp",
                   B "file=tftp://[2001:db8::23]:69/c"}},
        {.name = "zero-touch provisioning of Junos",
         .op = 2,
         .behind = COOKIE "35<02> 96<0a000005> "
                          "2b<00<'jinstall.tgz'> 01<'ex.conf'> 03<'http'>> ff",
         .lines = {D "vendor_suboptions=0|1|3|", B "file=ex.conf", B "file_source=option-43",
                   B "files=ex.conf|jinstall.tgz|", B "scheme=http", B "server_address=0a000005"}},
        {.name = "Plug and Play",
         .op = 2,
         .behind = COOKIE "35<02> 2b<'5A1D;B2;K4;I10.0.0.7;J80'> ff",
         .lines = {B "server_address=0a000007", B "server_source=option-43-pnp", "!" B "file"}},
        {.name = "secure zero-touch provisioning",
         .op = 2,
         .behind = COOKIE "35<02> 8f<{'https://sztp.example:8443'}{'https://10.0.0.8'}> ff",
         .lines = {B "file=https://sztp.example:8443", B "file_source=sztp",
                   B "server_name=sztp.example", B "server_addresses=0a000008|", B "scheme=https"}},
        {.name = "URIs that lie about their length",
         .op = 2,
         .behind = COOKIE "35<02> 8f<0040 'https://x'> ff",
         .lines = {"!" B "file", "!" D "sztp_uris"},
         .malformed = true},
        {.name = "PXELINUX",
         .op = 2,
         .behind = COOKIE "35<02> d1<'default.cfg'> ff",
         .lines = {D "pxelinux_config=default.cfg", B "files=default.cfg|", "!" B "file"}},
        {.name = "addresses of the wrong length",
         .op = 2,
         .behind = COOKIE "35<02> 96<0a0000> 8a<0a000005> ff",
         .lines = {"!" D "tftp_servers", D "capwap_servers=0a000005|"},
         .malformed = true},
        {.name = "what a client sends is no answer",
         .addresses = "00*8 0a000003",
         .file = "'wanted'",
         .behind = COOKIE "35<03> 42<'t.example'> ff",
         .lines = {D "file=wanted", "!" B "file", "!" B "server_addresses", "!" B "files_total"}},
    };
    CHECK(rows);
}

/* --- what is not whole, and what is none --- */

static const struct row whole = {
    .op = 2,
    .addresses = "00*4 0a000002 0a000003 0a000004",
    .sname = "42<'t.example'> ff",
    .file = "43<'http://u:p@h.example/f'> ff",
    .behind = COOKIE "35<02> 36<0a000001> 34<03> 3d<ff 00000001 0001 0001 00000001 02005e0053b1> "
                     "3c<'PXEClient'> 2b<08<0000 01 0a000007> ff> 52<01<'x'>> "
                     "51<05 00 00 <'pc'> <'example'> 00> 7d<00000de9 <02<'CP0644JTHQ'>>> "
                     "7c<00007571 <<'a'>>> 8f<{'https://a'}> 96<0a000005> ff 00 00",
};

static void test_every_prefix(void **state)
{
    (void)state;
    static struct byte_text message;
    static struct listener listener;
    build(&message, &whole);
    struct span bytes = span_of(message.at, message.len);
    for (size_t len = 0; len <= message.len; len++)
        for (unsigned snapped = 0; snapped < 2; snapped++) {
            unsigned client;
            listener_read(&listener, &dissector_dhcp, bytes, len, snapped, &client);
            assert_int_equal(listener.num, len >= 44);
            assert_true(!snapped || listener.malformed == 0);
            assert_true(snapped || listener.cut == 0);
            assert_true(!snapped || listener.cut == (len < message.len - 2));
            assert_true(len >= 236 || snapped || listener.malformed == 1);
        }
    assert_int_equal(listener.malformed + listener.cut, 0);
}

static void test_flipped_bytes(void **state)
{
    (void)state;
    static struct byte_text message;
    static struct listener listener;
    uint32_t seed = 1;
    for (unsigned round = 0; round < 1500; round++) {
        unsigned client;
        build(&message, &whole);
        for (unsigned flips = 0; flips < 4; flips++) {
            seed = seed * 1664525 + 1013904223;
            message.at[(seed >> 8) % message.len] = (uint8_t)(seed >> 24);
        }
        listener_read(&listener, &dissector_dhcp, span_of(message.at, message.len), message.len,
                      false, &client);
        assert_true(listener.num <= 1 && listener.malformed <= 1 && listener.cut == 0);
    }
}

static void note_lens(void *to, const struct observation *observation)
{
    size_t *lens = to;
    const struct dhcp_message *message = observation->data;
    assert_ptr_equal(observation->type, &observation_dhcp_message);
    for (size_t i = 0; i < 3; i++)
        lens[i] = dhcp_option(message, (uint8_t)(100 + i)).len;
    assert_int_equal(message->options.len, 65507 - 240);
}

/* 65,507 bytes are what a datagram can hold; three options share them. */
static void test_largest_message(void **state)
{
    (void)state;
    static uint8_t message[65507];
    struct byte_text head;
    size_t lens[3] = {0}, expected[3] = {0};
    build(&head, &(struct row){.op = 2, .behind = COOKIE});
    memcpy(message, head.at, head.len);
    for (size_t at = head.len, i = 0; at < sizeof message; i++) {
        size_t len = sizeof message - at - 2 < 255 ? sizeof message - at - 2 : 255;
        message[at] = (uint8_t)(100 + i % 3);
        message[at + 1] = (uint8_t)len;
        expected[i % 3] += len;
        at += len + 2;
    }
    struct flow flow = {.protocol = PROTO_UDP};
    struct scratch scratch = {0};
    struct dissect_context context = {
        .flow = &flow, .scratch = &scratch, .emit_to = lens, .emit = note_lens};
    dhcp_read_message(reader_of(span_of(message, sizeof message)), TRUTH_NO, &context);
    assert_memory_equal(lens, expected, sizeof lens);
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
        {"too short for BOOTP", "01 01 06 00 00*100", false},
        {"another op", "03 01 06 00 00*232 63825363 ff", false},
        {"another cookie, another form", "01 01 06 00 12345678 ff*228 63825364 ff*80", false},
        {"a cookie", "01 20 00 00 00*232 63825363 ff", true},
        {"zeros", "01 01 06 00 00*300", false},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        message.len = 0;
        byte_text_add(&message, others[i].bytes);
        bool known = listener_read(&listener, &dissector_dhcp, span_of(message.at, message.len),
                                   message.len, false, &client);
        if (known != others[i].known)
            fail_msg("%s", others[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),          cmocka_unit_test(test_where_options_are),
        cmocka_unit_test(test_client),          cmocka_unit_test(test_boot),
        cmocka_unit_test(test_every_prefix),    cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_largest_message), cmocka_unit_test(test_recognises),
    };
    return cmocka_run_group_tests_name("dhcp", tests, NULL, NULL);
}
