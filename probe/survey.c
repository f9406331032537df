/* survey.c: what a server tells before any identity is sent: hellos, each with something else on offer. */
#include "probe/steps.h"

#include "core/crypto_share.h"
#include "dissectors/tls_extensions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_AMPLIFICATION = 3 /* times: what RFC 9000 section 8 allows */ };

/* --- the first hello --- */

/* Everything that is harmless on offer at once; what each extension got is in the answer. */
static struct hello first_hello(void)
{
    uint16_t suites[SUITES_MAX];
    const size_t num_suites = suites_psk(suites);
    struct hello hello = step_hello(suites, num_suites);
    hello.max_fragment_length = number(4); /* 4096 */
    hello.heartbeat = true;
    hello.ticket = span_of("", 0);
    return hello;
}

/* It has said no to every PSK suite, and not merely left the hello without a whole answer. */
static bool refused_all(const struct probe *probe, const struct client *client,
                        enum client_outcome outcome)
{
    return outcome == CLIENT_ALERT || client_is_misfit(client) ||
           (outcome == CLIENT_SILENT && probe->no_suite);
}

/* After each try, of all that were made. */
static void tell_reachable(struct probe *probe, const struct client *client,
                           enum client_outcome outcome)
{
    char room[64];
    const char *how = step_outcome(client, outcome, room, sizeof room);
    if (outcome == CLIENT_ANSWERED)
        step_tell(probe, CHECK_REACHABLE, CHECK_PASS, "DTLS PSK", NUM_RULES,
                  "a hello with PSK suites was answered");
    else if (probe->answers)
        step_tell(
            probe, CHECK_REACHABLE, CHECK_PASS, "DTLS", NUM_RULES, "it speaks DTLS, but %s: %s",
            refused_all(probe, client, outcome) ? "no PSK suite was taken" : "no whole answer came",
            how);
    else
        step_tell(probe, CHECK_REACHABLE, CHECK_FAIL, "", NUM_RULES, "%s",
                  outcome == CLIENT_SILENT        ? "no answer came: silence"
                  : outcome == CLIENT_UNREACHABLE ? "nobody listens there: the port is unreachable"
                                                  : how);
}

