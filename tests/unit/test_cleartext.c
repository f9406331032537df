/* test_cleartext.c: the rules about what is simply read: what makes each fire, what only looks so, their thresholds and
 * what they count. */
#include "analysis/analysis.h"
#include "core/common_observations.h"
#include "dissectors/dns.h"
#include "dissectors/http_login.h"
#include "dissectors/snmp.h"
#include "dissectors/starttls.h"
#include "dissectors/telnet.h"
#include "dissectors/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

struct world {
    struct analysis *analysis;
    struct home_nets home;
    struct flow flow;
    uint64_t packet;
};

static void world_begin(struct world *world, const char *home)
{
    struct error error = {""};
    *world = (struct world){.packet = 0};
    if (home != NULL)
        assert_true(home_nets_add(&world->home, home, &error));
    world->analysis = analysis_new(
        &(struct analysis_options){.rules = "clear.*", .home_nets = &world->home}, &error);
    assert_non_null(world->analysis);
    world->flow = (struct flow){.ip_version = 4, .protocol = PROTO_TCP, .first_packet = 1};
    world->flow.ends[0] = (struct endpoint){.address = {10, 0, 0, 1}, .port = 40000};
    world->flow.ends[1] = (struct endpoint){.address = {192, 0, 2, 1}, .port = 80};
}

static void say(struct world *world, const struct observation_type *type, const void *data)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = &world->flow,
                                            .time_ns = 1700000000000000000 + world->packet,
                                            .packet = ++world->packet};
    analysis_observe(world->analysis, &observation);
}

/* Another conversation of the client 10.0.0.|host|. */
static void next_flow(struct world *world, uint8_t host)
{
    world->flow.first_packet = world->packet + 1;
    world->flow.ends[0].port++;
    world->flow.ends[0].address[3] = host;
}

/* A conversation that is over: read by |reader|, or taken by nDPI for |label|. */
static void end_flow(struct world *world, const char *reader, const char *label,
                     enum truth encrypted)
{
    const struct flow_end_observation end = {.client_bytes = number(100),
                                             .server_bytes = number(1000),
                                             .protocol = reader,
                                             .application_protocol = label,
                                             .encrypted = encrypted};
    say(world, &observation_flow_end, &end);
}

/* "rule severity confidence subject:port name=value ...", a line each. */
static void tell(struct world *world, char *text, size_t size)
{
    size_t num, len = 0;
    analysis_finish(world->analysis);
    const struct finding *findings = analysis_findings(world->analysis, &num);
    text[0] = '\0';
    for (size_t i = 0; i < num; i++) {
        const struct finding *finding = &findings[i];
        len += (size_t)snprintf(text + len, size - len, "%s%s %s %s %u.%u:%u", i > 0 ? "\n" : "",
                                finding->rule->id, severity_name(finding->severity),
                                confidence_name(finding->confidence), finding->subject_bytes.at[0],
                                finding->subject_bytes.at[3], finding->subject_port);
        assert_non_null(finding->reason);
        for (size_t k = 0; k < finding->num_evidence; k++) {
            const struct evidence *evidence = &finding->evidence[k];
            const struct value *value = &evidence->value;
            if (value->type == VALUE_TEXT)
                len += (size_t)snprintf(text + len, size - len, " %s", value->text);
            else if (value->type == VALUE_NUMBER)
                len += (size_t)snprintf(text + len, size - len, " %s=%u", evidence->name,
                                        (unsigned)value->number);
            else if (value->truth)
                len += (size_t)snprintf(text + len, size - len, " %s", evidence->name);
        }
    }
    analysis_free(world->analysis);
}

static void check_told(struct world *world, const char *name, const char *wanted)
{
    char text[2048];
    tell(world, text, sizeof text);
    if (strcmp(text, wanted) != 0)
        fail_msg("%s:\n got    %s\n wanted %s", name, text, wanted);
}

/* --- clear.protocol --- */

