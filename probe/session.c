/* session.c: what a server does with the operator's identity and key: sessions, and what comes after them. */
#include "probe/steps.h"

#include "core/crypto.h"
#include "core/secret_memory.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    KEY_NAME_LEN = 16,         /* of a ticket in the layout of RFC 5077 section 4 */
    LONG_LIFETIME = 7 * 86400, /* seconds, as of pfs.ticket-key */
    NO_RENEGOTIATION = 100,
    MAX_SILENT = 2,
    RESUME_TRIES = 3
};

/* What later parts need of the sessions before. */
struct sessions {
    uint16_t suites[HELLO_MAX_SUITES]; /* that handshakes can be made with */
    size_t num_suites;
    bool has_ticket;
    uint8_t *ticket;
    size_t ticket_len;
    uint32_t lifetime;
    bool another_ticket, same_name; /* a second ticket came; its first 16 bytes are the same */
};

static struct hello hello_of(const struct sessions *sessions)
{
    struct hello hello = step_hello(sessions->suites, sessions->num_suites);
    hello.ticket = span_of("", 0);
    return hello;
}

static void note_ticket(struct sessions *sessions, const struct answers *answers)
{
    const struct span ticket = answers->ticket.ticket;
    if (!answers->new_ticket || ticket.len == 0)
        return;
    if (sessions->has_ticket) {
        sessions->another_ticket = true;
        sessions->same_name = ticket.len >= KEY_NAME_LEN && sessions->ticket_len >= KEY_NAME_LEN &&
                              memcmp(ticket.at, sessions->ticket, KEY_NAME_LEN) == 0;
        return;
    }
    sessions->ticket = malloc(ticket.len);
    if (sessions->ticket == NULL)
        return;
    memcpy(sessions->ticket, ticket.at, ticket.len);
    sessions->ticket_len = ticket.len;
    sessions->lifetime = (uint32_t)answers->ticket.lifetime.value;
    sessions->has_ticket = true;
}

/* A whole handshake. The client is the caller's; NULL: none could be made. */
static struct client *make(struct probe *probe, const struct client_options *options,
                           const struct hello *hello, const struct flight_way *last_way,
                           enum client_outcome *outcome)
{
    const struct probe_settings *settings = probe->settings;
    struct client *client = step_client(probe, options);
    *outcome = CLIENT_FAILED;
    if (client == NULL)
        return NULL;
    *outcome = client_hello(client, hello);
    /* Hellos with these suites were answered before: where this one is not, none can be told from a loss. */
    probe->lossy = probe->lossy || *outcome == CLIENT_SILENT;
    if (*outcome == CLIENT_ANSWERED && !client_is_resumed(client)) {
        client_way(client, last_way);
        *outcome = client_finish(client, settings->identity, settings->key);
    }
    step_note(probe, client, *outcome);
    return client;
}

/* --- the first session --- */

static void tell_handshake(struct probe *probe, const struct client *client,
                           enum client_outcome outcome)
{
    char room[64];
    const char *how = step_outcome(client, outcome, room, sizeof room);
    const char *suite = tls_suite_name(client_answers(client)->hello.cipher.value);
    if (outcome == CLIENT_ANSWERED)
        step_tell(probe, CHECK_HANDSHAKE, CHECK_PASS, "accepted", NUM_RULES,
                  "the identity and the key lead to a session with %s", suite);
    else if (outcome == CLIENT_ALERT)
        step_tell(probe, CHECK_HANDSHAKE, CHECK_FAIL, how, NUM_RULES,
                  "the server refuses the identity or the key");
    else if (outcome == CLIENT_SILENT && !client_answers(client)->hello_done)
        step_tell(probe, CHECK_HANDSHAKE, CHECK_UNKNOWN, how, NUM_RULES,
                  "a hello was not answered as others were before");
    else if (outcome == CLIENT_SILENT && probe->lossy)
        step_tell(probe, CHECK_HANDSHAKE, CHECK_UNKNOWN, how, NUM_RULES,
                  "the last flight was not answered, on a network that loses datagrams");
    else if (outcome == CLIENT_SILENT)
        step_tell(probe, CHECK_HANDSHAKE, CHECK_FAIL, how, NUM_RULES,
                  "the last flight, sent several times, was not answered: most servers do so when "
                  "the key is wrong");
    else
        step_tell(probe, CHECK_HANDSHAKE, CHECK_UNKNOWN, "", NUM_RULES, "%s", how);
}

