/* covert_packets.c: "ip.fields" and "tcp.fields" of an endpoint against what stacks do. */
#include "analysis/covert.h"
#include "analysis/statistics.h"

enum {
    MOST_SAMPLES = 256,
    SMALL_STEP = 255, /* by which the identification of a connection or host goes ahead */
    FEW_CHANGES = 8   /* of a field in one direction, which routes and applications make */
};

/* Of the packets of a direction: chances that a field changes from one to the next, generously. */
static const double chance_of_change = 0.02, chance_of_jump = 0.05, chance_backward = 0.005;

/* --- fields that do not change within a conversation --- */

/* An application that sends voice and pictures, or keys and files, in one conversation marks them by what they are: then
 * packets of about the same length are of one class, nearly always. */
static bool class_goes_by_length(struct span samples)
{
    enum { LENGTHS = 16, CLASSES = 64, SOME_PACKETS = 8 };
    uint32_t all[CLASSES] = {0}, of_length[LENGTHS][CLASSES] = {{0}}, packets[LENGTHS] = {0};
    double told = 0;
    const size_t num = field_samples_num(samples);
    for (size_t i = 0; i < num; i++) {
        const struct field_sample sample = field_sample_at(samples, i);
        const size_t length = sample.half_len < 50 * LENGTHS ? sample.half_len / 50u : LENGTHS - 1;
        all[sample.dscp]++;
        of_length[length][sample.dscp]++;
        packets[length]++;
    }
    const double whole = statistics_entropy(all, CLASSES);
    for (size_t i = 0; i < LENGTHS; i++)
        told += (double)packets[i] *
                (packets[i] < SOME_PACKETS ? whole : statistics_entropy(of_length[i], CLASSES));
    return num > 0 && told / (double)num < 0.3 * whole;
}

static void test_changes(struct analyze_context *context, struct covert_endpoint *endpoint,
                         unsigned side, const struct ip_fields *fields, struct number changes,
                         struct covert_verdict *verdict)
{
    if (!changes.seen || fields->sampled.value < COVERT_LEAST)
        return;
    verdict->samples = (uint32_t)fields->sampled.value;
    verdict->statistic = (double)changes.value;
    verdict->test = "changes from packet to packet";
    verdict->score =
        changes.value < FEW_CHANGES
            ? 0
            : statistics_binomial_score(changes.value, fields->sampled.value - 1, chance_of_change);
    verdict->confidence = CONFIDENCE_LIKELY;
    if (fields->ttl_changes.value >= FEW_CHANGES && fields->dscp_changes.value >= FEW_CHANGES) {
        verdict->severity = SEVERITY_LOW;
        verdict->confidence = CONFIDENCE_POSSIBLE;
        verdict->reason =
            "TTL and class change together, as where two hosts answer for one address.";
    }
    if (verdict->field == COVERT_DSCP && verdict->score > 0 &&
        class_goes_by_length(fields->samples))
        verdict->score = 0;
    covert_tested(context, endpoint, side, verdict);
}

static void test_constant(struct analyze_context *context, struct covert_endpoint *endpoint,
                          unsigned side, const struct ip_fields *fields)
{
    struct covert_verdict ttl = {
        .field = COVERT_TTL,
        .rule = RULE_COVERT_TTL,
        .reason = "Packets of one conversation take one way, for most of the time."};
    struct covert_verdict dscp = {.field = COVERT_DSCP,
                                  .rule = RULE_COVERT_DSCP,
                                  .reason =
                                      "Packets of one conversation are of one class, mostly."};
    struct covert_verdict label = {.field = COVERT_FLOW_LABEL,
                                   .rule = RULE_COVERT_FLOW_LABEL,
                                   .reason =
                                       "The label of a conversation does not change (RFC 6437)."};
    test_changes(context, endpoint, side, fields, fields->ttl_changes, &ttl);
    test_changes(context, endpoint, side, fields, fields->dscp_changes, &dscp);
    test_changes(context, endpoint, side, fields, fields->label_changes, &label);
}

/* --- IPv4 identification --- */

/* The options of SYNs, in order, of stacks that count the segments of a connection: Linux, with and without time
 * stamps, and its answers to who offers less. */
static bool counts_by_stack(uint32_t options)
{
    static const uint32_t linux_syns[] = {0x24813, 0x211413, 0x21413};
    for (size_t i = 0; i < sizeof linux_syns / sizeof linux_syns[0]; i++)
        if (options == linux_syns[i])
            return true;
    return false;
}

