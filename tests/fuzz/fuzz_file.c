/* fuzz_file.c: the readers of capture files and of their compressions. The input is a file; it is read mapped and
 * through a buffer, which must give the same frames and come to the same end. Frames that are held stay what they are
 * while the next ones are read. */
#include "capture/source.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BATCH = 64, MAX_FRAMES = 1 << 16 };

/* What a reading gave, in a few numbers. */
struct outcome {
    uint64_t frames, bytes, sum;
    enum source_status end;
    bool opened;
};

static uint64_t sum_of(const struct frame *frame)
{
    uint64_t sum = frame->time_ns * 31 + frame->number * 37 + frame->link_type * 41u +
                   frame->interface * 43u + frame->wire_len;
    for (uint32_t i = 0; i < frame->captured_len; i++) /* they have to be there */
        sum = sum * 33 + frame->at[i];
    return sum;
}

static void take(struct outcome *outcome, const struct frame *frame)
{
    assert(frame->captured_len <= frame->wire_len);
    outcome->frames++;
    outcome->bytes += frame->captured_len;
    outcome->sum = outcome->sum * 3 + sum_of(frame);
}

/* The last frame of a batch, which is held. */
struct kept {
    void *held;
    struct frame frame;
    uint64_t sum;
};

static void keep(struct kept *kept, struct source *source, const struct frame *frame)
{
    *kept = (struct kept){.held = source_hold(source), .frame = *frame, .sum = sum_of(frame)};
}

static void release(struct kept *kept, struct source *source)
{
    if (kept->held == NULL)
        return;
    assert(sum_of(&kept->frame) == kept->sum);
    source_release(source, kept->held);
    kept->held = NULL;
}

static struct outcome read_all(const char *path, bool unmapped)
{
    struct error error = {""};
    const struct source_options options = {.unmapped = unmapped};
    struct outcome outcome = {.end = SOURCE_END};
    struct frame frames[BATCH];
    struct kept kept = {.held = NULL};
    size_t num;
    struct source *source = source_open_file(path, &options, &error);
    outcome.opened = source != NULL;
    if (source == NULL) {
        assert(error.text[0] != '\0');
        return outcome;
    }
    while (outcome.frames < MAX_FRAMES &&
           (outcome.end = source_read(source, frames, BATCH, &num, &error)) == SOURCE_FRAMES) {
        assert(num > 0 && num <= BATCH);
        for (size_t i = 0; i < num && outcome.frames < MAX_FRAMES; i++)
            take(&outcome, &frames[i]);
        release(&kept, source);
        keep(&kept, source, &frames[num - 1]);
    }
    release(&kept, source);
    assert(outcome.end != SOURCE_DAMAGED || error.text[0] != '\0');
    (void)source_format(source);
    (void)source_stats(source);
    source_close(source);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", 0);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const struct outcome mapped = read_all(path, false), buffered = read_all(path, true);
    assert(mapped.opened == buffered.opened && mapped.end == buffered.end);
    assert(mapped.frames == buffered.frames && mapped.bytes == buffered.bytes);
    assert(mapped.sum == buffered.sum);
    close(fd);
    return 0;
}
