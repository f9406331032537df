/* finding_place.h: in which input a finding's packet is. */
#ifndef PERPASS_REPORTS_FINDING_PLACE_H
#define PERPASS_REPORTS_FINDING_PLACE_H

#include "reports/sink.h"

/* finding_place gives the input of which finding->packet is a packet, told by the times of both; NULL when none has such a
 * packet. Of several that fit the first; |others| is how many more do. */
const struct input_info *finding_place(const struct result *result, const struct finding *finding,
                                       size_t *others);

#endif
