/* siem_sql.c: docs/siem/sql/: the table of events in ClickHouse and in DuckDB, from the field tables. Objects of events are
 * tuples (structs), so that lines of JSON go in as they are, and each value has the type that the tables tell. */
#include "reports/event_plan.h"
#include "reports/siem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum sql_type { SQL_TEXT, SQL_NUMBER, SQL_TRUTH, SQL_TIME, SQL_JSON, NUM_SQL_TYPES };

struct column {
    char path[128];
    enum sql_type type;
    bool list;
};

struct columns {
    struct column *all;
    size_t num, capacity;
};

/* How an engine writes types and names. */
struct dialect {
    const char *types[NUM_SQL_TYPES]; /* of a single value */
    const char *items[NUM_SQL_TYPES]; /* of an item of a list */
    const char *object, *list_begin, *list_end;
    char quote;
    const char *required; /* of a text that every event has */
    const char *begin, *end;
};

static const struct dialect clickhouse = {
    .types = {[SQL_TEXT] = "Nullable(String)",
              [SQL_NUMBER] = "Nullable(UInt64)",
              [SQL_TRUTH] = "Nullable(Bool)",
              [SQL_TIME] = "Nullable(DateTime64(9, 'UTC'))",
              [SQL_JSON] = "Nullable(String)"},
    .items = {[SQL_TEXT] = "String",
              [SQL_NUMBER] = "UInt64",
              [SQL_TRUTH] = "Bool",
              [SQL_TIME] = "DateTime64(9, 'UTC')",
              [SQL_JSON] = "String"},
    .object = "Tuple",
    .list_begin = "Array(",
    .list_end = ")",
    .quote = '`',
    .required = "String",
    .begin =
        "-- The table of events in ClickHouse. Made by perpass-docs clickhouse from the tables in "
        "the source.\n"
        "CREATE TABLE IF NOT EXISTS perpass_events\n(\n"
        "    `sensor` LowCardinality(String),\n"
        "    `@timestamp` DateTime64(9, 'UTC')",
    /* A file for each of 2,000 streams of a part is too many to have open. */
    .end = "\n)\nENGINE = MergeTree\nORDER BY (event.dataset, `@timestamp`)\n"
           "SETTINGS min_bytes_for_wide_part = 107374182400;\n"};

static const struct dialect duckdb = {
    .types = {[SQL_TEXT] = "VARCHAR",
              [SQL_NUMBER] = "UBIGINT",
              [SQL_TRUTH] = "BOOLEAN",
              [SQL_TIME] = "TIMESTAMP_NS",
              [SQL_JSON] = "JSON"},
    .items = {[SQL_TEXT] = "VARCHAR",
              [SQL_NUMBER] = "UBIGINT",
              [SQL_TRUTH] = "BOOLEAN",
              [SQL_TIME] = "TIMESTAMP_NS",
              [SQL_JSON] = "JSON"},
    .object = "STRUCT",
    .list_begin = "",
    .list_end = "[]",
    .quote = '"',
    .required = "VARCHAR",
    .begin = "-- The table of events in DuckDB. Made by perpass-docs duckdb from the tables in the "
             "source.\n"
             "CREATE TABLE IF NOT EXISTS perpass_events\n(\n"
             "    \"sensor\" VARCHAR,\n"
             "    \"@timestamp\" TIMESTAMP_NS",
    .end = "\n);\n"};

static struct column column_of_common(const struct event_common *common)
{
    static const enum sql_type types[] = {
        [SHAPE_TEXT] = SQL_TEXT,   [SHAPE_NUMBER] = SQL_NUMBER, [SHAPE_TRUTH] = SQL_TRUTH,
        [SHAPE_TIME] = SQL_TIME,   [SHAPE_IP] = SQL_TEXT,       [SHAPE_TEXTS] = SQL_TEXT,
        [SHAPE_INPUTS] = SQL_JSON, [SHAPE_EVIDENCE] = SQL_JSON};
    return (struct column){.type = types[common->shape], .list = common->shape == SHAPE_TEXTS};
}

/* What a policy may turn into a token is text, whatever it is else. */
static struct column column_of_field(const struct field *field)
{
    struct column column = {.type = SQL_TEXT, .list = field->type == FIELD_LIST};
    const bool number = field->type == FIELD_NUMBER ||
                        (column.list && field->item == VALUE_NUMBER) ||
                        (field->type == FIELD_DERIVED && field->item == VALUE_NUMBER);
    const bool truth_value = field->type == FIELD_TRUTH ||
                             (column.list && field->item == VALUE_BOOL) ||
                             (field->type == FIELD_DERIVED && field->item == VALUE_BOOL);
    if (field->privacy != PRIVACY_PUBLIC || (number && field->name_of != NULL))
        return column;
    if (number)
        column.type = SQL_NUMBER;
    else if (truth_value)
        column.type = SQL_TRUTH;
    else if (field->type == FIELD_TIME || (column.list && field->item == VALUE_TIME))
        column.type = SQL_TIME;
    return column;
}

