/* install_rules.h: what is wrong with an install: the rules "install.*", each judged when what it rests on is there. */
#ifndef PERPASS_ANALYSIS_INSTALL_RULES_H
#define PERPASS_ANALYSIS_INSTALL_RULES_H

#include "analysis/analyzer.h"
#include "analysis/home_nets.h"
#include "analysis/install_devices.h"
#include "analysis/install_fleet.h"
#include "dissectors/dhcp_boot.h"

struct install_state {
    struct analyze_context *context; /* of the call at hand */
    struct install_devices *devices;
    struct install_fleet *fleet;
    uint64_t swept_ns; /* when quiet installs were looked for last */
};

/* A file that crossed the network, or did not. */
struct install_arrival {
    struct install_device *device;
    struct install_live *live;
    struct install_file *file; /* its record in |live|; NULL when that was full */
    enum install_method method;
    enum install_outcome outcome;
    struct span name; /* as asked for, unseen when the request was */
    const struct content_facts *content;
    struct install_address server;
    bool proxied;            /* |server| is a proxy */
    enum truth other_server; /* another one answered than was asked */
    uint16_t client_port;
};

/* A DHCP server's message. */
struct install_reply {
    struct span server;             /* identifier: address or DUID; else whoever sent it */
    bool named;                     /* the message itself has the identifier */
    struct install_address address; /* of the server; none: not known */
    uint64_t xid;
    struct span lease; /* what it gives or offers: address, DHCPv6: addresses; unseen: none */
    const struct dhcp_boot *boot;
    struct span network_file, next_server; /* DHCPv4: header */
};

/* Bounds and thresholds. */
enum {
    INSTALL_RETRY_TOO_FAST = 3, /* intervals that are too short, before that is said */
    INSTALL_GUESS_MISSING = 16, /* names that are not there, in the window */
    INSTALL_SERIES = 3          /* devices whose names differ by a number */
};
#define INSTALL_SECOND        UINT64_C(1000000000)
#define INSTALL_GAP_NS        (600 * INSTALL_SECOND) /* an install is over when it is quiet for so long */
#define INSTALL_ATTEMPT_NS    (10 * INSTALL_SECOND)   /* asks closer than this are one attempt */
#define INSTALL_RETRY_SOON_NS (300 * INSTALL_SECOND)  /* RFC 8886 section 4.3: in the first hour */
#define INSTALL_RETRY_LATE_NS (3600 * INSTALL_SECOND) /* afterwards, and how long that hour is */
#define INSTALL_RETRY_OVER_NS (2 * INSTALL_RETRY_LATE_NS) /* without an ask: the wait is over */
#define INSTALL_GUESS_NS      (600 * INSTALL_SECOND)
#define INSTALL_FALLBACK_NS   (3600 * INSTALL_SECOND)

/* install_device_member gives what the fleet knows |device| by. */
struct install_member install_device_member(const struct install_state *state,
                                            const struct install_device *device);

/* install_about_device says that |finding| is about |device|: its MAC address, else the client of |flow|. */
void install_about_device(struct finding *finding, const struct install_device *device,
                          const struct flow *flow);

/* install_about_server says that |finding| is about the server of |arrival|, which outlives it. */
void install_about_server(struct finding *finding, const struct install_arrival *arrival,
                          const struct flow *flow);

/* install_is_configuration says whether a device's configuration is what |arrival| brought or should have: by its
 * content where that is known, else by its name. */
bool install_is_configuration(const struct install_arrival *arrival);

/* Content: install.config-cleartext, .secret-exposed, .encrypted, .weak-encryption, .unauthenticated,
 * .shared-recipient, .upload, .boot-image. */
void install_judge_content(struct install_state *state, const struct install_arrival *arrival);

/* The device's behaviour: .retry-rate when it asks; .guessing, .cleartext-fallback, .name-guessable when the
 * outcome is known. */
void install_judge_ask(struct install_state *state, struct install_device *device,
                       struct install_live *live, struct span name, uint64_t now);
void install_judge_outcome(struct install_state *state, const struct install_arrival *arrival);

/* install_judge_same says that |before|, which was known by its address only and goes now, is |device|: what it asked
 * for, |device| did. */
void install_judge_same(struct install_state *state, struct install_device *device,
                        struct install_device *before);

/* Servers: .competing-servers, .off-site-server; .dhcp-disclosure. */
void install_judge_reply(struct install_state *state, struct install_device *device,
                         struct install_live *live, const struct install_reply *reply);
void install_judge_server(struct install_state *state, const struct install_arrival *arrival);

/* What a DHCP message tells of a device or its servers; spans that are unseen tell nothing. */
struct install_disclosure {
    struct span vendor_class, serial, uuid, host, server_name, server_address, file;
    const char *by; /* "client", "server" */
};
void install_judge_disclosure(struct install_state *state, const struct install_device *device,
                              const struct install_disclosure *disclosure);

#endif
