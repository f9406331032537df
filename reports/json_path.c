/* json_path.c: nested objects from dotted paths. */
#include "reports/json_path.h"

#include <string.h>

void json_path_begin(struct json_path *path, struct json_writer *json)
{
    *path = (struct json_path){.json = json};
    json_writer_object_begin(json);
}

/* The length of the objects' part that both paths begin with: up to and with their last common dot. */
static size_t common_len(const char *a, const char *b)
{
    size_t len = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        if (a[i] == '.')
            len = i + 1;
    return len;
}

static void close_objects(struct json_path *path, size_t keep)
{
    if (path->open == NULL)
        return;
    for (const char *dot = path->open + keep; (dot = strchr(dot, '.')) != NULL; dot++)
        json_writer_object_end(path->json);
}

void json_path_next(struct json_path *path, const char *name)
{
    size_t keep = path->open != NULL ? common_len(path->open, name) : 0;
    close_objects(path, keep);
    path->open = name;
    const char *part = name + keep;
    for (const char *dot; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
        json_writer_name(path->json, part, (size_t)(dot - part));
        json_writer_object_begin(path->json);
    }
    json_writer_name(path->json, part, strlen(part));
}

void json_path_end(struct json_path *path)
{
    close_objects(path, 0);
    path->open = NULL;
    json_writer_object_end(path->json);
}
