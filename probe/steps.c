/* steps.c: what all checks need. */
#include "probe/steps.h"

#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>

/* Other targets may have lacked it: that is not known, and costs no more than to ask again. */
static bool lacked_memory(struct probe *probe)
{
    const bool lacked = memory_refused() > probe->refused;
    if (lacked && probe->trouble[0] == '\0')
        snprintf(probe->trouble, sizeof probe->trouble, "there was no memory");
    return lacked;
}

void step_tell(struct probe *probe, enum check_id id, enum check_outcome outcome, const char *value,
               enum rule_id rule, const char *reason, ...)
{
    struct check_result *result = &probe->results[id];
    va_list args;
    if (lacked_memory(probe)) {
        *result = (struct check_result){.outcome = CHECK_UNKNOWN};
        snprintf(result->reason, sizeof result->reason, "there was no memory");
        return;
    }
    va_start(args, reason);
    result->outcome = outcome;
    result->rule = rule < NUM_RULES ? rule_get(rule) : NULL;
    snprintf(result->value, sizeof result->value, "%s", value);
    vsnprintf(result->reason, sizeof result->reason, reason, args);
    va_end(args);
}

void step_add(struct probe *probe, enum check_id id, const char *more, ...)
{
    struct check_result *result = &probe->results[id];
    const size_t len = strlen(result->reason);
    va_list args;
    if (lacked_memory(probe))
        return;
    va_start(args, more);
    vsnprintf(result->reason + len, sizeof result->reason - len, more, args);
    va_end(args);
}

const char *step_outcome(const struct client *client, enum client_outcome outcome, char *room,
                         size_t size)
{
    const char *name;
    switch (outcome) {
    case CLIENT_ANSWERED:
        return "accepted";
    case CLIENT_ALERT:
        name = tls_alert_name(client_answers(client)->alert);
        snprintf(room, size, "alert %u (%s)", client_answers(client)->alert,
                 name != NULL ? name : "unknown");
        return room;
    case CLIENT_SILENT:
        return client_answers(client)->server_hello && client_repeats(client) > 0
                   ? "silence, while the server repeats its flight"
                   : "silence";
    case CLIENT_UNREACHABLE:
        return "port unreachable";
    case CLIENT_GARBAGE:
        return client != NULL && client_is_misfit(client) ? "a suite that was not on offer"
                                                          : "bytes that are no DTLS";
    case CLIENT_SPENT:
        return "the packet budget is spent";
    case CLIENT_FAILED:
        break;
    }
    return "the probe failed";
}

void step_unanswered(struct probe *probe, enum check_id id, enum client_outcome outcome)
{
    char room[64];
    step_tell(probe, id, CHECK_UNKNOWN, "", NUM_RULES, "%s",
              outcome == CLIENT_ALERT || outcome == CLIENT_ANSWERED
                  ? "the server answered otherwise than before"
                  : step_outcome(NULL, outcome == CLIENT_SILENT ? CLIENT_FAILED : outcome, room,
                                 sizeof room));
    if (outcome == CLIENT_SILENT)
        step_tell(probe, id, CHECK_UNKNOWN, "", NUM_RULES, "no answer came");
}

bool step_passed_over(const struct probe *probe, const struct client *client,
                      enum client_outcome outcome)
{
    const struct answers *answers = client_answers(client);
    return outcome == CLIENT_SILENT && answers->hello_verify && !answers->server_hello &&
           !probe->lossy;
}

bool step_is_sure(const struct probe *probe)
{
    /* With any share of losses, ten exchanges at once and then three flights in vain come less than once in a
     * thousand times: the maximum of (1 - p)^10 p^3 is at p = 3/13. */
    enum { ENOUGH = 10 };
    return !probe->lossy && probe->prompt >= ENOUGH;
}

bool step_goes_on(const struct probe *probe)
{
    return probe->trouble[0] == '\0' &&
           (probe->settings->stopped == NULL || probe->settings->stopped() == 0);
}

