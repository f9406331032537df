/* privileges.c: gives up what a program that reads other people's packets should not have; see
 * capabilities(7). */
#include "capture/privileges.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void privileges_hide_memory(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (!PERPASS_SANITIZED)
        prctl(PR_SET_DUMPABLE, 0);
}

static bool become(const char *user, struct error *error)
{
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL)
        return error_set(error, "there is no user %.100s", user);
    if (geteuid() != 0 && geteuid() == entry->pw_uid)
        return true;
    if (geteuid() != 0)
        return error_set(error, "only root can go on as user %.100s", user);
    capng_clear(CAPNG_SELECT_BOTH);
    int result = capng_change_id((int)entry->pw_uid, (int)entry->pw_gid,
                                 (capng_flags_t)(CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING));
    return result == 0 || error_set(error, "perpass cannot go on as user %.100s: %m", user);
}

bool privileges_drop(const char *user, bool keep_files, struct error *error)
{
    if (user != NULL && !become(user, error))
        return false;
    bool root = geteuid() == 0;
    /* Without CAP_SETPCAP the bounding set cannot be changed; it means nothing to who can gain nothing. */
    capng_select_t sets = CAPNG_SELECT_CAPS;
    if (capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
        sets = CAPNG_SELECT_BOTH;
    capng_clear(CAPNG_SELECT_BOTH);
    if (root && keep_files)
        capng_updatev(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                      CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, -1);
    if (capng_apply(sets) != 0)
        return error_set(error, "the capabilities of the program cannot be dropped: %m");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set(error, "the system has no no_new_privs: %m");
    privileges_hide_memory(); /* a change of the user may have undone it */
    return true;
}
