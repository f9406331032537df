/* fuzz_usual.c: frames that are read in one go, beside what the layers read. The input is a capture, or else an
 * Ethernet frame; each frame is read as it is, cut short, and with bytes changed. */
#include "capture/source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/usual_check.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHANGES = 16 /* of each frame */ };

static void check(const struct frame *frame)
{
    bool usual;
    const char *fault = usual_fault(frame, &usual);
    if (fault == NULL)
        return;
    fprintf(stderr, "frame %llu, %u bytes of %u: another %s\n", (unsigned long long)frame->number,
            frame->captured_len, frame->wire_len, fault);
    abort();
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* In memory of the exact size, so that a read past its end is seen. Most headers are in the first 80 bytes. */
static void check_changed(const struct frame *frame, uint32_t *seed)
{
    struct frame changed = *frame;
    uint32_t near = frame->captured_len < 80 ? frame->captured_len : 80;
    if (next_random(seed) % 2 == 0)
        changed.captured_len = next_random(seed) % (near + 1);
    uint8_t *copy = malloc(changed.captured_len + 1);
    assert(copy != NULL);
    memcpy(copy, frame->at, changed.captured_len);
    near = near < changed.captured_len ? near : changed.captured_len;
    for (unsigned n = next_random(seed) % 3; n > 0 && near > 0; n--)
        copy[next_random(seed) % near] ^= (uint8_t)(1u << next_random(seed) % 8);
    changed.at = copy;
    check(&changed);
    free(copy);
}

static void check_frame(const struct frame *frame)
{
    uint32_t seed = 2463534242u ^ frame->captured_len;
    check(frame);
    for (unsigned i = 0; i < CHANGES; i++)
        check_changed(frame, &seed);
}

static bool check_capture(const uint8_t *data, size_t size)
{
    struct error error;
    int fd = memfd_create("capture", 0);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct source *source = source_open_file(path, NULL, &error);
    close(fd);
    if (source == NULL)
        return false;
    struct frame frames[64];
    size_t num;
    while (source_read(source, frames, 64, &num, &error) == SOURCE_FRAMES)
        for (size_t i = 0; i < num; i++)
            check_frame(&frames[i]);
    source_close(source);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (check_capture(data, size) || size > UINT32_MAX)
        return 0;
    check_frame(&(struct frame){.at = data,
                                .captured_len = (uint32_t)size,
                                .wire_len = (uint32_t)size,
                                .number = 1,
                                .link_type = 1});
    return 0;
}
