/* oracle.c: can who has no key learn which identities exist? An identity that nobody has and an identity with a wrong
 * key are shown in turn, and what comes back is compared: the alert, or the silence, whether the server repeats
 * its flight meanwhile, and the time that an alert takes. RFC 7925 section 6, draft-ietf-dice-profile-02 section 8. */
#include "probe/steps.h"

#include "core/crypto.h"
#include "core/digits.h"
#include "probe/rank_test.h"

#include <stdio.h>

enum {
    TRIES = 2,      /* of each, to see that the answer is not chance */
    TIMED = 12,     /* of each, to compare times */
    RANDOM_LEN = 8, /* bytes of a made-up identity */
    KEY_LEN = 16,
    UNKNOWN_IDENTITY = 115,
    DECRYPT_ERROR = 51
};

static const double certain = 0.01; /* and again in a second series */

static const char prefix[] = "perpass-probe-";

/* What came back. */
struct reply {
    enum client_outcome outcome;
    bool repeats; /* silence, while the server repeats its flight */
    uint8_t alert;
    uint64_t time_ns;
};

/* Of several tries. */
struct replies {
    struct reply first;
    bool same; /* all of them */
    uint64_t times[TIMED];
    size_t num_times;
};

struct oracle {
    struct probe *probe;
    uint16_t suites[HELLO_MAX_SUITES];
    size_t num_suites; /* 0: of DTLS 1.3 */
};

static struct reply show_13(struct oracle *oracle, struct span identity, struct span key)
{
    struct reply reply = {.outcome = CLIENT_FAILED};
    const struct client_options options = step_options(oracle->probe);
    struct error error;
    struct client13 *client = client13_new(&options, &error);
    if (client == NULL)
        return reply;
    reply.outcome = client13_run(client, true, true, identity, key);
    step_note_13(oracle->probe, client, reply.outcome);
    reply.alert = client13_answers(client)->alert;
    reply.time_ns = client13_answer_time(client);
    client13_free(client);
    return reply;
}

static struct reply show_12(struct oracle *oracle, struct span identity, struct span key)
{
    struct reply reply = {.outcome = CLIENT_FAILED};
    const struct client_options options = step_options(oracle->probe);
    const struct hello hello = step_hello(oracle->suites, oracle->num_suites);
    struct client *client = step_client(oracle->probe, &options);
    if (client == NULL)
        return reply;
    reply.outcome = client_hello(client, &hello);
    if (reply.outcome == CLIENT_ANSWERED)
        reply.outcome = client_finish(client, identity, key);
    else if (reply.outcome == CLIENT_ALERT || reply.outcome == CLIENT_SILENT)
        reply.outcome = CLIENT_GARBAGE; /* it did not come so far */
    step_note(oracle->probe, client, reply.outcome);
    reply.repeats = reply.outcome == CLIENT_SILENT && client_repeats(client) > 0;
    reply.alert = client_answers(client)->alert;
    reply.time_ns = client_answer_time(client);
    client_free(client);
    return reply;
}

static struct reply show(struct oracle *oracle, struct span identity, struct span key)
{
    return oracle->num_suites > 0 ? show_12(oracle, identity, key) : show_13(oracle, identity, key);
}

/* An identity of the probe's own, by which its traces in logs are known, and a random key. */
static struct reply show_unknown(struct oracle *oracle, struct span key)
{
    uint8_t random[RANDOM_LEN], made[KEY_LEN];
    char identity[sizeof prefix - 1 + 2 * RANDOM_LEN];
    if (!crypto_random(random, sizeof random) || !crypto_random(made, sizeof made))
        return (struct reply){.outcome = CLIENT_FAILED};
    memcpy(identity, prefix, sizeof prefix - 1);
    digits_hex(random, sizeof random, identity + sizeof prefix - 1);
    return show(oracle, span_of(identity, sizeof identity),
                span_seen(key) ? key : span_of(made, sizeof made));
}

static struct reply show_wrong_key(struct oracle *oracle)
{
    uint8_t made[KEY_LEN];
    if (!crypto_random(made, sizeof made))
        return (struct reply){.outcome = CLIENT_FAILED};
    return show(oracle, oracle->probe->settings->identity, span_of(made, sizeof made));
}

