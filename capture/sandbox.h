/* sandbox.h: confines the program to what it still has to do once its inputs and outputs are open: an allow-list
 * of system calls (seccomp(2)), and of paths where the kernel has landlock(7).
 *
 * What is not on the list ends the program by SIGSYS: connecting, running another program, looking into other
 * processes, memory that can be executed. A file that is not on the list cannot be opened (EACCES). Without
 * landlock(7) any file can be opened that its rights let be opened, for reading, and for writing only if there
 * is a path to be written to. */
#ifndef PERPASS_CAPTURE_SANDBOX_H
#define PERPASS_CAPTURE_SANDBOX_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>

enum sandbox_use {
    SANDBOX_READ, /* the file may be opened for reading */
    SANDBOX_WRITE, /* files of this folder may be made, written, renamed and removed; or: this file written */
    SANDBOX_RENAME /* files of this folder may be renamed and removed */
};

struct sandbox_path {
    const char *path; /* one that is not there is passed over */
    enum sandbox_use use;
};

struct sandbox {
    const struct sandbox_path *paths;
    size_t num_paths;
    const int *interfaces; /* descriptors of a live source, which may be bound again */
    size_t num_interfaces;
    bool datagrams; /* UDP may be spoken, with anybody */
    bool streams;   /* TCP may be spoken, with anybody who answers, and names be looked up */
};

enum sandbox_result {
    SANDBOX_FULL,
    SANDBOX_NO_PATHS, /* the kernel has no landlock(7): files are not confined */
    SANDBOX_FAILED
};

/* sandbox_enter confines the calling thread, and those that it starts from then on. There is no way back. */
enum sandbox_result sandbox_enter(const struct sandbox *sandbox, struct error *error);

#endif
