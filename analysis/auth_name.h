/* auth_name.h: whether a certificate is for the server that a client asked for. */
#ifndef PERPASS_ANALYSIS_AUTH_NAME_H
#define PERPASS_ANALYSIS_AUTH_NAME_H

#include "core/x509.h"

enum auth_name_match {
    AUTH_NAME_UNKNOWN = 0, /* the certificate has no name, or one that cannot be compared */
    AUTH_NAME_MATCHES,
    AUTH_NAME_DIFFERS
};

/* auth_name_match compares the |wanted| host, a name or an address as text, with the names of a certificate. */
enum auth_name_match auth_name_match(const struct x509 *certificate, struct span wanted);

/* auth_name_is_address says whether |name| is an IP address as text. */
bool auth_name_is_address(struct span name);

/* auth_name_is_local says whether |name| means another host in each network: "printer", "nas.local". */
bool auth_name_is_local(struct span name);

#endif
