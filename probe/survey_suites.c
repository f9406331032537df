/* survey_suites.c: which PSK suites a server takes: what it chose is left out of the next hello, until it takes none
 * any more. Whether a suite leads to a session is session.c's. */
#include "probe/steps.h"

#include <stdio.h>

enum { MAX_SUITES = 64, HANDSHAKE_FAILURE = 40, INSUFFICIENT_SECURITY = 71 };

/* --- asking --- */

struct asked {
    enum client_outcome outcome;
    uint16_t chosen;
    bool passed_over; /* step_passed_over */
    uint8_t alert;
};

static struct asked ask(struct probe *probe, const uint16_t *suites, size_t num)
{
    struct asked asked = {.outcome = CLIENT_FAILED};
    const struct client_options options = step_options(probe);
    const struct hello hello = step_hello(suites, num);
    struct client *client = step_client(probe, &options);
    if (client == NULL)
        return asked;
    asked.outcome = client_hello(client, &hello);
    step_note(probe, client, asked.outcome);
    asked.chosen = (uint16_t)client_answers(client)->hello.cipher.value;
    asked.passed_over = step_passed_over(probe, client, asked.outcome);
    asked.alert = client_answers(client)->alert;
    client_free(client);
    return asked;
}

static bool leave_out(uint16_t *suites, size_t *num, uint16_t chosen)
{
    for (size_t i = 0; i < *num; i++) {
        if (suites[i] != chosen)
            continue;
        memmove(suites + i, suites + i + 1, (*num - i - 1) * sizeof suites[0]);
        --*num;
        return true;
    }
    return false; /* it was not on offer */
}

/* --- telling --- */

static const char *name_of(uint16_t code)
{
    const char *name = tls_suite_name(code);
    return name != NULL ? name : "unknown";
}

static void list(const struct probe *probe, char *value, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < probe->num_suites && len < size; i++)
        len += (size_t)snprintf(value + len, size - len, "%s%s", i == 0 ? "" : ", ",
                                name_of(probe->suites[i]));
}

/* The first suite that has one of these flags; 0: none. */
static uint16_t first_with(const struct probe *probe, unsigned flags)
{
    for (size_t i = 0; i < probe->num_suites; i++) {
        const struct tls_suite *suite = tls_suite_find(probe->suites[i]);
        if (suite != NULL && (suite->flags & flags) != 0)
            return probe->suites[i];
    }
    return 0;
}

static void tell_suites(struct probe *probe)
{
    enum {
        WEAK = TLS_SUITE_EXPORT | TLS_SUITE_RC4 | TLS_SUITE_RC2 | TLS_SUITE_DES | TLS_SUITE_3DES
    };
    char value[CHECK_VALUE_LEN];
    list(probe, value, sizeof value);
    const uint16_t null = first_with(probe, TLS_SUITE_NULL_ENCRYPTION),
                   weak = first_with(probe, WEAK);
    const char *end = probe->suites_complete
                          ? ""
                          : "; the list may be incomplete, as the last hello got no answer";
    if (null != 0)
        step_tell(probe, CHECK_SUITES, CHECK_FAIL, value, RULE_AUTH_NULL_ENCRYPTION,
                  "%zu suites are taken; %s encrypts nothing%s", probe->num_suites, name_of(null),
                  end);
    else if (weak != 0)
        step_tell(probe, CHECK_SUITES, CHECK_FAIL, value, RULE_AUTH_WEAK_CIPHER,
                  "%zu suites are taken; %s is weak%s", probe->num_suites, name_of(weak), end);
    else
        step_tell(probe, CHECK_SUITES, probe->suites_complete ? CHECK_PASS : CHECK_UNKNOWN, value,
                  NUM_RULES, "%zu PSK suite%s taken%s", probe->num_suites,
                  probe->num_suites == 1 ? " is" : "s are", end);
}

static bool is_forward(uint16_t code)
{
    const struct tls_suite *suite = tls_suite_find(code);
    return suite != NULL && suite->secrecy == TLS_SECRECY_FORWARD;
}

