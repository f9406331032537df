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

void json_path_begin(struct json_path *path, struct json_writer *json)
{
    *path = (struct json_path){.json = json};
    json_writer_object_begin(json);
}

void json_path_write(struct json_path *path, const struct json_step *step)
{
    uint8_t keep = path->common;
    assert(keep <= path->depth && keep <= step->depth);
    json_writer_objects_end(path->json, (unsigned)(path->depth - keep));
    json_writer_made(path->json, step->text + step->offset[keep],
                     (size_t)step->len - step->offset[keep], (unsigned)(step->depth - keep),
                     !step->whole);
    path->depth = path->common = step->depth;
}

void json_path_end(struct json_path *path)
{
    json_writer_objects_end(path->json, path->depth);
    path->depth = path->common = 0;
    json_writer_object_end(path->json);
}
