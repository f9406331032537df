/* install_transaction.h: one install of one device, from its DHCP request to the files that it booted from: while it
 * goes on (struct install_live), and as it is told when it is over (struct install_transaction). */
#ifndef PERPASS_ANALYSIS_INSTALL_TRANSACTION_H
#define PERPASS_ANALYSIS_INSTALL_TRANSACTION_H

#include "core/budget.h"
#include "core/flow.h"
#include "core/observation.h"
#include "dissectors/content.h"

enum {
    INSTALL_MAX_FILES = 64,   /* of a transaction, that are told one by one */
    INSTALL_MAX_STEPS = 128,  /* likewise */
    INSTALL_MAX_SERVERS = 16, /* DHCP servers, servers named, servers used: of each */
    INSTALL_MAX_NAME = 512    /* bytes of a name that are kept */
};

/* "install.transaction". All spans are in the block that holds it. */
struct install_transaction {
    const char *known_by; /* "dhcp", "dhcpv6", "address" */
    struct span mac, client_id, duid, serial, host, vendor_class, address;
    struct number started_ns, ended_ns, first_packet, last_packet;
    const char *ended_by; /* "idle", "next boot", "other device", "evicted", "input" */

    struct span dhcp_servers, boot_servers, servers; /* vec8 each: addresses */
    struct span boot_names; /* vec16 each: host names of servers that DHCP named */
    struct span boot_file;  /* that DHCP named last */

    /* The configuration: the last one that came, else the last one that was asked for. */
    struct span server, file;
    const char *class, *format;
    enum truth encrypted; /* yes: all configurations that came are; no: one is not */
    enum truth tls;       /* the device spoke TLS with a server that DHCP named */
    enum truth fallback, guessing, competing, upload;
    struct number asked, obtained, missing, retries, bytes, secrets;

    struct span file_names;                          /* vec16 each, in the order of the first ask */
    struct span file_methods, file_outcomes;         /* u8 each: enum install_method, _outcome */
    struct span file_classes;                        /* u8 each: enum content_class */
    struct span file_asks, file_packets, file_bytes; /* u64 each */
    struct span file_secrets;                        /* u64 each */
    struct span file_servers;                        /* vec8 each */
    struct number files_left_out;

    struct span step_kinds;               /* u8 each: enum install_step_kind */
    struct span step_times, step_packets; /* u64 each */
    struct span step_servers;             /* vec8 each: whom it was to or from */
    struct span step_files;               /* vec16 each, empty where none is */
    struct number steps_left_out;
};

extern const struct observation_type observation_install_transaction;

enum install_method {
    INSTALL_TFTP_READ = 1,
    INSTALL_TFTP_WRITE,
    INSTALL_HTTP_GET,
    INSTALL_HTTP_PUT
};

enum install_outcome {
    INSTALL_UNANSWERED = 0,
    INSTALL_OBTAINED, /* all of it was seen to cross the network */
    INSTALL_PARTLY,   /* some of it was seen */
    INSTALL_MISSING,  /* the server has no such file */
    INSTALL_REFUSED,
    INSTALL_FAILED, /* another error */
    INSTALL_PROBED, /* the client asked for its size only */
    INSTALL_REDIRECTED
};

/* The steps of DHCP are those of enum install_step_kind below 100. */
enum install_step_kind {
    INSTALL_STEP_DISCOVER = 1, /* of DHCP; DHCPv6: solicit; BOOTP: request */
    INSTALL_STEP_OFFER,        /* DHCPv6: advertise */
    INSTALL_STEP_REQUEST,
    INSTALL_STEP_ACK, /* DHCPv6, BOOTP: reply */
    INSTALL_STEP_NAK,
    INSTALL_STEP_INFORM, /* DHCPv6: information-request */
    INSTALL_STEP_ASK = 100,
    INSTALL_STEP_SEND, /* the device asks to write */
    INSTALL_STEP_OBTAINED,
    INSTALL_STEP_PARTLY,
    INSTALL_STEP_MISSING,
    INSTALL_STEP_REFUSED,
    INSTALL_STEP_FAILED,
    INSTALL_STEP_PROBED,
    INSTALL_STEP_REDIRECTED,
    INSTALL_STEP_TLS
};
const char *install_step_name(uint64_t kind);
const char *install_method_name(uint64_t method);
const char *install_outcome_name(uint64_t outcome);