/* Several hosts, each with a counter, may stand behind one address: then most values are led to by a small step from one
 * shortly before, and none comes again soon, as letters do. */
static bool counters(const uint32_t *ids, size_t num)
{
    enum { HOSTS = 8 };
    size_t small = 0, again = 0;
    for (size_t i = 1; i < num; i++) {
        bool found = false, same = false;
        for (size_t j = i > HOSTS ? i - HOSTS : 0; j < i; j++) {
            const uint16_t step = (uint16_t)(ids[i] - ids[j]);
            found = found || (step > 0 && step <= SMALL_STEP);
            same = same || step == 0;
        }
        small += found;
        again += same;
    }
    return small * 2 >= num - 1 && again * 8 < num;
}

/* One counter, its bytes as they are or the other way round: it goes round a few times at most. */
static bool one_counter(const uint32_t *ids, size_t num, bool swapped)
{
    uint64_t sum = 0;
    for (size_t i = 1; i < num; i++) {
        const uint16_t a = (uint16_t)ids[i - 1], b = (uint16_t)ids[i];
        sum +=
            swapped ? (uint16_t)(__builtin_bswap16(b) - __builtin_bswap16(a)) : (uint16_t)(b - a);
    }
    return sum / (num - 1) < UINT16_MAX / 8;
}

/* The steps from one to the next that are no counter's, which packets out of order may go back a little. */
static size_t big_steps(const uint32_t *ids, size_t num)
{
    enum { BACK = 64, AHEAD = 4096 };
    size_t big = 0;
    for (size_t i = 1; i < num; i++)
        big += (uint16_t)(ids[i] - ids[i - 1] + BACK) > AHEAD + BACK;
    return big;
}

static void test_jumps(struct analyze_context *context, struct covert_endpoint *endpoint,
                       unsigned side, size_t jumps, size_t steps)
{
    const bool known = counts_by_stack(endpoint->syn_options);
    const struct covert_verdict verdict = {
        .field = COVERT_IP_ID,
        .rule = RULE_COVERT_IP_ID,
        .test = "steps of a counter that are none",
        .statistic = (double)jumps / (double)steps,
        .score = statistics_binomial_score(jumps, steps, chance_of_jump),
        .samples = (uint32_t)steps + 1,
        .severity = known ? SEVERITY_MEDIUM : SEVERITY_LOW,
        .confidence = known ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .reason = known ? "The options of its SYN are those of a stack that counts its packets."
                        : "It counted its packets in earlier conversations, and does not now."};
    covert_tested(context, endpoint, side, &verdict);
}

static void test_ids(struct analyze_context *context, struct covert_endpoint *endpoint,
                     unsigned side, const struct ip_fields *fields)
{
    uint32_t ids[MOST_SAMPLES];
    size_t num = 0;
    for (size_t i = 0; i < field_samples_num(fields->samples) && num < MOST_SAMPLES; i++) {
        const struct field_sample sample = field_sample_at(fields->samples, i);
        if (sample.id != 0)
            ids[num++] = sample.id;
    }
    if (num < COVERT_LEAST)
        return;
    const size_t steps = num - 1, big = big_steps(ids, num);
    const bool counts =
        counters(ids, num) || one_counter(ids, num, false) || one_counter(ids, num, true);
    /* Datagrams of Linux have counters of their own, which go on by the time that went by. */
    const bool tcp = context->observation->flow->protocol == PROTO_TCP;
    const bool counted = endpoint->counts >= 2 && endpoint->counts > 2 * endpoint->jumps;
    endpoint->counts += tcp && counts;
    endpoint->jumps += tcp && !counts;
    if (tcp && (counts_by_stack(endpoint->syn_options) || (counted && !counts))) {
        test_jumps(context, endpoint, side, counts ? 0 : big, steps);
        return;
    }
    struct covert_verdict verdict = {
        .field = COVERT_IP_ID,
        .rule = RULE_COVERT_IP_ID,
        .confidence = CONFIDENCE_LIKELY,
        .reason =
            "No stack is known whose identifications are neither constant, nor counted, nor spread "
            "evenly."};
    if (!counts && covert_spread(ids, num, 15, &verdict))
        covert_tested(context, endpoint, side, &verdict);
}