/* An empty confirmable message, that is answered by a reset: RFC 7252 section 4.3. */
static void ping(struct probe *probe, struct client *client)
{
    uint8_t message[STEP_PING_LEN] = {0x40, 0};
    if (!probe->settings->coap_ping) {
        step_tell(probe, CHECK_COAP, CHECK_UNKNOWN, "", NUM_RULES,
                  "not asked: it takes --coap-ping");
        return;
    }
    if (!crypto_random(message + 2, 2))
        return;
    enum client_outcome outcome = client_exchange(client, span_of(message, sizeof message));
    if (step_asks_again(probe, outcome))
        outcome = client_exchange(client, span_of(message, sizeof message));
    step_note(probe, client, outcome);
    step_tell_ping(probe, outcome, client_answers(client)->application_data, message, "");
}

static enum client_outcome first_session(struct probe *probe, struct sessions *sessions)
{
    const struct client_options options = step_options(probe);
    const struct flight_way plainly = {.duplicate = false};
    const struct hello hello = hello_of(sessions);
    enum client_outcome outcome;
    struct client *client = make(probe, &options, &hello, &plainly, &outcome);
    if (step_asks_again(probe, outcome)) {
        client_free(client);
        client = make(probe, &options, &hello, &plainly, &outcome);
    }
    if (client == NULL)
        return CLIENT_FAILED;
    tell_handshake(probe, client, outcome);
    if (outcome == CLIENT_ANSWERED) {
        probe->session = secret_memory(sizeof *probe->session);
        if (probe->session != NULL)
            client_save(client, probe->session);
        note_ticket(sessions, client_answers(client));
        ping(probe, client);
    }
    client_free(client);
    return outcome;
}

/* What the hellos alone told of these is less than a session would have: where that was lost, nobody knows. */
static void tell_lost(struct probe *probe)
{
    static const enum check_id ids[] = {CHECK_RESUMPTION_ID, CHECK_RESUMPTION_TICKET,
                                        CHECK_DUPLICATE, CHECK_REORDERED};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (step_wants(probe, ids[i]))
            step_unanswered(probe, ids[i], CLIENT_SILENT);
}

/* --- resumption --- */

/* Offers |session|, with a ticket if there is one. */
static enum client_outcome offer(struct probe *probe, struct sessions *sessions,
                                 const struct client_session *session, struct span ticket,
                                 bool *resumed)
{
    struct client_options options = step_options(probe);
    const struct flight_way plainly = {.duplicate = false};
    struct hello hello = hello_of(sessions);
    enum client_outcome outcome;
    options.resume = session;
    hello.session_id = span_of(session->id, session->id_len);
    hello.ticket = ticket;
    hello.extended_master_secret = session->extended_master_secret;
    struct client *client = make(probe, &options, &hello, &plainly, &outcome);
    if (client == NULL)
        return outcome;
    *resumed = client_is_resumed(client);
    note_ticket(sessions, client_answers(client));
    client_free(client);
    return outcome;
}

/* A server may send its Finished before it has put the session by; and silence may be the network's. */
static enum client_outcome resume(struct probe *probe, struct sessions *sessions,
                                  const struct client_session *session, struct span ticket,
                                  bool *resumed)
{
    enum client_outcome outcome = CLIENT_FAILED;
    for (unsigned i = 0; i < RESUME_TRIES && !*resumed && step_goes_on(probe); i++) {
        outcome = offer(probe, sessions, session, ticket, resumed);
        if (outcome != CLIENT_ANSWERED && !step_asks_again(probe, outcome))
            break;
    }
    return outcome;
}

/* A session by a hello without ticket: many servers keep only such. */
static enum client_outcome make_kept(struct probe *probe, const struct sessions *sessions,
                                     struct client_session *session)
{
    const struct client_options options = step_options(probe);
    const struct flight_way plainly = {.duplicate = false};
    const struct hello hello = step_hello(sessions->suites, sessions->num_suites);
    enum client_outcome outcome;
    struct client *client = make(probe, &options, &hello, &plainly, &outcome);
    if (client != NULL && outcome == CLIENT_ANSWERED)
        client_save(client, session);
    client_free(client);
    return outcome;
}

