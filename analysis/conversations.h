/* conversations.h: the table of what all analyzers together remember of conversations while they live: one entry each,
 * in which every analyzer has its part. Bounded: of eight the one that was quiet longest gives way. */
#ifndef PERPASS_ANALYSIS_CONVERSATIONS_H
#define PERPASS_ANALYSIS_CONVERSATIONS_H

#include "core/flow.h"
#include "core/observation.h"

enum { CONVERSATIONS_MOST = 65536 /* remembered at once */ };

/* What is remembered of every conversation. The parts of the analyzers follow. */
struct conversation {
    uint64_t addresses[2]; /* names of the addresses of its ends; 0: not asked for yet */
    uint64_t ends[2];      /* of addresses and ports: either may turn out to be the server */
};

struct conversations;

/* conversations_new gives an empty table of entries with |size| bytes beside struct conversation, NULL without memory
 * or randomness. |leaves|, if not NULL, is called for each entry before it is forgotten. */
struct conversations *conversations_new(size_t size, void *leaves_to,
                                        void (*leaves)(void *leaves_to, void *conversation));
void conversations_free(struct conversations *conversations);

/* conversations_look_anew says that another observation may be where one was that was asked for. */
void conversations_look_anew(struct conversations *conversations);

/* conversations_find gives what is remembered of the flow of |observation|, or of the exchange in it that it is about;
 * NULL when nothing is. It lives until the next _begin of another one, or _forget. */
struct conversation *conversations_find(struct conversations *conversations,
                                        const struct observation *observation);

/* conversations_begin gives the same, and makes an all-zero entry when there was none; |pushed_out| is set when another
 * had to give way. */
struct conversation *conversations_begin(struct conversations *conversations,
                                         const struct observation *observation, bool *pushed_out);

void conversations_forget(struct conversations *conversations,
                          const struct observation *observation);

size_t conversations_count(const struct conversations *conversations);

#endif
