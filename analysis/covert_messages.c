/* covert_messages.c: what messages carry beside what they need: hellos of TLS and DTLS, cookies, preambles of STARTTLS,
 * DHCP. */
#include "analysis/covert.h"
#include "analysis/statistics.h"
#include "dissectors/dhcp.h"
#include "dissectors/dtls.h"
#include "dissectors/starttls.h"
#include "dissectors/tables/tls_registry.h"
#include "dissectors/tls_flight.h"
#include "dissectors/tls_heartbeat.h"

enum { CLOCK_LEN = 4, SERVER_END = 24, SHORTEST = 16, SOME_TEXT = 16, AGAIN_NS = 2000000000 };

static size_t num_printable(struct span bytes)
{
    size_t num = 0;
    for (size_t i = 0; i < bytes.len; i++)
        num += bytes.at[i] >= 0x20 && bytes.at[i] < 0x7f;
    return num;
}

static size_t num_not_zero(struct span bytes)
{
    size_t num = 0;
    for (size_t i = 0; i < bytes.len; i++)
        num += bytes.at[i] != 0;
    return num;
}

static bool is_text(struct span bytes)
{
    return bytes.len >= SOME_TEXT && num_printable(bytes) >= bytes.len - bytes.len / 8;
}

/* --- bytes that should be random --- */

static void keep_best(struct covert_verdict *verdict, const char *test, double statistic,
                      double score)
{
    if (score < verdict->score)
        return;
    verdict->test = test;
    verdict->statistic = statistic;
    verdict->score = score;
}

void covert_bytes(struct span bytes, struct covert_verdict *verdict)
{
    enum { TESTS = 5 };
    bool seen[256] = {false};
    size_t again = 0;
    const size_t bits = bytes.len * 8, printable = num_printable(bytes);
    const size_t ones = statistics_ones(bytes.at, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        again += seen[bytes.at[i]];
        seen[bytes.at[i]] = true;
    }
    const size_t more = ones * 2 > bits ? ones : bits - ones;
    verdict->samples = (uint32_t)bytes.len;
    verdict->score = 0;
    keep_best(verdict, "printable bytes", (double)printable,
              statistics_binomial_score(printable, bytes.len, 95.0 / 256));
    keep_best(verdict, "bytes that came again", (double)again,
              statistics_again_score(again, bytes.len, 256));
    keep_best(verdict, "bits that are set", (double)ones,
              statistics_corrected(statistics_binomial_score(more, bits, 0.5), 2));
    double runs, pairs;
    const double score_of_runs = statistics_runs(bytes.at, bytes.len, &runs);
    const double score_of_pairs = statistics_serial(bytes.at, bytes.len, &pairs);
    keep_best(verdict, "runs of bits", runs, score_of_runs);
    keep_best(verdict, "pairs of bits", pairs, score_of_pairs);
    verdict->score = statistics_corrected(verdict->score, TESTS);
}

static void test_bytes(struct analyze_context *context, enum covert_field field, enum rule_id rule,
                       struct span bytes, enum severity severity)
{
    const unsigned side = context->observation->side;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
    struct covert_verdict verdict = {.field = field,
                                     .rule = rule,
                                     .severity = severity,
                                     .confidence = CONFIDENCE_LIKELY,
                                     .reason = "Random bytes are like this once in the p-value."};
    if (endpoint == NULL || !span_seen(bytes) || bytes.len < SHORTEST)
        return;
    covert_bytes(bytes, &verdict);
    covert_tested(context, endpoint, side, &verdict);
}

static void offer(struct analyze_context *context, enum covert_field field, size_t bits)
{
    struct covert_endpoint *endpoint = covert_endpoint_of(context, context->observation->side);
    if (endpoint != NULL && bits > 0)
        covert_offers(context, endpoint, field, 1, bits);
}

/* A finding of bytes where there should be none. */
static void tell_bytes(struct analyze_context *context, enum covert_field field, enum rule_id rule,
                       struct span bytes, enum severity severity, const char *where, uint64_t code)
{
    const unsigned side = context->observation->side;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
    struct finding finding = covert_found(context, rule, side);
    finding.severity = severity;
    finding_says_text(&finding, "field", where);
    if (code != 0)
        finding_says_number(&finding, "code", code);
    finding_says_most(&finding, "bytes", bytes.len);
    finding_says_most(&finding, "bytes_not_zero", num_not_zero(bytes));
    finding_says_most(&finding, "printable_bytes", num_printable(bytes));
    finding_add(context, &finding);
    if (endpoint != NULL)
        covert_departs(context, endpoint, field);
}

/* --- hellos --- */

