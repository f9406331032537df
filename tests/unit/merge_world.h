/* merge_world.h: made-up reports of sensors, written as perpass writes them, read back and joined. */
#ifndef PERPASS_TESTS_UNIT_MERGE_WORLD_H
#define PERPASS_TESTS_UNIT_MERGE_WORLD_H

#include "report_sample.h"

#include "reports/merge.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORLD_REPORTS = 4 };

/* Reports as text, and what becomes of them. */
struct merge_world {
    char *texts[WORLD_REPORTS];
    size_t lens[WORLD_REPORTS], num;
    struct store store;
    struct read_report reports[WORLD_REPORTS];
    struct result result;
    struct redactor *redactor;
    struct error error;
};

/* A redactor with a key file of |byte|s, as sensors with one key have it. */
static inline struct redactor *world_redactor(enum privacy_policy policy, char byte,
                                              enum redact_epoch epoch)
{
    char path[] = "/tmp/perpass-merge-XXXXXX", key[32];
    struct error error = {.text = ""};
    memset(key, byte, sizeof key);
    int file = mkstemp(path);
    assert_true(file >= 0 && fchmod(file, 0600) == 0);
    assert_int_equal(write(file, key, sizeof key), sizeof key);
    close(file);
    const struct redact_options options = {.policy = policy, .key_file = path, .epoch = epoch};
    struct redactor *redactor = redactor_new(&options, &error);
    unlink(path);
    assert_non_null(redactor);
    return redactor;
}

/* world_add writes |result| under |redactor|. */
static inline void world_add(struct merge_world *world, const struct result *result,
                             struct redactor *redactor)
{
    const struct report_style style = {.width = 0};
    const size_t i = world->num++;
    assert_true(i < WORLD_REPORTS);
    FILE *out = open_memstream(&world->texts[i], &world->lens[i]);
    assert_non_null(out);
    assert_true(report_json.write(out, result, redactor, &style, &world->error));
    fclose(out);
}

static inline void world_add_text(struct merge_world *world, const char *text)
{
    world->lens[world->num] = strlen(text);
    world->texts[world->num++] = strdup(text);
}

static inline bool world_read(struct merge_world *world, size_t i, size_t at)
{
    static const char *const names[] = {"a.json", "b.json", "c.json", "d.json"};
    FILE *in = fmemopen(world->texts[i], world->lens[i], "r");
    assert_non_null(in);
    const bool ok = report_read(in, names[i], &world->store, &world->reports[at], &world->error);
    fclose(in);
    return ok;
}

/* world_merge joins all of them, the last first with |backwards|. */
static inline bool world_merge(struct merge_world *world, bool backwards)
{
    for (size_t i = 0; i < world->num; i++)
        if (!world_read(world, backwards ? world->num - 1 - i : i, i))
            return false;
    return merge_reports(world->reports, world->num, &world->store, &world->result,
                         &world->redactor, &world->error);
}

/* world_written is the joined report in |format|, to be freed. */
static inline char *world_written(struct merge_world *world, const struct report_format *format,
                                  size_t *len)
{
    const struct report_style style = {.width = 100};
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    assert_non_null(out);
    assert_true(format->write(out, &world->result, world->redactor, &style, &world->error));
    fclose(out);
    return text;
}

/* world_forget keeps the texts and forgets what was made of them. */
static inline void world_forget(struct merge_world *world)
{
    store_free(&world->store);
    redactor_free(world->redactor);
    world->redactor = NULL;
    world->result = (struct result){.num_findings = 0};
}

static inline void world_clear(struct merge_world *world)
{
    world_forget(world);
    for (size_t i = 0; i < world->num; i++)
        free(world->texts[i]);
    *world = (struct merge_world){.num = 0};
}

#endif
