/* output.c: files, sockets and standard output that results are written to. */
#include "cli/output.h"

#include "core/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Results may tell about people: others than the owner's group have no business in them. */
enum { OUTPUT_MODE = 0640 };

static const char unix_prefix[] = "unix:";

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

const char *output_socket(const char *path)
{
    const size_t len = sizeof unix_prefix - 1;
    return strncmp(path, unix_prefix, len) == 0 ? path + len : NULL;
}

static bool is_socket(const char *path)
{
    return output_socket(path) != NULL;
}

static bool open_failed(const char *path, int reason, struct error *error)
{
    return error_set(error, "%s cannot be written: %s", path, strerror(reason));
}

bool output_resolve(const char *path, char resolved[PATH_MAX])
{
    struct stat status;
    char folder[PATH_MAX], real[PATH_MAX];
    if (is_standard(path) || is_socket(path))
        return false;
    if (stat(path, &status) == 0)
        return S_ISREG(status.st_mode) && realpath(path, resolved) != NULL;
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : (int)(slash - path) + 1;
    int wrote = snprintf(folder, sizeof folder, "%.*s", len, slash == NULL ? "." : path);
    if (wrote < 0 || (size_t)wrote >= sizeof folder || realpath(folder, real) == NULL)
        return false;
    wrote = snprintf(resolved, PATH_MAX, "%s/%s", real, slash == NULL ? path : slash + 1);
    return wrote > 0 && wrote < PATH_MAX;
}

bool output_same_file(const char *a, const char *b)
{
    char real_a[PATH_MAX], real_b[PATH_MAX];
    struct stat status_a, status_b;
    if (!output_resolve(a, real_a) || !output_resolve(b, real_b))
        return false;
    if (strcmp(real_a, real_b) == 0)
        return true;
    /* A file can have several names. */
    return stat(real_a, &status_a) == 0 && stat(real_b, &status_b) == 0 &&
           status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}

/* Standard input may come from a file, too: then it has a name. */
bool output_destroys(const char *path, const char *input)
{
    return input != NULL && output_same_file(path, is_standard(input) ? "/dev/stdin" : input);
}

/* --- streams, whose writes are made again where a signal interrupts them: fdopen's would lose what they had --- */

struct output_stream {
    int descriptor;
    bool stays_open;
    int reason; /* errno of the first write that failed: a stream only remembers that one did */
};

static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
    struct output_stream *stream = cookie;
    const size_t written = descriptor_write(stream->descriptor, bytes, size);
    if (written < size && stream->reason == 0)
        stream->reason = errno;
    return (ssize_t)written;
}

static int stream_close(void *cookie)
{
    struct output_stream *stream = cookie;
    const int descriptor = stream->descriptor;
    const bool stays_open = stream->stays_open;
    free(stream);
    return stays_open ? 0 : close(descriptor);
}

static FILE *stream_open(struct output *output, int descriptor)
{
    struct output_stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct output_stream){.descriptor = descriptor, .stays_open = output->standard};
    FILE *out = fopencookie(stream, "w",
                            (cookie_io_functions_t){.write = stream_write, .close = stream_close});
    if (out != NULL)
        output->stream = stream;
    else
        free(stream);
    return out;
}

static bool open_descriptor(struct output *output, int descriptor, const char *path,
                            struct error *error)
{
    if (descriptor < 0)
        return open_failed(path, errno, error);
    output->descriptor = descriptor;
    output->out = stream_open(output, descriptor);
    if (output->out == NULL) {
        int reason = errno;
        if (!output->standard)
            close(descriptor);
        return open_failed(path, reason, error);
    }
    if (isatty(descriptor) == 1)
        (void)setvbuf(output->out, NULL, _IOLBF, 0);
    return true;
}

bool output_open_descriptor(struct output *output, int descriptor, const char *name,
                            struct error *error)
{
    *output = (struct output){.name = name};
    return open_descriptor(output, descriptor, name, error);
}

static bool open_socket(struct output *output, const char *path, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = output_socket(path);
    if (name[0] == '\0' || strlen(name) >= sizeof address.sun_path)
        return error_set(error, "%s is no path of a socket: it must have 1 to %zu characters", path,
                         sizeof address.sun_path - 1);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return open_failed(path, errno, error);
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        int reason = errno;
        close(descriptor);
        return error_set(error, "%s cannot be reached: %s", path, strerror(reason));
    }
    return open_descriptor(output, descriptor, path, error);
}

