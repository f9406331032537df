/* eap_fields.c: the rows of what is observed of EAP. */
#include "dissectors/eap.h"
#include "dissectors/field_rows.h"

#define STRUCT struct eap_identity
static const struct field identity_fields[] = {
    ROW("perpass.eap.identity", FIELD_STRING, identity, "the outer identity, in clear",
        IS_IDENTIFIER("eap-identity")),
    ROW("perpass.eap.realm", FIELD_STRING, realm, "what is behind its last @", IS_NAME("host")),
    ROW("perpass.eap.identity_len", FIELD_NUMBER, len, "bytes of the identity", IS_PUBLIC),
    ROW("perpass.eap.anonymous", FIELD_TRUTH, anonymous,
        "it names nobody: nothing or \"anonymous\" before the @", IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct eap_method
static const struct field method_fields[] = {
    ROW("perpass.eap.method", FIELD_NUMBER, type, "the method's name", IS_PUBLIC,
        .name_of = eap_method_name),
    ROW("perpass.eap.method_code", FIELD_NUMBER, type, "the method's number", IS_PUBLIC),
    ROW("perpass.eap.tls", FIELD_TRUTH, tls, "the method carries TLS", IS_PUBLIC),
    ROW("perpass.eap.refused", FIELD_TRUTH, refused,
        "the device refused another method of the server before", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_eap_identity, "eap.identity", identity_fields, eap_identity,
     "A device names itself in clear to get into a network.");
TYPE(observation_eap_method, "eap.method", method_fields, eap_method,
     "A device and a network use a method of authentication.");
