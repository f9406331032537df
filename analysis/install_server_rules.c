/* install_server_rules.c: who serves an install: servers that contradict each other, servers from elsewhere, and what
 * DHCP tells everybody. RFC 2131, RFC 2132, RFC 5859, RFC 8415; PXE 2.1 (proxy servers). */
#include "analysis/install_rules.h"

#include "core/geo.h"

static struct finding device_finding(const struct install_state *state,
                                     const struct install_device *device, enum rule_id id)
{
    struct finding finding = finding_begin(state->context, id);
    install_about_device(&finding, device, state->context->observation->flow);
    return finding;
}

static void says_address(struct finding *finding, const char *name, struct span address)
{
    if (span_seen(address) && (address.len == 4 || address.len == 16))
        finding_says_bytes(finding, name, PRIVACY_ADDRESS, NULL, VALUE_ADDRESS, address);
}

static void says_file(struct finding *finding, const char *name, struct span file)
{
    finding_says_bytes(finding, name, PRIVACY_NAME, "file", VALUE_STRING, file);
}

/* Whether a message names what to boot. A server for the next step alone, which many DHCP servers fill in with
 * themselves, is none; nor is one that is taken for want of others. */
static bool names_boot(const struct dhcp_boot *boot)
{
    if (span_seen(boot->file))
        return true;
    if (!span_seen(boot->server_address) && !span_seen(boot->server_name))
        return false;
    return boot->server_source.value != BOOT_FROM_SIADDR &&
           boot->server_source.value != BOOT_FROM_SERVER_ID;
}

static uint64_t boot_hash(const struct install_state *state, const struct dhcp_boot *boot)
{
    static const struct span nothing = {.at = (const uint8_t *)"", .len = 0};
    const struct span parts[] = {boot->file, boot->server_address, boot->server_name};
    uint64_t words[sizeof parts / sizeof parts[0]];
    if (!names_boot(boot))
        return 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        words[i] = install_devices_hash(state->devices, span_seen(parts[i]) ? parts[i] : nothing);
    return install_devices_hash(state->devices, span_of(words, sizeof words));
}

static uint64_t lease_hash(const struct install_state *state, const struct install_reply *reply)
{
    return span_seen(reply->lease) ? install_devices_hash(state->devices, reply->lease) : 0;
}

/* How much two servers that answer one client contradict each other. */
struct contradiction {
    enum severity severity; /* 0: not at all */
    enum confidence confidence;
    const char *what, *reason;
};

static struct contradiction compare(const struct install_answer *a, const struct install_answer *b,
                                    bool wants_boot)
{
    struct contradiction found = {.severity = (enum severity)0};
    bool silent = a->boot == 0 && b->boot == 0;
    if (a->boot != 0 && b->boot != 0 && a->boot != b->boot)
        return (struct contradiction){
            SEVERITY_HIGH, CONFIDENCE_LIKELY, "different boot information",
            "Two servers answered one request with different boot information; two that belong "
            "together and are configured differently do so, too."};
    /* A server that offers no address is there for booting only: PXE has that. */
    bool lease = a->lease != 0 && b->lease != 0;
    if ((a->boot == 0 || b->boot == 0) && (!lease || (silent && !wants_boot)))
        return found;
    if (a->boot == b->boot)
        return (struct contradiction){
            SEVERITY_LOW, CONFIDENCE_POSSIBLE,
            silent ? "no boot information" : "the same boot information",
            "Both servers say the same, as a pair for failover does, and as one does that copies "
            "the other."};
    return (struct contradiction){
        SEVERITY_MEDIUM, CONFIDENCE_POSSIBLE, "boot information from one only",
        "Two servers offered an address; which one the device takes decides what it boots."};
}

