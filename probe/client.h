/* client.h: one DTLS 1.2 handshake with a server, by hand: every step is the caller's.
 *
 * Each client has a port of its own. A flight is sent again after 1 s, then 2 s, 4 s (RFC 6347 section 4.2.4), until
 * it is answered or the caller's patience is over. */
#ifndef PERPASS_PROBE_CLIENT_H
#define PERPASS_PROBE_CLIENT_H

#include "probe/answers.h"
#include "probe/flight.h"
#include "probe/hello.h"
#include "probe/secrets.h"

enum client_outcome {
    CLIENT_ANSWERED = 1, /* what was waited for has come */
    CLIENT_ALERT,        /* the server ended it: answers.alert */
    CLIENT_SILENT,       /* nothing new came as long as was waited */
    CLIENT_UNREACHABLE,  /* nobody is at that port */
    CLIENT_GARBAGE,      /* what came is no DTLS, or cannot be what a server says here */
    CLIENT_SPENT,        /* the budget of datagrams is spent, or the target floods */
    CLIENT_FAILED        /* here: client_error */
};

/* A session to resume. It belongs in secret memory. */
struct client_session {
    uint8_t master[SECRETS_MASTER_LEN];
    uint8_t id[HELLO_MAX_SESSION_ID];
    size_t id_len;
    uint16_t cipher;
    bool extended_master_secret;
};

struct client_options {
    struct udp_address target;
    const struct udp_address *source; /* NULL: the system's choice */
    struct pace *pace;
    struct udp_count *count;
    uint64_t patience_ns;                /* how long an answer is waited for */
    struct flight_way way;               /* of flights; see flight.h */
    struct flight_way cookie_way;        /* of the hello that brings a cookie back */
    struct span cookie;                  /* to send with the first hello; may be unseen */
    const struct client_session *resume; /* NULL: none */
};

struct client;

struct client *client_new(const struct client_options *options, struct error *error);

/* client_hello sends the hello, again with the cookie if one is asked for, and waits for the server's flight: up to
 * ServerHelloDone, or, where the session was resumed, to its Finished, which is answered. */
enum client_outcome client_hello(struct client *client, const struct hello *hello);

/* client_finish goes on from ServerHelloDone with an identity, of at most 65,535 bytes, and a key. Answered: the
 * server's Finished came and was right. */
enum client_outcome client_finish(struct client *client, struct span identity, struct span key);

/* client_exchange sends application data and waits for some. */
enum client_outcome client_exchange(struct client *client, struct span data);

/* client_renegotiate sends a client hello within the session. Answered: the server goes along with it. */
enum client_outcome client_renegotiate(struct client *client, const struct hello *hello);

/* client_way sets how the next flights are sent. */
void client_way(struct client *client, const struct flight_way *way);

const struct answers *client_answers(const struct client *client);
const char *client_error(const struct client *client);
struct udp_address client_local(const struct client *client);
bool client_is_resumed(const struct client *client);

/* client_is_misfit says whether the server chose a suite that was not on offer: it speaks DTLS, but says nothing of
 * itself that could be judged. The outcome is CLIENT_GARBAGE. */
bool client_is_misfit(const struct client *client);

/* client_repeats counts the flights that the server sent again since the last flight of ours. */
unsigned client_repeats(const struct client *client);

/* client_was_delayed says whether any flight was answered, but only when it had been sent again; client_was_prompt
 * whether none was sent again at all. */
bool client_was_delayed(const struct client *client);
bool client_was_prompt(const struct client *client);

/* client_answer_time is how long the last flight, once all of it had left, waited for the datagram that answered it, in
 * nanoseconds. */
uint64_t client_answer_time(const struct client *client);

/* What the first hello, each time that it was sent, and all that the server answered to it cost, in bytes of UDP payload:
 * before any cookie came back. */
uint64_t client_hello_bytes(const struct client *client);
uint64_t client_one_hello_bytes(const struct client *client); /* the first time */
uint64_t client_answer_bytes(const struct client *client);

/* client_save keeps the session, once the handshake is over. */
void client_save(const struct client *client, struct client_session *session);

/* client_free ends the session, or the handshake where it is once the server has answered the hello, so that it need
 * not repeat itself: by close_notify, or a fatal user_canceled. Wipes all keys. May be NULL. */
void client_free(struct client *client);

#endif
