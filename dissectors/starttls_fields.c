/* starttls_fields.c: the rows of starttls.session. */
#include "dissectors/field_rows.h"
#include "dissectors/starttls.h"

#define STRUCT struct starttls_session
static const struct field session_fields[] = {
    ROW("perpass.starttls.protocol", FIELD_TEXT, protocol, "the protocol that began in clear",
        IS_PUBLIC),
    ROW("perpass.starttls.offered", FIELD_TRUTH, offered,
        "the server listed the upgrade; false: it listed what it can do, without it", IS_PUBLIC),
    ROW("perpass.starttls.asked", FIELD_TRUTH, asked,
        "the client asked for TLS; of a proxy: for a tunnel", IS_PUBLIC),
    ROW("perpass.starttls.request", FIELD_TEXT, request, "how it asked", IS_PUBLIC),
    ROW("perpass.starttls.accepted", FIELD_TRUTH, accepted, "what the server answered", IS_PUBLIC),
    ROW("perpass.starttls.upgraded", FIELD_TRUTH, upgraded,
        "a TLS record followed; left out where it was due, and what followed was not captured",
        IS_PUBLIC),
    ROW("perpass.starttls.stripped", FIELD_TRUTH, stripped,
        "a keyword was overwritten with X, as devices in the path do to prevent the upgrade",
        IS_PUBLIC),
    ROW("perpass.starttls.injected_commands", FIELD_TRUTH, injected_commands,
        "the client sent clear text behind the request that was accepted", IS_PUBLIC),
    ROW("perpass.starttls.injected_answers", FIELD_TRUTH, injected_answers,
        "the server sent clear text behind the answer that accepted", IS_PUBLIC),
    ROW("perpass.starttls.credentials", FIELD_TRUTH, credentials,
        "the client authenticated in clear", IS_PUBLIC),
    ROW("perpass.starttls.credentials_kind", FIELD_TEXT, credentials_kind, "in which way first",
        IS_PUBLIC),
    ROW("perpass.starttls.client_bytes", FIELD_NUMBER, client_bytes,
        "bytes that the client sent in clear, as far as they were read", IS_PUBLIC),
    ROW("perpass.starttls.server_bytes", FIELD_NUMBER, server_bytes,
        "bytes that the server sent in clear, as far as they were read", IS_PUBLIC),
    ROW("perpass.starttls.commands", FIELD_NUMBER, commands,
        "commands of the client that are known to the protocol", IS_PUBLIC),
    ROW("perpass.starttls.idle_bytes", FIELD_NUMBER, idle_bytes,
        "bytes behind commands of the client that do nothing, NOOP and RSET", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_starttls_session, "starttls.session", session_fields, starttls_session,
     "A protocol began in clear: whether TLS was offered, asked for, granted and used.");