static bool alike(const struct reply *a, const struct reply *b)
{
    return a->outcome == b->outcome && a->repeats == b->repeats &&
           (a->outcome != CLIENT_ALERT || a->alert == b->alert);
}

static void note(struct replies *replies, const struct reply *reply, bool first)
{
    if (first)
        *replies = (struct replies){.first = *reply, .same = true};
    replies->same = replies->same && alike(&replies->first, reply);
    if (reply->outcome == CLIENT_ALERT && replies->num_times < TIMED)
        replies->times[replies->num_times++] = reply->time_ns;
}

/* In turn, so that what else changes with time changes for both. */
static void compare(struct oracle *oracle, unsigned tries, bool begun, bool with_identity,
                    struct replies *unknown, struct replies *wrong)
{
    const struct span none = {.at = NULL};
    for (unsigned i = 0; i < tries && step_goes_on(oracle->probe); i++) {
        struct reply reply = show_unknown(oracle, none);
        note(unknown, &reply, i == 0 && !begun);
        if (!with_identity || !step_goes_on(oracle->probe))
            continue;
        reply = show_wrong_key(oracle);
        note(wrong, &reply, i == 0 && !begun);
    }
}

/* --- telling --- */

static bool is_answer(const struct replies *replies)
{
    return replies->same &&
           (replies->first.outcome == CLIENT_ALERT || replies->first.outcome == CLIENT_SILENT ||
            replies->first.outcome == CLIENT_ANSWERED);
}

static const char *words(const struct reply *reply, char room[64])
{
    const char *name = tls_alert_name(reply->alert);
    if (reply->outcome == CLIENT_ANSWERED)
        return "a session";
    if (reply->outcome == CLIENT_SILENT)
        return reply->repeats ? "silence, while its flight is repeated" : "silence";
    snprintf(room, 64, "alert %u (%s)", reply->alert, name != NULL ? name : "unknown");
    return room;
}

/* Of DTLS 1.2: what the profiles demand. */
static void tell_alerts(struct probe *probe, const struct reply *reply)
{
    char room[64], value[96];
    snprintf(value, sizeof value, "unknown identity: %s", words(reply, room));
    if (reply->outcome == CLIENT_ALERT && reply->alert == UNKNOWN_IDENTITY)
        step_tell(probe, CHECK_ALERTS, CHECK_FAIL, value, RULE_PSK_ORACLE,
                  "the profiles for constrained devices demand decrypt_error");
    else if (reply->outcome == CLIENT_ALERT && reply->alert == DECRYPT_ERROR)
        step_tell(probe, CHECK_ALERTS, CHECK_PASS, value, NUM_RULES,
                  "it is the alert that the profiles for constrained devices demand");
    else
        step_tell(probe, CHECK_ALERTS, CHECK_INFO, value, NUM_RULES,
                  "the profiles for constrained devices demand decrypt_error");
}

/* Both get the same alert: do they get it after the same time? */
static void tell_times(struct oracle *oracle, struct replies *unknown, struct replies *wrong)
{
    struct probe *probe = oracle->probe;
    struct replies again = *unknown, again_wrong = *wrong;
    char room[64], value[192];
    compare(oracle, TIMED - TRIES, true, true, unknown, wrong);
    if (!unknown->same || !wrong->same || unknown->num_times < TIMED || wrong->num_times < TIMED) {
        step_tell(probe, CHECK_ORACLE, CHECK_UNKNOWN, "", NUM_RULES,
                  "the answers differ from try to try");
        return;
    }
    double p = rank_test(unknown->times, unknown->num_times, wrong->times, wrong->num_times);
    const bool later = rank_median(unknown->times, unknown->num_times) >
                       rank_median(wrong->times, wrong->num_times);
    bool differ = p < certain;
    if (differ && step_goes_on(probe)) { /* once in a hundred times that is chance */
        compare(oracle, TIMED, false, true, &again, &again_wrong);
        const bool enough = again.num_times == TIMED && again_wrong.num_times == TIMED;
        if (enough)
            p = rank_test(again.times, TIMED, again_wrong.times, TIMED);
        differ = enough && p < certain &&
                 (rank_median(again.times, TIMED) > rank_median(again_wrong.times, TIMED)) == later;
    }
    snprintf(value, sizeof value, "both %s; after %llu and %llu us, p = %.3f of %d tries each",
             words(&unknown->first, room),
             (unsigned long long)(rank_median(unknown->times, unknown->num_times) / 1000),
             (unsigned long long)(rank_median(wrong->times, wrong->num_times) / 1000), p, TIMED);
    step_tell(probe, CHECK_ORACLE, differ ? CHECK_FAIL : CHECK_PASS, value,
              differ ? RULE_PSK_ORACLE : NUM_RULES,
              differ ? "the time until the alert tells an unknown identity from a wrong key"
                     : "an unknown identity and a wrong key cannot be told apart");
}

