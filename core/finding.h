/* finding.h: one rule that fired, about one subject, with its evidence. */
#ifndef PERPASS_CORE_FINDING_H
#define PERPASS_CORE_FINDING_H

#include "core/flow.h"
#include "core/value.h"

enum severity {
    SEVERITY_INFO = 1,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};

/* Attack classes of draft-barnes-pervasive-problem-00 section 4.1. */
enum attack_class {
    ATTACK_PASSIVE = 1,
    ATTACK_ACTIVE,
    ATTACK_STATIC_KEY,
    ATTACK_DYNAMIC_KEY,
    ATTACK_CONTENT
};
enum { NUM_ATTACK_CLASSES = 5 };

enum confidence { CONFIDENCE_POSSIBLE = 1, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };

/* What a finding is about. */
enum subject_kind {
    SUBJECT_CLIENT = 1, /* an endpoint in the role of client: |address|, no port */
    SUBJECT_SERVER,     /* an endpoint in the role of server: |address| and |port| */
    SUBJECT_IDENTITY,   /* a PSK identity: |bytes|, token kind "psk" */
    SUBJECT_HINT,       /* a PSK identity hint: |bytes|, token kind "hint" */
    SUBJECT_DEVICE,     /* a device: its hardware address as |bytes| */
    SUBJECT_FILE,       /* a file: its name as |bytes|, token kind "file" */
    SUBJECT_RECIPIENT,  /* a key that files are encrypted to: |bytes|, token kind "recipient" */
    SUBJECT_KEY         /* a server's key: SHA-256 of its DER as |bytes|, token kind "spki" */
};

enum { FINDING_MAX_EVIDENCE = 14 };

/* One fact that the finding rests on. In a stored finding the bytes are the finding's own. */
struct evidence {
    const char *name; /* last part of the path below perpass.finding.evidence: "cipher" (static) */
    enum privacy privacy;
    const char *kind; /* token kind for PRIVACY_NAME and _IDENTIFIER, else NULL */
    struct value value;
    bool grows; /* further firings may make it true, or a greater number */
};

/* What tells a finding of a table from all others, and stays: |packet| and |first_ns| as they were when it was told first,
 * and which of those of its rule and packet it was. */
struct finding_key {
    uint64_t packet, first_ns;
    unsigned nth;
};

struct rule; /* analysis/rules.h */

struct finding {
    const struct rule *rule;
    enum severity severity; /* the rule's, or what the rule decides by kind */
    enum confidence confidence;
    const char *reason; /* why this confidence: static text, a sentence */

    enum subject_kind subject;
    struct span subject_bytes; /* address of 4 or 16 bytes, or identity bytes */
    uint16_t subject_port;

    struct endpoint client, server; /* of the first flow */
    bool no_server;                 /* |server| is not known */
    struct encapsulation around;
    uint8_t ip_version, protocol;
    const char *transport; /* "tls", "dtls", "quic": network.protocol of the first flow */

    uint64_t first_ns, last_ns; /* packet time */
    uint64_t packet;            /* number of the packet of |first_ns| */
    uint64_t count;             /* times it fired */
    unsigned interval;          /* of a long analysis: the last one in which it fired */
    struct finding_key key;

    const char *fingerprint; /* as the report tells it that this was read from; NULL: from none */

    struct evidence *evidence; /* of the firing that was handed in first, but for what grows */
    size_t num_evidence;       /* FINDING_MAX_EVIDENCE at most */
};

#endif
