/* blast_fields.c: the rows of "blast.radius". */
#include "analysis/blast_radius.h"
#include "dissectors/field_rows.h"

#define B "perpass.blast."

static void next_name(struct reader *list, struct value *item)
{
    item->bytes = reader_span_vec8(list);
}

#define NAMES(path, member, token, text)                                                           \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_BYTES, .next = next_name,                    \
        IS_IDENTIFIER(token))

#define STRUCT struct blast_radius
static const struct field blast_fields[] = {
    ROW(B "secret", FIELD_TEXT, secret,
        "server_key (of a certificate), psk, ticket_key, ephemeral_key (that served several times)",
        IS_PUBLIC),
    ROW(B "key_sha256", FIELD_BYTES, key_sha256,
        "of a server_key: SHA-256 of its SubjectPublicKeyInfo", IS_IDENTIFIER("spki")),
    ROW(B "psk_identity", FIELD_BYTES, psk_identity,
        "of a psk: its identity, without what imports it", IS_IDENTIFIER("psk")),
    ROW(B "ticket_key_name", FIELD_BYTES, ticket_key_name,
        "of a ticket_key: the first 16 bytes of its tickets", IS_IDENTIFIER("ticket-key")),
    ROW(B "public_value", FIELD_BYTES, public_value, "of an ephemeral_key: its public value",
        IS_IDENTIFIER("public-value")),
    ROW(B "role", FIELD_TEXT, role, "of an ephemeral_key: client or server, whose it is",
        IS_PUBLIC),
    ROW(B "key_exchange", FIELD_TEXT, key_exchange,
        "RSA, DH, ECDH, PSK, ...: of the first session that it opens", IS_PUBLIC),
    ROW(B "sessions", FIELD_NUMBER, sessions, "sessions that it opens to whoever recorded them",
        IS_PUBLIC),
    ROW(B "bytes", FIELD_NUMBER, bytes,
        "bytes of these sessions as IP counts them, both ways; of several sessions in one "
        "conversation each has those up to the hello of the next",
        IS_PUBLIC),
    ROW(B "first", FIELD_TIME, first_ns,
        "when the first of them began; where there is none, of those in authenticated", IS_PUBLIC),
    ROW(B "last", FIELD_TIME, last_ns, "when the last of them ended", IS_PUBLIC),
    ROW(B "clients", FIELD_NUMBER, clients, "their clients, by address; 8 are 8 or more",
        IS_PUBLIC),
    ROW(B "servers", FIELD_NUMBER, servers,
        "their servers, by address; of a server_key all that have it; 8 are 8 or more", IS_PUBLIC),
    ROW(B "authenticated", FIELD_NUMBER, authenticated,
        "of a server_key: full handshakes in which it stood for the server; who has it may be "
        "the server in the next one",
        IS_PUBLIC),
    ROW(B "confidence", FIELD_TEXT, confidence, "certain, likely or possible: that it opens them",
        IS_PUBLIC),
    ROW(B "reason", FIELD_TEXT, reason, "why", IS_PUBLIC),
    NAMES(B "handshakes", handshakes, "session",
          "with --pseudonym-key: names of up to 8 of all these sessions, by which reports of "
          "several sensors are joined"),
    NAMES(B "client_names", client_names, "link", "likewise, of up to 8 clients"),
    NAMES(B "server_names", server_names, "link", "likewise, of up to 8 servers"),
};
#undef STRUCT

TYPE(observation_blast_radius, "blast.radius", blast_fields, blast_radius,
     "A secret, and the recorded sessions that it opens to whoever gets it; at the end, and at "
     "each interval of perpass monitor, the worst first.");
