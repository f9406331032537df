/* eapol.h: the dissector of 802.1X, as a carrier of EAP. What it emits is in eap.h and tls.h. */
#ifndef PERPASS_DISSECTORS_EAPOL_H
#define PERPASS_DISSECTORS_EAPOL_H

#include "core/dissector.h"

extern const struct dissector dissector_eapol;

#endif