static void protocols(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reader, *label;
        enum truth encrypted;
        uint16_t port;
        const char *told;
    } rows[] = {
        {"read", "http", NULL, TRUTH_UNKNOWN, 80,
         "clear.protocol medium certain 192.1:80 http clients=1 bytes=1100"},
        {"let go by its dissector", NULL, "http", TRUTH_UNKNOWN, 80,
         "clear.protocol medium certain 192.1:80 http clients=1 bytes=1100"},
        {"named by nDPI", NULL, "mqtt", TRUTH_NO, 1883,
         "clear.protocol medium likely 192.1:1883 mqtt clients=1 bytes=1100"},
        {"of machines", NULL, "modbus", TRUTH_NO, 502,
         "clear.protocol high likely 192.1:502 modbus clients=1 bytes=1100"},
        {"about themselves", NULL, "ntp", TRUTH_NO, 123,
         "clear.protocol low likely 192.1:123 ntp clients=1 bytes=1100"},
        {"a file's own ports", "tftp", NULL, TRUTH_UNKNOWN, 51234,
         "clear.protocol medium certain 192.1:69 tftp clients=1 bytes=1100"},
        /* Look-alikes. */
        {"nDPI says that it is encrypted", NULL, "mqtt", TRUTH_YES, 8883, ""},
        {"may be encrypted unseen", NULL, "rtp", TRUTH_NO, 5004, ""},
        {"TLS", "tls", NULL, TRUTH_UNKNOWN, 443, ""},
        {"names of the domain system", "dns", NULL, TRUTH_UNKNOWN, 53, ""},
        {"nobody knows", NULL, NULL, TRUTH_UNKNOWN, 9, ""},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        world.flow.ends[1].port = rows[i].port;
        end_flow(&world, rows[i].reader, rows[i].label, rows[i].encrypted);
        check_told(&world, rows[i].name, rows[i].told);
    }
}

static void protocols_count_clients_and_bytes(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    for (uint8_t i = 0; i < 200; i++) {
        next_flow(&world, i % 20);
        end_flow(&world, "http", NULL, TRUTH_UNKNOWN);
    }
    next_flow(&world, 1);
    world.flow.ends[1].port = 8080;
    end_flow(&world, "http", NULL, TRUTH_UNKNOWN);
    check_told(&world, "20 clients",
               "clear.protocol medium certain 192.1:80 http clients=20 bytes=220000\n"
               "clear.protocol medium certain 192.1:8080 http clients=1 bytes=1100");
}

static void preamble(struct world *world, const char *protocol, enum truth upgraded,
                     const char *credentials)
{
    const struct starttls_session session = {.protocol = protocol,
                                             .upgraded = upgraded,
                                             .credentials = truth(credentials != NULL),
                                             .credentials_kind = credentials};
    say(world, &observation_starttls_session, &session);
    end_flow(world, upgraded == TRUTH_YES ? "tls" : "starttls", NULL, TRUTH_UNKNOWN);
}

static void protocols_that_may_go_over(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    world.flow.ends[1].port = 25;
    preamble(&world, "smtp", TRUTH_NO, NULL);
    check_told(&world, "went on without",
               "clear.protocol medium certain 192.1:25 smtp clients=1 bytes=1100");
    world_begin(&world, NULL);
    preamble(&world, "smtp", TRUTH_YES, NULL);
    check_told(&world, "went over to TLS", "");
    world_begin(&world, NULL);
    preamble(&world, "smtp", TRUTH_UNKNOWN, NULL);
    check_told(&world, "asked for TLS, and nobody saw what followed", "");
    world_begin(&world, NULL);
    preamble(&world, "socks5", TRUTH_NO, NULL);
    check_told(&world, "a tunnel", "");
}

static void protocols_that_encrypt_themselves(void **state)
{
    (void)state;
    static const struct {
        struct snmp_message message;
        const char *told;
    } rows[] = {
        {{.version = "3", .level = "authPriv", .user = TRUTH_YES}, ""},
        {{.version = "3", .level = "authNoPriv", .user = TRUTH_YES},
         "clear.protocol medium certain 192.1:80 snmp clients=1 bytes=1100"},
        {{.version = "2c", .community = TRUTH_NO},
         "clear.protocol medium certain 192.1:80 snmp clients=1 bytes=1100"},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, NULL);
        /* Discovery goes before. */
        const struct snmp_message first = {.version = "3", .level = "noAuthNoPriv"};
        say(&world, &observation_snmp_message, &first);
        say(&world, &observation_snmp_message, &rows[i].message);
        end_flow(&world, "snmp", NULL, TRUTH_UNKNOWN);
        check_told(&world, rows[i].message.version, rows[i].told);
    }
    struct world world;
    world_begin(&world, NULL);
    const struct telnet_session session = {.encrypted = TRUTH_YES};
    say(&world, &observation_telnet_session, &session);
    end_flow(&world, "telnet", NULL, TRUTH_UNKNOWN);
    check_told(&world, "telnet that encrypts", "");
}

