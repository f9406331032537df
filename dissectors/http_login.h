/* http_login.h: credentials that a request of HTTP brings in clear: RFC 9110 section 11. Only their kind is told. */
#ifndef PERPASS_DISSECTORS_HTTP_LOGIN_H
#define PERPASS_DISSECTORS_HTTP_LOGIN_H

#include "dissectors/http_head.h"

/* "http.login": the first request of a connection that brings credentials to a server or a proxy, and each further one
 * of another scheme. */
struct http_login {
    const char *scheme; /* as |credentials| of http_fetch */
    const char *to;     /* "server", "proxy" */
};

/* What was told of a connection; all-zero: nothing. */
struct http_logins {
    const char *server, *proxy; /* the last schemes */
};

/* http_login_tell observes what is new in the |head| of a request. */
void http_login_tell(struct http_logins *told, const struct http_head *head,
                     struct dissect_context *context);

extern const struct observation_type observation_http_login;

#endif
