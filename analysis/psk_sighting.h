/* psk_sighting.h: the rules about an external PSK identity that one look at it decides. */
#ifndef PERPASS_ANALYSIS_PSK_SIGHTING_H
#define PERPASS_ANALYSIS_PSK_SIGHTING_H

#include "analysis/analyzer.h"
#include "dissectors/psk_origin.h"

/* An identity where it was read. */
struct psk_sighting {
    struct span identity; /* as on the wire */
    const char *transport, *where, *key_exchange;
    struct psk_origin origin;
    struct psk_identity_class class; /* of what is imported, if it is */
};

/* psk_sighting_report reports what the identity tells: nothing of resumption tickets. */
void psk_sighting_report(struct analyze_context *context, const struct psk_sighting *sighting);

/* psk_sighting_finding begins a finding about the identity, no surer than that it is an external one. */
struct finding psk_sighting_finding(struct analyze_context *context,
                                    const struct psk_sighting *sighting, enum rule_id id);

/* psk_finding_cap makes the |finding| no surer than |confidence|, for the |reason|. */
void psk_finding_cap(struct finding *finding, enum confidence confidence, const char *reason);

/* psk_finding_identity adds the identity to the evidence. Bytes that are no text are said as text with escapes
 * too: in one form alone nobody takes the text "80ff" for the bytes 80 ff. */
void psk_finding_identity(struct finding *finding, const char *name, struct span identity);

#endif
