/* confine.h: gives up rights and enters the sandbox, with the paths that a command still needs. */
#ifndef PERPASS_CLI_CONFINE_H
#define PERPASS_CLI_CONFINE_H

#include "capture/sandbox.h"
#include "capture/source.h"
#include "cli/run.h"

/* Paths for the sandbox; all zero is none. */
struct confine {
    struct sandbox_path *paths; /* their texts are this list's */
    size_t num;
    bool no_memory;
};

/* confine_add takes |path|; confine_add_folder the folder that |path| is in, if it is or will be a regular
 * file: others are never opened again. NULL and "-" are none. */
void confine_add(struct confine *confine, const char *path, enum sandbox_use use);
void confine_add_folder(struct confine *confine, const char *path, enum sandbox_use use);

/* confine_enter enters the sandbox, unless the settings say not to. |source| is a live one that is read; NULL: none. */
bool confine_enter(const struct confine *confine, const struct run_settings *settings,
                   const struct source *source, struct error *error);
void confine_free(struct confine *confine);

#endif
