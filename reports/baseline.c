/* baseline.c: reads and writes the file of known findings. */
#include "reports/baseline.h"

#include "reports/fingerprint.h"
#include "reports/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 512, MAX_WORD = 64, MAX_KNOWN = 1 << 20, DIGITS = FINGERPRINT_SIZE - 1 };

struct known {
    char fingerprint[FINGERPRINT_SIZE];
    enum severity severity;
    const struct rule *rule; /* NULL: it has none that this version knows */
};

struct baseline {
    struct known *known; /* sorted by fingerprint, each once */
    size_t num, capacity;
};

static const char first_line[] = "perpass-baseline 1";

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct known *)left)->fingerprint,
                  ((const struct known *)right)->fingerprint);
}

static bool add(struct baseline *baseline, const char *fingerprint, enum severity severity,
                const struct rule *rule)
{
    if (baseline->num == baseline->capacity) {
        size_t capacity = baseline->capacity == 0 ? 64 : 2 * baseline->capacity;
        struct known *known = realloc(baseline->known, capacity * sizeof *known);
        if (known == NULL)
            return false;
        baseline->known = known;
        baseline->capacity = capacity;
    }
    struct known *last = &baseline->known[baseline->num++];
    memcpy(last->fingerprint, fingerprint, DIGITS);
    last->fingerprint[DIGITS] = '\0';
    last->severity = severity;
    last->rule = rule;
    return true;
}

/* Of lines with one fingerprint the highest severity counts. */
static void sort(struct baseline *baseline)
{
    size_t num = 0;
    if (baseline->num > 1)
        qsort(baseline->known, baseline->num, sizeof baseline->known[0], compare);
    for (size_t i = 0; i < baseline->num; i++) {
        struct known *known = &baseline->known[i];
        struct known *last = num > 0 ? &baseline->known[num - 1] : NULL;
        if (last == NULL || compare(last, known) != 0)
            baseline->known[num++] = *known;
        else if (known->severity > last->severity)
            last->severity = known->severity;
    }
    baseline->num = num;
}

/* --- reading --- */

static const char *key_of(const struct redactor *redactor)
{
    return redactor_keys_fingerprints(redactor) ? redactor_key_id(redactor) : "none";
}

static bool read_key(const char *line, const char *path, const struct redactor *redactor,
                     struct error *error)
{
    const char *key = key_of(redactor);
    if (strncmp(line, "key ", 4) != 0)
        return error_set(error, "%s is no baseline: its second line has to tell the key", path);
    if (strcmp(line + 4, key) == 0)
        return true;
    if (strcmp(line + 4, "none") == 0)
        return error_set(error,
                         "the baseline %s was written without --pseudonym-key, so nothing of it "
                         "would be found again: leave --pseudonym-key out, or write it anew",
                         path);
    return error_set(error,
                     "the baseline %s was written with the --pseudonym-key of id %.16s, not with "
                     "%s%s: nothing of it would be found again",
                     path, line + 4, redactor_keys_fingerprints(redactor) ? "that of id " : "",
                     key);
}

/* Takes the next word off |line|; "" at its end, or when it is too long. */
static void next_word(const char **line, char word[MAX_WORD])
{
    const size_t len = strcspn(*line, " ");
    snprintf(word, MAX_WORD, "%.*s", len < MAX_WORD ? (int)len : 0, *line);
    *line += len + ((*line)[len] == ' ');
}

/* "FINGERPRINT SEVERITY RULE ...". */
static bool read_known(const char *line, struct baseline *baseline, const char **wrong)
{
    char word[MAX_WORD];
    enum severity severity;
    const char *rest = line + DIGITS + 1;
    *wrong = "it has to begin with 32 hex digits and a severity";
    if (strspn(line, "0123456789abcdef") != DIGITS || line[DIGITS] != ' ')
        return false;
    next_word(&rest, word);
    if (!severity_parse(word, &severity))
        return false;
    next_word(&rest, word);
    *wrong = baseline->num < MAX_KNOWN ? "there is no memory" : "there are too many";
    return baseline->num < MAX_KNOWN && add(baseline, line, severity, rule_find(word));
}

/* The next line without its end; false at the end of the file, or when it is too long or has a NUL. */
static bool next_line(FILE *file, char line[MAX_LINE], bool *whole)
{
    if (fgets(line, MAX_LINE, file) == NULL)
        return false;
    size_t len = strlen(line);
    *whole = len > 0 && (line[len - 1] == '\n' || feof(file));
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        line[--len] = '\0';
    return true;
}

static bool read_lines(FILE *file, const char *path, const struct redactor *redactor,
                       struct baseline *baseline, struct error *error)
{
    char line[MAX_LINE];
    const char *wrong = "it is too long";
    bool whole;
    size_t number = 1;
    for (; next_line(file, line, &whole); number++) {
        if (number == 1 && strcmp(line, first_line) != 0)
            return error_set(error, "%s is no baseline: its first line is not \"%s\"", path,
                             first_line);
        if (number == 2 && !read_key(line, path, redactor, error))
            return false;
        if (number <= 2 || line[0] == '#' || line[0] == '\0')
            continue;
        if (!whole || !read_known(line, baseline, &wrong))
            return error_set(error, "line %zu of the baseline %s cannot be read: %s", number, path,
                             wrong);
    }
    if (ferror(file))
        return error_set(error, "the baseline %s cannot be read: %s", path, strerror(errno));
    return number > 2 ||
           error_set(error, "%s is no baseline: its first line is not \"%s\", or nothing follows",
                     path, first_line);
}