static void relatives_of_dns(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    world.flow.ends[1].port = 5353;
    const struct dns_message message = {
        .type = "query", .service = "mdns", .name = span_text("note.local")};
    say(&world, &observation_dns_message, &message);
    end_flow(&world, "dns", NULL, TRUTH_UNKNOWN);
    check_told(&world, "mdns", "clear.protocol low certain 192.1:5353 mdns clients=1 bytes=1100");
}

/* --- clear.credentials --- */

static void credentials(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *kind, *told;
    } rows[] = {
        {"ftp", "password", "high certain 192.1:80 ftp password"},
        {"ldap", "simple bind", "high certain 192.1:80 ldap simple bind"},
        {"socks5", "password", "high certain 192.1:80 socks5 password"},
        {"smtp", "auth", "medium likely 192.1:80 smtp auth"},
        {"mysql", "login", "medium likely 192.1:80 mysql login"},
        {"ldap", "sasl bind", "low possible 192.1:80 ldap sasl bind"},
        {"ftp", "user", "low possible 192.1:80 ftp user"},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        char wanted[200];
        struct world world;
        world_begin(&world, NULL);
        const struct starttls_session session = {.protocol = rows[i].protocol,
                                                 .credentials = TRUTH_YES,
                                                 .credentials_kind = rows[i].kind};
        say(&world, &observation_starttls_session, &session);
        snprintf(wanted, sizeof wanted, "clear.credentials %s clients=1", rows[i].told);
        check_told(&world, rows[i].kind, wanted);
    }
}

static void credentials_of_http(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *told;
    } rows[] = {{"basic", "high certain"}, {"bearer", "high certain"},
                {"url", "high certain"},   {"digest", "medium likely"},
                {"ntlm", "medium likely"}, {"negotiate", "medium likely"},
                {"other", "medium likely"}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        char wanted[200];
        struct world world;
        world_begin(&world, NULL);
        const struct http_login login = {.scheme = rows[i].scheme, .to = "server"};
        say(&world, &observation_http_login, &login);
        snprintf(wanted, sizeof wanted, "clear.credentials %s 192.1:80 http %s clients=1",
                 rows[i].told, rows[i].scheme);
        check_told(&world, rows[i].scheme, wanted);
    }
}

static void credentials_of_others(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    const struct snmp_message own = {.version = "2c", .community = TRUTH_YES, .common = TRUTH_NO};
    const struct snmp_message common = {
        .version = "1", .community = TRUTH_YES, .common = TRUTH_YES};
    say(&world, &observation_snmp_message, &own);
    world.flow.ends[1].address[3] = 2;
    next_flow(&world, 1);
    say(&world, &observation_snmp_message, &common);
    check_told(&world, "communities",
               "clear.credentials high certain 192.1:80 snmp community clients=1\n"
               "clear.credentials medium certain 192.2:80 snmp well-known community clients=1");
    world_begin(&world, NULL);
    const struct telnet_session typed = {.user = TRUTH_YES, .password = TRUTH_YES};
    const struct telnet_session named = {.user = TRUTH_YES, .password = TRUTH_NO};
    const struct telnet_session nothing = {.user = TRUTH_NO, .password = TRUTH_NO};
    say(&world, &observation_telnet_session, &nothing);
    next_flow(&world, 2);
    say(&world, &observation_telnet_session, &named);
    next_flow(&world, 3);
    say(&world, &observation_telnet_session, &typed);
    check_told(&world, "telnet", "clear.credentials high certain 192.1:80 telnet user clients=2");
    world_begin(&world, NULL);
    const struct flow_end_observation seen = {.application_protocol = "rtsp",
                                              .encrypted = TRUTH_NO,
                                              .credentials = TRUTH_YES,
                                              .client_bytes = number(1),
                                              .server_bytes = number(1)};
    say(&world, &observation_flow_end, &seen);
    check_told(&world, "nDPI",
               "clear.credentials medium likely 192.1:80 rtsp seen by nDPI clients=1\n"
               "clear.protocol medium likely 192.1:80 rtsp clients=1 bytes=2");
}

/* --- clear.dns --- */

