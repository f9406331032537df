/* confine.c: the sandbox, with the paths that a command still needs. */
#include "cli/confine.h"

#include "cli/complain.h"
#include "cli/output.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void confine_add(struct confine *confine, const char *path, enum sandbox_use use)
{
    if (path == NULL || strcmp(path, "-") == 0)
        return;
    struct sandbox_path *paths = realloc(confine->paths, (confine->num + 1) * sizeof paths[0]);
    char *copy = strdup(path);
    confine->paths = paths != NULL ? paths : confine->paths;
    if (paths == NULL || copy == NULL) {
        free(copy);
        confine->no_memory = true;
        return;
    }
    paths[confine->num++] = (struct sandbox_path){.path = copy, .use = use};
}

void confine_add_folder(struct confine *confine, const char *path, enum sandbox_use use)
{
    char resolved[PATH_MAX];
    if (path == NULL || !output_resolve(path, resolved))
        return;
    char *slash = strrchr(resolved, '/');
    slash[slash == resolved ? 1 : 0] = '\0';
    confine_add(confine, resolved, use);
}

bool confine_enter(const struct confine *confine, const struct run_settings *settings,
                   const struct source *source, struct error *error)
{
    struct sandbox sandbox = {.paths = confine->paths, .num_paths = confine->num};
    if (source != NULL)
        sandbox.interfaces = source_descriptors(source, &sandbox.num_interfaces);
    if (settings->no_sandbox)
        return true;
    if (confine->no_memory)
        return error_set(error, "there is no memory for the list of files");
    switch (sandbox_enter(&sandbox, error)) {
    case SANDBOX_FULL:
        break;
    case SANDBOX_NO_PATHS:
        if (settings->verbose)
            complain("this kernel has no landlock: which files are opened is not confined");
        break;
    case SANDBOX_FAILED:
        return false;
    }
    return true;
}

void confine_free(struct confine *confine)
{
    for (size_t i = 0; i < confine->num; i++)
        free((void *)(uintptr_t)confine->paths[i].path);
    free(confine->paths);
}
