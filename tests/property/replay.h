/* replay.h: what the tests share that replay captures which were changed: files in memory, dice, and what has to be
 * true of the events. */
#ifndef PERPASS_TESTS_PROPERTY_REPLAY_H
#define PERPASS_TESTS_PROPERTY_REPLAY_H

#include "capture/source.h"
#include "core/engine.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPLAY_MAX_CAPTURE = 1 << 22 };

struct replay_bytes {
    size_t len;
    uint8_t at[REPLAY_MAX_CAPTURE];
};

/* A small generator of its own, so that a case is the same on every machine (xorshift64*). */
struct replay_dice {
    uint64_t state;
};

static inline uint32_t replay_dice_below(struct replay_dice *dice, size_t n)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (uint32_t)((dice->state * 0x2545f4914f6cdd1d >> 33) % n);
}

/* replay_mutate changes 1 to 8 pieces of |bytes| at random. */
static inline void replay_mutate(struct replay_dice *dice, struct replay_bytes *bytes)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    for (uint32_t changes = 1 + replay_dice_below(dice, 8); changes > 0 && bytes->len > 1;
         changes--) {
        const size_t at = replay_dice_below(dice, bytes->len);
        const size_t len = 1 + replay_dice_below(dice, bytes->len - at < 64 ? bytes->len - at : 64);
        switch (replay_dice_below(dice, 6)) {
        case 0:
            bytes->at[at] = edges[replay_dice_below(dice, sizeof edges)];
            break;
        case 1:
            bytes->at[at] = (uint8_t)replay_dice_below(dice, 256);
            break;
        case 2: /* taken out */
            memmove(bytes->at + at, bytes->at + at + len, bytes->len - at - len);
            bytes->len -= len;
            break;
        case 3: /* from elsewhere */
            memmove(bytes->at + at, bytes->at + replay_dice_below(dice, bytes->len - len + 1), len);
            break;
        case 4: /* a piece twice */
            if (bytes->len + len < sizeof bytes->at) {
                memmove(bytes->at + at + len, bytes->at + at, bytes->len - at);
                bytes->len += len;
            }
            break;
        default:
            bytes->at[at] = (uint8_t)(bytes->at[at] ^ 1U << replay_dice_below(dice, 8));
        }
    }
}

/* replay_read reads the file at |path|; false when it cannot, or it is larger than a capture may be. */
static inline bool replay_read(const char *path, struct replay_bytes *bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    bytes->len = fread(bytes->at, 1, sizeof bytes->at, file);
    fclose(file);
    return bytes->len < sizeof bytes->at;
}

/* replay_memory makes a file in memory that source_open_file can open by |path|; -1 when there is none. */
static inline int replay_memory(char path[64])
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static inline bool replay_memory_set(int fd, struct span bytes)
{
    return ftruncate(fd, 0) == 0 && pwrite(fd, bytes.at, bytes.len, 0) == (ssize_t)bytes.len;
}

/* replay_feed feeds the capture at |path|; false when it is damaged and no sentence says how. */
static inline bool replay_feed(const char *path, struct engine *engine)
{
    struct error error = {.text = ""};
    const struct source_options options = {.filter = NULL};
    struct source *source = source_open_file(path, &options, &error);
    struct frame frames[64];
    size_t num;
    enum source_status status = SOURCE_DAMAGED;
    while (source != NULL &&
           (status = source_read(source, frames, 64, &num, &error)) == SOURCE_FRAMES)
        engine_feed(engine, frames, num);
    source_close(source);
    return status != SOURCE_DAMAGED || error.text[0] != '\0';
}

/* replay_bad_event gives the first line of |events| that is not one object of JSON; unseen when there is none. */
static inline struct span replay_bad_event(const char *events, size_t len)
{
    const char *line = events, *end = events + len;
    struct span bad = {.at = NULL, .len = 0};
    struct json_tokener *parser = json_tokener_new();
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    while (line < end && bad.at == NULL) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t line_len = (size_t)((stop != NULL ? stop : end) - line);
        json_tokener_reset(parser);
        struct json_object *event = json_tokener_parse_ex(parser, line, (int)line_len + 1);
        if (stop == NULL || !json_object_is_type(event, json_type_object))
            bad = span_of((const uint8_t *)line, line_len);
        json_object_put(event);
        line += line_len + 1;
    }
    json_tokener_free(parser);
    return bad;
}

/* replay_capture_in gives the path of the capture in |pcaps|/|folder|; false when it has none. */
static inline bool replay_capture_in(const char *pcaps, const char *folder, char *path, size_t size)
{
    static const char *const names[] = {"capture.pcap", "capture.pcapng"};
    struct stat status;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int len = snprintf(path, size, "%s/%s/%s", pcaps, folder, names[i]);
        if (len > 0 && (size_t)len < size && stat(path, &status) == 0)
            return true;
    }
    return false;
}

#endif
