/* event_steps.c: joins fields that are the same in all events of a plan to one text. */
#include "reports/event_steps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
    if (sheet_open(&sheet)) {
        json_path_begin(&event.path, sheet.json);
        event.step = step;
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

static void add(struct event_steps *steps, const struct json_step *step,
                const struct event_entry *entry)
{
    steps->steps[steps->num++] = (struct event_step){.step = *step, .entry = entry};
}

/* Makes a fixed field's |step| whole, and adds it or joins it to the one before. An absent field is left out: what it
 * has in common with the field before goes to |shared|, which counts for the field behind. */
static bool add_fixed(struct event_steps *steps, struct json_step *step,
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
    struct event_step *last = steps->num != 0 ? &steps->steps[steps->num - 1] : NULL;
    bool absent = len == 0, joined = !absent && last != NULL && last->step.whole;
    if (absent)
        *shared = step->common;
    if (!absent && !joined)
        add(steps, step, NULL);
    else if (joined && !join(&last->step, step))
        return false;
    if (absent || joined)
        free(step->text);
    return true;
}

static bool add_entry(struct event_steps *steps, const struct event_entry *entry,
                      const char *before, const struct event *sample, uint8_t *shared)
{
    struct json_step step;
    if (!json_step_make(&step, entry->path, before))
        return false;
    if (step.common > *shared)
        step.common = *shared;
    *shared = UINT8_MAX;
    bool ok = true;
    if (entry->common != NULL && entry->common->fixed)
        ok = add_fixed(steps, &step, entry, sample, shared);
    else
        add(steps, &step, entry);
    if (!ok)
        free(step.text);
    return ok;
}

struct event_steps *event_steps_new(struct event_plan *plan, const struct event *sample)
{
    struct event_steps *steps = calloc(1, sizeof *steps + plan->num * sizeof steps->steps[0]);
    uint8_t shared = UINT8_MAX;
    if (steps == NULL) {
        event_plan_free(plan);
        return NULL;
    }
    steps->plan = plan;
    for (size_t i = 0; i < plan->num; i++) {
        const struct event_entry *entry = &plan->entries[i];
        if (add_entry(steps, entry, i != 0 ? entry[-1].path : NULL, sample, &shared))
            continue;
        event_steps_free(steps);
        return NULL;
    }
    return steps;
}

void event_steps_free(struct event_steps *steps)
{
    if (steps == NULL)
        return;
    for (size_t i = 0; i < steps->num; i++)
        free(steps->steps[i].step.text);
    event_plan_free(steps->plan);
    free(steps);
}