static void tell_forward_secrecy(struct probe *probe)
{
    uint16_t first = 0;
    for (size_t i = 0; i < probe->num_suites && first == 0; i++)
        first = is_forward(probe->suites[i]) ? probe->suites[i] : 0;
    if (first == 0)
        step_tell(probe, CHECK_FORWARD_SECRECY, probe->suites_complete ? CHECK_FAIL : CHECK_UNKNOWN,
                  "no", probe->suites_complete ? RULE_PSK_NO_FORWARD_SECRECY : NUM_RULES,
                  "no suite with ephemeral Diffie-Hellman was taken: who gets the key reads all "
                  "that was recorded");
    else if (is_forward(probe->suites[0]))
        step_tell(probe, CHECK_FORWARD_SECRECY, CHECK_PASS, "yes", NUM_RULES,
                  "of all suites it chose %s", name_of(probe->suites[0]));
    else
        step_tell(probe, CHECK_FORWARD_SECRECY, CHECK_INFO, "offered, not preferred", NUM_RULES,
                  "%s is taken, but of all suites it chose %s", name_of(first),
                  name_of(probe->suites[0]));
}

/* The first two suites, the other way round: whose order counts? */
static void ask_preference(struct probe *probe)
{
    if (probe->num_suites < 2) {
        step_tell(probe, CHECK_PREFERENCE,
                  probe->suites_complete ? CHECK_NOT_APPLICABLE : CHECK_UNKNOWN, "", NUM_RULES,
                  "only one suite was taken");
        return;
    }
    const uint16_t *taken = probe->suites, turned[2] = {taken[1], taken[0]};
    const struct asked there = ask(probe, taken, 2);
    const struct asked back =
        step_goes_on(probe) ? ask(probe, turned, 2) : (struct asked){.outcome = CLIENT_FAILED};
    if (there.outcome != CLIENT_ANSWERED || back.outcome != CLIENT_ANSWERED) {
        step_unanswered(probe, CHECK_PREFERENCE,
                        there.outcome != CLIENT_ANSWERED ? there.outcome : back.outcome);
        return;
    }
    const bool own = there.chosen == back.chosen;
    step_tell(probe, CHECK_PREFERENCE, CHECK_INFO, own ? "server" : "client", NUM_RULES,
              own ? "it chose %s, in whatever order two suites were offered"
                  : "it takes what the client names first: %s",
              name_of(own ? there.chosen : taken[0]));
}

static void tell_alert(struct probe *probe, const struct asked *last)
{
    char value[96];
    const char *name = tls_alert_name(last->alert);
    snprintf(value, sizeof value, "no common suite: alert %u (%s)", last->alert,
             name != NULL ? name : "unknown");
    const bool good = last->alert == HANDSHAKE_FAILURE || last->alert == INSUFFICIENT_SECURITY;
    step_tell(probe, CHECK_ALERTS, good ? CHECK_PASS : CHECK_INFO, value, NUM_RULES,
              good ? "the alert is the one that the standard has for this (RFC 5246 section 7.2.2)"
                   : "the standard has handshake_failure for this (RFC 5246 section 7.2.2)");
}

void survey_suites(struct probe *probe)
{
    uint16_t left[SUITES_MAX];
    size_t num = suites_psk(left);
    struct asked last = {.outcome = CLIENT_ANSWERED};
    leave_out(left, &num, probe->suites[0]);
    while (num > 0 && probe->num_suites < MAX_SUITES && step_goes_on(probe)) {
        last = ask(probe, left, num);
        if (step_asks_again(probe, last.outcome))
            last = ask(probe, left, num);
        if (last.outcome != CLIENT_ANSWERED || !leave_out(left, &num, last.chosen))
            break;
        probe->suites[probe->num_suites++] = last.chosen;
    }
    probe->suites_complete = last.outcome == CLIENT_ALERT || last.passed_over || num == 0;
    tell_suites(probe);
    tell_forward_secrecy(probe);
    if (last.outcome == CLIENT_ALERT)
        tell_alert(probe, &last);
    else if (num == 0)
        step_tell(probe, CHECK_ALERTS, CHECK_UNKNOWN, "", NUM_RULES,
                  "every suite was taken: there was no cause for an alert");
    else if (last.passed_over)
        step_tell(probe, CHECK_ALERTS, CHECK_INFO, "no common suite: silence", NUM_RULES,
                  "a hello without a suite that the server takes got no alert");
    else
        step_unanswered(probe, CHECK_ALERTS, last.outcome);
    if (step_wants(probe, CHECK_PREFERENCE))
        ask_preference(probe);
}
