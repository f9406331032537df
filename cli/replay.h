/* replay.h: capture files, one after the other, into the engines. */
#ifndef PERPASS_CLI_REPLAY_H
#define PERPASS_CLI_REPLAY_H

#include "cli/progress.h"
#include "core/team.h"
#include "reports/sink.h"

struct filter;

struct replay {
    struct team *team;
    struct filter *filter; /* compiled for all link types, or NULL */
    uint64_t hash_up_to; /* fill input_info.sha256 of files of so many bytes at most; 0: of none */
    bool verbose;        /* tell of each file on standard error */
    FILE *needed;        /* reading on makes no sense once this cannot be written; NULL: none */
    struct progress progress;
    uint64_t bytes, frames; /* of the files before */
};

/* What is hashed unasked: the sum of a large file costs more than reading it. */
enum { REPLAY_HASH_BYTES = 64 << 20 };

/* replay_total adds up the sizes of |paths|: 0 if one is not known. */
uint64_t replay_total(const char *const *paths, size_t num);

/* replay_file reads the whole of |path| and fills |input|. False, and it is told on standard error, when it
 * could not be read whole, as it is damaged or has frames that no reader is for: input->damage says why. */
bool replay_file(struct replay *replay, const char *path, struct input_info *input);

#endif