static void report_contradiction(const struct install_state *state,
                                 const struct install_device *device,
                                 const struct install_reply *reply,
                                 const struct install_answer *other,
                                 const struct contradiction *found)
{
    struct finding finding = device_finding(state, device, RULE_INSTALL_COMPETING_SERVERS);
    finding.severity = found->severity;
    finding.confidence = found->confidence;
    finding.reason = found->reason;
    finding_says_text(&finding, "where", "dhcp");
    finding_says_text(&finding, "what", found->what);
    says_address(&finding, "dhcp_server", install_address_span(&reply->address));
    says_address(&finding, "other_dhcp_server", install_text_span(&other->server));
    says_address(&finding, "boot_server", reply->boot->server_address);
    finding_says_bytes(&finding, "boot_server_name", PRIVACY_NAME, "host", VALUE_STRING,
                       reply->boot->server_name);
    says_file(&finding, "file", reply->boot->file);
    finding_add(state->context, &finding);
}

/* Whether |reply| was seen before: packets come twice at mirror ports, and from relays. A server is known by its
 * identifier; BOOTP has none (RFC 951), and a relay sends answers on under its own address (RFC 1542 section 4.1.2):
 * there the same words are the same answer. */
static bool is_copy(const struct install_state *state, const struct install_live *live,
                    const struct install_reply *reply)
{
    uint64_t boot = boot_hash(state, reply->boot), lease = lease_hash(state, reply);
    for (size_t i = 0; i < live->num_answers; i++) {
        const struct install_answer *answer = &live->answers[i];
        if (answer->xid != reply->xid)
            continue;
        if (span_equal(install_text_span(&answer->server), reply->server) ||
            (!reply->named && answer->boot == boot && answer->lease == lease))
            return true;
    }
    return false;
}

/* The place of another answer to this request; NULL when there are too many. */
static struct install_answer *new_answer(struct install_live *live,
                                         const struct install_reply *reply)
{
    if (live->num_answers == INSTALL_MAX_ANSWERS) {
        /* Answers to earlier requests say nothing about this one. */
        if (live->answers[0].xid == reply->xid)
            return NULL;
        struct install_answer first = live->answers[0];
        memmove(live->answers, live->answers + 1,
                (INSTALL_MAX_ANSWERS - 1) * sizeof live->answers[0]);
        live->answers[--live->num_answers] = first;
    }
    struct install_answer *answer = &live->answers[live->num_answers];
    if (!install_text_set(&answer->server, reply->server, live->budget))
        return NULL;
    live->num_answers++;
    return answer;
}

/* The servers that one message names in different places: which one counts depends on the client. */
static bool candidates_differ(const struct dhcp_boot *boot, struct span dhcp_server,
                              struct install_addresses *named)
{
    struct reader list = reader_of(boot->addresses);
    struct dhcp_boot_candidate candidate;
    uint8_t first_source = 0;
    bool differ = false;
    while (dhcp_boot_next(&list, &candidate)) {
        bool own =
            candidate.source == BOOT_FROM_SERVER_ID ||
            (candidate.source == BOOT_FROM_SIADDR && span_equal(candidate.value, dhcp_server));
        if (own)
            continue;
        if (first_source == 0)
            first_source = candidate.source;
        /* Within one option several servers are alternatives. */
        differ |=
            candidate.source != first_source && !install_addresses_have(named, candidate.value);
        install_addresses_add(named, candidate.value);
    }
    return differ;
}

static void judge_candidates(const struct install_state *state, const struct install_device *device,
                             struct install_live *live, const struct install_reply *reply)
{
    struct install_addresses named = {.num = 0};
    bool differ = candidates_differ(reply->boot, install_address_span(&reply->address), &named);
    for (size_t i = 0; i < named.num; i++)
        install_addresses_add(&live->named, install_address_span(&named.at[i]));
    if (!differ || !names_boot(reply->boot))
        return;
    live->competing = true;
    struct finding finding = device_finding(state, device, RULE_INSTALL_COMPETING_SERVERS);
    finding.severity = SEVERITY_LOW;
    finding.confidence = CONFIDENCE_POSSIBLE;
    finding.reason = "One message names different servers in its header and options; clients "
                     "differ in which of them they take.";
    finding_says_text(&finding, "where", "dhcp");
    finding_says_text(&finding, "what", "different servers in one message");
    says_address(&finding, "dhcp_server", install_address_span(&reply->address));
    says_address(&finding, "boot_server", install_address_span(&named.at[0]));
    if (named.num > 1)
        says_address(&finding, "other_boot_server", install_address_span(&named.at[named.num - 1]));
    says_file(&finding, "file", reply->boot->file);
    finding_add(state->context, &finding);
}