static void tell_compared(struct oracle *oracle, struct replies *unknown, struct replies *wrong)
{
    char first[64], second[64], value[160];
    if (!is_answer(unknown) || !is_answer(wrong)) {
        step_tell(oracle->probe, CHECK_ORACLE, CHECK_UNKNOWN, "", NUM_RULES,
                  "the answers differ from try to try, or did not come");
        return;
    }
    snprintf(value, sizeof value, "unknown identity: %s; wrong key: %s",
             words(&unknown->first, first), words(&wrong->first, second));
    if (!alike(&unknown->first, &wrong->first))
        step_tell(oracle->probe, CHECK_ORACLE, CHECK_FAIL, value, RULE_PSK_ORACLE,
                  "an unknown identity can be told from a wrong key, of %d tries each", TRIES);
    else if (unknown->first.outcome == CLIENT_ALERT)
        tell_times(oracle, unknown, wrong);
    else
        step_tell(oracle->probe, CHECK_ORACLE, CHECK_PASS, value, NUM_RULES,
                  "an unknown identity and a wrong key cannot be told apart, of %d tries each",
                  TRIES);
}

static void tell_alone(struct probe *probe, const struct replies *unknown)
{
    char room[64], value[96];
    if (!is_answer(unknown)) {
        step_tell(probe, CHECK_ORACLE, CHECK_UNKNOWN, "", NUM_RULES,
                  "the answers differ from try to try, or did not come");
        return;
    }
    const bool told =
        unknown->first.outcome == CLIENT_ALERT && unknown->first.alert == UNKNOWN_IDENTITY;
    snprintf(value, sizeof value, "unknown identity: %s", words(&unknown->first, room));
    step_tell(probe, CHECK_ORACLE, told ? CHECK_FAIL : CHECK_UNKNOWN, value,
              told ? RULE_PSK_ORACLE : NUM_RULES,
              told ? "the server says that it does not know the identity"
                   : "what a wrong key gets is not known: give an identity that exists, by "
                     "--psk-identity");
}

/* Whether any identity goes with the right key. */
static void ask_any_identity(struct oracle *oracle)
{
    if (!span_seen(oracle->probe->settings->key) || !step_goes_on(oracle->probe))
        return;
    const struct reply reply = show_unknown(oracle, oracle->probe->settings->key);
    if (reply.outcome == CLIENT_ANSWERED)
        step_add(oracle->probe, CHECK_ORACLE, "; the server takes any identity with the right key");
}

void oracle_run(struct probe *probe)
{
    struct oracle oracle = {.probe = probe};
    struct replies unknown = {.same = false}, wrong = {.same = false};
    struct suite suite;
    const bool with_identity = span_seen(probe->settings->identity);
    for (size_t i = 0; i < probe->num_suites; i++)
        if (suite_find(probe->suites[i], &suite))
            oracle.suites[oracle.num_suites++] = probe->suites[i];
    if ((oracle.num_suites == 0 && !probe->session_13) || !step_goes_on(probe))
        return;
    compare(&oracle, TRIES, false, with_identity, &unknown, &wrong);
    if (oracle.num_suites > 0 && is_answer(&unknown))
        tell_alerts(probe, &unknown.first);
    if (with_identity)
        tell_compared(&oracle, &unknown, &wrong);
    else
        tell_alone(probe, &unknown);
    ask_any_identity(&oracle);
}
