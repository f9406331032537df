/* steps.h: what the checks of probe.h are made of: hellos, exchanges, and how what was found is put down. */
#ifndef PERPASS_PROBE_STEPS_H
#define PERPASS_PROBE_STEPS_H

#include "probe/client13.h"
#include "probe/probe.h"

/* step_tell puts down what a check found. |rule| is the one that a CHECK_FAIL breaks, or NUM_RULES. The reason is a
 * format and its values. Once there was no memory for something, which may be what the check rests on, every check is
 * unknown for that reason, and nothing more is asked. */
void step_tell(struct probe *probe, enum check_id id, enum check_outcome outcome, const char *value,
               enum rule_id rule, const char *reason, ...) __attribute__((format(printf, 6, 7)));

/* step_add adds to the reason that was put down; nothing once there was no memory. */
void step_add(struct probe *probe, enum check_id id, const char *more, ...)
    __attribute__((format(printf, 3, 4)));

/* step_unanswered tells that a check found nothing out, by how an exchange ended. */
void step_unanswered(struct probe *probe, enum check_id id, enum client_outcome outcome);

/* step_outcome says how an exchange ended: "alert 40 (handshake_failure)". */
const char *step_outcome(const struct client *client, enum client_outcome outcome, char *room,
                         size_t size);

/* step_passed_over says whether a server that asked for a cookie had nothing to say to the hello with it: it is there,
 * and refuses without an alert. Never where the network is known to lose datagrams. */
bool step_passed_over(const struct probe *probe, const struct client *client,
                      enum client_outcome outcome);

/* step_is_sure says whether silence is the server's, as far as can be told: enough exchanges were answered at once, and
 * none late. If not, what got no answer is asked a second time: it may have been the network. */
bool step_is_sure(const struct probe *probe);

/* step_asks_again says whether an exchange is to be tried again: it ended in silence that is not sure. */
bool step_asks_again(const struct probe *probe, enum client_outcome outcome);

/* step_wants says whether a check is asked for, and asking goes on. */
bool step_wants(const struct probe *probe, enum check_id id);
bool step_goes_on(const struct probe *probe);

/* The options of a client of this probe. */
struct client_options step_options(const struct probe *probe);

/* The usual hello: what a client of the profile for constrained devices sends, with |suites|. */
struct hello step_hello(const uint16_t *suites, size_t num_suites);

/* step_client makes a client; NULL, and probe->trouble, when that cannot be. */
struct client *step_client(struct probe *probe, const struct client_options *options);

/* step_note ends an exchange: what says that no further one makes sense becomes probe->trouble. */
void step_note(struct probe *probe, const struct client *client, enum client_outcome outcome);

void step_note_13(struct probe *probe, const struct client13 *client, enum client_outcome outcome);

/* step_tell_ping says what came of an empty CoAP message. |over| begins the sentence. */
enum { STEP_PING_LEN = 4 };
void step_tell_ping(struct probe *probe, enum client_outcome outcome, struct span answer,
                    const uint8_t asked[STEP_PING_LEN], const char *over);

/* --- the parts of a probe --- */

void survey_run(struct probe *probe); /* DEPTH_HELLO: survey.c, survey_suites.c, survey_ways.c */
/* What nothing came of, of a server that takes no PSK suite. */
void survey_rest(struct probe *probe);
void survey_suites(struct probe *probe);
void survey_cookie(struct probe *probe);
void survey_ways(struct probe *probe);
void session_run(struct probe *probe); /* DEPTH_FULL */
/* DEPTH_FULL, with DTLS 1.3. */
void session13_run(struct probe *probe);
/* After all other sessions: not every server gets over it. */
void session_renegotiate(struct probe *probe);
void oracle_run(struct probe *probe); /* DEPTH_ORACLE */

#endif
