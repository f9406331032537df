/* client13.h: one DTLS 1.3 handshake with an external pre-shared key: psk_ke, or psk_dhe_ke with x25519 or the
 * group that the server asks for, with the suites of SHA-256. RFC 9147, RFC 8446. Certificates, tickets, early data and
 * connection ids are left alone. */
#ifndef PERPASS_PROBE_CLIENT13_H
#define PERPASS_PROBE_CLIENT13_H

#include "probe/client.h"

struct client13;

/* client13_new takes target, source, pace, count and patience of |options|. */
struct client13 *client13_new(const struct client_options *options, struct error *error);

/* client13_run makes the whole handshake, up to the server's ACK of our Finished. |ke|, |dhe|: the modes on offer. */
enum client_outcome client13_run(struct client13 *client, bool ke, bool dhe, struct span identity,
                                 struct span key);

/* client13_exchange sends application data and waits for some. */
enum client_outcome client13_exchange(struct client13 *client, struct span data);

const struct answers *client13_answers(const struct client13 *client);
const char *client13_error(const struct client13 *client);
uint64_t client13_answer_time(const struct client13 *client); /* as client_answer_time */
bool client13_was_delayed(const struct client13 *client);     /* as of client.h */
bool client13_was_prompt(const struct client13 *client);
bool client13_is_dhe(const struct client13 *client); /* the server took psk_dhe_ke */

/* client13_free ends the session, if there is one, by close_notify, and wipes all keys. May be NULL. */
void client13_free(struct client13 *client);

#endif