static void ask(struct world *world, const char *name, enum truth subnet)
{
    const struct dns_message message = {
        .type = "query", .service = "dns", .name = span_text(name), .client_subnet = subnet};
    say(world, &observation_dns_message, &message);
}

static void names(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    world.flow.ends[1].port = 53;
    ask(&world, "a.example", TRUTH_NO);
    ask(&world, "A.Example", TRUTH_NO);
    ask(&world, "b.example", TRUTH_NO);
    world.flow.ends[1].address[3] = 2;
    next_flow(&world, 1);
    ask(&world, "a.example", TRUTH_YES);
    next_flow(&world, 7);
    ask(&world, "a.example", TRUTH_NO);
    check_told(&world, "two hosts",
               "clear.dns medium certain 10.1:0 names=2 resolvers=2 outside client_subnet\n"
               "clear.dns medium certain 10.7:0 names=1 resolvers=1 outside");
}

static void names_asked_close_by(void **state)
{
    (void)state;
    static const struct {
        uint8_t resolver[4];
        const char *home, *told;
    } rows[] = {
        {{192, 168, 1, 1}, NULL, "clear.dns low certain 10.1:0 names=1 resolvers=1"},
        {{127, 0, 0, 53}, NULL, "clear.dns low certain 10.1:0 names=1 resolvers=1"},
        {{192, 0, 2, 1}, "192.0.2.0/31", "clear.dns low certain 10.1:0 names=1 resolvers=1"},
        {{192, 0, 2, 2},
         "192.0.2.0/31",
         "clear.dns medium certain 10.1:0 names=1 resolvers=1 outside"},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        struct world world;
        world_begin(&world, rows[i].home);
        memcpy(world.flow.ends[1].address, rows[i].resolver, 4);
        ask(&world, "a.example", TRUTH_NO);
        check_told(&world, rows[i].home, rows[i].told);
    }
}

static void names_asked_encrypted(void **state)
{
    (void)state;
    static const struct {
        const char *name, *alpn, *server_name;
        uint16_t port;
        uint8_t protocol;
        const char *told;
    } rows[] = {
        {"DoT by its port", NULL, NULL, 853, PROTO_TCP, "likely 10.1:0 DNS over TLS"},
        {"DoT by ALPN", "\3dot", NULL, 8853, PROTO_TCP, "certain 10.1:0 DNS over TLS"},
        {"DoQ", "\3doq", NULL, 853, PROTO_UDP, "certain 10.1:0 DNS over QUIC"},
        {"DoH", "\2h2", "DNS.Google", 443, PROTO_TCP, "likely 10.1:0 DNS over HTTPS"},
        /* Look-alikes. */
        {"another port", "\2h2", NULL, 8530, PROTO_TCP, NULL},
        {"another name", "\2h2", "www.dns.google.example", 443, PROTO_TCP, NULL},
        {"an ALPN that begins so", "\4doqs", NULL, 443, PROTO_UDP, NULL},
    };
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        char wanted[200] = "";
        struct world world;
        world_begin(&world, NULL);
        world.flow.ends[1].port = rows[i].port;
        world.flow.protocol = rows[i].protocol;
        const struct tls_client_hello hello = {
            .transport = "tls",
            .alpn = rows[i].alpn != NULL ? span_text(rows[i].alpn) : (struct span){0},
            .server_name =
                rows[i].server_name != NULL ? span_text(rows[i].server_name) : (struct span){0}};
        say(&world, &observation_tls_client_hello, &hello);
        if (rows[i].told != NULL)
            snprintf(wanted, sizeof wanted, "clear.dns-encrypted info %s", rows[i].told);
        check_told(&world, rows[i].name, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(protocols),
                                       cmocka_unit_test(protocols_count_clients_and_bytes),
                                       cmocka_unit_test(protocols_that_may_go_over),
                                       cmocka_unit_test(protocols_that_encrypt_themselves),
                                       cmocka_unit_test(relatives_of_dns),
                                       cmocka_unit_test(credentials),
                                       cmocka_unit_test(credentials_of_http),
                                       cmocka_unit_test(credentials_of_others),
                                       cmocka_unit_test(names),
                                       cmocka_unit_test(names_asked_close_by),
                                       cmocka_unit_test(names_asked_encrypted)};
    return cmocka_run_group_tests_name("cleartext", tests, NULL, NULL);
}