/* A random that comes again from the same address and another port, later than a mirror would have it twice. */
static void test_again(struct analyze_context *context, struct span random, const char *transport)
{
    struct covert_state *state = context->state;
    const struct observation *observation = context->observation;
    const unsigned side = observation->side;
    const uint16_t port = observation->flow->ends[observation->flow->client].port;
    const uint64_t words[2] = {analysis_address_name(context, side),
                               analysis_name(context, COVERT_TLS_RANDOM, random)};
    if (transport != NULL && strcmp(transport, "quic") == 0) /* sends it again by design */
        return;
    if (state->randoms == NULL)
        state->randoms = bounded_table_new(COVERT_MOST_RANDOMS, sizeof(struct covert_random));
    if (state->randoms == NULL)
        return;
    const struct bounded_place place = bounded_table_place(
        state->randoms, analysis_name(context, COVERT_TLS_RANDOM, span_of(words, sizeof words)));
    struct covert_random *before = place.room;
    analysis_totals(context)->table_evictions += place.pushed_out;
    if (place.known && before->port != port && observation->time_ns > before->time_ns + AGAIN_NS) {
        struct finding finding = covert_found(context, RULE_COVERT_TLS_RANDOM, side);
        finding_says_text(&finding, "test", "a random that came again");
        finding_says_number(&finding, "first_packet", before->packet);
        finding_add(context, &finding);
    }
    if (!place.known)
        *before = (struct covert_random){
            .time_ns = observation->time_ns, .packet = observation->packet, .port = port};
}

/* BSAFE's extended_random had the number that key_share had in drafts of TLS 1.3: that is a list of keys, and one key from
 * a server. */
static bool is_draft_key_share(struct reader body, bool from_server)
{
    struct reader shares = from_server ? body : reader_vec16(&body);
    while (reader_more(&shares)) {
        reader_u16(&shares);
        struct reader key = reader_vec16(&shares);
        (void)key;
    }
    return reader_ok(&shares) && (from_server || (reader_ok(&body) && reader_left(&body) == 0));
}

/* GnuTLS once put the length of the zeros before them. */
static bool is_padding(struct span body)
{
    struct reader r = reader_of(body);
    const size_t len = reader_u16(&r);
    if (!reader_ok(&r) || len != reader_left(&r))
        r = reader_of(body);
    return num_not_zero(reader_rest(&r)) == 0;
}

static void read_extension(struct analyze_context *context, uint16_t type, struct span body,
                           bool from_server)
{
    enum { PADDING = 21, EXTENDED_RANDOM = 40 };
    if (type == PADDING) {
        offer(context, COVERT_TLS_PADDING, body.len * 8);
        if (!is_padding(body))
            tell_bytes(context, COVERT_TLS_PADDING, RULE_COVERT_PADDING, body, SEVERITY_MEDIUM,
                       "padding", 0);
    } else if (tls_is_grease(type)) {
        offer(context, COVERT_TLS_EXTENSION, body.len * 8);
        if (body.len > 1 || num_not_zero(body) > 0 || from_server)
            tell_bytes(context, COVERT_TLS_EXTENSION, RULE_COVERT_GREASE_MISUSE, body,
                       is_text(body) ? SEVERITY_MEDIUM : SEVERITY_LOW, "grease", type);
    } else if (type == EXTENDED_RANDOM) {
        offer(context, COVERT_TLS_EXTENSION, body.len * 8);
        if (body.len >= SHORTEST && !is_draft_key_share(reader_of(body), from_server))
            tell_bytes(context, COVERT_TLS_EXTENSION, RULE_COVERT_EXTENDED_RANDOM, body,
                       SEVERITY_MEDIUM, "extended_random", type);
    } else if (tls_extension_name(type) == NULL) {
        offer(context, COVERT_TLS_EXTENSION, body.len * 8);
        tell_bytes(context, COVERT_TLS_EXTENSION, RULE_COVERT_UNKNOWN_EXTENSION, body, SEVERITY_LOW,
                   "extension", type);
    }
}

static void read_extensions(struct analyze_context *context, struct span extensions,
                            bool from_server)
{
    if (!span_seen(extensions))
        return;
    for (struct reader r = reader_of(extensions); reader_more(&r);) {
        const uint16_t type = reader_u16(&r);
        const struct span body = reader_span_vec16(&r);
        if (reader_ok(&r))
            read_extension(context, type, body, from_server);
    }
}

static bool offers_13(struct span versions)
{
    if (!span_seen(versions))
        return false;
    for (struct reader r = reader_of(versions); reader_more(&r);)
        if (reader_u16(&r) == 0x0304)
            return true;
    return false;
}

