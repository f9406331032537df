/* fuzz_report.c: a report in JSON, read back and joined with one that is the same but for a blank behind it. */
#include "reports/merge.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_one(const uint8_t *data, size_t size, struct store *store,
                     struct read_report *report)
{
    struct error error;
    FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
    assert(in != NULL);
    const bool ok = report_read(in, "fuzz.json", store, report, &error);
    fclose(in);
    return ok;
}

static void write_all(const struct result *result, struct redactor *redactor)
{
    const struct report_style style = {.width = 80};
    struct error error;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert(out != NULL);
    for (size_t i = 0; report_formats[i] != NULL; i++)
        report_formats[i]->write(out, result, redactor, &style, &error);
    fclose(out);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store store = {.chunks = NULL};
    struct read_report reports[2];
    struct result result = {.num_findings = 0};
    struct redactor *redactor = NULL;
    struct error error;
    uint8_t *other = malloc(size + 1);
    assert(other != NULL);
    if (size > 0)
        memcpy(other, data, size);
    other[size] = ' ';
    if (size > 0 && read_one(data, size, &store, &reports[0]) &&
        read_one(other, size + 1, &store, &reports[1]) &&
        merge_reports(reports, 2, &store, &result, &redactor, &error))
        write_all(&result, redactor);
    redactor_free(redactor);
    store_free(&store);
    free(other);
    return 0;
}
