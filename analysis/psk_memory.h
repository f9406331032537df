/* psk_memory.h: what clients offered, until the server has selected: the verdicts on the identities
 * of the last hello of each flow. Bounded; the oldest of a few give way. */
#ifndef PERPASS_ANALYSIS_PSK_MEMORY_H
#define PERPASS_ANALYSIS_PSK_MEMORY_H

#include "core/flow.h"
#include "dissectors/psk_origin.h"

enum {
    PSK_MEMORY_FLOWS = 65536,  /* flows remembered at once */
    PSK_MEMORY_IDENTITIES = 10 /* identities remembered of each; of further ones nothing is known */
};

struct psk_memory;

/* psk_memory_new gives an empty memory, NULL when there is none to be had. */
struct psk_memory *psk_memory_new(void);
void psk_memory_free(struct psk_memory *memory);

/* psk_memory_begin forgets what |flow| offered before, and makes room for a new offer. True when
 * another flow was pushed out. */
bool psk_memory_begin(struct psk_memory *memory, const struct flow *flow);

/* psk_memory_add notes the verdict on the next identity of the offer that was begun last. */
void psk_memory_add(struct psk_memory *memory, enum psk_origin_verdict verdict);

/* psk_memory_take gives the verdict on identity |index| of |flow| and forgets the flow;
 * PSK_ORIGIN_UNKNOWN when nothing is known. */
enum psk_origin_verdict psk_memory_take(struct psk_memory *memory, const struct flow *flow,
                                        uint64_t index);

/* psk_memory_forget forgets |flow|: it is over. */
void psk_memory_forget(struct psk_memory *memory, const struct flow *flow);

#endif
