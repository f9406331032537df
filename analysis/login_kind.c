/* login_kind.c: what a login in clear shows: RFC 4422, RFC 4616 (PLAIN), RFC 1939 (APOP), RFC 4513 (LDAP), RFC 7617 and
 * RFC 7616 (HTTP). */
#include "analysis/login_kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_one_of(const char *name, const char *const *names)
{
    for (; name != NULL && *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

enum login_kind login_kind_of_preamble(const char *protocol, const char *kind)
{
    static const char *const names[] = {"user", NULL}, *const protecting[] = {"sasl bind", NULL},
                             *const proofs[] = {"apop", "auth",     "authenticate",
                                                "sasl", "authinfo", NULL};
    static const char *const challenging[] = {"mysql", "postgresql", NULL};
    if (is_one_of(kind, names))
        return LOGIN_NAME;
    if (is_one_of(kind, protecting))
        return LOGIN_PROTECTING;
    if (is_one_of(protocol, challenging) || is_one_of(kind, proofs))
        return LOGIN_PROOF;
    return LOGIN_PASSWORD;
}

enum login_kind login_kind_of_http(const char *scheme)
{
    static const char *const passwords[] = {"basic", "bearer", "url", NULL};
    return is_one_of(scheme, passwords) ? LOGIN_PASSWORD : LOGIN_PROOF;
}
