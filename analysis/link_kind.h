/* link_kind.h: the kinds of identifiers that join sessions. */
#ifndef PERPASS_ANALYSIS_LINK_KIND_H
#define PERPASS_ANALYSIS_LINK_KIND_H

/* LINK_KIND(symbol, name, what it is, several of it, seconds after which it says nothing any more (0: it stays)) */
#define LINK_KINDS(LINK_KIND)                                                                      \
    LINK_KIND(LINK_SESSION_ID, "session_id", "session id", "session ids", 604800)                  \
    LINK_KIND(LINK_TICKET, "ticket", "session ticket", "session tickets", 604800)                  \
    LINK_KIND(LINK_CONNECTION_ID, "connection_id", "connection id", "connection ids", 86400)       \
    LINK_KIND(LINK_CERTIFICATE, "client_certificate", "client certificate", "client certificates", \
              0)                                                                                   \
    LINK_KIND(LINK_RAW_KEY, "raw_public_key", "raw public key", "raw public keys", 0)              \
    LINK_KIND(LINK_PSK, "psk_identity", "PSK identity", "PSK identities", 0)                       \
    LINK_KIND(LINK_HARDWARE, "hardware_address", "hardware address", "hardware addresses", 0)      \
    LINK_KIND(LINK_DHCP, "dhcp_identity", "DHCP identity", "DHCP identities", 0)                   \
    LINK_KIND(LINK_PAIRING, "cleartext_pairing", "pairing with an address lease",                  \
              "pairings with address leases", 86400)                                               \
    LINK_KIND(LINK_KEY_SHARE, "key_share", "key share", "key shares", 0)

enum link_kind {
#define LINK_KIND(symbol, ...) symbol,
    LINK_KINDS(LINK_KIND)
#undef LINK_KIND
        NUM_LINK_KINDS
};

#endif
