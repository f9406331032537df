/* test_secrets.c: what is found of secrets in configurations that were written for it, tests/accuracy/secrets/.
 *
 * A file begins with "@DIALECT". A planted secret is written «KIND r VALUE» (r: reversible, p: not), a key in PEM
 * «KIND r LENGTH BEGIN-LINE»; what only looks like one ‹TEXT›. The marks are taken out before the file is read. What
 * is found has to agree in line and length with a planted secret; kind and reversible are counted by themselves. */
#include "dissectors/content.h"
#include "dissectors/content_rules.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_FILE = 1 << 16, MAX_PLANTED = 128 };

struct planted {
    char kind[32];
    bool reversible;
    unsigned line, length;
    bool found;
};

struct sample {
    char dialect[32];
    uint8_t text[MAX_FILE];
    size_t len;
    struct planted planted[MAX_PLANTED];
    size_t num_planted, num_alike;
};

struct score {
    size_t planted, alike, told, right, right_kind, right_form, files, right_dialect;
};

static const char open_mark[] = "\xc2\xab", close_mark[] = "\xc2\xbb",
                  open_alike[] = "\xe2\x80\xb9", close_alike[] = "\xe2\x80\xba";

static bool at_mark(const char *at, const char *mark)
{
    return strncmp(at, mark, strlen(mark)) == 0;
}

static unsigned line_of(const struct sample *sample)
{
    unsigned line = 1;
    for (size_t i = 0; i < sample->len; i++)
        line += sample->text[i] == '\n';
    return line;
}

static const char *read_planted(struct sample *sample, const char *at)
{
    struct planted *planted = &sample->planted[sample->num_planted++];
    int used = 0;
    char form;
    unsigned length;
    assert_true(sample->num_planted <= MAX_PLANTED);
    assert_int_equal(sscanf(at, "%31s %c %n", planted->kind, &form, &used), 2);
    planted->reversible = form == 'r';
    planted->line = line_of(sample);
    at += used;
    const char *end = strstr(at, close_mark);
    assert_non_null(end);
    planted->length = (unsigned)(end - at);
    if (sscanf(at, "%u %n", &length, &used) == 1 && strncmp(at + used, "-----BEGIN", 10) == 0) {
        planted->length = length;
        at += used;
    }
    memcpy(sample->text + sample->len, at, (size_t)(end - at));
    sample->len += (size_t)(end - at);
    return end + strlen(close_mark);
}

static void parse(struct sample *sample, const char *source)
{
    const char *at = strchr(source, '\n');
    assert_non_null(at);
    assert_int_equal(sscanf(source, "@%31s", sample->dialect), 1);
    for (at++; *at != '\0';) {
        if (at_mark(at, open_mark)) {
            at = read_planted(sample, at + strlen(open_mark));
        } else if (at_mark(at, open_alike)) {
            sample->num_alike++;
            at += strlen(open_alike);
        } else if (at_mark(at, close_alike)) {
            at += strlen(close_alike);
        } else {
            sample->text[sample->len++] = (uint8_t)*at++;
        }
    }
}

static bool same(const struct planted *planted, const struct content_secret *secret)
{
    return !planted->found && planted->line == secret->line && planted->length == secret->length;
}

/* The planted secret that |secret| is, of those on the same line with the same length one of its kind first. */
static struct planted *find_planted(struct sample *sample, const struct content_secret *secret)
{
    struct planted *any = NULL;
    for (size_t i = 0; i < sample->num_planted; i++) {
        struct planted *planted = &sample->planted[i];
        if (!same(planted, secret))
            continue;
        if (strcmp(planted->kind, secret->kind) == 0)
            return planted;
        any = any != NULL ? any : planted;
    }
    return any;
}

