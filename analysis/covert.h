/* covert.h: what an endpoint puts into fields that it may set freely: how much that could carry, and whether it looks as
 * if it did. Shared by the files of the analyzer (covert*.c). docs/covert.md */
#ifndef PERPASS_ANALYSIS_COVERT_H
#define PERPASS_ANALYSIS_COVERT_H

#include "analysis/analyzer.h"
#include "analysis/bounded_table.h"
#include "core/field_observations.h"

enum covert_field {
#define COVERT_FIELD(symbol, ...) symbol,
#include "analysis/covert_fields.def"
#undef COVERT_FIELD
    NUM_COVERT_FIELDS
};

enum {
    COVERT_MOST_ENDPOINTS = 4096,
    COVERT_MOST_RANDOMS = 16384,
    COVERT_MOST_TOLD = 1000,   /* endpoints that reports list */
    COVERT_SOME = 40,          /* with so many a window is tested again */
    COVERT_WINDOW = 64,        /* values of several conversations that are tested together */
    COVERT_LEAST = 24,         /* values that a test needs at least */
    COVERT_HISTORY = 64,       /* intervals of an endpoint's earlier conversations */
    COVERT_MOST_ALARMS = 1024, /* that wait for what becomes of others */
    COVERT_TEXT = 32           /* bytes of a number in the evidence */
};

/* Values of one field, one of each conversation. */
struct covert_window {
    uint8_t num;
    struct covert_value {
        uint32_t value;
        uint32_t
            ports; /* of both ends: what comes again on the same ones is a copy, or a second try */
        uint64_t packet; /* the first one of its conversation: these end in another order */
    } values[COVERT_WINDOW];
};

/* What an endpoint's conversations had one after the other. */
enum covert_series { COVERT_IDS, COVERT_ISNS, COVERT_LABELS, NUM_COVERT_SERIES };
struct covert_history {
    struct covert_window windows[NUM_COVERT_SERIES];
    uint32_t num_intervals;
    uint32_t intervals[COVERT_HISTORY]; /* µs, the last ones */
};

/* Packets in which fields of headers can be set: of all, of IPv4, of TCP. */
enum covert_volume { COVERT_PACKETS, COVERT_PACKETS_IP4, COVERT_SEGMENTS, NUM_COVERT_VOLUMES };

/* What tests said of a field of an endpoint. */
struct covert_tests {
    uint32_t made, departed;
    uint32_t samples; /* of the one with the highest score */
    float best;       /* the highest score */
    uint64_t bits;    /* that the field could have carried, but for those of covert_volume */
    uint64_t
        offered_in; /* first packet of the conversation that had it last: each counts once, if the endpoint's do not
                          * take turns in it */
};

/* One end: a client by its address, a server by address and port. */
struct covert_endpoint {
    bool server;
    uint8_t ip_version;
    struct endpoint end;
    uint64_t first_packet, first_ns, last_ns;
    uint32_t syn_options;   /* of its last SYN: struct tcp_fields */
    uint32_t counts, jumps; /* conversations whose IP IDs counted, and did not */
    uint32_t tests;         /* made, of all fields */
    uint64_t volumes[NUM_COVERT_VOLUMES];
    struct covert_value firsts[NUM_COVERT_SERIES]; /* while there is one value only */
    bool has_first[NUM_COVERT_SERIES];
    struct covert_history *history; /* NULL: not needed yet, as for most */
    struct covert_tests fields[NUM_COVERT_FIELDS];
};

/* All endpoints together. */
struct covert_total {
    uint64_t bits, units, sessions; /* of the ledger, but for those of covert_volume */
    uint64_t tests;
    uint32_t tested, departed; /* endpoints */
};

/* A random of a hello, by its name. */
struct covert_random {
    uint64_t time_ns, packet;
    uint16_t port; /* of its client */
};

struct covert_state {
    struct bounded_table *endpoints;
    struct covert_endpoint
        *at_hand[2]; /* of the last flow's sides: each is asked for several times */
    struct bounded_table *randoms;
    struct covert_alarms *alarms; /* NULL: there was none yet */
    struct covert_total totals[NUM_COVERT_FIELDS];
    struct {
        uint64_t packets, directions;
    } volumes[NUM_COVERT_VOLUMES];
    uint64_t tests; /* made in this run */
    uint64_t first_ns, last_ns;
    uint64_t syn_packet; /* of the flow whose "tcp.fields" were read last, with a SYN … */
    unsigned syn_side;   /* … of this side */
};

/* Of intervals: what is told beside the test, after Cabuk et al. and Gianvecchio and Wang. */
struct covert_times {
    bool seen;
    double conditional_entropy, regularity, similarity;
    double history_score; /* that they differ from earlier ones; negative: there are too few */
};