/* --- what a header should not have --- */

static const struct {
    enum covert_field field;
    enum rule_id rule;
} oddities[NUM_FIELD_ODDITIES] = {
    [ODDITY_IP_RESERVED_BIT] = {COVERT_IP_RESERVED, RULE_COVERT_IP_RESERVED_BIT},
    [ODDITY_IP_OPTIONS] = {COVERT_IP_OPTIONS, RULE_COVERT_IP_OPTIONS},
    [ODDITY_IP6_PADDING] = {COVERT_IP6_PADDING, RULE_COVERT_IPV6_PADDING},
    [ODDITY_ETHERNET_PADDING] = {COVERT_ETHERNET_PADDING, RULE_COVERT_ETHERNET_PADDING},
    [ODDITY_ICMP_PAYLOAD] = {COVERT_ICMP_PAYLOAD, RULE_COVERT_ICMP_PAYLOAD},
    [ODDITY_ICMP_REPLY] = {COVERT_ICMP_PAYLOAD, RULE_COVERT_ICMP_PAYLOAD},
    [ODDITY_TCP_RESERVED] = {COVERT_TCP_RESERVED, RULE_COVERT_TCP_RESERVED},
    [ODDITY_TCP_URGENT] = {COVERT_TCP_URGENT, RULE_COVERT_TCP_URGENT},
    [ODDITY_TCP_ACK] = {COVERT_TCP_RESERVED, RULE_COVERT_TCP_RESERVED},
    [ODDITY_TCP_OPTION] = {COVERT_TCP_OPTIONS, RULE_COVERT_TCP_OPTIONS},
    [ODDITY_TCP_OPTION_PADDING] = {COVERT_TCP_OPTIONS, RULE_COVERT_TCP_OPTIONS},
};

