/* filter.c: BPF expressions, compiled and run by libpcap (see pcap-filter(7)). */
#include "capture/filter.h"

#include "capture/link_type.h"
#include "core/layers.h"

#include <pcap/pcap.h>
#include <stdlib.h>

enum {
    FILTER_MAX_LINKS = 64,   /* link types in one input; frames of others do not pass */
    FILTER_LAST_LINK = 1023, /* link types that anybody has assigned are well below */
    FILTER_SNAPLEN = 262144
};

struct filter_program {
    uint16_t link_type;
    bool fits; /* |code| is compiled */
    struct bpf_program code;
    struct error reason; /* why it does not fit */
};

struct filter {
    char *expression;
    uint64_t unfit;
    bool complete; /* nothing is compiled any more */
    size_t num_programs;
    struct filter_program programs[FILTER_MAX_LINKS];
};

static void filter_compile(struct filter *filter, struct filter_program *program)
{
    int dlt = link_type_to_dlt(program->link_type);
    pcap_t *pcap = pcap_open_dead(dlt, FILTER_SNAPLEN);
    if (pcap == NULL) {
        error_set(&program->reason, "the filter cannot be compiled: there is no memory");
        return;
    }
    program->fits =
        pcap_compile(pcap, &program->code, filter->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!program->fits) {
        const char *link_name = pcap_datalink_val_to_name(dlt);
        error_set(&program->reason, "the filter \"%.200s\" cannot be used on link type %u (%s): %s",
                  filter->expression, program->link_type, link_name != NULL ? link_name : "unknown",
                  pcap_geterr(pcap));
    }
    pcap_close(pcap);
}

/* The program for |link_type|, made when it occurs first; NULL when there are too many. */
static struct filter_program *filter_program(struct filter *filter, uint16_t link_type)
{
    for (size_t i = 0; i < filter->num_programs; i++)
        if (filter->programs[i].link_type == link_type)
            return &filter->programs[i];
    if (filter->complete || filter->num_programs == FILTER_MAX_LINKS)
        return NULL;
    struct filter_program *program = &filter->programs[filter->num_programs++];
    program->link_type = link_type;
    filter_compile(filter, program);
    return program;
}

bool filter_fits(struct filter *filter, uint16_t link_type, struct error *error)
{
    const struct filter_program *program = filter_program(filter, link_type);
    if (program == NULL)
        return error_set(error, "the filter \"%.200s\" cannot be used on link type %u",
                         filter->expression, link_type);
    if (!program->fits)
        *error = program->reason;
    return program->fits;
}

static struct filter *filter_alloc(const char *expression, struct error *error)
{
    struct filter *filter = calloc(1, sizeof *filter);
    if (filter == NULL || (filter->expression = strdup(expression)) == NULL) {
        free(filter);
        error_set(error, "the filter cannot be compiled: there is no memory");
        return NULL;
    }
    return filter;
}

struct filter *filter_new(const char *expression, uint16_t link_type, struct error *error)
{
    struct filter *filter = filter_alloc(expression, error);
    if (filter != NULL && !filter_fits(filter, link_type, error)) {
        filter_free(filter);
        return NULL;
    }
    return filter;
}

/* Whether it fits one of the common link types at all: some primitives are for one of these only. Ethernet
 * comes first, as its complaint is the one to show. */
static bool fits_any(struct filter *filter, struct error *error)
{
    static const uint16_t links[] = {1, 101, 113, 127, 105};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct error reason;
        if (filter_fits(filter, links[i], i == 0 ? error : &reason))
            return true;
    }
    return false;
}

struct filter *filter_new_for_all(const char *expression, struct error *error)
{
    struct filter *filter = filter_alloc(expression, error);
    if (filter == NULL)
        return NULL;
    if (!fits_any(filter, error)) {
        filter_free(filter);
        return NULL;
    }
    for (unsigned link_type = 0; link_type <= FILTER_LAST_LINK; link_type++)
        if (layers_knows_link((uint16_t)link_type))
            filter_program(filter, (uint16_t)link_type);
    filter->complete = true;
    return filter;
}

bool filter_passes(struct filter *filter, const struct frame *frame)
{
    const struct filter_program *program = filter_program(filter, frame->link_type);
    if (program == NULL || !program->fits) {
        filter->unfit++;
        return false;
    }
    const struct pcap_pkthdr header = {.caplen = frame->captured_len, .len = frame->wire_len};
    return pcap_offline_filter(&program->code, &header, frame->at) != 0;
}

struct filter_instruction *filter_instructions(struct filter *filter, uint16_t link_type,
                                               size_t *num)
{
    const struct filter_program *program = filter_program(filter, link_type);
    if (program == NULL || !program->fits)
        return NULL;
    struct filter_instruction *copy = calloc(program->code.bf_len, sizeof copy[0]);
    if (copy == NULL)
        return NULL;
    for (unsigned i = 0; i < program->code.bf_len; i++) {
        const struct bpf_insn *from = &program->code.bf_insns[i];
        copy[i] = (struct filter_instruction){from->code, from->jt, from->jf, from->k};
    }
    *num = program->code.bf_len;
    return copy;
}

uint64_t filter_unfit(const struct filter *filter)
{
    return filter->unfit;
}

void filter_free(struct filter *filter)
{
    if (filter == NULL)
        return;
    for (size_t i = 0; i < filter->num_programs; i++)
        if (filter->programs[i].fits)
            pcap_freecode(&filter->programs[i].code);
    free(filter->expression);
    free(filter);
}
