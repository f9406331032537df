/* replay.c: capture files, one after the other, into the engines. */
#include "cli/replay.h"

#include "capture/source.h"
#include "cli/complain.h"
#include "cli/signals.h"
#include "core/crypto.h"
#include "core/descriptor.h"
#include "core/digits.h"
#include "core/layers.h"
#include "reports/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t replay_total(const char *const *paths, size_t num)
{
    uint64_t total = 0;
    for (size_t i = 0; i < num; i++) {
        struct stat status;
        if (stat(paths[i], &status) != 0 || !S_ISREG(status.st_mode))
            return 0;
        total += (uint64_t)status.st_size;
    }
    return total;
}

/* Writes the SHA-256 of a regular file of at most |most| bytes; leaves "" where there is none. */
static void hash_file(const char *path, uint64_t most, char hex[65])
{
    uint8_t buffer[1 << 16], sum[CRYPTO_SHA256_LEN];
    struct error error;
    struct stat status;
    ssize_t got = -1;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return;
    struct crypto_digest *digest = crypto_digest_new(CRYPTO_SHA256, &error);
    bool ok = digest != NULL && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
              (uint64_t)status.st_size <= most;
    while (ok && got != 0) {
        got = descriptor_read(descriptor, buffer, sizeof buffer);
        ok = got == 0 || (got > 0 && signals_stopped() == 0 &&
                          crypto_digest_add(digest, span_of(buffer, (size_t)got)));
    }
    if (ok && crypto_digest_finish(digest, sum)) {
        digits_hex(sum, sizeof sum, hex);
        hex[2 * sizeof sum] = '\0';
    }
    crypto_digest_free(digest);
    close(descriptor);
}

static void note_times(struct input_info *input, const struct frame *frames, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        if (input->last_ns == 0 || frames[i].time_ns < input->first_ns)
            input->first_ns = frames[i].time_ns;
        if (frames[i].time_ns > input->last_ns)
            input->last_ns = frames[i].time_ns;
    }
}

/* Frames that no reader is for. */
struct strangers {
    uint64_t frames;
    uint16_t link_type; /* of the first */
};

static void note_strangers(struct strangers *strangers, const struct frame *frames, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (!layers_knows_link(frames[i].link_type) && strangers->frames++ == 0)
            strangers->link_type = frames[i].link_type;
}

static const char *name_of(const struct input_info *input)
{
    return strcmp(input->path, "-") == 0 ? "standard input" : input->path;
}

static void set_damage(struct input_info *input, const char *sentence)
{
    snprintf(input->damage, sizeof input->damage, "%s", sentence);
}

/* Stopped by a signal, or because the results cannot be written (which is told elsewhere). */
static void set_stopped(struct input_info *input)
{
    struct error sentence;
    const char *why = "its events cannot be written";
    if (signals_stopped() != 0)
        why = signals_stopped() == SIGINT ? "stopped by SIGINT" : "stopped by SIGTERM";
    error_set(&sentence, "%s was not read to its end: %s", name_of(input), why);
    set_damage(input, sentence.text);
}

static bool output_broken(const struct replay *replay)
{
    return replay->needed != NULL && ferror(replay->needed) != 0;
}

/* What the team reads from. */
struct reading {
    struct replay *replay;
    struct source *source;
    struct input_info *input;
    struct strangers *strangers;
    enum source_status status;
    struct error error;
};

static bool must_stop(const struct replay *replay)
{
    return signals_stopped() != 0 || output_broken(replay);
}

static size_t read_frames(void *to, struct frame *frames, size_t max)
{
    struct reading *reading = to;
    struct replay *replay = reading->replay;
    size_t num = 0;
    if (must_stop(replay) || reading->status != SOURCE_FRAMES)
        return 0;
    reading->status = source_read(reading->source, frames, max, &num, &reading->error);
    if (reading->status != SOURCE_FRAMES)
        return 0;
    note_times(reading->input, frames, num);
    note_strangers(reading->strangers, frames, num);
    if (replay->progress.on) {
        const struct source_stats stats = source_stats(reading->source);
        progress_update(&replay->progress, replay->bytes + stats.bytes,
                        replay->frames + stats.frames);
    }
    return num;
}

