/* json_path.c: nested objects from dotted paths. */
#include "reports/json_path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* How many objects both paths are in. */
static uint8_t common_objects(const char *a, const char *b)
{
    uint8_t objects = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        if (a[i] == '.')
            objects++;
    return objects;
}

bool json_step_make(struct json_step *step, const char *name, const char *before)
{
    size_t size = 4 * strlen(name) + 4; /* a name of one letter and its dot become five */
    *step = (struct json_step){.text = malloc(size)};
    if (step->text == NULL)
        return false;
    step->common = before != NULL ? common_objects(before, name) : 0;
    size_t len = 0;
    for (;;) {
        size_t part = strcspn(name, ".");
        step->text[len++] = '"';
        memcpy(step->text + len, name, part);
        len += part;
        step->text[len++] = '"';
        step->text[len++] = ':';
        if (name[part] == '\0')
            break;
        step->text[len++] = '{';
        assert(step->depth < JSON_PATH_MAX_OBJECTS && len < size);
        step->offset[++step->depth] = (uint16_t)len;
        name += part + 1;
    }
    assert(len <= size && len <= UINT16_MAX);
    step->len = (uint16_t)len;
    return true;
}

size_t json_step_packed_size(const struct json_step *step)
{
    return sizeof(struct json_packed_step) + step->len;
}

void json_step_pack(const struct json_step *step, struct json_packed_step *packed)
{
    packed->len = step->len;
    packed->from = step->offset[step->common];
    packed->common = step->common;
    packed->depth = step->depth;
    packed->whole = step->whole;
    memcpy(packed->text, step->text, step->len);
}

/* Where the text begins when |objects| are open, fewer than with the step before. */
static size_t offset_of(const struct json_packed_step *step, unsigned objects)
{
    size_t at = 0;
    while (objects != 0) /* no name has a brace in it */
        if (step->text[at++] == '{')
            objects--;
    return at;
}

void json_path_begin(struct json_path *path, struct json_writer *json)
{
    *path = (struct json_path){.json = json};
    json_writer_object_begin(json);
}

static inline size_t text_from(const struct json_path *path, const struct json_packed_step *step)
{
    return path->common == step->common ? step->from : offset_of(step, path->common);
}

size_t json_path_len(const struct json_path *path, const struct json_packed_step *step)
{
    return (size_t)(path->depth - path->common) + 1 + step->len - text_from(path, step);
}

char *json_path_open(struct json_path *path, const struct json_packed_step *step, size_t room)
{
    const unsigned keep = path->common, ends = path->depth - keep;
    const size_t from = text_from(path, step);
    assert(keep <= path->depth && keep <= step->common);
    path->depth = path->common = step->depth;
    return json_writer_open(path->json, ends, step->text + from, step->len - from, room);
}

void json_path_write(struct json_path *path, const struct json_packed_step *step)
{
    json_writer_close(path->json, json_path_open(path, step, 0));
    if (!step->whole)
        json_writer_named(path->json);
}

void json_path_end(struct json_path *path)
{
    json_writer_made_end(path->json, path->depth);
    path->depth = path->common = 0;
    json_writer_object_end(path->json);
}
