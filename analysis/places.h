/* places.h: in which countries and networks the far ends of conversations are: "place.summary", one for each country and
 * network, of which an observer there sees as much. Only where databases of places were given. */
#ifndef PERPASS_ANALYSIS_PLACES_H
#define PERPASS_ANALYSIS_PLACES_H

#include "core/observation.h"

enum { PLACES_MOST = 2048 /* countries and networks told apart; further ones are one: "other" */ };

/* "place.summary" */
struct place_summary {
    struct span country;                           /* two letters; empty: not known */
    struct number as_number;                       /* not seen: not known */
    struct span as_organization;                   /* as the database has it */
    enum truth other;                              /* all that had no room of their own */
    struct number conversations, encrypted, clear; /* the rest of them is not known to be either */
    struct number bytes;
    struct number hosts; /* near ends */
};

extern const struct observation_type observation_place_summary;

#endif
