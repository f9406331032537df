/* install_world.h: a small network for tests of installs: devices, DHCP servers and file servers that say what they
 * would be observed to say, packet by packet. */
#ifndef PERPASS_TESTS_INSTALL_WORLD_H
#define PERPASS_TESTS_INSTALL_WORLD_H

#include "analysis/analysis.h"
#include "analysis/install_rules.h"
#include "core/flow.h"
#include "dissectors/dhcp.h"
#include "dissectors/dhcp6.h"
#include "dissectors/http.h"
#include "dissectors/tftp.h"
#include "dissectors/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))
#define SECONDS(n)    ((uint64_t)(n)*INSTALL_SECOND)

/* Device |n| has the MAC address 00-00-5E-00-53-n and the address 10.0.0.n; server |n| is 10.0.1.n; |public_server|
 * makes servers 198.51.100.n. */
struct world {
    struct analysis *analysis;
    uint64_t time_ns, packet;
    uint32_t xid;
    uint16_t port; /* of the next client */
    bool public_server;
    unsigned num_told;
    char told[8192]; /* of each transaction a line */
};

static inline void world_told(void *to, const struct observation *observation)
{
    struct world *world = to;
    assert_ptr_equal(observation->type, &observation_install_transaction);
    const struct install_transaction *told = observation->data;
    size_t len = strlen(world->told);
    world->num_told++;
    if (sizeof world->told - len < 2048) /* enough for a test to look at */
        return;
    len +=
        (size_t)snprintf(world->told + len, sizeof world->told - len, "%s %u.. %s", told->known_by,
                         span_seen(told->mac) ? told->mac.at[5] : 0, told->ended_by);
    for (struct reader
             names = reader_of(span_seen(told->file_names) ? told->file_names : span_text("")),
             outcomes =
                 reader_of(span_seen(told->file_outcomes) ? told->file_outcomes : span_text(""));
         reader_more(&names) && len < sizeof world->told;) {
        struct span name = reader_span_vec16(&names);
        len +=
            (size_t)snprintf(world->told + len, sizeof world->told - len, " %.*s=%s", (int)name.len,
                             (const char *)name.at, install_outcome_name(reader_u8(&outcomes)));
    }
    if (len < sizeof world->told)
        snprintf(world->told + len, sizeof world->told - len, "\n");
}

static inline void world_begin(struct world *world, const char *home)
{
    struct error error = {""};
    struct home_nets nets = {.num = 0};
    *world = (struct world){.time_ns = SECONDS(1700000000), .port = 2000};
    if (home != NULL)
        assert_true(home_nets_add(&nets, home, &error));
    world->analysis =
        analysis_new(&(struct analysis_options){.rules = "install.*",
                                                .home_nets = home != NULL ? &nets : NULL,
                                                .emit_to = world,
                                                .emit = world_told},
                     &error);
    if (world->analysis == NULL)
        fail_msg("%s", error.text);
}

static inline void world_end(struct world *world)
{
    analysis_free(world->analysis);
}

static inline void wait_s(struct world *world, unsigned seconds)
{
    world->time_ns += SECONDS(seconds);
}

static inline void say(struct world *world, const struct observation_type *type, const void *data,
                       const struct flow *flow, unsigned side)
{
    world->time_ns += INSTALL_SECOND / 1000;
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = flow,
                                            .time_ns = world->time_ns,
                                            .packet = ++world->packet,
                                            .side = side};
    analysis_observe(world->analysis, &observation);
}

/* DHCP. */

struct talk {
    uint8_t device, server;
    const char *vendor_class, *serial, *client_id, *file;
    const char *boot_server; /* "10.0.1.9" as option 150 */
    const uint8_t *siaddr;   /* 4 bytes */
    uint8_t lease;           /* last byte of the address, 0: the device's number */
    uint32_t lease_s;
    bool no_lease, plain; /* a server for booting only; a client that does not want to boot */
    bool unnamed;         /* a server without an identifier, as in BOOTP */
};

static inline void put_candidate(uint8_t *list, size_t *len, uint8_t source, const uint8_t *address)
{
    const uint8_t head[3] = {source, 0, 4};
    memcpy(list + *len, head, 3);
    memcpy(list + *len + 3, address, 4);
    *len += 7;
}