/* A value that stays the same tells nothing new with each packet; text is what a field is not for. */
static enum severity severity_of(const struct field_odd *odd)
{
    enum { SOME_BYTES = 16, BYTES_EACH = 4 };
    const bool text = odd->bytes >= SOME_BYTES && odd->bytes >= BYTES_EACH * odd->packets &&
                      odd->printable >= odd->bytes - odd->bytes / 8;
    if (odd->packets < 2 || odd->oddity == ODDITY_IP_OPTIONS)
        return SEVERITY_LOW;
    if (odd->oddity == ODDITY_IP_RESERVED_BIT) /* packets without it are not counted as changes */
        return SEVERITY_MEDIUM;
    if (odd->oddity == ODDITY_ETHERNET_PADDING) /* many drivers leave what was there before */
        return text && odd->varied > 0 ? SEVERITY_MEDIUM : SEVERITY_LOW;
    return odd->varied > 0 || text ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static void tell_odd(struct analyze_context *context, struct covert_endpoint *endpoint,
                     unsigned side, const struct field_odd *odd)
{
    const enum covert_field field = oddities[odd->oddity].field;
    struct finding finding = covert_found(context, oddities[odd->oddity].rule, side);
    finding.packet = odd->first;
    finding.first_ns = odd->first_ns;
    finding.severity = severity_of(odd);
    finding_says_text(&finding, "field", field_oddity_name(odd->oddity));
    finding_says_most(&finding, "packets", odd->packets);
    finding_says_most(&finding, "bytes", odd->bytes);
    finding_says_most(&finding, "printable_bytes", odd->printable);
    finding_says_most(&finding, "changes", odd->varied);
    if (odd->detail != 0)
        finding_says_number(&finding, "value", odd->detail);
    finding_add(context, &finding);
    covert_departs(context, endpoint, field);
}

static void tell_oddities(struct analyze_context *context, struct covert_endpoint *endpoint,
                          unsigned side, struct span list)
{
    if (!span_seen(list))
        return;
    for (struct reader r = reader_of(list); reader_more(&r);) {
        const struct field_odd odd = field_odd_next(&r);
        if ((unsigned)odd.oddity < NUM_FIELD_ODDITIES)
            tell_odd(context, endpoint, side, &odd);
    }
}

/* --- the ledger --- */

static void offer_packets(struct analyze_context *context, struct covert_endpoint *endpoint,
                          enum covert_field field, uint64_t units)
{
    covert_offers(context, endpoint, field, units, units * covert_field_bits(field));
}

/* What samples had; of a conversation too short for these, what was odd. */
static void offer_padding(struct analyze_context *context, struct covert_endpoint *endpoint,
                          const struct ip_fields *fields)
{
    if (fields->padded.seen)
        covert_offers(context, endpoint, COVERT_ETHERNET_PADDING, fields->padded.value,
                      fields->padding.value * 8);
    if (fields->padn_packets.seen)
        covert_offers(context, endpoint, COVERT_IP6_PADDING, fields->padn_packets.value,
                      fields->padn.value * 8);
    if (!span_seen(fields->oddities) || field_samples_num(fields->samples) > 0)
        return;
    for (struct reader r = reader_of(fields->oddities); reader_more(&r);) {
        const struct field_odd odd = field_odd_next(&r);
        if (odd.oddity == ODDITY_ETHERNET_PADDING || odd.oddity == ODDITY_IP6_PADDING)
            covert_offers(context, endpoint, oddities[odd.oddity].field, odd.packets,
                          (uint64_t)odd.bytes * 8);
    }
}

static void offer_ip(struct analyze_context *context, struct covert_endpoint *endpoint,
                     unsigned side, const struct ip_fields *fields)
{
    const struct flow *flow = context->observation->flow;
    const uint64_t packets = fields->packets.value;
    if (!fields->packets.seen)
        return;
    covert_passed(context, endpoint, COVERT_PACKETS, packets);
    if (flow->ip_version == 4)
        covert_passed(context, endpoint, COVERT_PACKETS_IP4, packets);
    else
        offer_packets(context, endpoint, COVERT_FLOW_LABEL, 1);
    if (flow->protocol == PROTO_TCP)
        covert_passed(context, endpoint, COVERT_SEGMENTS, packets);
    if (protocol_is_icmp(flow->protocol)) {
        const uint64_t headers = packets * (flow->ip_version == 4 ? 28 : 48);
        const uint64_t bytes = flow->bytes[side] > headers ? flow->bytes[side] - headers : 0;
        covert_offers(context, endpoint, COVERT_ICMP_PAYLOAD, packets, bytes * 8);
    }
}

void covert_ip_fields(struct analyze_context *context, const struct ip_fields *fields)
{
    const unsigned side = context->observation->side;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
    if (endpoint == NULL)
        return;
    offer_ip(context, endpoint, side, fields);
    offer_padding(context, endpoint, fields);
    tell_oddities(context, endpoint, side, fields->oddities);
    test_constant(context, endpoint, side, fields);
    if (fields->first_id.seen)
        test_ids(context, endpoint, side, fields);
    covert_windows(context, endpoint, side, fields);
    covert_timing(context, endpoint, side, fields);
}

/* --- TCP --- */

static void test_timestamps(struct analyze_context *context, struct covert_endpoint *endpoint,
                            unsigned side, const struct tcp_fields *fields)
{
    const uint64_t num = fields->timestamps.value, backward = fields->timestamps_backward.value;
    if (num < COVERT_LEAST)
        return;
    const struct covert_verdict verdict = {
        .field = COVERT_TCP_TIMESTAMPS,
        .rule = RULE_COVERT_TCP_TIMESTAMPS,
        .test = "time stamps that go back while the sequence goes on",
        .statistic = (double)backward,
        .score = statistics_binomial_score(backward, num, chance_backward),
        .samples = (uint32_t)num,
        .confidence = CONFIDENCE_LIKELY,
        .reason = "The clock of a stack does not go back."};
    covert_tested(context, endpoint, side, &verdict);
}

void covert_tcp_fields(struct analyze_context *context, const struct tcp_fields *fields)
{
    struct covert_state *state = context->state;
    const unsigned side = context->observation->side;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
    if (endpoint == NULL)
        return;
    state->syn_packet = 0;
    if (fields->isn.seen) {
        state->syn_packet = context->observation->flow->first_packet;
        state->syn_side = side;
        endpoint->syn_options = (uint32_t)fields->options.value;
        offer_packets(context, endpoint, COVERT_TCP_ISN, 1);
        covert_isn(context, endpoint, side, (uint32_t)fields->isn.value);
    }
    if (fields->timestamps.seen) {
        offer_packets(context, endpoint, COVERT_TCP_TIMESTAMPS, fields->timestamps.value);
        test_timestamps(context, endpoint, side, fields);
    }
    tell_oddities(context, endpoint, side, fields->oddities);
}
