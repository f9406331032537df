/* install_transaction.c: an install while it goes on: its files and steps, bounded. */
#include "analysis/install_transaction.h"

#include <stdlib.h>

struct install_address install_address_of(struct span bytes)
{
    struct install_address address = {.len = 0};
    if (span_seen(bytes) && (bytes.len == 4 || bytes.len == 16)) {
        address.len = (uint8_t)bytes.len;
        memcpy(address.at, bytes.at, bytes.len);
    }
    return address;
}

bool install_addresses_have(const struct install_addresses *list, struct span address)
{
    for (size_t i = 0; i < list->num; i++)
        if (span_equal(install_address_span(&list->at[i]), address))
            return true;
    return false;
}

void install_addresses_add(struct install_addresses *list, struct span address)
{
    struct install_address added = install_address_of(address);
    if (added.len > 0 && list->num < INSTALL_MAX_SERVERS && !install_addresses_have(list, address))
        list->at[list->num++] = added;
}

static void text_free(struct install_text *text, struct budget *budget)
{
    if (text->at != NULL)
        budget_give(budget, text->len + 1);
    free(text->at);
    *text = (struct install_text){.at = NULL};
}

bool install_text_set(struct install_text *text, struct span bytes, struct budget *budget)
{
    if (text->at != NULL && span_equal(install_text_span(text), bytes))
        return true;
    text_free(text, budget);
    if (!span_seen(bytes) || !budget_take(budget, bytes.len + 1))
        return false;
    text->at = malloc(bytes.len + 1);
    if (text->at == NULL) {
        budget_give(budget, bytes.len + 1);
        return false;
    }
    if (bytes.len > 0)
        memcpy(text->at, bytes.at, bytes.len);
    text->len = bytes.len;
    return true;
}

/* Makes room for one more of |size| bytes behind |num|, up to |most|. */
static bool grow(void **items, size_t num, size_t *max, size_t most, size_t size,
                 struct budget *budget)
{
    if (num < *max)
        return true;
    size_t more = *max == 0 ? 4 : *max;
    if (num >= most || !budget_take(budget, more * size))
        return false;
    void *grown = realloc(*items, (*max + more) * size);
    if (grown == NULL) {
        budget_give(budget, more * size);
        return false;
    }
    memset((uint8_t *)grown + *max * size, 0, more * size);
    *items = grown;
    *max += more;
    return true;
}

struct install_file *install_live_file(struct install_live *live, enum install_method method,
                                       struct span name)
{
    struct span kept = span_of(name.at, name.len < INSTALL_MAX_NAME ? name.len : INSTALL_MAX_NAME);
    for (size_t i = 0; i < live->num_files; i++)
        if (live->files[i].method == method &&
            span_equal(install_text_span(&live->files[i].name), kept))
            return &live->files[i];
    void *files = live->files;
    if (!grow(&files, live->num_files, &live->max_files, INSTALL_MAX_FILES, sizeof live->files[0],
              live->budget)) {
        live->files_left_out++;
        return NULL;
    }
    live->files = files;
    struct install_file *file = &live->files[live->num_files];
    *file = (struct install_file){.method = method};
    if (!install_text_set(&file->name, kept, live->budget)) {
        live->files_left_out++;
        return NULL;
    }
    live->num_files++;
    return file;
}

void install_live_step(struct install_live *live, enum install_step_kind kind,
                       const struct observation *observation, struct span server,
                       const struct install_file *file)
{
    void *steps = live->steps;
    if (!grow(&steps, live->num_steps, &live->max_steps, INSTALL_MAX_STEPS, sizeof live->steps[0],
              live->budget)) {
        live->steps_left_out++;
        return;
    }
    live->steps = steps;
    live->steps[live->num_steps++] =
        (struct install_step){.kind = kind,
                              .time_ns = observation->time_ns,
                              .packet = observation->packet,
                              .server = install_address_of(server),
                              .file = (uint8_t)(file != NULL ? file - live->files + 1 : 0)};
}

void install_live_sort(struct install_live *live)
{
    for (size_t i = 1; i < live->num_steps; i++) {
        struct install_step step = live->steps[i];
        size_t at = i;
        for (; at > 0 && live->steps[at - 1].packet > step.packet; at--)
            live->steps[at] = live->steps[at - 1];
        live->steps[at] = step;
    }
}

void install_live_name(struct install_live *live, struct span name)
{
    if (!span_seen(name) || name.len == 0)
        return;
    for (size_t i = 0; i < live->num_names; i++)
        if (span_equal(install_text_span(&live->names[i]), name))
            return;
    if (live->num_names < INSTALL_MAX_SERVERS &&
        install_text_set(&live->names[live->num_names], name, live->budget))
        live->num_names++;
}

void install_live_free(struct install_live *live)
{
    for (size_t i = 0; i < live->num_files; i++)
        text_free(&live->files[i].name, live->budget);
    for (size_t i = 0; i < live->num_names; i++)
        text_free(&live->names[i], live->budget);
    for (size_t i = 0; i < live->num_answers; i++)
        text_free(&live->answers[i].server, live->budget);
    text_free(&live->boot_file, live->budget);
    budget_give(live->budget, live->max_files * sizeof live->files[0]);
    budget_give(live->budget, live->max_steps * sizeof live->steps[0]);
    free(live->files);
    free(live->steps);
    *live = (struct install_live){.budget = NULL};
}
