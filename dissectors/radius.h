/* radius.h: the dissector of RADIUS, as a carrier of EAP. What it emits is in eap.h and tls.h. */
#ifndef PERPASS_DISSECTORS_RADIUS_H
#define PERPASS_DISSECTORS_RADIUS_H

#include "core/dissector.h"

extern const struct dissector dissector_radius;

#endif
