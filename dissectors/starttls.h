/* starttls.h: what is observed of protocols that begin in clear and may go over to TLS: mail, directories, data
 * bases, chat, and tunnels through proxies. Of their text nothing is kept: kinds, sizes and answers only. */
#ifndef PERPASS_DISSECTORS_STARTTLS_H
#define PERPASS_DISSECTORS_STARTTLS_H

#include "core/dissector.h"

/* "starttls.session": the part of a conversation before TLS, or before nothing of interest can follow. */
struct starttls_session {
    const char *protocol; /* "smtp" */
    enum truth offered;   /* the server listed it; no: it listed what it can, without it */
    enum truth asked;     /* the client asked for TLS (a tunnel: for the tunnel) */
    enum truth accepted;  /* the server's answer; not seen: none was, or the protocol has none */
    enum truth upgraded;  /* a TLS record followed; not seen: what followed was not captured */
    enum truth stripped;  /* a keyword was overwritten on the way, as middleboxes do */
    enum truth
        injected_commands; /* the client sent clear text behind the request that was accepted */
    enum truth injected_answers;  /* the server sent clear text behind the answer that accepted */
    enum truth credentials;       /* the client authenticated in clear */
    const char *credentials_kind; /* "auth", "login", "password", "bind"; the first one, but a
                                     password counts for more than the name before it */
    const char *request;          /* "starttls", "stls", "auth tls", "connect" */
    struct number client_bytes, server_bytes; /* of the preamble, in clear */
    struct number commands;                   /* that the client sent, as far as they are known */
    struct number idle_bytes;                 /* behind those that do nothing: NOOP, RSET */
};

extern const struct dissector dissector_starttls;

extern const struct observation_type observation_starttls_session;

#endif