static bool add(struct columns *columns, const struct event_entry *entry)
{
    if (columns->num == columns->capacity) {
        const size_t capacity = columns->capacity == 0 ? 1024 : 2 * columns->capacity;
        struct column *all = realloc(columns->all, capacity * sizeof *all);
        if (all == NULL)
            return false;
        columns->all = all;
        columns->capacity = capacity;
    }
    struct column *column = &columns->all[columns->num++];
    *column =
        entry->common != NULL ? column_of_common(entry->common) : column_of_field(entry->field);
    assert(strlen(entry->path) < sizeof column->path);
    snprintf(column->path, sizeof column->path, "%s", entry->path);
    return true;
}

static bool add_plan(struct columns *columns, struct event_plan *plan)
{
    bool ok = plan != NULL;
    for (size_t i = 0; ok && i < plan->num; i++)
        ok = add(columns, &plan->entries[i]);
    event_plan_free(plan);
    return ok;
}

/* What is in one object stands together. */
static int compare(const void *left, const void *right)
{
    const char *a = ((const struct column *)left)->path, *b = ((const struct column *)right)->path;
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    const int x = *a == '.' ? 1 : (unsigned char)*a, y = *b == '.' ? 1 : (unsigned char)*b;
    return x - y;
}

/* A path that events have in two ways is text. */
static void unite(struct columns *columns)
{
    size_t num = 0;
    qsort(columns->all, columns->num, sizeof columns->all[0], compare);
    for (size_t i = 0; i < columns->num; i++) {
        const struct column *column = &columns->all[i];
        struct column *last = num > 0 ? &columns->all[num - 1] : NULL;
        if (last == NULL || strcmp(last->path, column->path) != 0) {
            columns->all[num++] = *column;
            continue;
        }
        assert(last->list == column->list);
        if (last->type != column->type)
            last->type = SQL_TEXT;
    }
    columns->num = num;
}

static void put_type(FILE *out, const struct dialect *dialect, const struct column *column)
{
    if (strcmp(column->path, "event.dataset") == 0 || strcmp(column->path, "event.id") == 0)
        fputs(dialect->required, out);
    else if (column->list)
        fprintf(out, "%s%s%s", dialect->list_begin, dialect->items[column->type],
                dialect->list_end);
    else
        fputs(dialect->types[column->type], out);
}

static void put_name(FILE *out, const struct dialect *dialect, const char *name, size_t len)
{
    fprintf(out, "%c%.*s%c ", dialect->quote, (int)len, name, dialect->quote);
}

/* Writes the members of the object of which paths begin with the first |len| bytes of that of column |at|; gives the place
 * behind them. */
static size_t put_members(FILE *out, const struct dialect *dialect, const struct columns *columns,
                          size_t at, size_t len, unsigned depth)
{
    const char *object = columns->all[at].path;
    const char *before = "\n";
    while (at < columns->num && strncmp(columns->all[at].path, object, len) == 0) {
        const char *name = columns->all[at].path + len;
        const size_t name_len = strcspn(name, ".");
        const bool known = strcmp(columns->all[at].path, "@timestamp") == 0;
        if (known) { /* the table begins with it */
            at++;
            continue;
        }
        fprintf(out, "%s%*s", depth == 1 ? ",\n" : before, (int)(4 * depth), "");
        before = ",\n";
        put_name(out, dialect, name, name_len);
        if (name[name_len] == '\0') {
            put_type(out, dialect, &columns->all[at++]);
            continue;
        }
        fprintf(out, "%s(", dialect->object);
        at = put_members(out, dialect, columns, at, len + name_len + 1, depth + 1);
        fputc(')', out);
    }
    return at;
}

static bool write_table(FILE *out, const struct dialect *dialect)
{
    struct columns columns = {.num = 0};
    const struct observation_type *type;
    bool ok = add_plan(&columns, event_plan_new(EVENT_FINDING, NULL)) &&
              add_plan(&columns, event_plan_new(EVENT_STATS, NULL));
    for (size_t i = 0; ok && (type = event_type_at(i)) != NULL; i++)
        ok = add_plan(&columns, event_plan_of_type(type));
    if (ok) {
        unite(&columns);
        fputs(dialect->begin, out);
        put_members(out, dialect, &columns, 0, 0, 1);
        fputs(dialect->end, out);
    }
    free(columns.all);
    return ok;
}

bool siem_clickhouse(FILE *out)
{
    return write_table(out, &clickhouse);
}

bool siem_duckdb(FILE *out)
{
    return write_table(out, &duckdb);
}
