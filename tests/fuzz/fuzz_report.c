/* fuzz_report.c: two reports in JSON with a NUL between them, read back and joined; what stands alone is joined with what
 * is the same but for its inputs, which no two reports may share. */
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

/* A copy of the report in which every input has another hash. */
static uint8_t *copy_with_other_inputs(const uint8_t *data, size_t size)
{
    static const char key[] = "\"sha256\":\"";
    uint8_t *copy = malloc(size + 1);
    assert(copy != NULL);
    memcpy(copy, data, size);
    for (uint8_t *at = copy; (at = memmem(at, size - (size_t)(at - copy), key, strlen(key)));) {
        at += strlen(key);
        if (at < copy + size && *at != '"')
            *at = *at == '0' ? '1' : '0';
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store store = {.chunks = NULL};
    struct read_report reports[2];
    struct result result = {.num_findings = 0};
    struct redactor *redactor = NULL;
    struct error error;
    if (size == 0)
        return 0;
    const uint8_t *end = memchr(data, 0, size);
    const size_t first = end != NULL ? (size_t)(end - data) : size;
    const bool alone = end == NULL || first + 1 == size;
    const size_t second = alone ? first : size - first - 1;
    uint8_t *other = alone ? copy_with_other_inputs(data, first) : NULL;
    if (first > 0 && read_one(data, first, &store, &reports[0]) &&
        read_one(alone ? other : end + 1, second, &store, &reports[1]) &&
        merge_reports(reports, 2, &store, &result, &redactor, &error))
        write_all(&result, redactor);
    redactor_free(redactor);
    store_free(&store);
    free(other);
    return 0;
}
