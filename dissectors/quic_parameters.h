/* quic_parameters.h: the transport parameters in a client hello. */
#ifndef PERPASS_DISSECTORS_QUIC_PARAMETERS_H
#define PERPASS_DISSECTORS_QUIC_PARAMETERS_H

#include "core/reader.h"
#include "dissectors/quic.h"

/* quic_parameters_observe finds the extension in the body of a client hello and emits what it states; |old|
 * when ids and lengths have 16 bits, as before draft 27. */
void quic_parameters_observe(struct reader hello, bool old, struct dissect_context *context);

#endif
