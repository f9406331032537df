/* siem_template.c: docs/siem/index-template.json: how Elasticsearch and OpenSearch index events, from the field tables.
 *
 * Composable index template; names with dots are paths. Text is not analysed: it is names, tokens and code points. What
 * a policy may turn into a token is text, whatever it is else. */
#include "reports/event_plan.h"
#include "reports/siem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct mapping {
    char path[128];
    const char *type; /* a JSON object */
};

struct mappings {
    struct mapping *all;
    size_t num, capacity;
};

static const char keyword[] = "{\"type\": \"keyword\", \"ignore_above\": 8191}";

static const char *type_of_common(const struct event_common *common)
{
    static const char *const types[] = {
        [SHAPE_TEXT] = keyword,
        [SHAPE_NUMBER] = "{\"type\": \"long\"}",
        [SHAPE_TRUTH] = "{\"type\": \"boolean\"}",
        [SHAPE_TIME] = "{\"type\": \"date_nanos\"}",
        [SHAPE_IP] = "{\"type\": \"ip\"}",
        [SHAPE_TEXTS] = keyword,
        [SHAPE_EVIDENCE] = "{\"type\": \"object\", \"dynamic\": true}",
        [SHAPE_INPUTS] = "{\"type\": \"object\", \"dynamic\": true}"};
    return types[common->shape];
}

static const char *type_of_field(const struct field *field)
{
    const bool may_be_token = field->privacy != PRIVACY_PUBLIC;
    const bool number =
        field->type == FIELD_NUMBER || (field->type == FIELD_LIST && field->item == VALUE_NUMBER);
    const bool truth_value =
        field->type == FIELD_TRUTH || (field->type == FIELD_LIST && field->item == VALUE_BOOL);
    const bool time_value =
        field->type == FIELD_TIME || (field->type == FIELD_LIST && field->item == VALUE_TIME);
    if (may_be_token || (number && field->name_of != NULL))
        return keyword;
    if (number)
        return "{\"type\": \"long\"}";
    if (truth_value)
        return "{\"type\": \"boolean\"}";
    return time_value ? "{\"type\": \"date_nanos\"}" : keyword;
}

static bool add(struct mappings *mappings, const char *path, const char *type)
{
    if (mappings->num == mappings->capacity) {
        size_t capacity = mappings->capacity == 0 ? 256 : 2 * mappings->capacity;
        struct mapping *all = realloc(mappings->all, capacity * sizeof *all);
        if (all == NULL)
            return false;
        mappings->all = all;
        mappings->capacity = capacity;
    }
    struct mapping *mapping = &mappings->all[mappings->num++];
    assert(strlen(path) < sizeof mapping->path);
    snprintf(mapping->path, sizeof mapping->path, "%s", path);
    mapping->type = type;
    return true;
}

static bool add_plan(struct mappings *mappings, struct event_plan *plan)
{
    bool ok = plan != NULL;
    for (size_t i = 0; ok && i < plan->num; i++) {
        const struct event_entry *entry = &plan->entries[i];
        ok = add(mappings, entry->path,
                 entry->common != NULL ? type_of_common(entry->common)
                                       : type_of_field(entry->field));
    }
    event_plan_free(plan);
    return ok;
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct mapping *)left)->path, ((const struct mapping *)right)->path);
}

/* A path that events have in two ways is text. */
static void put_mappings(FILE *out, const struct mappings *mappings)
{
    for (size_t i = 0; i < mappings->num;) {
        const struct mapping *first = &mappings->all[i];
        const char *type = first->type;
        fprintf(out, "%s\n        \"%s\": ", i > 0 ? "," : "", first->path);
        for (; i < mappings->num && strcmp(mappings->all[i].path, first->path) == 0; i++)
            if (strcmp(mappings->all[i].type, type) != 0)
                type = keyword;
        fputs(type, out);
    }
}

bool siem_template(FILE *out)
{
    struct mappings mappings = {0};
    const struct observation_type *type;
    bool ok = add_plan(&mappings, event_plan_new(EVENT_FINDING, NULL)) &&
              add_plan(&mappings, event_plan_new(EVENT_STATS, NULL));
    for (size_t i = 0; ok && (type = event_type_at(i)) != NULL; i++)
        ok = add_plan(&mappings, event_plan_of_type(type));
    if (ok) {
        qsort(mappings.all, mappings.num, sizeof mappings.all[0], compare);
        fputs("{\n"
              "  \"index_patterns\": [\"perpass-*\"],\n"
              "  \"priority\": 200,\n"
              "  \"_meta\": {\"description\": \"Made by perpass-docs template from the tables in "
              "the source\"},\n"
              "  \"template\": {\n"
              "    \"settings\": {\"index\": {\"mapping\": {\"ignore_malformed\": true, "
              "\"total_fields\": {\"limit\": 4000}}}},\n"
              "    \"mappings\": {\n"
              "      \"dynamic\": false,\n"
              "      \"properties\": {",
              out);
        put_mappings(out, &mappings);
        fputs("\n      }\n    }\n  }\n}\n", out);
    }
    free(mappings.all);
    return ok;
}