/* A DHCP message of |type|, from the device or a server. */
static inline void dhcp(struct world *world, const struct talk *talk, unsigned type)
{
    bool from_server = type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK;
    uint8_t mac[6] = {0, 0, 0x5e, 0, 0x53, talk->device};
    uint8_t yours[4] = {10, 0, 0, talk->lease != 0 ? talk->lease : talk->device};
    uint8_t server[4] = {10, 0, 1, talk->server}, boot[4] = {10, 0, 1, 0}, list[64];
    size_t len = 0;
    struct flow flow = {.ip_version = 4, .protocol = PROTO_UDP, .first_packet = world->packet + 1};
    flow.ends[0] = (struct endpoint){.port = 68};
    flow.ends[1] = (struct endpoint){.address = {255, 255, 255, 255}, .port = 67};
    if (from_server)
        memcpy(flow.ends[1].address, server, 4);
    struct dhcp_message message = {.type = number(type),
                                   .op = number(from_server ? 2 : 1),
                                   .xid = number(world->xid),
                                   .client_mac = span_of(mac, 6)};
    if (!from_server) {
        message.asks_boot = truth(!talk->plain);
        if (talk->vendor_class != NULL)
            message.vendor_class = span_text(talk->vendor_class);
        if (talk->serial != NULL)
            message.serial.text = span_text(talk->serial);
        if (talk->client_id != NULL)
            message.client_id = span_text(talk->client_id);
    } else {
        if (!talk->unnamed)
            message.server_id = span_of(server, 4);
        if (!talk->no_lease)
            message.your_address = span_of(yours, 4);
        if (talk->lease_s != 0)
            message.lease_time = number(talk->lease_s);
        if (talk->siaddr != NULL) {
            put_candidate(list, &len, BOOT_FROM_SIADDR, talk->siaddr);
            message.boot.server_address = span_of(talk->siaddr, 4);
            message.boot.server_source = number(BOOT_FROM_SIADDR);
        }
        if (talk->boot_server != NULL) {
            boot[3] = (uint8_t)atoi(strrchr(talk->boot_server, '.') + 1);
            put_candidate(list, &len, BOOT_FROM_OPTION_150, boot);
            message.boot.server_address = span_of(boot, 4);
            message.boot.server_source = number(BOOT_FROM_OPTION_150);
        }
        if (len > 0)
            message.boot.addresses = span_of(list, len);
        if (talk->file != NULL) {
            message.boot.file = span_text(talk->file);
            message.boot.file_source = number(BOOT_FROM_OPTION_67);
        }
    }
    say(world, &observation_dhcp_message, &message, &flow, from_server ? 1 : 0);
}

static inline void discover(struct world *world, const struct talk *talk)
{
    world->xid++;
    dhcp(world, talk, DHCP_DISCOVER);
}

/* The four messages that give an address. */
static inline void boots(struct world *world, const struct talk *talk)
{
    discover(world, talk);
    dhcp(world, talk, DHCP_OFFER);
    dhcp(world, talk, DHCP_REQUEST);
    dhcp(world, talk, DHCP_ACK);
}

/* Files. */

static inline struct flow file_flow(struct world *world, uint8_t device, uint8_t server,
                                    uint16_t port)
{
    struct flow flow = {.ip_version = 4,
                        .protocol = PROTO_UDP,
                        .first_packet = world->packet + 1,
                        .first_ns = world->time_ns};
    flow.ends[0] = (struct endpoint){.address = {10, 0, 0, device}, .port = port};
    flow.ends[1] = (struct endpoint){.address = {10, 0, 1, server}, .port = 69};
    if (world->public_server) {
        const uint8_t public[4] = {198, 51, 100, server};
        memcpy(flow.ends[1].address, public, 4);
    }
    return flow;
}

static inline void tftp_ask(struct world *world, uint8_t device, uint8_t server, const char *op,
                            const char *name)
{
    struct flow flow = file_flow(world, device, server, ++world->port);
    const struct tftp_request request = {.op = op,
                                         .file = span_text(name),
                                         .mode = "octet",
                                         .retransmission = number(0),
                                         .tid = number(world->port)};
    say(world, &observation_tftp_request, &request, &flow, 0);
}

/* The answer to the last ask. */
static inline void tftp_answer(struct world *world, uint8_t device, uint8_t server, const char *op,
                               const char *name, const struct content_facts *content,
                               const char *error)
{
    struct flow flow = file_flow(world, device, server, world->port);
    struct tftp_transfer transfer = {.op = op,
                                     .file = span_text(name),
                                     .request_seen = TRUTH_YES,
                                     .from_start = TRUTH_YES,
                                     .client_tid = number(world->port),
                                     .ended = error != NULL ? "error" : "acknowledged",
                                     .error_class = error};
    if (content != NULL) {
        transfer.content = *content;
        transfer.bytes = content->size;
        transfer.complete = content->complete;
    }
    say(world, &observation_tftp_transfer, &transfer, &flow, 1);
}

