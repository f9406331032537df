/* geo.h: where addresses are, by databases in MaxMind's format: the country, and the network (autonomous system) that
 * carries them. What a database says is no more than its maker's guess. */
#ifndef PERPASS_CORE_GEO_H
#define PERPASS_CORE_GEO_H

#include "core/error.h"
#include "core/span.h"

enum { GEO_MAX_DATABASES = 4, GEO_ORGANIZATION = 64 };

/* What is known of an address. */
struct geo_place {
    char country[3];                        /* ISO 3166-1, two upper-case letters; "": not known */
    uint32_t as_number;                     /* 0: not known */
    char as_organization[GEO_ORGANIZATION]; /* NUL-terminated, any bytes else, cut; "": not known */
};

struct geo;

/* geo_built says whether perpass was built with libmaxminddb; geo_version gives its version, "" without. */
bool geo_built(void);
const char *geo_version(void);

struct geo *geo_new(void); /* NULL when there is no memory */
void geo_free(struct geo *geo);

/* geo_add opens the database at |path|, which is mapped: it may be replaced, not written to, while it is used. Of what
 * several know the first one counts. False and |error| when it is none, or there are too many. */
bool geo_add(struct geo *geo, const char *path, struct error *error);

/* geo_find looks |address| (4 or 16 bytes) up; false, and |place| all-zero, when nothing is known of it. A damaged
 * database knows nothing where it is damaged. Several threads may look at once. */
bool geo_find(const struct geo *geo, struct span address, struct geo_place *place);

#endif
