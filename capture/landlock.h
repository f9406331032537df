/* landlock.h: which files a process may open from now on; see landlock(7). */
#ifndef PERPASS_CAPTURE_LANDLOCK_H
#define PERPASS_CAPTURE_LANDLOCK_H

#include "capture/sandbox.h"

enum landlock_result {
    LANDLOCK_ON,
    LANDLOCK_NONE, /* the kernel has none, or it is switched off */
    LANDLOCK_FAILED
};

/* landlock_enter leaves only |sandbox|'s paths, no TCP (but for its streams), no abstract sockets of others and no signals to others,
 * as far as the kernel knows these. |error| is set when it failed. */
enum landlock_result landlock_enter(const struct sandbox *sandbox, struct error *error);

#endif
