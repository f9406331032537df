/* perpass_docs.c: writes the pages of docs/ that are generated from the tables of the program.
 *
 *   perpass-docs PAGE             writes the page to standard output
 *   perpass-docs --check PAGE FILE   exit status 1 unless FILE is what would be written */
#include "reports/event_catalogue.h"
#include "reports/explain.h"
#include "reports/siem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One row a page. */
static const struct page {
    const char *name;
    bool (*write)(FILE *out);
} pages[] = {
    {"events", event_catalogue_markdown},
    {"schema", event_catalogue_schema},
    {"rules", explain_markdown_catalogue},
    {"template", siem_template},
    {"sigma", siem_sigma},
    {"clickhouse", siem_clickhouse},
    {"duckdb", siem_duckdb},
};

static const struct page *find_page(const char *name)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(pages[i].name, name) == 0)
            return &pages[i];
    return NULL;
}

static int usage(void)
{
    fputs("usage: perpass-docs PAGE | --check PAGE FILE\npages:", stderr);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        fprintf(stderr, " %s", pages[i].name);
    fputc('\n', stderr);
    return 2;
}

static int write_page(const struct page *page)
{
    if (page->write(stdout) && fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    perror("perpass-docs: the page could not be written");
    return 4;
}

/* Whether the bytes of |file| are |text|, all of them. */
static bool is_same(FILE *file, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (fgetc(file) != (unsigned char)text[i])
            return false;
    return fgetc(file) == EOF;
}

static int check_page(const struct page *page, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    bool ok = memory != NULL && page->write(memory);
    if (memory == NULL || fclose(memory) != 0 || !ok) {
        perror("perpass-docs");
        free(text);
        return 4;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        free(text);
        return 1;
    }
    bool same = is_same(file, text, len);
    fclose(file);
    free(text);
    if (!same)
        fprintf(stderr, "%s is out of date: run perpass-docs %s > %s\n", path, page->name, path);
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool check = argc == 4 && strcmp(argv[1], "--check") == 0;
    if (!check && argc != 2)
        return usage();
    const struct page *page = find_page(argv[check ? 2 : 1]);
    if (page == NULL)
        return usage();
    return check ? check_page(page, argv[3]) : write_page(page);
}
