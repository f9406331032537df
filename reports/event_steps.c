/* event_steps.c: joins fields that are the same in all events of a plan to one text. */
#include "reports/event_steps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 512 }; /* bytes of a packed step that has a name and no more, at most */

/* A step while it is made. */
struct draft {
    struct json_step step;
    const struct event_entry *entry; /* NULL: |step| is whole */
};

struct drafts {
    size_t num;
    struct draft at[];
};

/* Text that is written to memory. */
struct sheet {
    FILE *out;
    char *text;
    size_t len;
    struct json_writer *json;
};

static bool sheet_open(struct sheet *sheet)
{
    *sheet = (struct sheet){.out = open_memstream(&sheet->text, &sheet->len)};
    if (sheet->out != NULL)
        sheet->json = json_writer_new(sheet->out);
    return sheet->json != NULL;
}

/* What was written is the caller's then; NULL when it could not be. */
static char *sheet_close(struct sheet *sheet)
{
    int error_number;
    bool ok = sheet->json != NULL && json_writer_flush(sheet->json, &error_number);
    json_writer_free(sheet->json);
    ok = sheet->out != NULL && fclose(sheet->out) == 0 && ok;
    if (!ok) {
        free(sheet->text);
        return NULL;
    }
    return sheet->text;
}

/* Writes a fixed field to memory; gives the text with its length, "" when the field is absent, NULL without memory. */
static char *render(const struct event_entry *entry, const struct json_step *step,
                    const struct event *sample, size_t *len)
{
    struct sheet sheet;
    struct event event = *sample;
    _Alignas(struct json_packed_step) uint8_t packed[NAME_SIZE];
    assert(json_step_packed_size(step) <= sizeof packed);
    json_step_pack(step, (struct json_packed_step *)packed);
    if (sheet_open(&sheet)) {
        json_path_begin(&event.path, sheet.json);
        event.step = (struct json_packed_step *)packed;
        entry->common->write(&event);
    }
    char *text = sheet_close(&sheet);
    if (text == NULL)
        return NULL;
    *len = sheet.len - 1; /* without the bracket of the outermost object */
    memmove(text, text + 1, sheet.len);
    return text;
}

/* Puts a whole step behind another one, which it always follows. */
static bool join(struct json_step *to, const struct json_step *step)
{
    size_t ends = (size_t)(to->depth - step->common);
    size_t more = (size_t)step->len - step->offset[step->common];
    char *text = realloc(to->text, to->len + ends + 1 + more);
    if (text == NULL)
        return false;
    memset(text + to->len, '}', ends);
    text[to->len + ends] = ',';
    memcpy(text + to->len + ends + 1, step->text + step->offset[step->common], more);
    assert(to->len + ends + 1 + more <= UINT16_MAX);
    to->text = text;
    to->len = (uint16_t)(to->len + ends + 1 + more);
    to->depth = step->depth;
    return true;
}

static void add(struct drafts *drafts, const struct json_step *step,
                const struct event_entry *entry)
{
    drafts->at[drafts->num++] = (struct draft){.step = *step, .entry = entry};
}

/* Makes a fixed field's |step| whole, and adds it or joins it to the one before. An absent field is left out: what it
 * has in common with the field before goes to |shared|, which counts for the field behind. */
static bool add_fixed(struct drafts *drafts, struct json_step *step,
                      const struct event_entry *entry, const struct event *sample, uint8_t *shared)
{
    size_t len;
    char *text = render(entry, step, sample, &len);
    if (text == NULL)
        return false;
    free(step->text);
    step->text = text;
    assert(len <= UINT16_MAX);
    step->len = (uint16_t)len;
    step->whole = true;
    struct draft *last = drafts->num != 0 ? &drafts->at[drafts->num - 1] : NULL;
    bool absent = len == 0, joined = !absent && last != NULL && last->step.whole;
    if (absent)
        *shared = step->common;
    if (!absent && !joined)
        add(drafts, step, NULL);
    else if (joined && !join(&last->step, step))
        return false;
    if (absent || joined)
        free(step->text);
    return true;
}

static bool add_entry(struct drafts *drafts, const struct event_entry *entry, const char *before,
                      const struct event *sample, uint8_t *shared)
{
    struct json_step step;
    if (!json_step_make(&step, entry->path, before))
        return false;
    if (step.common > *shared)
        step.common = *shared;
    *shared = UINT8_MAX;
    bool ok = true;
    if (entry->common != NULL && entry->common->source == FROM_PLAN)
        ok = add_fixed(drafts, &step, entry, sample, shared);
    else
        add(drafts, &step, entry);
    if (!ok)
        free(step.text);
    return ok;
}

static void drafts_free(struct drafts *drafts)
{
    for (size_t i = 0; drafts != NULL && i < drafts->num; i++)
        free(drafts->at[i].step.text);
    free(drafts);
}

static struct drafts *drafts_new(const struct event_plan *plan, const struct event *sample)
{
    struct drafts *drafts = calloc(1, sizeof *drafts + plan->num * sizeof drafts->at[0]);
    uint8_t shared = UINT8_MAX;
    for (size_t i = 0; drafts != NULL && i < plan->num; i++) {
        const struct event_entry *entry = &plan->entries[i];
        if (add_entry(drafts, entry, i != 0 ? entry[-1].path : NULL, sample, &shared))
            continue;
        drafts_free(drafts);
        return NULL;
    }
    return drafts;
}

/* --- pieces --- */