/* What a test says: that the values are as the model has them is as likely as 10 to the power of -|score|. */
struct covert_verdict {
    enum covert_field field;
    enum rule_id rule;
    const char *test; /* static: "chi-square of bits" */
    double statistic, score;
    uint32_t samples;
    enum severity severity; /* 0: the rule's */
    enum confidence confidence;
    const char *reason;
    struct covert_times times;
};

/* covert_endpoint_of gives what is known of the end |side| of the flow at hand; NULL without memory. It lives until the
 * next call. */
struct covert_endpoint *covert_endpoint_of(struct analyze_context *context, unsigned side);

/* covert_field_bits are those that can be set in each unit of a field; 0: it depends on the length. */
unsigned covert_field_bits(enum covert_field field);

/* covert_offers notes |units| of a field, of |bits| together, that the endpoint may set as it likes. */
void covert_offers(struct analyze_context *context, struct covert_endpoint *endpoint,
                   enum covert_field field, uint64_t units, uint64_t bits);

/* covert_passed notes |packets| in which all fields of |volume| can be set. */
void covert_passed(struct analyze_context *context, struct covert_endpoint *endpoint,
                   enum covert_volume volume, uint64_t packets);

/* covert_history_of gives what is kept of the endpoint's conversations; NULL without memory. */
struct covert_history *covert_history_of(struct covert_endpoint *endpoint);

/* covert_alarms says whether a finding would become of a further test of |score|. */
bool covert_alarms(const struct covert_endpoint *endpoint, double score);

/* covert_tested notes a test, and makes a finding of it where the values depart from the model by more than chance: a
 * score of COVERT_ALARM is left when it was corrected for the tests made of this endpoint. */
void covert_tested(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                   const struct covert_verdict *verdict);
extern const double covert_alarm;

/* covert_departs notes that a field of the endpoint departed from what is normal. */
void covert_departs(struct analyze_context *context, struct covert_endpoint *endpoint,
                    enum covert_field field);

/* covert_alarm_waits keeps a finding about |field|, with COVERT_TEXT bytes in each of two pieces of evidence at most, until
 * covert_alarms_judge hands in all; where too many wait, the oldest one goes before. */
void covert_alarm_waits(struct analyze_context *context, enum covert_field field,
                        const struct finding *finding);
void covert_alarms_judge(struct analyze_context *context);

/* covert_found makes a finding that needs no test; the caller adds evidence and hands it in. */
struct finding covert_found(struct analyze_context *context, enum rule_id rule, unsigned side);

/* covert_spread tests |num| values of |bits| bits against an even spread: bits one by one, Kolmogorov and Smirnov,
 * values that come again; the highest score of these is corrected for their number. False: they are those of a counter,
 * or all the same, or too few. */
bool covert_spread(const uint32_t *values, size_t num, unsigned bits,
                   struct covert_verdict *verdict);

/* What the parts of the analyzer read. */
void covert_ip_fields(struct analyze_context *context, const struct ip_fields *fields);
void covert_tcp_fields(struct analyze_context *context, const struct tcp_fields *fields);
void covert_timing(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                   const struct ip_fields *fields);
void covert_windows(struct analyze_context *context, struct covert_endpoint *endpoint,
                    unsigned side, const struct ip_fields *fields);

void covert_isn(struct analyze_context *context, struct covert_endpoint *endpoint, unsigned side,
                uint32_t isn);

struct tls_client_hello;
struct tls_server_hello;
struct tls_hello_verify_request;
struct tls_record_nonces;
struct tls_heartbeat;
struct tls_new_session_ticket;
struct starttls_session;
struct dhcp_message;
void covert_client_hello(struct analyze_context *context, const struct tls_client_hello *hello);
void covert_server_hello(struct analyze_context *context, const struct tls_server_hello *hello);
void covert_verify_request(struct analyze_context *context,
                           const struct tls_hello_verify_request *request);
void covert_record_nonces(struct analyze_context *context, const struct tls_record_nonces *nonces);
void covert_heartbeat(struct analyze_context *context, const struct tls_heartbeat *heartbeat);
void covert_new_ticket(struct analyze_context *context,
                       const struct tls_new_session_ticket *ticket);
void covert_preamble(struct analyze_context *context, const struct starttls_session *session);
void covert_dhcp(struct analyze_context *context, const struct dhcp_message *message);

/* covert_bytes tests bytes that should be random: printable ones, values that come again, bits that are set, runs and pairs
 * of bits. */
void covert_bytes(struct span bytes, struct covert_verdict *verdict);

/* covert_tell tells the ledger and the endpoints, as observations. */
void covert_tell(struct analyze_context *context);

#endif
