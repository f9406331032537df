/* install_fleet.h: what several devices have in common: the keys that their files are encrypted to, and names of files
 * that differ by a number only. Bounded tables: of eight entries the oldest gives way. */
#ifndef PERPASS_ANALYSIS_INSTALL_FLEET_H
#define PERPASS_ANALYSIS_INSTALL_FLEET_H

#include "core/span.h"

enum {
    INSTALL_FLEET_KEYS = 8192,  /* recipients remembered */
    INSTALL_FLEET_SHAPES = 8192 /* forms of names remembered */
};

struct install_fleet;
struct install_fleet *install_fleet_new(void);
void install_fleet_free(struct install_fleet *fleet);

/* A device, as far as the fleet is concerned: a number that stays the same. */
struct install_member {
    uint64_t device;
    uint64_t file; /* hash of the file's name and content */
};

/* How often a key is shared. */
struct install_sharing {
    bool shared;      /* by another device than the one at hand */
    bool same_file;   /* the others were all seen with the very same file */
    unsigned devices; /* up to 4 are told apart */
    bool pushed_out;  /* another entry had to give way */
};

/* install_fleet_recipient says that |member| fetched a file for the key |id|. */
struct install_sharing install_fleet_recipient(struct install_fleet *fleet, struct span id,
                                               const struct install_member *member);

/* A form of names that differ by a number. */
struct install_series {
    unsigned devices; /* with a number each, up to 8 are told apart */
    uint64_t least, most;
    bool pushed_out;
};

/* install_fleet_number says that |device| has the |number| in a name of this form. A number that two devices have is
 * none of a series: then there are 0 devices, from there on. */
struct install_series install_fleet_number(struct install_fleet *fleet, struct span before,
                                           struct span after, uint64_t number, uint64_t device);

#endif