/* Up to 1.2, where the server makes the session id. Versions of DTLS count down, from 1.0 on. */
static bool is_before_13(struct number version)
{
    enum { TLS12 = 0x0303, DTLS12 = 0xfefd };
    return version.seen && (version.value <= TLS12 || version.value >= DTLS12);
}

static void test_text(struct analyze_context *context, enum covert_field field, enum rule_id rule,
                      struct span bytes, const char *where)
{
    struct covert_state *state = context->state;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, context->observation->side);
    offer(context, field, span_seen(bytes) ? bytes.len * 8 : 0);
    if (endpoint != NULL && span_seen(bytes) && bytes.len >= SOME_TEXT)
        state->totals[field].tested += endpoint->fields[field].made++ == 0;
    if (span_seen(bytes) && is_text(bytes))
        tell_bytes(context, field, rule, bytes, SEVERITY_LOW, where, 0);
}

/* Behind the name of a key (RFC 5077 section 4), which may be one, it is encrypted. */
static void test_ticket(struct analyze_context *context, struct span ticket)
{
    enum { KEY_NAME = 16, LEAST = 48, MOST = KEY_NAME + 64 };
    if (!span_seen(ticket) || ticket.len == 0)
        return;
    offer(context, COVERT_TICKET, ticket.len * 8);
    if (ticket.len < LEAST)
        return;
    const size_t len = ticket.len < MOST ? ticket.len : MOST;
    test_bytes(context, COVERT_TICKET, RULE_COVERT_SESSION_ID,
               view_part(ticket, KEY_NAME, len - KEY_NAME), SEVERITY_LOW);
}

void covert_new_ticket(struct analyze_context *context, const struct tls_new_session_ticket *ticket)
{
    test_ticket(context, ticket->ticket);
}

void covert_client_hello(struct analyze_context *context, const struct tls_client_hello *hello)
{
    if (hello->random.len == 32 && hello->ssl2 != TRUTH_YES) {
        offer(context, COVERT_TLS_RANDOM, 224);
        test_bytes(context, COVERT_TLS_RANDOM, RULE_COVERT_TLS_RANDOM,
                   view_part(hello->random, CLOCK_LEN, 32 - CLOCK_LEN), SEVERITY_MEDIUM);
        test_again(context, hello->random, hello->transport);
    }
    /* In a hello for 1.3 it is the client's own; before, the server made it. */
    if (offers_13(hello->versions) && span_seen(hello->session_id) && hello->session_id.len == 32) {
        offer(context, COVERT_SESSION_ID, 256);
        test_bytes(context, COVERT_SESSION_ID, RULE_COVERT_SESSION_ID, hello->session_id,
                   SEVERITY_LOW);
    }
    test_ticket(context, hello->ticket);
    read_extensions(context, hello->extensions, false);
}

void covert_server_hello(struct analyze_context *context, const struct tls_server_hello *hello)
{
    if (hello->hello_retry == TRUTH_YES || hello->ssl2 == TRUTH_YES)
        return;
    if (hello->random.len == 32) {
        offer(context, COVERT_TLS_RANDOM, (SERVER_END - CLOCK_LEN) * 8);
        test_bytes(context, COVERT_TLS_RANDOM, RULE_COVERT_TLS_RANDOM,
                   view_part(hello->random, CLOCK_LEN, SERVER_END - CLOCK_LEN), SEVERITY_MEDIUM);
        test_again(context, hello->random, hello->transport);
    }
    if (is_before_13(hello->version))
        test_text(context, COVERT_SESSION_ID, RULE_COVERT_SESSION_ID, hello->session_id,
                  "session_id");
    if (hello->heartbeat.seen) {
        struct finding finding =
            covert_found(context, RULE_COVERT_HEARTBEAT, context->observation->side);
        finding_says_number(&finding, "mode", hello->heartbeat.value);
        finding_add(context, &finding);
    }
    read_extensions(context, hello->extensions, true);
}

void covert_verify_request(struct analyze_context *context,
                           const struct tls_hello_verify_request *request)
{
    test_text(context, COVERT_DTLS_COOKIE, RULE_COVERT_DTLS_COOKIE, request->cookie, "cookie");
}

/* --- heartbeats --- */

static enum severity severity_of(const struct tls_heartbeat *heartbeat)
{
    if (heartbeat->too_long == TRUTH_YES)
        return SEVERITY_HIGH;
    if (heartbeat->protected == TRUTH_YES)
        return strcmp(heartbeat->transport, "dtls") == 0 ? SEVERITY_INFO : SEVERITY_LOW;
    return is_text(heartbeat->payload) || is_text(heartbeat->padding) ? SEVERITY_MEDIUM
                                                                      : SEVERITY_LOW;
}

