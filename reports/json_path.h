/* json_path.h: a JSON object whose members are given by dotted paths: "tls.client.server_name".
 *
 * Paths have to come so that those with a common beginning follow each other (event_plan.h sorts them);
 * an object is begun with its first member and ended when a path leaves it, so that no object is empty. */
#ifndef PERPASS_REPORTS_JSON_PATH_H
#define PERPASS_REPORTS_JSON_PATH_H

#include "reports/json_writer.h"

struct json_path {
    struct json_writer *json;
    const char *open; /* the path of the last member, or NULL; its objects are open */
};

/* json_path_begin begins the outermost object. */
void json_path_begin(struct json_path *path, struct json_writer *json);

/* json_path_next ends and begins objects as |name| wants it, and names the member: its value comes next.
 * |name| must stay where it is until the next call. */
void json_path_next(struct json_path *path, const char *name);

/* json_path_end ends all objects. */
void json_path_end(struct json_path *path);

#endif