static bool open_standard(struct output *output, struct error *error)
{
    output->name = "standard output";
    output->standard = true;
    return open_descriptor(output, STDOUT_FILENO, output->name, error);
}

bool output_open_stream(struct output *output, const char *path, struct error *error)
{
    *output = (struct output){.name = path};
    if (is_standard(path))
        return open_standard(output, error);
    if (is_socket(path))
        return open_socket(output, path, error);
    return open_descriptor(output, open(path, O_WRONLY | O_CREAT | O_CLOEXEC, OUTPUT_MODE), path,
                           error);
}

bool output_open_append(struct output *output, const char *path, struct error *error)
{
    struct stat status;
    *output = (struct output){.name = path};
    if (is_standard(path) || is_socket(path))
        return output_open_stream(output, path, error);
    /* Open for reading, too, so that the pipe stays when its reader goes and another one comes. */
    bool pipe = stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
    int flags = pipe ? O_RDWR | O_NONBLOCK : O_WRONLY | O_CREAT | O_APPEND;
    return open_descriptor(output, open(path, flags | O_CLOEXEC, OUTPUT_MODE), path, error);
}

bool output_truncate(struct output *output, struct error *error)
{
    struct stat status;
    if (output->standard || fstat(output->descriptor, &status) != 0 || !S_ISREG(status.st_mode))
        return true;
    return ftruncate(output->descriptor, 0) == 0 || open_failed(output->name, errno, error);
}

/* Makes "FOLDER/.NAME.PID.N.tmp". */
static int open_temporary(struct output *output)
{
    enum { TRIES = 100 };
    const char *base = strrchr(output->target, '/') + 1;
    int folder = (int)(base - output->target);
    for (int i = 0; i < TRIES; i++) {
        int wrote = snprintf(output->temporary, sizeof output->temporary, "%.*s.%s.%ld.%d.tmp",
                             folder, output->target, base, (long)getpid(), i);
        if (wrote < 0 || (size_t)wrote >= sizeof output->temporary) {
            errno = ENAMETOOLONG;
            break;
        }
        int descriptor =
            open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OUTPUT_MODE);
        if (descriptor >= 0)
            return descriptor;
        if (errno != EEXIST)
            break;
    }
    output->temporary[0] = '\0'; /* that name is nobody's, or another's */
    return -1;
}

bool output_open_whole(struct output *output, const char *path, struct error *error)
{
    struct stat status;
    *output = (struct output){.name = path};
    if (is_standard(path))
        return open_standard(output, error);
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return open_descriptor(output, open(path, O_WRONLY | O_CLOEXEC), path, error);
    if (!output_resolve(path, output->target))
        return open_failed(path, errno, error);
    if (access(output->target, F_OK) == 0 && access(output->target, W_OK) != 0)
        return open_failed(path, errno, error);
    if (open_descriptor(output, open_temporary(output), path, error))
        return true;
    output_discard(output);
    return false;
}

static bool sync_whole(int descriptor)
{
    int done;
    do
        done = fsync(descriptor);
    while (done != 0 && errno == EINTR);
    return done == 0;
}

bool output_close(struct output *output, struct error *error)
{
    bool ok = fflush(output->out) == 0 && ferror(output->out) == 0;
    int reason = output->stream->reason;
    if (ok && output->temporary[0] != '\0' && !output->unsynced) {
        ok = sync_whole(output->descriptor);
        reason = errno;
    }
    if (fclose(output->out) != 0 && ok) {
        ok = false;
        reason = errno;
    }
    output->out = NULL;
    if (ok && output->temporary[0] != '\0' && rename(output->temporary, output->target) != 0) {
        ok = false;
        reason = errno;
    }
    if (ok)
        return true;
    output_discard(output);
    return open_failed(output->name, reason, error);
}

void output_discard(struct output *output)
{
    if (output->out != NULL)
        fclose(output->out);
    output->out = NULL;
    if (output->temporary[0] != '\0')
        unlink(output->temporary);
    output->temporary[0] = '\0';
}