void covert_heartbeat(struct analyze_context *context, const struct tls_heartbeat *heartbeat)
{
    const unsigned side = context->observation->side;
    const bool protected = heartbeat->protected == TRUTH_YES;
    const size_t bytes =
        protected ? (size_t)heartbeat->len.value : heartbeat->payload.len + heartbeat->padding.len;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
    struct finding finding = covert_found(context, RULE_COVERT_HEARTBEAT, side);
    finding.transport = heartbeat->transport;
    finding.severity = severity_of(heartbeat);
    finding_says_text(&finding, "message", protected ? "encrypted" : "in clear");
    finding_says_most(&finding, "bytes", bytes);
    if (!protected) {
        finding_says_most(&finding, "printable_bytes",
                          num_printable(heartbeat->payload) + num_printable(heartbeat->padding));
        finding_says_ever(&finding, "too_long", heartbeat->too_long == TRUTH_YES);
    }
    finding_add(context, &finding);
    if (endpoint == NULL)
        return;
    covert_offers(context, endpoint, COVERT_HEARTBEAT, 1, bytes * 8);
    if (finding.severity > SEVERITY_INFO)
        covert_departs(context, endpoint, COVERT_HEARTBEAT);
}

/* --- STARTTLS --- */

/* What a client of the protocol needs to say before TLS, generously: so many bytes, and for each command. */
static uint64_t preamble_need(const struct starttls_session *session)
{
    enum { NEEDED = 1024, OF_COMMAND = 128, COMMANDS = 8 };
    static const char *const lines[] = {"smtp", "imap", "pop3", "ftp", "nntp", "sieve", "irc"};
    const uint64_t commands =
        session->commands.value < COMMANDS ? session->commands.value : COMMANDS;
    for (size_t i = 0; session->commands.seen && i < sizeof lines / sizeof lines[0]; i++)
        if (strcmp(session->protocol, lines[i]) == 0)
            return OF_COMMAND * (commands + 1);
    return NEEDED;
}

void covert_preamble(struct analyze_context *context, const struct starttls_session *session)
{
    enum { MOST_IDLE = 16 };
    const uint64_t bytes = session->client_bytes.value, idle = session->idle_bytes.value;
    const uint64_t need = preamble_need(session);
    const struct flow *flow = context->observation->flow;
    struct covert_endpoint *endpoint = covert_endpoint_of(context, flow->client);
    if (session->upgraded != TRUTH_YES || endpoint == NULL)
        return;
    covert_offers(context, endpoint, COVERT_STARTTLS, 1, bytes * 8);
    if (bytes <= need && idle < MOST_IDLE)
        return;
    struct finding finding = covert_found(context, RULE_COVERT_STARTTLS_PREAMBLE, flow->client);
    finding_says_text(&finding, "protocol", session->protocol);
    finding_says_most(&finding, "bytes", bytes);
    finding_says_number(&finding, "bytes_needed", need);
    if (session->commands.seen)
        finding_says_most(&finding, "commands", session->commands.value);
    finding_says_most(&finding, "idle_bytes", idle);
    finding_add(context, &finding);
    covert_departs(context, endpoint, COVERT_STARTTLS);
}

/* --- DHCP --- */

void covert_dhcp(struct analyze_context *context, const struct dhcp_message *message)
{
    const unsigned side = context->observation->side;
    const struct {
        const char *name;
        struct span bytes;
    } slacks[] = {{"behind the end of options", message->options_slack},
                  {"sname", message->sname_slack},
                  {"file", message->file_slack},
                  {"chaddr", message->hardware_slack}};
    for (size_t i = 0; i < sizeof slacks / sizeof slacks[0]; i++) {
        const struct span bytes = slacks[i].bytes;
        if (!span_seen(bytes))
            continue;
        offer(context, COVERT_DHCP_SLACK, bytes.len * 8);
        if (num_not_zero(bytes) == 0)
            continue;
        struct covert_endpoint *endpoint = covert_endpoint_of(context, side);
        if (endpoint != NULL)
            covert_departs(context, endpoint, COVERT_DHCP_SLACK);
        struct finding finding = covert_found(context, RULE_COVERT_DHCP_SLACK, side);
        if (message->op.value == 1 && span_seen(message->client_mac))
            finding_about_bytes(&finding, SUBJECT_DEVICE, message->client_mac);
        finding.severity = is_text(bytes) ? SEVERITY_MEDIUM : SEVERITY_LOW;
        finding_says_text(&finding, "field", slacks[i].name);
        finding_says_most(&finding, "bytes", bytes.len);
        finding_says_most(&finding, "bytes_not_zero", num_not_zero(bytes));
        finding_says_most(&finding, "printable_bytes", num_printable(bytes));
        finding_add(context, &finding);
    }
}
