/* event_plan.c: sorts fields so that every JSON object is begun once. */
#include "reports/event_plan.h"

#include "core/common_observations.h"
#include "reports/probe_check.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A dot sorts before everything else: what is below one object stays together. */
static int rank(char c)
{
    return c == '\0' ? 0 : c == '.' ? 1 : (unsigned char)c + 2;
}

static int compare_paths(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i])
        i++;
    return rank(a[i]) - rank(b[i]);
}

static int compare_entries(const void *a, const void *b)
{
    return compare_paths(((const struct event_entry *)a)->path,
                         ((const struct event_entry *)b)->path);
}

static bool has_row(const struct observation_type *type, const char *path)
{
    for (size_t i = 0; type != NULL && i < type->num_fields; i++)
        if (strcmp(type->fields[i].name, path) == 0)
            return true;
    return false;
}

static void add_common(struct event_plan *plan, const struct event_common *fields, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if ((fields[i].classes & plan->class) != 0 && !has_row(plan->type, fields[i].path))
            plan->entries[plan->num++] =
                (struct event_entry){.path = fields[i].path, .common = &fields[i]};
}

static void add_rows(struct event_plan *plan)
{
    for (size_t i = 0; plan->type != NULL && i < plan->type->num_fields; i++)
        plan->entries[plan->num++] = (struct event_entry){.path = plan->type->fields[i].name,
                                                          .field = &plan->type->fields[i]};
}

static bool is_below(const char *path, const char *object)
{
    size_t len = strlen(object);
    return strncmp(path, object, len) == 0 && (path[len] == '.' || path[len] == '\0');
}

static void sort(struct event_plan *plan)
{
    qsort(plan->entries, plan->num, sizeof plan->entries[0], compare_entries);
    for (size_t i = 1; i < plan->num; i++)
        assert(!is_below(plan->entries[i].path, plan->entries[i - 1].path));
}

static void name_dataset(struct event_plan *plan)
{
    const char *name = plan->class == EVENT_FINDING ? "finding"
                       : plan->class == EVENT_STATS ? "stats"
                       : plan->class == EVENT_FLOW  ? "flow"
                                                    : plan->type->name;
    int len = snprintf(plan->dataset, sizeof plan->dataset, "perpass.%s", name);
    assert(len > 0 && (size_t)len < sizeof plan->dataset);
}

struct event_plan *event_plan_new(enum event_class class, const struct observation_type *type)
{
    size_t num_common, num_finding, num_stats;
    const struct event_common *common = event_common_fields(&num_common);
    const struct event_common *finding = event_finding_fields(&num_finding);
    const struct event_common *stats = event_stats_fields(&num_stats);
    size_t max = num_common + num_finding + num_stats + (type != NULL ? type->num_fields : 0);
    struct event_plan *plan = calloc(1, sizeof *plan + max * sizeof plan->entries[0]);
    if (plan == NULL)
        return NULL;
    plan->class = class;
    plan->type = type;
    name_dataset(plan);
    add_common(plan, common, num_common);
    add_common(plan, finding, num_finding);
    add_common(plan, stats, num_stats);
    add_rows(plan);
    sort(plan);
    return plan;
}

struct event_plan *event_plan_of_type(const struct observation_type *type)
{
    return event_plan_new(type == &observation_flow_end ? EVENT_FLOW : EVENT_OBSERVATION, type);
}

void event_plan_free(struct event_plan *plan)
{
    free(plan);
}

/* The type at |*index|, where those that two dissectors share are counted twice. */
static const struct observation_type *walk(size_t *index)
{
    const struct observation_type *made;
    for (const struct dissector *const *d = dissectors; *d != NULL; d++)
        for (const struct observation_type *const *type = (*d)->observations; *type != NULL; type++)
            if ((*index)-- == 0)
                return *type;
    for (size_t i = 0; (made = analysis_made(i)) != NULL; i++)
        if ((*index)-- == 0)
            return made;
    for (const struct observation_type *const *type = common_observations; *type != NULL; type++)
        if ((*index)-- == 0)
            return *type;
    return (*index)-- == 0 ? &observation_probe_check : NULL;
}

const struct observation_type *event_type_at(size_t index)
{
    for (size_t place = 0;; place++) {
        size_t at = place;
        const struct observation_type *type = walk(&at);
        if (type == NULL)
            return NULL;
        bool seen = false; /* two dissectors may make one type */
        for (size_t before = 0; before < place && !seen; before++) {
            at = before;
            seen = walk(&at) == type;
        }
        if (!seen && index-- == 0)
            return type;
    }
}
