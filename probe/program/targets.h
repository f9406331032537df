/* targets.h: who is probed: HOST, HOST:PORT, [ADDRESS]:PORT, coaps://..., from the command line or a file of lines. */
#ifndef PERPASS_PROBE_PROGRAM_TARGETS_H
#define PERPASS_PROBE_PROGRAM_TARGETS_H

#include "core/error.h"
#include "probe/udp.h"

enum { TARGETS_MAX = 65536, TARGET_NAME_LEN = 256, TARGET_DEFAULT_PORT = 5684 };

struct target {
    char name[TARGET_NAME_LEN]; /* the host, without port and brackets */
    struct udp_address address;
};

struct targets {
    struct target *items;
    size_t num;
};

/* targets_add resolves one target (|family|: AF_INET, AF_INET6 or AF_UNSPEC) and refuses what must not be probed. */
bool targets_add(struct targets *targets, const char *text, int family, struct error *error);

/* targets_read adds every line of a file; empty ones and what is behind a # are passed over. |error| names the line. */
bool targets_read(struct targets *targets, const char *path, int family, struct error *error);

/* targets_source reads a numeric address to send from. */
bool targets_source(const char *text, struct udp_address *address, struct error *error);

void targets_free(struct targets *targets);

#endif
