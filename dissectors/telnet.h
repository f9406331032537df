/* telnet.h: what is observed of Telnet: whether somebody logged in, and whether it is protected. Nothing of what is
 * typed or shown is kept. */
#ifndef PERPASS_DISSECTORS_TELNET_H
#define PERPASS_DISSECTORS_TELNET_H

#include "core/dissector.h"

/* "telnet.session": said when a password was typed, when the conversation began to be encrypted, or at its end. */
struct telnet_session {
    enum truth user;      /* the server asked for a name, and something was typed */
    enum truth password;  /* the server asked for a password, and something was typed */
    enum truth encrypted; /* encryption began (RFC 2946, or TLS) */
};

extern const struct dissector dissector_telnet;

extern const struct observation_type observation_telnet_session;

#endif