static void resume_by_id(struct probe *probe, struct sessions *sessions)
{
    bool resumed = false;
    struct client_session session = {.id_len = 0};
    enum client_outcome outcome = make_kept(probe, sessions, &session);
    if (step_asks_again(probe, outcome))
        outcome = make_kept(probe, sessions, &session);
    if (outcome == CLIENT_ANSWERED && session.id_len == 0) {
        crypto_wipe(&session, sizeof session);
        step_tell(probe, CHECK_RESUMPTION_ID, CHECK_INFO, "no", NUM_RULES,
                  "the server gives sessions no id");
        return;
    }
    if (outcome == CLIENT_ANSWERED)
        outcome = resume(probe, sessions, &session, (struct span){.at = NULL}, &resumed);
    crypto_wipe(&session, sizeof session);
    if (outcome == CLIENT_ANSWERED)
        step_tell(probe, CHECK_RESUMPTION_ID, CHECK_INFO, resumed ? "works" : "does not work",
                  NUM_RULES,
                  resumed ? "a session was taken up again by its id"
                          : "the id of a session was answered by a whole handshake");
    else
        step_unanswered(probe, CHECK_RESUMPTION_ID, outcome);
}

static void tell_ticket(struct probe *probe, const struct sessions *sessions, bool resumed)
{
    char value[128];
    const bool too_long = sessions->lifetime > LONG_LIFETIME;
    snprintf(value, sizeof value, "%s, lifetime %u s%s", resumed ? "works" : "does not work",
             sessions->lifetime,
             !sessions->another_ticket ? ""
             : sessions->same_name     ? ", the key's name stays"
                                       : ", the first 16 bytes change");
    step_tell(probe, CHECK_RESUMPTION_TICKET, too_long ? CHECK_FAIL : CHECK_INFO, value,
              too_long ? RULE_PFS_TICKET_KEY : NUM_RULES, "%s",
              too_long  ? "tickets live for more than 7 days"
              : resumed ? "a session was taken up again by a ticket"
                        : "a ticket was answered by a whole handshake");
}

/* A session id of our own, which the server repeats when it takes the ticket: RFC 5077 section 3.4. */
static void resume_by_ticket(struct probe *probe, struct sessions *sessions)
{
    bool resumed = false;
    if (!sessions->has_ticket) {
        step_tell(probe, CHECK_RESUMPTION_TICKET, CHECK_INFO, "no", NUM_RULES,
                  "the server sends no ticket");
        return;
    }
    struct client_session *session = probe->session;
    if (session == NULL || !crypto_random(session->id, sizeof session->id))
        return;
    session->id_len = sizeof session->id;
    const enum client_outcome outcome =
        resume(probe, sessions, session, span_of(sessions->ticket, sessions->ticket_len), &resumed);
    if (outcome == CLIENT_ANSWERED)
        tell_ticket(probe, sessions, resumed);
    else
        step_unanswered(probe, CHECK_RESUMPTION_TICKET, outcome);
}

/* --- suites and ways --- */

/* Each suite that was taken, by itself. */
static void try_suites(struct probe *probe, struct sessions *sessions)
{
    const struct client_options options = step_options(probe);
    const struct flight_way plainly = {.duplicate = false};
    const char *refused = NULL;
    size_t num = 0;
    unsigned silent = 0; /* in a row: then the server has gone */
    for (size_t i = 0; i < sessions->num_suites && silent < MAX_SILENT && step_goes_on(probe);
         i++) {
        enum client_outcome outcome;
        struct hello hello = step_hello(&sessions->suites[i], 1);
        hello.ticket = span_of("", 0);
        struct client *client = make(probe, &options, &hello, &plainly, &outcome);
        if (outcome == CLIENT_ANSWERED)
            num++;
        else if (refused == NULL)
            refused = tls_suite_name(sessions->suites[i]);
        silent = outcome == CLIENT_SILENT ? silent + 1 : 0;
        if (client != NULL)
            note_ticket(sessions, client_answers(client));
        client_free(client);
    }
    step_add(probe, CHECK_SUITES,
             "; sessions were made with %zu of the %zu that this client knows%s%s", num,
             sessions->num_suites, refused != NULL ? ", not with " : "",
             refused != NULL ? refused : "");
}

static void try_way(struct probe *probe, const struct sessions *sessions, enum check_id id,
                    const struct flight_way *way, const char *what)
{
    struct client_options options = step_options(probe);
    const struct hello hello = step_hello(sessions->suites, sessions->num_suites);
    enum client_outcome outcome = CLIENT_FAILED;
    const bool lossy = probe->lossy; /* what is answered late here need not have been lost */
    char how[64] = "";
    if (way->duplicate)
        options.way = options.cookie_way = *way;
    for (unsigned i = 0; i < 2 && step_goes_on(probe); i++) {
        char room[64];
        struct client *client = make(probe, &options, &hello, way, &outcome);
        if (client != NULL)
            snprintf(how, sizeof how, "%s", step_outcome(client, outcome, room, sizeof room));
        client_free(client);
        if (!step_asks_again(probe, outcome))
            break;
    }
    probe->lossy = lossy;
    if (outcome == CLIENT_SILENT && lossy)
        step_unanswered(probe, id, outcome);
    else if (outcome == CLIENT_ANSWERED)
        step_tell(probe, id, CHECK_PASS, "accepted", NUM_RULES, "%s: a session came of it", what);
    else if (outcome == CLIENT_ALERT || outcome == CLIENT_SILENT)
        step_tell(probe, id, CHECK_FAIL, how, NUM_RULES, "%s: %s", what, how);
    else
        step_unanswered(probe, id, outcome);
}