static enum event_source source_of(const struct draft *draft)
{
    if (draft->entry == NULL)
        return FROM_PLAN;
    return draft->entry->common != NULL ? draft->entry->common->source : FROM_EVENT;
}

/* What is the same in all events of the plan joins what is from the way, but not the ends: their pieces are those of
 * all plans. */
static bool goes_with(enum event_source piece, enum event_source step)
{
    return step == piece || (piece == FROM_WAY && step == FROM_PLAN);
}

/* How many drafts from |first| on are one piece, of |source|; 0 when none begins there. */
static size_t piece_at(const struct drafts *drafts, size_t first, enum event_source *source)
{
    size_t behind = first;
    while (behind < drafts->num && source_of(&drafts->at[behind]) == FROM_PLAN)
        behind++;
    if (behind == drafts->num)
        return 0;
    *source = source_of(&drafts->at[behind]);
    if (*source == FROM_EVENT || (behind != first && *source != FROM_WAY))
        return 0;
    while (behind < drafts->num && goes_with(*source, source_of(&drafts->at[behind])))
        behind++;
    return behind - first;
}

/* Names the fields of a piece by their places in the table of common fields. */
static uint64_t fields_of(const struct draft *drafts, size_t num)
{
    size_t most;
    const struct event_common *fields = event_common_fields(&most);
    uint64_t name = 0;
    for (size_t i = 0; i < num; i++) {
        assert(name <= UINT64_MAX / (most + 1) - 1);
        name = name * (most + 1) + (uint64_t)(drafts[i].entry->common - fields) + 1;
    }
    return name;
}

/* --- packing --- */

static enum event_way way_of(const struct draft *draft)
{
    const struct event_entry *entry = draft->entry;
    if (entry == NULL)
        return WAY_WHOLE;
    if (entry->common != NULL)
        return WAY_COMMON;
    if (entry->field->privacy == PRIVACY_PUBLIC && entry->field->type == FIELD_TRUTH)
        return WAY_TRUTH;
    if (entry->field->privacy == PRIVACY_PUBLIC && entry->field->type == FIELD_NUMBER &&
        entry->field->name_of == NULL)
        return WAY_NUMBER;
    return WAY_FIELD;
}

static size_t size_of(const struct draft *draft)
{
    const size_t align = _Alignof(struct event_step);
    const size_t size = sizeof(struct event_step) + json_step_packed_size(&draft->step);
    return (size + align - 1) / align * align;
}

static void pack(const struct draft *draft, struct event_step *step)
{
    const struct event_entry *entry = draft->entry;
    const size_t size = size_of(draft);
    assert(size <= UINT16_MAX);
    step->way = (uint8_t)way_of(draft);
    step->size = (uint16_t)size;
    step->what = entry == NULL           ? NULL
                 : entry->common != NULL ? (const void *)entry->common
                                         : entry->field;
    step->member = entry != NULL && entry->field != NULL ? (uint32_t)entry->field->offset : 0;
    json_step_pack(&draft->step, (struct json_packed_step *)(step + 1));
}

/* Begins a piece of |num| drafts: a step without a text that leads to it. */
static struct event_step *pack_piece(struct event_steps *steps, struct event_step *step,
                                     const struct draft *drafts, size_t num,
                                     enum event_source source)
{
    struct event_piece *piece = &steps->pieces[steps->num_pieces++];
    const bool end = source == FROM_CLIENT || source == FROM_SERVER;
    *step = (struct event_step){
        .member = (uint32_t)(piece - steps->pieces), .size = sizeof *step, .way = WAY_PIECE};
    piece->source = source;
    piece->fields = end ? fields_of(drafts, num) : 0;
    if (end && steps->ends[source == FROM_SERVER] == NULL)
        steps->ends[source == FROM_SERVER] = piece;
    return step + 1;
}

static void pack_all(struct event_steps *steps, const struct drafts *drafts)
{
    struct event_step *step = (struct event_step *)(steps + 1);
    struct event_piece *piece = NULL;
    size_t left = 0; /* drafts of the piece at hand */
    steps->first = step;
    for (size_t i = 0; i < drafts->num; i++) {
        enum event_source source;
        const size_t num = left == 0 ? piece_at(drafts, i, &source) : 0;
        if (num != 0) {
            assert(steps->num_pieces < EVENT_MAX_PIECES);
            piece = &steps->pieces[steps->num_pieces];
            step = pack_piece(steps, step, &drafts->at[i], num, source);
            left = num;
        }
        pack(&drafts->at[i], step);
        step = (struct event_step *)((uint8_t *)step + step->size);
        if (left != 0 && --left == 0)
            piece->behind = step;
    }
    steps->behind = step;
}

struct event_steps *event_steps_new(struct event_plan *plan, const struct event *sample)
{
    struct drafts *drafts = drafts_new(plan, sample);
    size_t size = sizeof(struct event_steps) + EVENT_MAX_PIECES * sizeof(struct event_step);
    for (size_t i = 0; drafts != NULL && i < drafts->num; i++)
        size += size_of(&drafts->at[i]);
    struct event_steps *steps = drafts != NULL ? calloc(1, size) : NULL;
    if (steps != NULL) {
        steps->plan = plan;
        pack_all(steps, drafts);
    } else {
        event_plan_free(plan);
    }
    drafts_free(drafts);
    return steps;
}

void event_steps_free(struct event_steps *steps)
{
    if (steps == NULL)
        return;
    event_plan_free(steps->plan);
    free(steps);
}