bool step_wants(const struct probe *probe, enum check_id id)
{
    return probe->settings->wanted[id] && step_goes_on(probe);
}

struct client_options step_options(const struct probe *probe)
{
    return (struct client_options){.target = probe->target,
                                   .source = probe->settings->source,
                                   .pace = probe->settings->pace,
                                   .count = (struct udp_count *)&probe->count,
                                   .patience_ns = probe->settings->patience_ns};
}

struct hello step_hello(const uint16_t *suites, size_t num_suites)
{
    struct hello hello = {.version = DTLS_VERSION_12,
                          .num_suites = num_suites,
                          .extended_master_secret = true,
                          .encrypt_then_mac = true,
                          .renegotiation_info = true,
                          .groups = true};
    memcpy(hello.suites, suites, num_suites * sizeof suites[0]);
    return hello;
}

struct client *step_client(struct probe *probe, const struct client_options *options)
{
    struct error error;
    struct client *client = client_new(options, &error);
    if (client == NULL)
        snprintf(probe->trouble, sizeof probe->trouble, "%.300s", error.text);
    else if (probe->local.len == 0)
        probe->local = client_local(client);
    return client;
}

/* How an exchange ended, and whether its flights were answered |late|, or all at once. */
static void note(struct probe *probe, enum client_outcome outcome, bool late, bool prompt,
                 const char *error)
{
    const char *trouble = NULL;
    if (lacked_memory(probe))
        return;
    probe->lossy = probe->lossy || late;
    if (prompt && (outcome == CLIENT_ANSWERED || outcome == CLIENT_ALERT))
        probe->prompt++;
    if (outcome == CLIENT_SPENT)
        trouble = probe->count.sent >= probe->count.budget
                      ? "the packet budget for the target is spent"
                      : "the target floods: no more is read";
    else if (outcome == CLIENT_UNREACHABLE)
        trouble = probe->answers ? "the port has become unreachable: the server has gone"
                                 : "nobody listens at this port: it is unreachable";
    else if (outcome == CLIENT_FAILED)
        trouble = error;
    if (trouble != NULL && probe->trouble[0] == '\0')
        snprintf(probe->trouble, sizeof probe->trouble, "%s", trouble);
}

void step_note(struct probe *probe, const struct client *client, enum client_outcome outcome)
{
    note(probe, outcome, client_was_delayed(client), client_was_prompt(client),
         client_error(client));
}

void step_note_13(struct probe *probe, const struct client13 *client, enum client_outcome outcome)
{
    note(probe, outcome, client13_was_delayed(client), client13_was_prompt(client),
         client13_error(client));
}

bool step_asks_again(const struct probe *probe, enum client_outcome outcome)
{
    return outcome == CLIENT_SILENT && step_goes_on(probe) && !step_is_sure(probe);
}

void step_tell_ping(struct probe *probe, enum client_outcome outcome, struct span answer,
                    const uint8_t asked[STEP_PING_LEN], const char *over)
{
    enum { RESET = 0x70 };
    const bool reset = outcome == CLIENT_ANSWERED && answer.len == STEP_PING_LEN &&
                       answer.at[0] == RESET &&
                       memcmp(answer.at + 2, asked + 2, STEP_PING_LEN - 2) == 0;
    if (reset)
        step_tell(probe, CHECK_COAP, CHECK_PASS, "reset", NUM_RULES,
                  "%san empty CoAP message was answered by its reset", over);
    else if (outcome == CLIENT_ANSWERED)
        step_tell(probe, CHECK_COAP, CHECK_FAIL, "no reset", NUM_RULES,
                  "%san empty CoAP message was answered by %zu bytes that are no reset of it", over,
                  answer.len);
    else if (outcome == CLIENT_SILENT && !probe->lossy)
        step_tell(probe, CHECK_COAP, CHECK_FAIL, "", NUM_RULES,
                  "%san empty CoAP message was not answered: silence", over);
    else
        step_unanswered(probe, CHECK_COAP, outcome);
}
