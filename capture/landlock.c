/* landlock.c: which files a process may open from now on. By system calls: the C library has none for it. */
#include "capture/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What later versions of the interface added: headers may be older than the kernel. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NETWORK = 4, ABI_DEVICES = 5, ABI_SCOPES = 6 };

static const uint64_t access_refer = UINT64_C(1) << 13;
static const uint64_t access_truncate = UINT64_C(1) << 14;
static const uint64_t access_devices = UINT64_C(1) << 15;
static const uint64_t network_bind = 1, network_connect = 2; /* of TCP */
static const uint64_t scopes_all = 3;                        /* abstract sockets, signals */

struct ruleset {
    uint64_t files, network, scopes;
};

/* Making, removing, reading, writing and running files, of the first version. */
static const uint64_t access_first = (UINT64_C(1) << 13) - 1;

static struct ruleset ruleset_of(long abi, const struct sandbox *sandbox)
{
    struct ruleset all = {.files = access_first};
    if (abi >= ABI_REFER)
        all.files |= access_refer;
    if (abi >= ABI_TRUNCATE)
        all.files |= access_truncate;
    if (abi >= ABI_NETWORK)
        all.network = network_bind | (sandbox->streams ? 0 : network_connect);
    if (abi >= ABI_DEVICES)
        all.files |= access_devices;
    if (abi >= ABI_SCOPES)
        all.scopes = scopes_all;
    return all;
}

/* As much of the structure as that version of the interface knows. */
static size_t ruleset_size(long abi)
{
    if (abi >= ABI_SCOPES)
        return sizeof(struct ruleset);
    return abi >= ABI_NETWORK ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static uint64_t access_of(enum sandbox_use use, bool folder)
{
    uint64_t access = 0;
    switch (use) {
    case SANDBOX_READ:
        /* opening a folder tells that it is one */
        return LANDLOCK_ACCESS_FS_READ_FILE | (folder ? LANDLOCK_ACCESS_FS_READ_DIR : 0);
    case SANDBOX_WRITE:
        access = LANDLOCK_ACCESS_FS_WRITE_FILE | access_truncate;
        break;
    case SANDBOX_RENAME:
        break;
    }
    return folder ? access | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE : access;
}

/* A path that is not there, and one that has no place in the file system (a pipe), needs no rule. */
static bool add_path(int ruleset, uint64_t handled, const struct sandbox_path *path,
                     struct error *error)
{
    struct stat status;
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    bool folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    struct landlock_path_beneath_attr rule = {
        .allowed_access = access_of(path->use, folder) & handled, .parent_fd = fd};
    bool ok = rule.allowed_access == 0 ||
              syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
              errno == EBADFD;
    int reason = errno;
    close(fd);
    errno = reason;
    return ok || error_set(error, "%.200s cannot be made known to the sandbox: %m", path->path);
}

static bool fill_and_enter(int ruleset, uint64_t handled, const struct sandbox *sandbox,
                           struct error *error)
{
    /* The leak checker of sanitizer builds looks at its own memory. */
    const struct sandbox_path self = {"/proc", SANDBOX_READ};
    if (PERPASS_SANITIZED && !add_path(ruleset, handled, &self, error))
        return false;
    for (size_t i = 0; i < sandbox->num_paths; i++)
        if (!add_path(ruleset, handled, &sandbox->paths[i], error))
            return false;
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ||
           error_set(error, "the program cannot be confined to its files: %m");
}

enum landlock_result landlock_enter(const struct sandbox *sandbox, struct error *error)
{
    long abi =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return LANDLOCK_NONE;
    const struct ruleset all = ruleset_of(abi, sandbox);
    long ruleset = syscall(SYS_landlock_create_ruleset, &all, ruleset_size(abi), 0);
    if (ruleset < 0) {
        error_set(error, "the program cannot be confined to its files: %m");
        return LANDLOCK_FAILED;
    }
    bool ok = fill_and_enter((int)ruleset, all.files, sandbox, error);
    close((int)ruleset);
    return ok ? LANDLOCK_ON : LANDLOCK_FAILED;
}