static void choose_suites(const struct probe *probe, struct sessions *sessions)
{
    struct suite suite;
    for (size_t i = 0; i < probe->num_suites; i++)
        if (suite_find(probe->suites[i], &suite))
            sessions->suites[sessions->num_suites++] = probe->suites[i];
}

void session_run(struct probe *probe)
{
    struct sessions sessions = {.num_suites = 0};
    choose_suites(probe, &sessions);
    if (!step_goes_on(probe))
        return;
    if (sessions.num_suites == 0) {
        step_tell(probe, CHECK_HANDSHAKE, CHECK_UNKNOWN, "", NUM_RULES,
                  "none of the suites that the server takes is known to this client");
        return;
    }
    const enum client_outcome first = first_session(probe, &sessions);
    if (first == CLIENT_ANSWERED) {
        if (step_wants(probe, CHECK_RESUMPTION_ID))
            resume_by_id(probe, &sessions);
        if (step_wants(probe, CHECK_SUITES))
            try_suites(probe, &sessions);
        if (step_wants(probe, CHECK_RESUMPTION_TICKET))
            resume_by_ticket(probe, &sessions);
        if (step_wants(probe, CHECK_DUPLICATE))
            try_way(probe, &sessions, CHECK_DUPLICATE, &(struct flight_way){.duplicate = true},
                    "every datagram came twice");
        if (step_wants(probe, CHECK_REORDERED))
            try_way(probe, &sessions, CHECK_REORDERED, &(struct flight_way){.reverse = true},
                    "the last flight came from its end");
    } else if (first == CLIENT_SILENT && probe->lossy) {
        tell_lost(probe);
    }
    free(sessions.ticket);
}

/* --- renegotiation --- */

static void tell_renegotiation(struct probe *probe, const struct client *client,
                               enum client_outcome outcome)
{
    char room[64];
    const struct answers *answers = client_answers(client);
    if (outcome == CLIENT_ANSWERED)
        step_tell(probe, CHECK_RENEGOTIATION, CHECK_FAIL, "accepted", NUM_RULES,
                  "the server begins another handshake within the session (RFC 7925 section 17)");
    else if (outcome == CLIENT_ALERT && !answers->alerted)
        step_tell(probe, CHECK_RENEGOTIATION, CHECK_PASS,
                  answers->warning.value == NO_RENEGOTIATION ? "alert 100 (no_renegotiation)"
                                                             : "refused by a warning",
                  NUM_RULES, "a hello within the session is refused");
    else if (outcome == CLIENT_ALERT || (outcome == CLIENT_SILENT && !probe->lossy))
        step_tell(probe, CHECK_RENEGOTIATION, CHECK_PASS,
                  step_outcome(client, outcome, room, sizeof room), NUM_RULES,
                  "a hello within the session is %s",
                  outcome == CLIENT_SILENT ? "passed over" : "refused, and the session ended");
    else
        step_unanswered(probe, CHECK_RENEGOTIATION, outcome);
}

/* A session, and a hello within it. */
static enum client_outcome renegotiate(struct probe *probe, const struct hello *hello)
{
    const struct client_options options = step_options(probe);
    const struct flight_way plainly = {.duplicate = false};
    enum client_outcome outcome;
    struct client *client = make(probe, &options, hello, &plainly, &outcome);
    if (client != NULL && outcome == CLIENT_ANSWERED) {
        outcome = client_renegotiate(client, hello);
        step_note(probe, client, outcome);
        tell_renegotiation(probe, client, outcome);
    } else {
        step_unanswered(probe, CHECK_RENEGOTIATION, outcome);
    }
    client_free(client);
    return outcome;
}

void session_renegotiate(struct probe *probe)
{
    struct sessions sessions = {.num_suites = 0};
    choose_suites(probe, &sessions);
    if (probe->session == NULL || !step_wants(probe, CHECK_RENEGOTIATION))
        return;
    const struct hello hello = step_hello(sessions.suites, sessions.num_suites);
    if (step_asks_again(probe, renegotiate(probe, &hello)))
        renegotiate(probe, &hello);
}