static void remember_names(struct install_live *live, const struct dhcp_boot *boot)
{
    struct reader list = reader_of(boot->names);
    struct dhcp_boot_candidate candidate;
    while (dhcp_boot_next(&list, &candidate))
        install_live_name(live, candidate.value);
    if (span_seen(boot->file))
        install_text_set(&live->boot_file, boot->file, live->budget);
}

void install_judge_reply(struct install_state *state, struct install_device *device,
                         struct install_live *live, const struct install_reply *reply)
{
    bool copy = is_copy(state, live, reply);
    if (!copy || reply->named) /* what is no name of its own may be the relay's */
        install_addresses_add(&live->dhcp_servers, install_address_span(&reply->address));
    live->boot_named |= names_boot(reply->boot);
    remember_names(live, reply->boot);
    struct install_answer *answer = copy ? NULL : new_answer(live, reply);
    if (answer == NULL)
        return;
    judge_candidates(state, device, live, reply);
    answer->xid = reply->xid;
    answer->lease = lease_hash(state, reply);
    answer->boot = boot_hash(state, reply->boot);
    for (struct install_answer *other = live->answers; other < answer; other++) {
        if (other->xid != reply->xid)
            continue;
        struct contradiction found = compare(answer, other, live->wants_boot);
        if (found.severity == 0)
            continue;
        live->competing = true;
        report_contradiction(state, device, reply, other, &found);
    }
}

/* Files. */

static void report_server(const struct install_state *state, const struct install_arrival *arrival,
                          enum confidence confidence, const char *what, const char *reason)
{
    struct finding finding = device_finding(state, arrival->device, RULE_INSTALL_COMPETING_SERVERS);
    finding.confidence = confidence;
    finding.reason = reason;
    if (confidence == CONFIDENCE_POSSIBLE)
        finding.severity = SEVERITY_MEDIUM;
    arrival->live->competing = true;
    finding_says_text(&finding, "where", install_method_name(arrival->method));
    finding_says_text(&finding, "what", what);
    says_address(&finding, "server", install_address_span(&arrival->server));
    if (arrival->live->named.num > 0)
        says_address(&finding, "boot_server", install_address_span(&arrival->live->named.at[0]));
    says_file(&finding, "file", arrival->name);
    finding_add(state->context, &finding);
}

/* One request that two servers answered: the same port of the client, another server than before. */
static bool answered_twice(const struct install_arrival *arrival)
{
    const struct install_file *file = arrival->file;
    return file != NULL && file->client_port != 0 && file->client_port == arrival->client_port &&
           file->server.len > 0 && file->outcome != INSTALL_UNANSWERED &&
           !span_equal(install_address_span(&file->server), install_address_span(&arrival->server));
}

static bool came(const struct install_arrival *arrival)
{
    return arrival->outcome == INSTALL_OBTAINED || arrival->outcome == INSTALL_PARTLY;
}

/* The first file of an install comes from where DHCP says; later ones are named by the files before. */
static void judge_used(const struct install_state *state, const struct install_arrival *arrival)
{
    struct install_live *live = arrival->live;
    bool first = !live->first_file_judged;
    live->first_file_judged = true;
    if (!first || arrival->proxied || !live->boot_named || live->named.num == 0 ||
        live->num_names > 0)
        return;
    struct span server = install_address_span(&arrival->server);
    if (install_addresses_have(&live->named, server) ||
        install_addresses_have(&live->dhcp_servers, server))
        return;
    report_server(state, arrival, CONFIDENCE_LIKELY, "a server that DHCP did not name",
                  "DHCP named other servers by their addresses; a device that was told a server "
                  "before, or otherwise, goes there, too.");
}

/* Whether it is surely an install: DHCP named something to boot, or the content is known. A name alone, asked for
 * by HTTP, may be that of an application's own settings. */