static void compare(struct sample *sample, const struct content_facts *facts, const char *path,
                    struct score *score)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < facts->num_secrets; i++) {
        const struct content_secret *secret = &facts->secret_list[i];
        struct planted *planted = find_planted(sample, secret);
        score->told++;
        if (planted == NULL) {
            printf("%s:%u: %s of %u bytes is none\n", name, secret->line, secret->kind,
                   secret->length);
            continue;
        }
        bool kind = strcmp(planted->kind, secret->kind) == 0;
        bool form = planted->reversible == secret->reversible;
        planted->found = true;
        score->right++;
        score->right_kind += kind;
        score->right_form += form;
        if (!kind || !form)
            printf("%s:%u: %s %s is told as %s %s\n", name, planted->line, planted->kind,
                   planted->reversible ? "reversible" : "protected", secret->kind,
                   secret->reversible ? "reversible" : "protected");
    }
    for (size_t i = 0; i < sample->num_planted; i++)
        if (!sample->planted[i].found)
            printf("%s:%u: %s of %u bytes is missed\n", name, sample->planted[i].line,
                   sample->planted[i].kind, sample->planted[i].length);
    score->planted += sample->num_planted;
    score->alike += sample->num_alike;
}

static void read_sample(const char *path, const struct content_rules *rules, struct score *score)
{
    static char source[MAX_FILE];
    struct sample *sample = calloc(1, sizeof *sample);
    struct budget budget = {.limit = 1 << 20};
    FILE *file = fopen(path, "r");
    assert_non_null(sample);
    assert_non_null(file);
    source[fread(source, 1, sizeof source - 1, file)] = '\0';
    (void)fclose(file);
    parse(sample, source);
    score->files++;
    struct content *content = content_new(&budget, rules);
    assert_non_null(content);
    content_add(content, span_of(sample->text, sample->len));
    const struct content_facts *facts = content_finish(content, true);
    compare(sample, facts, path, score);
    if (facts->format == NULL || strcmp(facts->format, sample->dialect) != 0)
        printf("%s: %s is told as %s\n", path, sample->dialect,
               facts->format ? facts->format : "nothing");
    score->right_dialect += facts->format != NULL && strcmp(facts->format, sample->dialect) == 0;
    content_free(content, &budget);
    free(sample);
}

static double percent(size_t part, size_t all)
{
    return all > 0 ? 100.0 * (double)part / (double)all : 100.0;
}

static struct score measure(const char *set)
{
    struct error error = {.text = ""};
    char pattern[512];
    glob_t found;
    struct score score = {0};
    struct content_rules *rules = content_rules_new(NULL, &error);
    assert_non_null(rules);
    snprintf(pattern, sizeof pattern, "%s/tests/accuracy/secrets/%s/*.txt", PERPASS_SOURCE_DIR,
             set);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_sample(found.gl_pathv[i], rules, &score);
    printf("| %s | %zu | %zu | %zu | %zu | %.1f | %.1f | %.1f | %.1f |\n", set, found.gl_pathc,
           score.planted, score.alike, score.told, percent(score.right, score.told),
           percent(score.right, score.planted), percent(score.right_kind, score.right),
           percent(score.right_form, score.right));
    globfree(&found);
    content_rules_free(rules);
    return score;
}

static void planted_secrets_are_found(void **state)
{
    (void)state;
    struct score score = measure("planted");
    assert_true(score.planted >= 60 && score.alike >= 60);
    assert_true(percent(score.right, score.told) >= 99);
    assert_true(percent(score.right, score.planted) >= 99);
    assert_true(percent(score.right_kind, score.right) >= 99);
    assert_int_equal(score.right_dialect, score.files);
}

static void held_out_secrets_are_found(void **state)
{
    (void)state;
    struct score score = measure("held-out");
    assert_true(score.planted >= 60 && score.alike >= 60);
    assert_true(percent(score.right, score.told) >= 99);
    assert_true(percent(score.right, score.planted) >= 99);
    assert_int_equal(score.right_dialect, score.files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(planted_secrets_are_found),
                                       cmocka_unit_test(held_out_secrets_are_found)};
    puts("| set | files | planted | look-alikes | told | precision % | recall % | kind % | form % "
         "|");
    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
