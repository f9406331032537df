/* json_path.h: a JSON object whose members are given by dotted paths: "tls.client.server_name".
 *
 * Paths have to come so that those with a common beginning follow each other (event_plan.h sorts them);
 * an object is begun with its first member and ended when a path leaves it, so that no object is empty.
 * What is written before a value is made once, as a step; a million values cost a copy each. */
#ifndef PERPASS_REPORTS_JSON_PATH_H
#define PERPASS_REPORTS_JSON_PATH_H

#include "reports/json_writer.h"

enum { JSON_PATH_MAX_OBJECTS = 8 };

/* A path, or several that always follow each other with the same values, while it is made. */
struct json_step {
    char *text;     /* "perpass":{"tls":{"random": */
    uint16_t len;   /* of the text */
    uint8_t common; /* objects that the path shares with that of the step before */
    uint8_t depth;  /* objects of the (last) path */
    bool whole;     /* values are in the text: none comes next */
    uint16_t
        offset[JSON_PATH_MAX_OBJECTS + 1]; /* where the text begins when so many objects are open */
};

/* json_step_make makes the step of |name|, a text of the program's own; |before| is the path of the step before, or
 * NULL. False when there is no memory. */
bool json_step_make(struct json_step *step, const char *name, const char *before);

/* The same in as few lines of the processor's cache as can be. */
struct json_packed_step {
    uint16_t len, from; /* of the text; where it begins when |common| objects are open */
    uint8_t common, depth;
    bool whole;
    char text[];
};

size_t json_step_packed_size(const struct json_step *step);
void json_step_pack(const struct json_step *step, struct json_packed_step *packed);

struct json_path {
    struct json_writer *json;
    uint8_t depth;  /* objects that are open in the outermost one */
    uint8_t common; /* of them, what the steps since the last value share */
};

/* json_path_begin begins the outermost object. */
void json_path_begin(struct json_path *path, struct json_writer *json);

/* json_path_pass goes on to a step, whether it is written or not; each is passed in its turn. */
static inline void json_path_pass(struct json_path *path, const struct json_packed_step *step)
{
    if (step->common < path->common)
        path->common = step->common;
}

/* json_path_write ends and begins objects as the step that was passed last wants it, and names the member: its value
 * comes next. */
void json_path_write(struct json_path *path, const struct json_packed_step *step);

/* json_path_open is json_path_write with a value that the caller writes as JSON to where it points, |room| bytes at most;
 * json_path_close is told where that ended. */
char *json_path_open(struct json_path *path, const struct json_packed_step *step, size_t room);
static inline void json_path_close(struct json_path *path, const char *end)
{
    json_writer_close(path->json, end);
}

/* json_path_len is how many bytes json_path_write writes where a member precedes. */
size_t json_path_len(const struct json_path *path, const struct json_packed_step *step);

/* json_path_end ends all objects. */
void json_path_end(struct json_path *path);

#endif
