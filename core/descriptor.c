/* descriptor.c: reads and writes that are made again where a signal interrupted them. */
#include "core/descriptor.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

ssize_t descriptor_read(int descriptor, void *to, size_t max)
{
    ssize_t got;
    do
        got = read(descriptor, to, max);
    while (got < 0 && errno == EINTR);
    return got;
}

ssize_t descriptor_read_all(int descriptor, void *to, size_t max)
{
    uint8_t *bytes = to;
    size_t len = 0;
    ssize_t got = 1;
    while (len < max && (got = descriptor_read(descriptor, bytes + len, max - len)) > 0)
        len += (size_t)got;
    return got < 0 ? -1 : (ssize_t)len;
}

size_t descriptor_write(int descriptor, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    size_t done = 0;
    while (done < len) {
        ssize_t wrote = write(descriptor, at + done, len - done);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote == 0 || errno != EINTR)
            break;
    }
    return done;
}
