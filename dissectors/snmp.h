/* snmp.h: what is observed of the Simple Network Management Protocol: how it is protected. Communities, which are
 * passwords, and user names are never kept. */
#ifndef PERPASS_DISSECTORS_SNMP_H
#define PERPASS_DISSECTORS_SNMP_H

#include "core/dissector.h"

/* "snmp.message": the first message of a conversation with this version and protection. */
struct snmp_message {
    const char *version;  /* "1", "2c", "3" */
    const char *level;    /* 3: "noAuthNoPriv", "authNoPriv", "authPriv" (RFC 3411 section 3.4.3) */
    enum truth community; /* 1 and 2c: there is one, in clear */
    enum truth common;    /* it is "public" or "private" */
    enum truth user;      /* 3: a user is named, in clear */
};

extern const struct dissector dissector_snmp;

extern const struct observation_type observation_snmp_message;

#endif
