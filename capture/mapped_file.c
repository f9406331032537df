/* mapped_file.c: a regular file as input, mapped: its frames are read where they lie.
 *
 * The size is the one at opening: bytes that are appended later are not read. A file that
 * another program cuts short while it is mapped ends this program by SIGBUS: the system then has
 * no bytes to give. */
#include "capture/input.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAPPED_STEP = 4 << 20 /* pages are given back in steps of this many bytes */ };

struct mapped_file {
    struct input input;
    int fd;
    uint8_t *start;
    size_t len;
    size_t given; /* bytes from |start| whose pages were given back */
};

static bool mapped_more(struct input *input, size_t want)
{
    (void)want;
    (void)input;
    return false;
}

/* Gives back pages that were read, so that a large file does not pile up in the memory of the
 * process. It costs what unmapping them at the end would cost. */
static void mapped_passed(struct input *input)
{
    struct mapped_file *file = (struct mapped_file *)input;
    while (input->offset - file->given >= 2 * (uint64_t)MAPPED_STEP) {
        madvise(file->start + file->given, MAPPED_STEP, MADV_DONTNEED);
        file->given += MAPPED_STEP;
    }
}

static uint64_t mapped_stored(const struct input *input)
{
    return input->offset;
}

/* Pages that were given back come again when somebody reads them. */
static void *mapped_hold(struct input *input)
{
    return input;
}

static void mapped_release(struct input *input, void *held)
{
    (void)input;
    (void)held;
}

static void mapped_close(struct input *input)
{
    struct mapped_file *file = (struct mapped_file *)input;
    munmap(file->start, file->len);
    close(file->fd);
    free(file);
}

static const struct input_ops mapped_ops = {.more = mapped_more,
                                            .passed = mapped_passed,
                                            .stored = mapped_stored,
                                            .hold = mapped_hold,
                                            .release = mapped_release,
                                            .close = mapped_close};

struct input *input_map(int fd, uint64_t size, const char *name)
{
    if (size == 0 || size > SIZE_MAX)
        return NULL;
    struct mapped_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return NULL;
    void *start = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    if (start == MAP_FAILED) {
        free(file);
        return NULL;
    }
    madvise(start, (size_t)size, MADV_SEQUENTIAL);
    file->fd = fd;
    file->start = start;
    file->len = (size_t)size;
    file->input = (struct input){.ops = &mapped_ops,
                                 .at = start,
                                 .end = file->start + file->len,
                                 .size = size,
                                 .name = name};
    return &file->input;
}
