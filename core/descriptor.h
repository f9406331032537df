/* descriptor.h: reads and writes that a signal may interrupt before they have done anything: they are made again. */
#ifndef PERPASS_CORE_DESCRIPTOR_H
#define PERPASS_CORE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* descriptor_read reads as read() does, up to |max| bytes; it never fails with EINTR. */
ssize_t descriptor_read(int descriptor, void *to, size_t max);

/* descriptor_read_all reads to the end, or |max| bytes of more; gives how many, or -1 and errno. */
ssize_t descriptor_read_all(int descriptor, void *to, size_t max);

/* descriptor_write writes all |len| bytes, in as many parts as the system takes; gives how many were written: fewer, and
 * errno, when it refuses the rest. */
size_t descriptor_write(int descriptor, const void *bytes, size_t len);

#endif