static inline void gets(struct world *world, uint8_t device, uint8_t server, const char *name,
                        const struct content_facts *content)
{
    tftp_ask(world, device, server, "read", name);
    tftp_answer(world, device, server, "read", name, content, NULL);
}

static inline void misses(struct world *world, uint8_t device, uint8_t server, const char *name)
{
    tftp_ask(world, device, server, "read", name);
    tftp_answer(world, device, server, "read", name, NULL, "not found");
}

static inline void sends(struct world *world, uint8_t device, uint8_t server, const char *name,
                         const struct content_facts *content)
{
    tftp_ask(world, device, server, "write", name);
    tftp_answer(world, device, server, "write", name, content, NULL);
}

/* Contents. */

static inline struct content_facts content(enum content_class class, const char *name,
                                           const char *format)
{
    static const uint8_t sha256[32] = {1};
    return (struct content_facts){.class = class,
                                  .class_name = name,
                                  .format = format,
                                  .size = number(1000),
                                  .lines = number(40),
                                  .complete = TRUTH_YES,
                                  .sha256 = {sha256, sizeof sha256},
                                  .encrypted = truth(class == CONTENT_ENCRYPTED),
                                  .is_signed = truth(class == CONTENT_SIGNED)};
}

static inline struct content_facts configuration(void)
{
    return content(CONTENT_CONFIGURATION, "configuration", "ios");
}

/* A CMS file for one recipient. */
static inline struct content_facts encrypted(const char *recipient)
{
    struct content_facts facts = content(CONTENT_ENCRYPTED, "encrypted", "cms");
    facts.lines = (struct number){.seen = false};
    facts.cipher = "aes-256-gcm";
    facts.key_transport = "ecdh";
    facts.recipients = number(1);
    facts.num_recipients = 1;
    facts.recipient_list[0] =
        (struct content_recipient){.id = span_text(recipient), .transport = "ecdh"};
    return facts;
}

/* Results. */

static inline const struct finding *find(const struct world *world, const char *rule)
{
    size_t num;
    const struct finding *findings = analysis_findings(world->analysis, &num);
    for (size_t i = 0; i < num; i++)
        if (strcmp(findings[i].rule->id + strlen("install."), rule) == 0)
            return &findings[i];
    return NULL;
}

static inline const struct value *evidence(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return &finding->evidence[i].value;
    return NULL;
}

/* fired ends the analysis and gives the rules that fired: "config-cleartext:high:certain ...", worst first, each
 * once for every finding. */
static inline const char *fired(struct world *world, char *text, size_t size)
{
    size_t num, len = 0;
    analysis_finish(world->analysis);
    const struct finding *findings = analysis_findings(world->analysis, &num);
    text[0] = '\0';
    for (size_t i = 0; i < num && len < size; i++) {
        assert_non_null(findings[i].reason);
        assert_true(strlen(findings[i].reason) > 20);
        assert_true(findings[i].num_evidence > 0);
        len += (size_t)snprintf(text + len, size - len, "%s%s:%s:%s", i > 0 ? " " : "",
                                findings[i].rule->id + strlen("install."),
                                severity_name(findings[i].severity),
                                confidence_name(findings[i].confidence));
    }
    return text;
}

static inline void expect_fired(struct world *world, const char *expected)
{
    char text[4096];
    if (strcmp(fired(world, text, sizeof text), expected) != 0)
        fail_msg("\"%s\" fired, not \"%s\"", text, expected);
}

/* expect_rule ends the analysis and looks for one rule: "high:certain", or NULL where it must not fire. */
static inline void expect_rule(struct world *world, const char *rule, const char *expected)
{
    char text[4096], found[64] = "nothing";
    fired(world, text, sizeof text);
    const struct finding *finding = find(world, rule);
    if (finding != NULL)
        snprintf(found, sizeof found, "%s:%s", severity_name(finding->severity),
                 confidence_name(finding->confidence));
    if (strcmp(found, expected != NULL ? expected : "nothing") != 0)
        fail_msg("%s: %s, not %s; all: %s", rule, found, expected != NULL ? expected : "nothing",
                 text);
}

static inline void expect_told(const struct world *world, const char *expected)
{
    if (strcmp(world->told, expected) != 0)
        fail_msg("told:\n%snot:\n%s", world->told, expected);
}

#endif
