/* survey_cookie.c: what a HelloVerifyRequest's cookie depends on. RFC 6347 section 4.2.1. */
#include "probe/steps.h"

#include <arpa/inet.h>
#include <stdio.h>

struct cookie {
    bool there;
    uint8_t bytes[DTLS_MAX_COOKIE];
    size_t len;
};

/* A cookie, by a hello that is answered: a server that keeps state would wait for who only asks for one. */
static struct cookie fetch(struct probe *probe)
{
    struct cookie cookie = {.there = false};
    const struct client_options options = step_options(probe);
    const struct hello hello = step_hello(probe->suites, probe->num_suites);
    struct client *client = step_client(probe, &options);
    if (client == NULL)
        return cookie;
    const enum client_outcome outcome = client_hello(client, &hello);
    step_note(probe, client, outcome);
    const struct answers *answers = client_answers(client);
    if (answers->hello_verify) {
        cookie.there = true;
        cookie.len = answers->cookie_len;
        memcpy(cookie.bytes, answers->cookie, cookie.len);
    }
    client_free(client);
    return cookie;
}

enum taken { TAKEN_UNKNOWN, TAKEN_NO, TAKEN_YES };

/* Shows a cookie that was given to another port, or to |source|. Not taken: the server asks for another one. */
static enum taken show(struct probe *probe, const struct cookie *cookie,
                       const struct udp_address *source)
{
    enum taken taken = TAKEN_UNKNOWN;
    struct client_options options = step_options(probe);
    const struct hello hello = step_hello(probe->suites, probe->num_suites);
    struct error error;
    options.cookie = span_of(cookie->bytes, cookie->len);
    if (source != NULL)
        options.source = source;
    struct client *client = client_new(&options, &error);
    if (client == NULL)
        return TAKEN_UNKNOWN;
    const enum client_outcome outcome = client_hello(client, &hello);
    step_note(probe, client, outcome);
    if (client_answers(client)->hello_verify || outcome == CLIENT_ALERT)
        taken = TAKEN_NO;
    else if (outcome == CLIENT_ANSWERED)
        taken = TAKEN_YES;
    client_free(client);
    return taken;
}

/* What got no answer may have been lost. */
static enum taken show_again(struct probe *probe, const struct cookie *cookie,
                             const struct udp_address *source)
{
    const enum taken taken = show(probe, cookie, source);
    return taken == TAKEN_UNKNOWN && step_asks_again(probe, CLIENT_SILENT)
               ? show(probe, cookie, source)
               : taken;
}

/* Another address of this host that reaches the target: known of the loopback network only. */
static bool other_address(const struct probe *probe, struct udp_address *other)
{
    enum { LOOPBACK_NET = 127 };
    if (probe->target.any.sa_family != AF_INET || probe->settings->source != NULL ||
        ntohl(probe->target.v4.sin_addr.s_addr) >> 24 != LOOPBACK_NET)
        return false;
    *other = (struct udp_address){.len = sizeof other->v4};
    other->v4.sin_family = AF_INET;
    other->v4.sin_addr.s_addr = htonl(LOOPBACK_NET << 24 | 0x00feff);
    return true;
}

static const char *words(enum taken taken)
{
    return taken == TAKEN_YES ? "taken" : taken == TAKEN_NO ? "refused" : "not answered";
}

static void ask_bindings(struct probe *probe, const struct cookie *cookie, bool random)
{
    char value[128];
    struct udp_address other;
    const bool has_other = other_address(probe, &other);
    const enum taken port = show_again(probe, cookie, NULL);
    const enum taken address =
        has_other && step_goes_on(probe) ? show_again(probe, cookie, &other) : TAKEN_UNKNOWN;
    snprintf(value, sizeof value, "required, %zu bytes%s", cookie->len,
             random ? "" : ", the same for two clients");
    if (address == TAKEN_YES || cookie->len == 0)
        step_tell(probe, CHECK_COOKIE, CHECK_FAIL, value, RULE_AUTH_NO_COOKIE,
                  cookie->len == 0 ? "the cookie is empty: it proves nothing"
                                   : "a cookie is taken from another address than it was given to");
    else if (has_other && address == TAKEN_UNKNOWN && probe->lossy)
        step_unanswered(probe, CHECK_COOKIE, CLIENT_SILENT);
    else
        step_tell(probe, CHECK_COOKIE, CHECK_PASS, value, NUM_RULES,
                  "from another port the cookie is %s, from another address it is %s", words(port),
                  has_other ? words(address) : "not tried: this host has one way there");
}

void survey_cookie(struct probe *probe)
{
    if (!step_wants(probe, CHECK_COOKIE))
        return;
    if (!probe->cookie_asked) {
        step_tell(probe, CHECK_COOKIE, CHECK_FAIL, "not required", RULE_AUTH_NO_COOKIE,
                  "the server answers with its whole flight, whoever seems to ask");
        return;
    }
    const struct cookie first = fetch(probe);
    const struct cookie second = step_goes_on(probe) ? fetch(probe) : (struct cookie){.len = 0};
    if (!first.there || !second.there) {
        step_tell(probe, CHECK_COOKIE, CHECK_UNKNOWN, "required", NUM_RULES,
                  "a cookie is asked for, but not of every hello");
        return;
    }
    const bool random =
        !span_equal(span_of(first.bytes, first.len), span_of(second.bytes, second.len));
    ask_bindings(probe, &second, random);
}