static bool is_install(const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    bool tftp = arrival->method == INSTALL_TFTP_READ || arrival->method == INSTALL_TFTP_WRITE;
    return tftp || arrival->live->boot_named ||
           (content != NULL && content->class != CONTENT_UNKNOWN);
}

/* The country and the network, where databases of places know them; |place| outlives the finding. */
static void says_place(struct finding *finding, const struct geo_place *place)
{
    if (place->country[0] != '\0')
        finding_says_bytes(finding, "country", PRIVACY_PUBLIC, NULL, VALUE_STRING,
                           span_text(place->country));
    if (place->as_number != 0)
        finding_says_number(finding, "as_number", place->as_number);
}

/* Where the server stands. */
static void judge_place(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct flow *flow = state->context->observation->flow;
    const struct home_nets *home = analysis_home_nets(state->context);
    struct span server = install_address_span(&arrival->server);
    struct span client = install_address_span(&arrival->device->address);
    if (!came(arrival) || arrival->proxied || !is_install(arrival) ||
        !install_is_configuration(arrival))
        return;
    bool told = home->num > 0;
    if (told ? home_nets_have(home, server) || address_scope(server) == ADDRESS_NONE ||
                   address_scope(server) == ADDRESS_ON_LINK
             : address_scope(server) != ADDRESS_EVERYWHERE ||
                   address_scope(client) == ADDRESS_EVERYWHERE)
        return;
    struct geo_place place;
    const struct geo *geo = analysis_geo(state->context);
    struct finding finding = finding_begin(state->context, RULE_INSTALL_OFF_SITE_SERVER);
    install_about_server(&finding, arrival, flow);
    finding.confidence = told ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
    finding.reason = told ? "The server is in none of the networks given by --home-net."
                          : "The server has a public address and the device a private one; with "
                            "--home-net the operator's networks are known.";
    finding_says_text(&finding, "method", install_method_name(arrival->method));
    finding_says_truth(&finding, "encrypted",
                       arrival->content != NULL && arrival->content->encrypted == TRUTH_YES);
    says_file(&finding, "file", arrival->name);
    if (geo != NULL && geo_find(geo, server, &place))
        says_place(&finding, &place);
    finding_add(state->context, &finding);
}

void install_judge_server(struct install_state *state, const struct install_arrival *arrival)
{
    if (answered_twice(arrival))
        report_server(state, arrival, CONFIDENCE_CERTAIN, "two servers answered one request",
                      "Two servers answered the same request.");
    else if (arrival->other_server == TRUTH_YES && came(arrival))
        report_server(state, arrival, CONFIDENCE_POSSIBLE, "another server answered than was asked",
                      "The answer came from an address that was not asked; a server with several "
                      "addresses does so, too.");
    if (came(arrival))
        judge_used(state, arrival);
    judge_place(state, arrival);
}

/* DHCP. */

void install_judge_disclosure(struct install_state *state, const struct install_device *device,
                              const struct install_disclosure *told)
{
    struct finding finding = device_finding(state, device, RULE_INSTALL_DHCP_DISCLOSURE);
    finding.reason = "The message holds it; whether all of the segment gets it depends on the "
                     "switches and on how it is addressed.";
    finding.confidence = CONFIDENCE_CERTAIN;
    finding_says_text(&finding, "told_by", told->by);
    finding_says_bytes(&finding, "vendor_class", PRIVACY_IDENTIFIER, "vendor-class", VALUE_STRING,
                       told->vendor_class);
    finding_says_bytes(&finding, "serial", PRIVACY_IDENTIFIER, "serial", VALUE_STRING,
                       told->serial);
    finding_says_bytes(&finding, "uuid", PRIVACY_IDENTIFIER, "device", VALUE_BYTES, told->uuid);
    finding_says_bytes(&finding, "host", PRIVACY_NAME, "host", VALUE_STRING, told->host);
    says_address(&finding, "boot_server", told->server_address);
    finding_says_bytes(&finding, "boot_server_name", PRIVACY_NAME, "host", VALUE_STRING,
                       told->server_name);
    says_file(&finding, "file", told->file);
    finding_add(state->context, &finding);
}
