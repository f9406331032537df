/* tell_text.c: the table of a target. */
#include "probe/tell.h"

#include "reports/text.h"

enum {
    INDENT = 2,
    OUTCOME_WIDTH = 8,
    TITLE_WIDTH = 26,
    MAX_TEXT = TELL_VALUE_LEN + CHECK_REASON_LEN + 128
};

static const char *mark(enum check_outcome outcome)
{
    static const char *const marks[] = {[CHECK_UNKNOWN] = "?",
                                        [CHECK_PASS] = "pass",
                                        [CHECK_FAIL] = "FAIL",
                                        [CHECK_INFO] = "info",
                                        [CHECK_NOT_APPLICABLE] = "-"};
    return marks[outcome];
}

static const char *colour(enum check_outcome outcome, const struct tell_style *style)
{
    static const char *const colours[] = {[CHECK_UNKNOWN] = "\033[33m",
                                          [CHECK_PASS] = "\033[32m",
                                          [CHECK_FAIL] = "\033[31m",
                                          [CHECK_INFO] = "",
                                          [CHECK_NOT_APPLICABLE] = "\033[2m"};
    return style->colour ? colours[outcome] : "";
}

/* The rest of a line behind its head, in as many lines as it needs. */
static void print_rest(FILE *out, const char *text, const struct tell_style *style)
{
    enum { AT = INDENT + OUTCOME_WIDTH + TITLE_WIDTH };
    const char *at = text;
    const size_t room = style->width > AT + 20 ? style->width - AT : 40;
    bool first = true;
    while (*at != '\0') {
        size_t len = strlen(at);
        if (len > room) {
            len = room;
            while (len > 1 && at[len] != ' ')
                len--;
            if (len == 1)
                len = strcspn(at, " ");
        }
        fprintf(out, "%*s%.*s\n", first ? 0 : (int)AT, "", (int)len, at);
        at += len;
        at += strspn(at, " ");
        first = false;
    }
}

static void print_check(FILE *out, enum check_id id, const struct check_result *result,
                        struct redactor *redactor, const struct tell_style *style)
{
    char value[TELL_VALUE_LEN], text[MAX_TEXT];
    tell_value(result, redactor, value);
    snprintf(text, sizeof text, "%s%s%s%s%s%s", value, value[0] != '\0' ? ": " : "", result->reason,
             result->rule != NULL ? " [" : "", result->rule != NULL ? result->rule->id : "",
             result->rule != NULL ? "]" : "");
    fprintf(out, "%*s%s%-*s%s%-*s", INDENT, "", colour(result->outcome, style), OUTCOME_WIDTH,
            mark(result->outcome), style->colour ? "\033[0m" : "", TITLE_WIDTH,
            check_get(id)->title);
    print_rest(out, text, style);
}

void tell_text(FILE *out, const struct probe *probe, struct redactor *redactor,
               const struct tell_style *style)
{
    char target[TELL_TARGET_LEN], took[TEXT_SMALL];
    fprintf(out, "%s\n", tell_target(probe, redactor, target));
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        if (probe->settings->wanted[i])
            print_check(out, (enum check_id)i, &probe->results[i], redactor, style);
    fprintf(out, "  %u datagrams of at most %u sent, %u received, in %s\n", probe->count.sent,
            probe->count.budget, probe->count.received,
            text_duration(probe->ended_ns - probe->begun_ns, took));
}
