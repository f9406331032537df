/* psk_reroute.c: judges a client hello that was seen twice. The same packet captured twice, address translation and
 * repeated datagrams are the rule, an attack is the exception. */
#include "analysis/psk_reroute.h"

static void say_end(struct finding *finding, const char *address, const char *port,
                    const struct endpoint *end, uint8_t ip_version)
{
    finding_says_bytes(finding, address, PRIVACY_ADDRESS, NULL, VALUE_ADDRESS,
                       endpoint_address(end, ip_version));
    finding_says_number(finding, port, end->port);
}

static void report(struct analyze_context *context, const char *transport, const char *how,
                   const struct psk_delivered *before, enum confidence confidence,
                   const char *reason)
{
    const struct flow *flow = context->observation->flow;
    struct finding finding = finding_begin(context, RULE_PSK_REROUTE);
    finding.transport = transport;
    finding.confidence = confidence;
    finding.reason = reason;
    if (confidence == CONFIDENCE_POSSIBLE)
        finding.severity = SEVERITY_HIGH;
    finding_about_server(&finding, flow);
    finding_says_text(&finding, "how", how);
    say_end(&finding, "sent_to", "sent_to_port", &before->server, before->ip_version);
    say_end(&finding, "sent_from", "sent_from_port", &before->client, before->ip_version);
    finding_says_number(&finding, "first_packet", before->packet);
    uint64_t now = context->observation->time_ns;
    finding_says_number(&finding, "milliseconds_later",
                        now > before->ns ? (now - before->ns) / 1000000 : 0);
    finding_add(context, &finding);
}

void psk_reroute_hello(struct analyze_context *context, struct psk_hellos *hellos,
                       const struct tls_client_hello *hello, struct psk_handshake *handshake)
{
    const struct observation *observation = context->observation;
    struct psk_delivered before;
    bool pushed_out = false;
    handshake->hello = psk_hellos_name(analysis_key(context), hello);
    if (handshake->hello == 0 || observation->flow->ip_version == 0)
        return;
    enum psk_delivery delivery =
        psk_hellos_deliver(hellos, handshake->hello, observation->flow, observation->time_ns,
                           observation->packet, &before, &pushed_out);
    analysis_totals(context)->table_evictions += pushed_out;
    handshake->copy = delivery != PSK_DELIVERY_FIRST && delivery != PSK_DELIVERY_SAME;
    if (delivery == PSK_DELIVERY_BACK_TO_SENDER)
        report(context, hello->transport, "back to its sender", &before, CONFIDENCE_LIKELY,
               "The client hello of one host was delivered to this same host.");
    else if (delivery == PSK_DELIVERY_ELSEWHERE)
        report(context, hello->transport, "to another server", &before, CONFIDENCE_POSSIBLE,
               "One client hello went to two servers, from two addresses: a proxy that passes TLS "
               "on does the same.");
}

void psk_reroute_answer(struct analyze_context *context, struct psk_hellos *hellos,
                        const struct tls_server_hello *hello, const struct psk_handshake *handshake)
{
    struct psk_delivered before;
    if (!span_seen(hello->random) ||
        !psk_hellos_answer(hellos, handshake->hello, context->observation->flow,
                           analysis_name(context, 0, hello->random), context->observation->packet,
                           &before))
        return;
    report(context, hello->transport, "answered by two servers", &before, CONFIDENCE_CERTAIN,
           "Two servers answered one client hello, each with a random of its own.");
}
