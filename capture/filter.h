/* filter.h: BPF expressions, compiled by libpcap for each link type that occurs. */
#ifndef PERPASS_CAPTURE_FILTER_H
#define PERPASS_CAPTURE_FILTER_H

#include "core/error.h"
#include "core/packet.h"

struct filter;

/* filter_new compiles |expression| for |link_type|. NULL, and libpcap's reason in |error|, when
 * that cannot be done. */
struct filter *filter_new(const char *expression, uint16_t link_type, struct error *error);

/* filter_new_for_all compiles |expression| for every link type that is read here, so that nothing is looked up
 * (names of hosts, ports, protocols) or opened later. NULL, and the reason, when it fits none of them. */
struct filter *filter_new_for_all(const char *expression, struct error *error);

/* filter_fits says whether the expression can be used on |link_type|; if not, |error| says why. */
bool filter_fits(struct filter *filter, uint16_t link_type, struct error *error);

/* filter_passes says whether |frame| is to be read. Frames of a link type that the expression
 * cannot be compiled for do not pass, and are counted. */
bool filter_passes(struct filter *filter, const struct frame *frame);

/* An instruction of the compiled expression, as the kernel's socket filters have it, too. */
struct filter_instruction {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t k;
};

/* filter_instructions gives the expression compiled for |link_type|, in memory that the caller frees. NULL
 * when it cannot be compiled for it. */
struct filter_instruction *filter_instructions(struct filter *filter, uint16_t link_type,
                                               size_t *num);

/* filter_unfit counts the frames that did not pass because of their link type alone. */
uint64_t filter_unfit(const struct filter *filter);

void filter_free(struct filter *filter);

#endif
