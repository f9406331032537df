/* fuzz_capture.c: the whole way of a capture, from the file to the findings, with the input as the file. */
#include "analysis/analysis.h"
#include "capture/source.h"
#include "core/engine.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void observe(void *to, const struct observation *observation)
{
    fuzz_walk(observation);
    analysis_observe(to, observation);
}

static void replay(const char *path, struct engine *engine)
{
    struct error error;
    const struct source_options options = {0};
    struct source *source = source_open_file(path, &options, &error);
    if (source == NULL)
        return;
    struct frame frames[64];
    size_t num;
    while (source_read(source, frames, 64, &num, &error) == SOURCE_FRAMES)
        engine_feed(engine, frames, num);
    source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    int fd = memfd_create("capture", 0);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct analysis *analysis = analysis_new(&(struct analysis_options){0}, &error);
    assert(analysis != NULL);
    const struct engine_options options = {.max_flows = 256,
                                           .max_stream_bytes = 8 << 20,
                                           .every_flow = true,
                                           .dissectors = dissectors,
                                           .emit_to = analysis,
                                           .emit = observe};
    struct engine *engine = engine_new(&options, &error);
    assert(engine != NULL);
    replay(path, engine);
    engine_finish(engine);
    engine_free(engine);
    analysis_finish(analysis);
    analysis_free(analysis);
    close(fd);
    return 0;
}
