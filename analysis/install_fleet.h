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

/* A device, as far as the fleet is concerned: hashes of what it is known by. Two are one when they are known by the same,
 * or when they had the same address and one of them is known by nothing else: DHCP tells who it is sooner or later. */
struct install_member {
    uint64_t device;  /* hardware address or identifier; 0: known by its address only */
    uint64_t address; /* the one that it has now; 0: none */
};

/* How often a key is shared. */
struct install_sharing {
    bool shared;      /* by another device than the one at hand */
    bool same_file;   /* the others were all seen with the very same file */
    unsigned devices; /* up to 4 are told apart */
    unsigned known;   /* of these, those known by more than their addresses */
    bool pushed_out;  /* another entry had to give way */
};

/* install_fleet_recipient says that |member| fetched a file for the key |id|; |file| is a hash of its name and
 * content. */
struct install_sharing install_fleet_recipient(struct install_fleet *fleet, struct span id,
                                               const struct install_member *member, uint64_t file);

/* A form of names that differ by a number. */
struct install_series {
    unsigned devices; /* with a number each, up to 8 are told apart */
    uint64_t least, most;
    bool pushed_out;
};

/* install_fleet_number says that |member| has the |number| in a name of this form. A number that two devices have is
 * none of a series: then there are 0 devices, from there on. */
struct install_series install_fleet_number(struct install_fleet *fleet, struct span before,
                                           struct span after, uint64_t number,
                                           const struct install_member *member);

#endif
