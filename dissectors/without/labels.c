/* labels.c: instead of dissectors/labels.c where perpass is built without nDPI. */
#include "dissectors/labels.h"

bool labels_built(void)
{
    return false;
}

const char *labels_version(void)
{
    return "";
}

struct labels *labels_new(void)
{
    return NULL;
}

void labels_free(struct labels *labels)
{
    (void)labels;
}

bool labels_look(struct labels *labels, const struct flow *flow, struct span packet,
                 uint64_t time_ns)
{
    (void)labels;
    (void)flow;
    (void)packet;
    (void)time_ns;
    return false;
}

struct label labels_end(struct labels *labels, const struct flow *flow)
{
    (void)labels;
    (void)flow;
    return (struct label){.protocol = NULL};
}

struct labels_stats labels_stats(const struct labels *labels)
{
    (void)labels;
    return (struct labels_stats){.packets = 0};
}
