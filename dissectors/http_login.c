/* http_login.c: credentials that a request of HTTP brings in clear: RFC 9110 section 11. */
#include "dissectors/http_login.h"

#include "dissectors/field_rows.h"

static void tell_one(const char **told, const char *scheme, const char *to,
                     struct dissect_context *context)
{
    if (scheme == NULL || scheme == *told)
        return;
    *told = scheme;
    const struct http_login said = {.scheme = scheme, .to = to};
    dissect_emit(context, &observation_http_login, &said);
}

void http_login_tell(struct http_logins *told, const struct http_head *head,
                     struct dissect_context *context)
{
    tell_one(&told->server, head->credentials, "server", context);
    tell_one(&told->proxy, head->proxy_credentials, "proxy", context);
}

#define STRUCT struct http_login
static const struct field login_fields[] = {
    ROW("perpass.http.login.scheme", FIELD_TEXT, scheme,
        "basic, digest, bearer, ntlm, negotiate, other; url: they stand in the URL", IS_PUBLIC),
    ROW("perpass.http.login.to", FIELD_TEXT, to, "server or proxy", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_http_login, "http.login", login_fields, http_login,
     "A request of HTTP brought credentials in clear.");