struct baseline *baseline_read(const char *path, const struct redactor *redactor,
                               struct error *error)
{
    FILE *file = fopen(path, "re");
    struct baseline *baseline = file != NULL ? calloc(1, sizeof *baseline) : NULL;
    bool ok = false;
    if (file == NULL)
        error_set(error, "the baseline %s cannot be read: %s", path, strerror(errno));
    else if (baseline == NULL)
        error_set(error, "there is no memory for the baseline");
    else
        ok = read_lines(file, path, redactor, baseline, error);
    if (file != NULL)
        fclose(file);
    if (ok) {
        sort(baseline);
        return baseline;
    }
    baseline_free(baseline);
    return NULL;
}

void baseline_free(struct baseline *baseline)
{
    if (baseline == NULL)
        return;
    free(baseline->known);
    free(baseline);
}

static const struct known *find(const struct baseline *baseline, const char *fingerprint)
{
    struct known key;
    memcpy(key.fingerprint, fingerprint, FINGERPRINT_SIZE);
    if (baseline->num == 0)
        return NULL;
    return bsearch(&key, baseline->known, baseline->num, sizeof key, compare);
}

bool baseline_knows(const struct baseline *baseline, const char *fingerprint,
                    enum severity severity)
{
    const struct known *known = find(baseline, fingerprint);
    return known != NULL && known->severity >= severity;
}

/* --- what is new --- */

struct standing baseline_standing(const struct result *result, struct redactor *redactor,
                                  const struct finding *finding)
{
    struct standing standing;
    fingerprint_of(redactor, finding, standing.fingerprint);
    standing.known = result->baseline != NULL &&
                     baseline_knows(result->baseline, standing.fingerprint, finding->severity);
    standing.fails =
        !standing.known && result->fail_on != 0 && finding->severity >= result->fail_on;
    return standing;
}

bool baseline_fails(const struct result *result, struct redactor *redactor)
{
    /* They come worst first. */
    for (size_t i = 0; result->fail_on != 0 && i < result->num_findings; i++) {
        if (result->findings[i].severity < result->fail_on)
            return false;
        if (baseline_standing(result, redactor, &result->findings[i]).fails)
            return true;
    }
    return false;
}

/* What was not looked for, or is not severe enough to be told, cannot be gone. */
static bool can_be_gone(const struct known *known, const struct result *result)
{
    return known->severity >= result->min_severity &&
           (known->rule == NULL || report_ran(result, rule_id_of(known->rule)));
}

struct baseline_count baseline_count(const struct result *result, struct redactor *redactor)
{
    const struct baseline *baseline = result->baseline;
    struct baseline_count count = {.fresh = result->num_findings};
    bool *met = baseline != NULL ? calloc(baseline->num + 1, sizeof *met) : NULL;
    if (met == NULL)
        return count;
    for (size_t i = 0; i < result->num_findings; i++) {
        char fingerprint[FINGERPRINT_SIZE];
        fingerprint_of(redactor, &result->findings[i], fingerprint);
        const struct known *known = find(baseline, fingerprint);
        if (known == NULL)
            continue;
        bool as_bad = known->severity >= result->findings[i].severity;
        count.known += as_bad;
        count.fresh -= as_bad;
        met[known - baseline->known] = true;
    }
    for (size_t i = 0; i < baseline->num; i++)
        count.gone += !met[i] && can_be_gone(&baseline->known[i], result);
    free(met);
    return count;
}

/* --- writing --- */

struct line {
    char fingerprint[FINGERPRINT_SIZE];
    const struct finding *finding;
};

/* The worst finding of a fingerprint first. */
static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    int order = strcmp(a->fingerprint, b->fingerprint);
    if (order != 0)
        return order;
    return (int)b->finding->severity - (int)a->finding->severity;
}

/* Lines that are the same but for the order of findings are one. */
static void write_lines(FILE *out, const struct line *lines, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const struct finding *finding = lines[i].finding;
        char where[FINGERPRINT_WHERE_SIZE];
        if (i > 0 && strcmp(lines[i].fingerprint, lines[i - 1].fingerprint) == 0)
            continue;
        fingerprint_where(finding, where);
        fprintf(out, "%s %s %s %s %s\n", lines[i].fingerprint, severity_name(finding->severity),
                finding->rule->id, report_subject_kind(finding->subject), where);
    }
}

bool baseline_write(FILE *out, const struct result *result, struct redactor *redactor,
                    struct error *error)
{
    struct line *lines = calloc(result->num_findings + 1, sizeof *lines);
    if (lines == NULL)
        return error_set(error, "there is no memory");
    for (size_t i = 0; i < result->num_findings; i++) {
        lines[i].finding = &result->findings[i];
        fingerprint_of(redactor, lines[i].finding, lines[i].fingerprint);
    }
    if (result->num_findings > 1)
        qsort(lines, result->num_findings, sizeof *lines, compare_lines);
    fprintf(out, "%s\nkey %s\n", first_line, key_of(redactor));
    write_lines(out, lines, result->num_findings);
    free(lines);
    return ferror(out) == 0 || error_set(error, "%s", strerror(errno));
}