/* An address of 4 or 16 bytes; all-zero: none. */
struct install_address {
    uint8_t len, at[16];
};

static inline struct span install_address_span(const struct install_address *address)
{
    return address->len > 0 ? span_of(address->at, address->len) : (struct span){.at = NULL};
}

struct install_address install_address_of(struct span bytes);

/* Addresses, each once; further ones than INSTALL_MAX_SERVERS are left out. */
struct install_addresses {
    struct install_address at[INSTALL_MAX_SERVERS];
    uint8_t num;
};
bool install_addresses_have(const struct install_addresses *list, struct span address);
void install_addresses_add(struct install_addresses *list, struct span address);

/* Bytes of its own. */
struct install_text {
    uint8_t *at;
    size_t len;
};

struct install_file {
    struct install_text name;
    enum install_method method;
    enum install_outcome outcome;
    struct install_address server;
    uint16_t client_port;
    uint64_t asks, packet, first_ns, last_ns;
    uint64_t bytes, secrets;
    enum content_class class;
    const char *class_name, *format;
    enum truth encrypted;
    bool configuration; /* by its content, or else by its name */
    bool came;          /* bytes of it were seen */
};

struct install_step {
    enum install_step_kind kind;
    uint64_t time_ns, packet;
    struct install_address server;
    uint8_t file; /* index, from 1; 0: none */
};

/* A server's answer to a DHCP client. */
struct install_answer {
    struct install_text server; /* its identifier: address or DUID */
    uint64_t xid;
    uint64_t boot; /* hash of what it says of booting; 0: nothing */
    uint64_t
        lease; /* hash of the address that it offers; 0: none, it is a server for booting only */
};

enum { INSTALL_MAX_ANSWERS = 8, INSTALL_MAX_BOOTS = 8 };

/* An install that goes on. All-zero is an empty one. */
struct install_live {
    struct budget *budget; /* what it holds is taken from here */
    struct flow flow;      /* the device and its server, for those who are told of it */
    uint64_t started_ns, last_ns, first_packet, last_packet;
    bool dhcp6, wants_boot, boot_named, tls, fallback, guessing, competing;

    uint64_t boots[INSTALL_MAX_BOOTS];    /* hash of the form of each DHCP request in it */
    size_t boot_files[INSTALL_MAX_BOOTS]; /* files asked for before it */
    size_t num_boots;

    struct install_answer answers[INSTALL_MAX_ANSWERS];
    size_t num_answers;
    struct install_addresses dhcp_servers, named, used;
    struct install_text names[INSTALL_MAX_SERVERS]; /* host names of servers that DHCP named */
    size_t num_names;
    struct install_text boot_file;
    bool first_file_judged;

    struct install_file *files;
    size_t num_files, max_files;
    struct install_step *steps;
    size_t num_steps, max_steps;
    uint64_t files_left_out, steps_left_out, asked, obtained, missing, retries, bytes, secrets;
};

/* install_text_set replaces |text| by a copy of |bytes|, as much as the budget has. False: not set. */
bool install_text_set(struct install_text *text, struct span bytes, struct budget *budget);
static inline struct span install_text_span(const struct install_text *text)
{
    return text->at != NULL ? span_of(text->at, text->len) : (struct span){.at = NULL};
}

/* install_live_file finds the file that was asked for by |method| under |name|, or adds it; NULL when there is no
 * room for it, which is counted. */
struct install_file *install_live_file(struct install_live *live, enum install_method method,
                                       struct span name);

/* install_live_step adds a step, |file| may be NULL. */
void install_live_step(struct install_live *live, enum install_step_kind kind,
                       const struct observation *observation, struct span server,
                       const struct install_file *file);

/* install_live_sort puts the steps in the order of their packets: what became of a file is sometimes told later. */
void install_live_sort(struct install_live *live);
void install_live_name(struct install_live *live, struct span name);
void install_live_free(struct install_live *live);

/* What is known of the device when a transaction is told. */
struct install_known {
    const char *known_by;
    struct span mac, client_id, duid, serial, host, vendor_class, address;
};

/* A transaction that is over, with everything in one block of |size| bytes, to be freed. */
struct install_told {
    size_t size;
    struct flow flow;
    struct install_transaction transaction;
    struct observation observation; /* of |transaction| and |flow| */
};

/* install_live_tell makes it; NULL without memory. */
struct install_told *install_live_tell(const struct install_live *live,
                                       const struct install_known *known, const char *ended_by);

#endif
