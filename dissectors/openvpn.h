/* openvpn.h: the dissectors of OpenVPN's control channel, in which TLS handshakes are in clear. What they
 * observe is what dissectors/tls.h has. */
#ifndef PERPASS_DISSECTORS_OPENVPN_H
#define PERPASS_DISSECTORS_OPENVPN_H

#include "core/dissector.h"

extern const struct dissector dissector_openvpn_udp, dissector_openvpn_tcp;

#endif
