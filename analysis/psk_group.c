/* psk_group.c: groups that share a PSK, and nodes that switch roles under one. Reads what psk_users.c remembers. */
#include "analysis/psk_group.h"

#include "analysis/psk_sighting.h"

static const char not_seen_through[] =
    "It was not seen whether the other side took the identity: the capture lacks a part of a "
    "handshake.";

/* The |end| of |flow|. A hardware address that the node made up for the occasion tells nothing. */
static struct psk_node node_of(const struct flow *flow, unsigned end)
{
    enum { LOCALLY_ADMINISTERED = 2 };
    struct psk_node node = {.ip_version = flow->ip_version};
    memcpy(node.address, flow->ends[end].address, sizeof node.address);
    if ((flow->mac[end][0] & LOCALLY_ADMINISTERED) == 0)
        memcpy(node.mac, flow->mac[end], sizeof node.mac);
    return node;
}

static struct span address_of(const struct psk_node *node)
{
    return span_of(node->address, node->ip_version == 4 ? 4 : 16);
}

static void say_address(struct finding *finding, const char *name, const struct psk_node *node)
{
    finding_says_bytes(finding, name, PRIVACY_ADDRESS, NULL, VALUE_ADDRESS, address_of(node));
}

static struct finding begin(struct analyze_context *context, const struct psk_user *user,
                            enum rule_id id, const char *transport)
{
    struct finding finding = finding_begin(context, id);
    finding.transport = transport;
    finding_about_bytes(&finding, SUBJECT_IDENTITY, span_of(user->bytes, user->len));
    return finding;
}

static bool is_sure_of_clients(const struct psk_signs *signs)
{
    return signs->in_turns && signs->fingerprints && signs->macs;
}

static void judge_clients(struct finding *finding, const struct psk_signs *signs)
{
    finding->confidence = CONFIDENCE_LIKELY;
    if (is_sure_of_clients(signs)) {
        finding->confidence = CONFIDENCE_CERTAIN;
        finding->reason = "Clients with different software and different hardware addresses use it "
                          "in turns.";
    } else if (signs->fingerprints) {
        finding->reason = "Clients at different addresses use it with different software.";
    } else if (signs->crowd) {
        finding->reason = "Clients at three addresses or more used it within a minute.";
    } else if (signs->in_turns && signs->macs) {
        finding->reason = "Clients with different hardware addresses use it in turns.";
    } else {
        finding->severity = signs->in_turns ? SEVERITY_MEDIUM : SEVERITY_LOW;
        psk_finding_cap(finding, CONFIDENCE_POSSIBLE,
                        signs->in_turns
                            ? "Clients at two addresses use it in turns: one that has both does "
                              "the same."
                            : "Clients at two addresses used it, one after the other: one that "
                              "moved does the same.");
    }
}

void psk_group_say_clients(struct finding *finding, const struct psk_user *user,
                           const struct psk_node *client, const struct psk_signs *signs)
{
    judge_clients(finding, signs);
    if (!signs->confirmed)
        psk_finding_cap(finding, CONFIDENCE_POSSIBLE, not_seen_through);
    finding_says_most(finding, "client_addresses", user->clients.num);
    finding_says_ever(finding, "in_turns", signs->in_turns);
    finding_says_ever(finding, "within_a_minute", signs->crowd);
    finding_says_ever(finding, "fingerprints_differ", signs->fingerprints);
    finding_says_ever(finding, "hardware_addresses_differ", signs->macs);
    say_address(finding, "client", client);
    say_address(finding, "other_client", &signs->than);
    psk_finding_identity(finding, "identity", span_of(user->bytes, user->len));
}

static void report_clients(struct analyze_context *context, const struct psk_user *user,
                           const struct psk_node *client, const struct psk_signs *signs)
{
    struct finding finding = begin(context, user, RULE_PSK_GROUP_CLIENTS, client->transport);
    psk_group_say_clients(&finding, user, client, signs);
    finding_add(context, &finding);
}

