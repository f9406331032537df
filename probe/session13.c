/* session13.c: what a server of DTLS 1.3 does with the operator's identity and key, as an external one. */
#include "probe/steps.h"

#include "core/crypto.h"

#include <stdio.h>

/* One handshake, and how it ended in words. */
struct try13 {
    enum client_outcome outcome;
    bool dhe;
    char how[96];
};

static void say_how(struct try13 *try, const struct answers *answers)
{
    const char *name = tls_alert_name(answers->alert), *mode = try->dhe ? "psk_dhe_ke" : "psk_ke";
    const char *suite = tls_suite_name(answers->hello.cipher.value);
    if (try->outcome == CLIENT_ANSWERED)
        snprintf(try->how, sizeof try->how, "accepted with %s and %s", mode,
                 suite != NULL ? suite : "an unknown suite");
    else if (try->outcome == CLIENT_ALERT)
        snprintf(try->how, sizeof try->how, "alert %u (%s)", answers->alert,
                 name != NULL ? name : "unknown");
    else
        snprintf(try->how, sizeof try->how, "%s",
                 try->outcome == CLIENT_SILENT    ? "silence"
                 : try->outcome == CLIENT_GARBAGE ? "an answer without the key"
                                                  : "not known");
}

static void ping(struct probe *probe, struct client13 *client)
{
    uint8_t message[STEP_PING_LEN] = {0x40, 0};
    if (!probe->settings->coap_ping || !crypto_random(message + 2, 2))
        return;
    enum client_outcome outcome = client13_exchange(client, span_of(message, sizeof message));
    if (step_asks_again(probe, outcome))
        outcome = client13_exchange(client, span_of(message, sizeof message));
    step_note_13(probe, client, outcome);
    step_tell_ping(probe, outcome, client13_answers(client)->application_data, message,
                   "over DTLS 1.3, ");
}

static struct try13 make(struct probe *probe, bool ke, bool dhe, bool with_ping)
{
    struct try13 try = {.outcome = CLIENT_FAILED, .how = "not known"};
    const struct client_options options = step_options(probe);
    struct error error;
    struct client13 *client = client13_new(&options, &error);
    if (client == NULL)
        return try;
    try.outcome = client13_run(client, ke, dhe, probe->settings->identity, probe->settings->key);
    try.dhe = client13_is_dhe(client);
    step_note_13(probe, client, try.outcome);
    say_how(&try, client13_answers(client));
    if (try.outcome == CLIENT_ANSWERED && with_ping)
        ping(probe, client);
    client13_free(client);
    return try;
}

/* Beside sessions of DTLS 1.2 it is said behind them; else it is the handshake. */
static void tell(struct probe *probe, const struct try13 *both, const struct try13 *ke)
{
    const char *weak = ke->outcome == CLIENT_ANSWERED
                           ? "; psk_ke, without forward secrecy, is accepted"
                       : ke->outcome == CLIENT_ALERT ? "; psk_ke alone is refused"
                                                     : "";
    if (probe->num_suites > 0) {
        step_add(probe, CHECK_HANDSHAKE, "; with DTLS 1.3: %s%s", both->how, weak);
        return;
    }
    const bool answered = both->outcome == CLIENT_ANSWERED;
    const bool judged = answered || both->outcome == CLIENT_ALERT ||
                        (both->outcome == CLIENT_SILENT && !probe->lossy);
    step_tell(probe, CHECK_HANDSHAKE,
              answered ? CHECK_PASS
              : judged ? CHECK_FAIL
                       : CHECK_UNKNOWN,
              answered ? "accepted" : both->how, NUM_RULES, "DTLS 1.3: %s%s", both->how, weak);
    if (answered && !probe->version_13)
        step_tell(probe, CHECK_VERSIONS, CHECK_PASS, "1.3", NUM_RULES,
                  "DTLS 1.0 is refused; DTLS 1.3 is taken with the key");
    if (answered)
        step_tell(probe, CHECK_FORWARD_SECRECY, both->dhe ? CHECK_PASS : CHECK_FAIL,
                  both->dhe ? "yes" : "no", both->dhe ? NUM_RULES : RULE_PSK_NO_FORWARD_SECRECY,
                  "of both modes of DTLS 1.3 it chose %s", both->dhe ? "psk_dhe_ke" : "psk_ke");
}

void session13_run(struct probe *probe)
{
    const bool alone = probe->num_suites == 0;
    if (!step_goes_on(probe) || (!probe->version_13 && !alone))
        return;
    struct try13 both = make(probe, true, true, alone);
    if (step_asks_again(probe, both.outcome))
        both = make(probe, true, true, alone);
    struct try13 ke = {.outcome = CLIENT_FAILED};
    if (both.outcome == CLIENT_ANSWERED && both.dhe && step_goes_on(probe))
        ke = make(probe, true, false, false);
    probe->session_13 = both.outcome == CLIENT_ANSWERED;
    if (probe->version_13 || probe->session_13)
        tell(probe, &both, &ke);
}
