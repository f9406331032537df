/* analysis_world.h: what the tests of rules share: an analysis, and the conversation and the time at hand. */
#ifndef PERPASS_TESTS_ANALYSIS_WORLD_H
#define PERPASS_TESTS_ANALYSIS_WORLD_H

#include "analysis/analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t SECOND = 1000000000u;

struct world {
    struct analysis *analysis;
    struct flow flow;
    uint64_t now, packet; /* ns; the number of the last one */
    uint32_t exchange;    /* that what is said is about; 0: the flow */
};

/* world_new begins with the rules that |rules| selects, all with NULL. */
static inline struct world world_new(const char *rules)
{
    struct error error = {""};
    struct world world = {.analysis =
                              analysis_new(&(struct analysis_options){.rules = rules}, &error),
                          .now = 1700000000u * SECOND};
    if (world.analysis == NULL)
        fail_msg("%s", error.text);
    return world;
}

/* say_from has the side |side| of the conversation say |data| in a packet of its own; say, the side that began it. */
static inline void say_from(struct world *world, const struct observation_type *type,
                            const void *data, unsigned side)
{
    const struct observation observation = {.type = type,
                                            .data = data,
                                            .flow = &world->flow,
                                            .time_ns = world->now,
                                            .packet = ++world->packet,
                                            .side = side,
                                            .exchange = world->exchange};
    world->flow.last_ns = world->now;
    analysis_observe(world->analysis, &observation);
}

static inline void say(struct world *world, const struct observation_type *type, const void *data)
{
    say_from(world, type, data, 0);
}

#endif