static void *hold_frames(void *to)
{
    return source_hold(((struct reading *)to)->source);
}

static void release_frames(void *to, void *held)
{
    source_release(((struct reading *)to)->source, held);
}

/* Reads |source| to its end, its damage, or a signal. */
static void read_all(struct replay *replay, struct source *source, struct input_info *input,
                     struct strangers *strangers)
{
    struct reading reading = {.replay = replay,
                              .source = source,
                              .input = input,
                              .strangers = strangers,
                              .status = SOURCE_FRAMES};
    team_read(replay->team, &(struct team_source){.to = &reading,
                                                  .read = read_frames,
                                                  .hold = hold_frames,
                                                  .release = release_frames});
    if (must_stop(replay))
        set_stopped(input);
    else if (reading.status == SOURCE_DAMAGED)
        set_damage(input, reading.error.text);
}

static void read_source(struct replay *replay, struct source *source, struct input_info *input,
                        struct strangers *strangers)
{
    input->format = source_format(source);
    read_all(replay, source, input, strangers);
    const struct source_stats stats = source_stats(source);
    input->frames = stats.frames;
    input->filtered = stats.filtered;
    input->dropped = stats.dropped;
    input->unfit = stats.unfit;
    input->mended = stats.mended;
    input->size = stats.size;
    replay->bytes += stats.size;
    replay->frames += stats.frames;
}

static void tell(const struct input_info *input)
{
    char packets[TEXT_SMALL * 2], left_out[TEXT_SMALL];
    complain("%s: %s, %s, %s left out by the filter", name_of(input),
             input->format != NULL ? input->format : "not opened",
             text_count(input->frames, "packet", "packets", packets),
             text_number(input->filtered, left_out));
}

/* Reports tell of one reason why an input was not read whole: the first. */
static void tell_strangers(struct input_info *input, const struct strangers *strangers)
{
    char frames[TEXT_SMALL * 2], all[TEXT_SMALL];
    struct error sentence;
    error_set(&sentence,
              "%s: %s of %s cannot be read: perpass does not know their link type (%" PRIu16
              " in the first)",
              name_of(input), text_count(strangers->frames, "packet", "packets", frames),
              text_number(input->frames, all), strangers->link_type);
    complain("%s", sentence.text);
    if (input->damage[0] == '\0')
        set_damage(input, sentence.text);
}

bool replay_file(struct replay *replay, const char *path, struct input_info *input)
{
    /* A buffer that stays in the cache costs less than the pages of a mapping, and a file that is cut
     * short while it is read is damage, not SIGBUS: docs/performance.md has the figures. */
    const struct source_options options = {.compiled = replay->filter, .unmapped = true};
    struct error error = {.text = ""};
    struct strangers strangers = {0};
    *input = (struct input_info){.path = path};
    if (signals_stopped() != 0 || output_broken(replay)) {
        set_stopped(input);
        return false;
    }
    struct source *source = source_open_file(path, &options, &error);
    if (source != NULL) {
        read_source(replay, source, input, &strangers);
        source_close(source);
    } else if (signals_stopped() != 0) {
        set_stopped(input);
    } else {
        set_damage(input, error.text);
    }
    if (replay->hash_up_to > 0 && strcmp(path, "-") != 0)
        hash_file(path, replay->hash_up_to, input->sha256);
    progress_clear(&replay->progress);
    if (replay->verbose)
        tell(input);
    if (input->damage[0] != '\0')
        complain("%s", input->damage);
    if (strangers.frames > 0)
        tell_strangers(input, &strangers);
    return input->damage[0] == '\0';
}
