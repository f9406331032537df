/* report_groups.c: findings by rule, and the words in which reports tell of a rule's findings. */
#include "reports/report_groups.h"

#include "reports/report.h"
#include "reports/text.h"

#include <stdlib.h>
#include <string.h>

static struct report_group *group_of(struct report_group *groups, size_t *num,
                                     const struct finding *finding)
{
    for (size_t i = 0; i < *num; i++)
        if (groups[i].rule == finding->rule)
            return &groups[i];
    groups[*num] = (struct report_group){.rule = finding->rule, .worst = finding};
    return &groups[(*num)++];
}

struct report_group *report_groups(const struct result *result, size_t *num)
{
    struct report_group *groups = calloc((size_t)NUM_RULES + 1, sizeof groups[0]);
    *num = 0;
    if (groups == NULL)
        return NULL;
    for (size_t i = 0; i < result->num_findings; i++) {
        const struct finding *finding = &result->findings[i];
        struct report_group *group = group_of(groups, num, finding);
        group->num++;
        group->times += finding->count;
        if (finding->subject != group->worst->subject)
            group->mixed = true;
    }
    return groups;
}

void report_group_subjects(struct sentence *sentence, const struct report_group *group)
{
    char count[TEXT_SMALL * 2];
    if (group->mixed)
        text_count(group->num, "subject", "subjects", count);
    else
        text_count(group->num, report_subject_noun(group->worst->subject, 1),
                   report_subject_noun(group->worst->subject, 2), count);
    sentence_add(sentence, "%s", count);
}

void report_first_words(struct sentence *sentence, const char *text)
{
    size_t len = text_sentence(text);
    const char *semicolon = strstr(text, "; ");
    if (semicolon != NULL && (size_t)(semicolon - text) < len)
        len = (size_t)(semicolon - text);
    if (len > 0 && text[len - 1] == '.')
        len--;
    sentence_add(sentence, "%.*s.", (int)len, text);
}

void report_first_sentence(struct sentence *sentence, const char *text)
{
    sentence_add(sentence, "%.*s", (int)text_sentence(text), text);
}