static void judge_servers(struct finding *finding, const struct psk_signs *signs)
{
    finding->confidence = CONFIDENCE_LIKELY;
    if (signs->names) {
        finding->reason = "Clients use it with servers that they call by different names.";
    } else if (signs->fingerprints) {
        finding->reason = "Servers at different addresses answer the same hello differently.";
    } else {
        finding->severity = SEVERITY_MEDIUM;
        psk_finding_cap(finding, CONFIDENCE_POSSIBLE,
                        "It is used with two addresses, which may be those of one server.");
    }
}

void psk_group_say_servers(struct finding *finding, const struct psk_user *user,
                           const struct psk_node *server, const struct psk_signs *signs)
{
    judge_servers(finding, signs);
    if (!signs->confirmed)
        psk_finding_cap(finding, CONFIDENCE_POSSIBLE, not_seen_through);
    finding_says_most(finding, "server_addresses", user->servers.num);
    finding_says_ever(finding, "names_differ", signs->names);
    finding_says_ever(finding, "answers_differ", signs->fingerprints);
    say_address(finding, "server", server);
    say_address(finding, "other_server", &signs->than);
    psk_finding_identity(finding, "identity", span_of(user->bytes, user->len));
}

static void report_servers(struct analyze_context *context, const struct psk_user *user,
                           const struct psk_node *server, const struct psk_signs *signs)
{
    struct finding finding = begin(context, user, RULE_PSK_GROUP_SERVERS, server->transport);
    psk_group_say_servers(&finding, user, server, signs);
    finding_add(context, &finding);
}

void psk_group_say_switch(struct finding *finding, const struct psk_user *user,
                          const struct psk_node *node, const struct psk_node *before)
{
    finding->confidence = CONFIDENCE_LIKELY;
    finding->reason = "One address was client in a handshake with it and server in another.";
    if (!node->confirmed || !before->confirmed)
        psk_finding_cap(finding, CONFIDENCE_POSSIBLE, not_seen_through);
    say_address(finding, "node", node);
    psk_finding_identity(finding, "identity", span_of(user->bytes, user->len));
}

/* |others| are those that used it in the other role. */
static void look_for_switch(struct analyze_context *context, const struct psk_user *user,
                            const struct psk_node *node, const struct psk_nodes *others)
{
    const struct psk_node *before = psk_nodes_find(others, node);
    if (before == NULL)
        return;
    struct finding finding = begin(context, user, RULE_PSK_ROLE_SWITCH, node->transport);
    psk_group_say_switch(&finding, user, node, before);
    finding_add(context, &finding);
}

void psk_group_use(struct analyze_context *context, struct psk_user *user,
                   const struct psk_handshake *handshake, const char *transport, bool established)
{
    const struct flow *flow = context->observation->flow;
    struct psk_node client = node_of(flow, flow->client), server = node_of(flow, !flow->client);
    /* Within one host addresses tell no nodes apart; without IP there are hardware addresses only. */
    if (flow->ip_version == 0 || memcmp(client.address, server.address, sizeof client.address) == 0)
        return;
    client.transport = server.transport = transport;
    client.fingerprint = handshake->fingerprint;
    server.fingerprint = handshake->answer;
    server.asked_with = handshake->fingerprint;
    server.server_name = handshake->server_name;
    client.first_ns = server.first_ns = context->observation->time_ns;
    client.last_ns = server.last_ns = context->observation->time_ns;
    client.confirmed = server.confirmed = established;
    look_for_switch(context, user, &client, &user->servers);
    look_for_switch(context, user, &server, &user->clients);
    struct psk_signs clients = psk_nodes_use(&user->clients, &client);
    if (clients.other)
        report_clients(context, user, &client, &clients);
    struct psk_signs servers = psk_nodes_use(&user->servers, &server);
    if (servers.other)
        report_servers(context, user, &server, &servers);
}
