/* oracle.c: can who has no key learn which identities exist? An identity that nobody has and an identity with a wrong
 * key are shown in turn, and what comes back is compared: the alert, or the silence, whether the server repeats
 * its flight meanwhile, and the time that an alert takes. RFC 7925 section 6, draft-ietf-dice-profile-02 section 8. */
#include "probe/steps.h"

#include "core/crypto.h"
#include "core/digits.h"
#include "probe/rank_test.h"

#include <stdio.h>

enum {
    TRIES = 2,  /* of each, to see that the answer is not chance */
    TIMED = 12, /* of each, to compare times */
    SILENT = 5, /* of each, where silence may be an alert that was lost */
    KEY_LEN = 16,
    MAX_IDENTITY = 65535,
    UNKNOWN_IDENTITY = 115,
    DECRYPT_ERROR = 51
};

static const double certain = 0.01; /* and again in a second series */

/* What a made-up identity begins with, by which its traces in logs are known, and the random digits behind it. */
static const char prefix[] = "perpass-probe-";
enum { PREFIX_LEN = sizeof prefix - 1, MIN_DIGITS = 16 };

/* What came back. */
struct reply {
    enum client_outcome outcome;
    bool lost;    /* nothing was shown: its hello got no answer, as others did before */
    bool repeats; /* silence, while the server repeats its flight */
    uint8_t alert;
    uint64_t time_ns;
};

/* Of several tries. */
struct replies {
    struct reply first;
    bool same; /* all of them */
    unsigned num;
    uint64_t times[TIMED];
    size_t num_times;
};

struct oracle {
    struct probe *probe;
    bool wrong_first;            /* of the next pair */
    char made[MAX_IDENTITY + 1]; /* an identity */
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
    reply.lost = reply.outcome == CLIENT_SILENT;
    oracle->probe->lossy = oracle->probe->lossy || reply.lost;
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

/* An identity that nobody has, as long as the one that it is compared with where that is longer than the least that
 * cannot be guessed: a longer flight takes longer. Unseen: there is none to be had. */
static struct span make_identity(struct oracle *oracle)
{
    uint8_t random[MIN_DIGITS / 2];
    const size_t other = oracle->probe->settings->identity.len, least = PREFIX_LEN + MIN_DIGITS,
                 len = other > least ? other : least;
    memcpy(oracle->made, prefix, PREFIX_LEN);
    for (size_t at = PREFIX_LEN; at < len; at += MIN_DIGITS) {
        char digits[MIN_DIGITS];
        if (!crypto_random(random, sizeof random))
            return (struct span){.at = NULL};
        digits_hex(random, sizeof random, digits);
        memcpy(oracle->made + at, digits, len - at < MIN_DIGITS ? len - at : MIN_DIGITS);
    }
    return span_of(oracle->made, len);
}

static struct reply show_unknown(struct oracle *oracle, struct span key)
{
    uint8_t made[KEY_LEN];
    const struct span identity = make_identity(oracle);
    if (!span_seen(identity) || !crypto_random(made, sizeof made))
        return (struct reply){.outcome = CLIENT_FAILED};
    return show(oracle, identity, span_seen(key) ? key : span_of(made, sizeof made));
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
    replies->num++;
    replies->same = replies->same && alike(&replies->first, reply);
    if (reply->outcome == CLIENT_ALERT && replies->num_times < TIMED)
        replies->times[replies->num_times++] = reply->time_ns;
}

/* One try, made again where its hello was lost. */
static struct reply try(struct oracle *oracle, bool is_wrong)
{
    const struct span none = {.at = NULL};
    const struct reply reply = is_wrong ? show_wrong_key(oracle) : show_unknown(oracle, none);
    if (!reply.lost || !step_goes_on(oracle->probe))
        return reply;
    return is_wrong ? show_wrong_key(oracle) : show_unknown(oracle, none);
}

/* In turn, so that what else changes with time changes for both; and each as often before the other as behind it, as
 * what came before may still weigh on the server, and on the pace of the probe. */
static void compare(struct oracle *oracle, unsigned tries, bool begun, bool with_identity,
                    struct replies *unknown, struct replies *wrong)
{
    for (unsigned i = 0; i < (with_identity ? 2 * tries : tries); i++) {
        if (!step_goes_on(oracle->probe))
            return;
        const bool is_wrong = with_identity && (i % 2 == 0) == oracle->wrong_first;
        const struct reply reply = try(oracle, is_wrong);
        note(is_wrong ? wrong : unknown, &reply, !begun && i < (with_identity ? 2 : 1));
        if (i % 2 == 1)
            oracle->wrong_first = !oracle->wrong_first;
    }
}

/* --- telling --- */

static bool is_answer(const struct replies *replies)
{
    return replies->same &&
           (replies->first.outcome == CLIENT_ALERT || replies->first.outcome == CLIENT_SILENT ||
            replies->first.outcome == CLIENT_ANSWERED);
}

/* An alert is sent once: one that is lost is silence. With any share p of losses, five tries that are all silent and five
 * that all get an alert come less than once in a thousand times where both get one: p^5 (1 - p)^5 is at most 4^-5. */
static bool needs_more(const struct oracle *oracle, const struct replies *unknown,
                       const struct replies *wrong, bool with_identity)
{
    const bool silent = unknown->first.outcome == CLIENT_SILENT ||
                        (with_identity && wrong->first.outcome == CLIENT_SILENT);
    return silent && (!step_is_sure(oracle->probe) ||
                      (with_identity && !alike(&unknown->first, &wrong->first)));
}

/* Where all are silent nothing else shows that the line is not. */
static bool is_believed(const struct probe *probe, const struct replies *replies)
{
    return is_answer(replies) && (replies->first.outcome != CLIENT_SILENT || !probe->lossy);
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
                  "an unknown identity can be told from a wrong key, of %u tries each",
                  unknown->num);
    else if (unknown->first.outcome == CLIENT_ALERT)
        tell_times(oracle, unknown, wrong);
    else if (!is_believed(oracle->probe, unknown))
        step_tell(oracle->probe, CHECK_ORACLE, CHECK_UNKNOWN, value, NUM_RULES,
                  "the network loses datagrams: alerts may be among them");
    else
        step_tell(oracle->probe, CHECK_ORACLE, CHECK_PASS, value, NUM_RULES,
                  "an unknown identity and a wrong key cannot be told apart, of %u tries each",
                  unknown->num);
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
    if (needs_more(&oracle, &unknown, &wrong, with_identity))
        compare(&oracle, SILENT - TRIES, true, with_identity, &unknown, &wrong);
    if (oracle.num_suites > 0 && is_believed(probe, &unknown))
        tell_alerts(probe, &unknown.first);
    if (with_identity)
        tell_compared(&oracle, &unknown, &wrong);
    else
        tell_alone(probe, &unknown);
    ask_any_identity(&oracle);
}
