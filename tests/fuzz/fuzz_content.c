/* fuzz_content.c: a transferred file, in pieces of a length that its first byte tells, with a part lost where that is
 * odd; and its bytes as a message in CMS. */
#include "core/cms.h"
#include "core/flow.h"
#include "dissectors/content.h"
#include "dissectors/content_rules.h"
#include "dissectors/field_rows.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#define STRUCT struct content_facts_holder
struct content_facts_holder {
    struct content_facts content;
};

static const struct field rows[] = {CONTENT_ROWS(content)};
TYPE(observation_file, "fuzz.content", rows, content_facts_holder, "A file.");
#undef STRUCT

static void read_content(const struct content_rules *rules, struct span bytes, size_t piece,
                         bool lost)
{
    struct budget budget = {.limit = 1 << 20};
    struct content *content = content_new(&budget, rules);
    assert(content != NULL);
    for (size_t at = 0; at < bytes.len; at += piece) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;
        uint8_t *exact = malloc(len);
        assert(exact != NULL);
        memcpy(exact, bytes.at + at, len);
        if (lost && at / piece == 3)
            content_gap(content, len);
        else
            content_add(content, span_of(exact, len));
        free(exact);
    }
    const struct content_facts_holder holder = {.content = *content_finish(content, !lost)};
    const struct flow flow = {0};
    const struct observation file = {.type = &observation_file, .data = &holder, .flow = &flow};
    fuzz_walk(&file);
    content_free(content, &budget);
    assert(budget.used == 0);
}

static void read_cms(struct span bytes, size_t cut)
{
    struct cms cms;
    struct span piece;
    struct reader in = reader_of_cut(bytes, cut);
    (void)cms_read(&in, &cms);
    while (cms_next_content(&cms, &piece))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct content_rules *rules;
    struct error error;
    if (rules == NULL)
        rules = content_rules_new(NULL, &error);
    assert(rules != NULL);
    if (size == 0)
        return 0;
    struct span bytes = span_of(data, size);
    read_content(rules, bytes, 1 + (size_t)data[0] * 8, data[0] & 1);
    read_cms(bytes, 0);
    read_cms(bytes, data[0]);
    return 0;
}