/* Who had to ask again does not know how many of the hellos came: the server answered one of them at least. */
static void tell_amplification(struct probe *probe, const struct client *client)
{
    char value[64];
    const uint64_t asked = client_hello_bytes(client), answered = client_answer_bytes(client);
    const uint64_t tenths = asked > 0 ? (10 * answered + asked / 2) / asked : 0;
    const bool many = !client_answers(client)->hello_verify;
    const bool fails = many && answered > MAX_AMPLIFICATION * asked;
    const bool may_fail = many && client_was_delayed(client) &&
                          answered > MAX_AMPLIFICATION * client_one_hello_bytes(client);
    snprintf(value, sizeof value, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
    step_tell(probe, CHECK_AMPLIFICATION,
              fails      ? CHECK_FAIL
              : may_fail ? CHECK_UNKNOWN
                         : CHECK_PASS,
              value, fails ? RULE_AUTH_NO_COOKIE : NUM_RULES,
              "%" PRIu64 " bytes answered %" PRIu64
              " bytes of hellos from an address that was not proven%s",
              answered, asked,
              fails      ? ": more than three times as much"
              : may_fail ? "; some were lost, which may be hellos"
                         : "");
}

static void tell_hint(struct probe *probe, const struct answers *answers)
{
    const struct span hint = answers->exchange.psk_hint;
    if (!answers->key_exchange || !span_seen(hint) || hint.len == 0) {
        step_tell(probe, CHECK_HINT, CHECK_PASS, "none", NUM_RULES,
                  answers->key_exchange ? "the hint is empty" : "no hint is sent");
        return;
    }
    probe->hint = malloc(hint.len);
    step_tell(probe, CHECK_HINT, CHECK_FAIL, "", RULE_PSK_HINT_SENT,
              "a hint of %zu bytes is sent to everybody who asks", hint.len);
    if (probe->hint == NULL)
        return;
    memcpy(probe->hint, hint.at, hint.len);
    probe->results[CHECK_HINT].hint = span_of(probe->hint, hint.len);
}

static void tell_extension(struct probe *probe, enum check_id id, bool granted, enum rule_id rule,
                           const char *good, const char *bad)
{
    const enum check_outcome without = rule == NUM_RULES ? CHECK_INFO : CHECK_FAIL;
    step_tell(probe, id, granted ? CHECK_PASS : without, granted ? "yes" : "no",
              granted ? NUM_RULES : rule, "%s", granted ? good : bad);
}

static void tell_first(struct probe *probe, const struct client *client)
{
    const struct answers *answers = client_answers(client);
    const struct tls_server_hello *hello = &answers->hello;
    tell_amplification(probe, client);
    tell_extension(probe, CHECK_EMS, hello->extended_master_secret == TRUTH_YES,
                   RULE_AUTH_NO_EXTENDED_MASTER_SECRET, "extended_master_secret is taken",
                   "extended_master_secret was on offer, and is not taken");
    tell_extension(probe, CHECK_RENEGOTIATION_INFO, hello->secure_renegotiation == TRUTH_YES,
                   RULE_AUTH_NO_SECURE_RENEGOTIATION, "renegotiation_info is answered",
                   "renegotiation_info was sent, and is not answered");
    tell_extension(probe, CHECK_FRAGMENT_LENGTH, hello->max_fragment_length.seen, NUM_RULES,
                   "4096 bytes were asked for, and granted", "asked for, and not granted");
    step_tell(probe, CHECK_HEARTBEAT, CHECK_INFO, hello->heartbeat.seen ? "yes" : "no", NUM_RULES,
              hello->heartbeat.seen ? "heartbeats were on offer, and are taken"
                                    : "heartbeats were on offer, and are not taken");
    step_tell(probe, CHECK_RESUMPTION_TICKET, CHECK_INFO,
              hello->session_ticket == TRUTH_YES ? "offered" : "no", NUM_RULES,
              hello->session_ticket == TRUTH_YES ? "the server is going to send a ticket"
                                                 : "the server sends no ticket");
}

static enum client_outcome ask_first_once(struct probe *probe)
{
    const struct client_options options = step_options(probe);
    const struct hello hello = first_hello();
    struct client *client = step_client(probe, &options);
    if (client == NULL) {
        step_tell(probe, CHECK_REACHABLE, CHECK_FAIL, "", NUM_RULES, "%s", probe->trouble);
        return CLIENT_FAILED;
    }
    const enum client_outcome outcome = client_hello(client, &hello);
    const struct answers *answers = client_answers(client);
    probe->answers =
        probe->answers || (answers->any && (outcome != CLIENT_GARBAGE || client_is_misfit(client)));
    step_note(probe, client, outcome);
    probe->cookie_asked = probe->cookie_asked || answers->hello_verify;
    probe->no_suite =
        outcome == CLIENT_ALERT || (probe->no_suite && step_passed_over(probe, client, outcome));
    tell_reachable(probe, client, outcome);
    if (outcome == CLIENT_ANSWERED) {
        probe->suites[probe->num_suites++] = (uint16_t)answers->hello.cipher.value;
        probe->version_12 = answers->hello.version.value == DTLS_VERSION_12;
        tell_first(probe, client);
        if (answers->certificates == 0)
            tell_hint(probe, answers);
    }
    client_free(client);
    return outcome;
}

/* False: there is nothing to go on with. A server that is there, but has nothing to say to this, is asked several times:
 * with any share of losses, three cookies at once, and three times three flights behind them in vain, come about once
 * in a thousand times: the maximum of (1 - p)^3 p^9 is at p = 3/4. */
static bool ask_first(struct probe *probe)
{
    enum { TRIES = 3 };
    enum client_outcome outcome = CLIENT_SILENT;
    probe->no_suite = true;
    for (unsigned i = 0; i < TRIES && outcome == CLIENT_SILENT && step_goes_on(probe); i++) {
        outcome = ask_first_once(probe);
        if (!probe->answers)
            return false;
    }
    return step_goes_on(probe);
}

/* --- other hellos --- */

static struct client *ask_once(struct probe *probe, const struct hello *hello,
                               enum client_outcome *outcome)
{
    const struct client_options options = step_options(probe);
    struct client *client = step_client(probe, &options);
    *outcome = CLIENT_FAILED;
    if (client == NULL)
        return NULL;
    *outcome = client_hello(client, hello);
    step_note(probe, client, *outcome);
    return client;
}

/* One more hello; the client is the caller's, and NULL when nothing of what was wanted came. */
static struct client *ask(struct probe *probe, const struct hello *hello,
                          enum client_outcome *outcome)
{
    struct client *client = ask_once(probe, hello, outcome);
    if (client == NULL || !step_asks_again(probe, *outcome))
        return client;
    client_free(client);
    return ask_once(probe, hello, outcome);
}

/* Of a hello without ticket: many servers give an id to such only. */
static void tell_session_id(struct probe *probe, const struct tls_server_hello *hello)
{
    step_tell(probe, CHECK_RESUMPTION_ID, CHECK_INFO, hello->session_id.len > 0 ? "offered" : "no",
              NUM_RULES,
              hello->session_id.len > 0 ? "the server gives the session an id of %zu bytes"
                                        : "the server gives the session no id (%zu bytes)",
              hello->session_id.len);
}

static void ask_sizes(struct probe *probe)
{
    enum client_outcome outcome;
    char value[64];
    struct hello hello = step_hello(probe->suites, probe->num_suites);
    hello.connection_id = hello.deflate = true;
    hello.record_size_limit = number(RECORD_MAX_PLAIN);
    struct client *client = ask(probe, &hello, &outcome);
    if (client == NULL)
        return;
    if (outcome == CLIENT_ANSWERED) {
        const struct tls_server_hello *seen = &client_answers(client)->hello;
        const bool granted = span_seen(seen->connection_id);
        tell_session_id(probe, seen);
        snprintf(value, sizeof value, granted ? "%zu bytes" : "no", seen->connection_id.len);
        step_tell(probe, CHECK_CONNECTION_ID, CHECK_INFO, value, NUM_RULES,
                  granted ? "it wants records to bear an id of its own choice"
                          : "asked for, and not granted");
        snprintf(value, sizeof value, seen->record_size_limit.seen ? "%llu bytes" : "no",
                 (unsigned long long)seen->record_size_limit.value);
        step_tell(probe, CHECK_RECORD_SIZE, CHECK_INFO, value, NUM_RULES,
                  seen->record_size_limit.seen ? "the largest record that it takes"
                                               : "it says no limit");
        const bool deflates = seen->compression.value != 0;
        step_tell(probe, CHECK_COMPRESSION, deflates ? CHECK_FAIL : CHECK_PASS,
                  deflates ? "DEFLATE" : "none", deflates ? RULE_AUTH_COMPRESSION : NUM_RULES,
                  deflates ? "DEFLATE was on offer, and is taken"
                           : "DEFLATE was on offer, and is not taken");
    } else {
        step_unanswered(probe, CHECK_RESUMPTION_ID, outcome);
        step_unanswered(probe, CHECK_CONNECTION_ID, outcome);
        step_unanswered(probe, CHECK_RECORD_SIZE, outcome);
        step_unanswered(probe, CHECK_COMPRESSION, outcome);
    }
    client_free(client);
}

static void ask_cbc(struct probe *probe)
{
    enum client_outcome outcome;
    uint16_t suites[HELLO_MAX_SUITES];
    size_t num = 0;
    for (size_t i = 0; i < probe->num_suites; i++) {
        const struct tls_suite *suite = tls_suite_find(probe->suites[i]);
        if (suite != NULL && (suite->flags & TLS_SUITE_CBC) != 0)
            suites[num++] = probe->suites[i];
    }
    if (num == 0) {
        const enum check_outcome no = probe->suites_complete ? CHECK_NOT_APPLICABLE : CHECK_UNKNOWN;
        step_tell(probe, CHECK_ETM, no, "", NUM_RULES, "no CBC suite was taken");
        step_tell(probe, CHECK_TRUNCATED_HMAC, no, "", NUM_RULES, "no CBC suite was taken");
        return;
    }
    struct hello hello = step_hello(suites, num);
    hello.truncated_hmac = true;
    struct client *client = ask(probe, &hello, &outcome);
    if (client == NULL)
        return;
    if (outcome == CLIENT_ANSWERED) {
        const struct tls_server_hello *seen = &client_answers(client)->hello;
        const bool etm = seen->encrypt_then_mac == TRUTH_YES;
        step_tell(probe, CHECK_ETM, etm ? CHECK_PASS : CHECK_FAIL, etm ? "yes" : "no", NUM_RULES,
                  etm ? "taken with CBC suites"
                      : "CBC suites are taken, and encrypt_then_mac is not");
        const bool cut = seen->truncated_hmac == TRUTH_YES;
        step_tell(probe, CHECK_TRUNCATED_HMAC, cut ? CHECK_FAIL : CHECK_PASS, cut ? "yes" : "no",
                  NUM_RULES,
                  cut ? "MACs of 80 bits were on offer, and are taken (RFC 7925 section 13)"
                      : "MACs of 80 bits were on offer, and are not taken");
    } else {
        step_unanswered(probe, CHECK_ETM, outcome);
        step_unanswered(probe, CHECK_TRUNCATED_HMAC, outcome);
    }
    client_free(client);
}

static void ask_certificates(struct probe *probe)
{
    static const uint16_t suites[] = {0xc0ae, 0xc0ac, 0xc02b, 0xc02c, 0xcca9, 0xc023, 0xc009,
                                      0xc00a, 0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0x009e,
                                      0x0033, 0x0039, 0x009c, 0x009d, 0x002f, 0x0035};
    enum client_outcome outcome;
    char room[64];
    struct hello hello = step_hello(suites, sizeof suites / sizeof *suites);
    hello.signatures = hello.raw_public_keys = true;
    struct client *client = ask(probe, &hello, &outcome);
    if (client == NULL)
        return;
    const struct answers *answers = client_answers(client);
    if (answers->server_hello && !client_is_misfit(client)) {
        const bool raw =
            answers->hello.server_certificate_type.seen &&
            answers->hello.server_certificate_type.value == TLS_CERTIFICATE_RAW_PUBLIC_KEY;
        step_tell(probe, CHECK_CERTIFICATE, CHECK_INFO, raw ? "raw public key" : "certificate",
                  NUM_RULES, "without PSK suites it shows a %s, with %s",
                  raw ? "raw public key" : "certificate",
                  tls_suite_name(answers->hello.cipher.value) != NULL
                      ? tls_suite_name(answers->hello.cipher.value)
                      : "an unknown suite");
    } else if (outcome == CLIENT_ALERT || outcome == CLIENT_SILENT) {
        const bool none = outcome == CLIENT_ALERT || step_passed_over(probe, client, outcome);
        step_tell(probe, CHECK_CERTIFICATE, none ? CHECK_INFO : CHECK_UNKNOWN, none ? "none" : "",
                  NUM_RULES, "a hello without PSK suites: %s",
                  step_outcome(client, outcome, room, sizeof room));
    } else {
        step_unanswered(probe, CHECK_CERTIFICATE, outcome);
    }
    client_free(client);
}

/* --- versions --- */

enum version_found { VERSION_UNKNOWN, VERSION_NO, VERSION_YES };

static enum version_found found(const struct probe *probe, const struct client *client,
                                enum client_outcome outcome, uint64_t version)
{
    const struct answers *answers = client_answers(client);
    if (answers->server_hello && !client_is_misfit(client))
        return answers->hello.version.value == version ? VERSION_YES : VERSION_NO;
    return outcome == CLIENT_ALERT || step_passed_over(probe, client, outcome) ? VERSION_NO
                                                                               : VERSION_UNKNOWN;
}

static enum version_found ask_version_10(struct probe *probe)
{
    enum client_outcome outcome;
    struct hello hello = first_hello();
    hello.version = DTLS_VERSION_10;
    struct client *client = ask(probe, &hello, &outcome);
    if (client == NULL)
        return VERSION_UNKNOWN;
    const enum version_found version = found(probe, client, outcome, DTLS_VERSION_10);
    client_free(client);
    return version;
}

static enum version_found ask_version_13(struct probe *probe)
{
    static const uint16_t suites[] = {0x1301, 0x1304, 0x1305, 0x1302, 0x1303};
    enum client_outcome outcome;
    struct hello hello = step_hello(suites, sizeof suites / sizeof *suites);
    struct crypto_share *share = crypto_share_curve(CRYPTO_SHARE_X25519);
    if (share == NULL)
        return VERSION_UNKNOWN;
    hello.version_13 = hello.psk_ke = hello.psk_dhe_ke = true;
    hello.key_share = crypto_share_public(share);
    hello.key_share_group = CRYPTO_SHARE_X25519;
    hello.extended_master_secret = hello.encrypt_then_mac = hello.renegotiation_info = false;
    hello.signatures = true;
    struct client *client = ask(probe, &hello, &outcome);
    enum version_found version = VERSION_UNKNOWN;
    if (client != NULL)
        version = found(probe, client, outcome, DTLS_VERSION_13);
    client_free(client);
    crypto_share_free(share);
    return version;
}

static void ask_versions(struct probe *probe)
{
    char value[64] = "";
    const enum version_found old = ask_version_10(probe),
                             new = step_goes_on(probe) ? ask_version_13(probe) : VERSION_UNKNOWN;
    const bool usual = probe->version_12;
    probe->version_13 = new == VERSION_YES;
    snprintf(value, sizeof value, "%s%s%s%s%s", old == VERSION_YES ? "1.0" : "",
             old == VERSION_YES && usual ? ", " : "", usual ? "1.2" : "",
             (old == VERSION_YES || usual) && new == VERSION_YES ? ", " : "",
             new == VERSION_YES ? "1.3" : "");
    if (old == VERSION_YES)
        step_tell(probe, CHECK_VERSIONS, CHECK_FAIL, value, RULE_AUTH_OBSOLETE_VERSION,
                  "DTLS 1.0 is still taken");
    else if (old == VERSION_UNKNOWN)
        step_tell(probe, CHECK_VERSIONS, CHECK_UNKNOWN, value, NUM_RULES,
                  "a hello of DTLS 1.0 got no answer");
    else if (!usual && new != VERSION_YES)
        step_tell(probe, CHECK_VERSIONS, CHECK_UNKNOWN, value, NUM_RULES,
                  "it refuses the hellos of every version: one of 1.3 may have to offer a key");
    else
        step_tell(probe, CHECK_VERSIONS, CHECK_PASS, value, NUM_RULES, "DTLS 1.0 is refused%s",
                  new == VERSION_UNKNOWN ? "; a hello of DTLS 1.3 got no answer"
                  : new == VERSION_NO    ? "; DTLS 1.3 is not known"
                                         : "");
}

void survey_run(struct probe *probe)
{
    if (!step_goes_on(probe) || !ask_first(probe))
        return;
    if (probe->num_suites > 0) {
        survey_suites(probe);
        if (step_wants(probe, CHECK_CONNECTION_ID) || step_wants(probe, CHECK_RECORD_SIZE) ||
            step_wants(probe, CHECK_COMPRESSION) || step_wants(probe, CHECK_RESUMPTION_ID))
            ask_sizes(probe);
        if (step_wants(probe, CHECK_ETM) || step_wants(probe, CHECK_TRUNCATED_HMAC))
            ask_cbc(probe);
        survey_cookie(probe);
        survey_ways(probe);
    }
    if (step_wants(probe, CHECK_CERTIFICATE))
        ask_certificates(probe);
    if (step_wants(probe, CHECK_VERSIONS))
        ask_versions(probe);
}

void survey_rest(struct probe *probe)
{
    if (!probe->no_suite)
        return;
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        if (probe->results[i].reason[0] == '\0' && i != CHECK_CERTIFICATE && i != CHECK_VERSIONS)
            step_tell(probe, (enum check_id)i, CHECK_NOT_APPLICABLE, "", NUM_RULES,
                      "no PSK suite was taken");
}
