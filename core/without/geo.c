/* geo.c: instead of core/geo.c where perpass is built without libmaxminddb. */
#include "core/geo.h"

#include <stdlib.h>

struct geo {
    char nothing;
};

bool geo_built(void)
{
    return false;
}

const char *geo_version(void)
{
    return "";
}

struct geo *geo_new(void)
{
    return calloc(1, sizeof(struct geo));
}

void geo_free(struct geo *geo)
{
    free(geo);
}

bool geo_add(struct geo *geo, const char *path, struct error *error)
{
    (void)geo;
    return error_set(error, "%.200s cannot be read: perpass was built without libmaxminddb", path);
}

bool geo_find(const struct geo *geo, struct span address, struct geo_place *place)
{
    (void)geo;
    (void)address;
    *place = (struct geo_place){.as_number = 0};
    return false;
}
