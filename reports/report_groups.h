/* report_groups.h: the findings of a result by rule. */
#ifndef PERPASS_REPORTS_REPORT_GROUPS_H
#define PERPASS_REPORTS_REPORT_GROUPS_H

#include "reports/sentence.h"
#include "reports/sink.h"

/* All findings of one rule. */
struct report_group {
    const struct rule *rule;
    const struct finding *worst; /* the first of them: findings come worst first */
    uint64_t num, times;
    bool mixed;     /* they are about more than one kind of subject */
    unsigned lines; /* that the text report gives it */
};

enum { REPORT_WORST = 5 /* groups for someone with a minute */ };

/* report_groups gives the |num| groups, worst first, for the caller to free; NULL when there is no memory. */
struct report_group *report_groups(const struct result *result, size_t *num);

/* report_group_subjects adds "12 servers". */
void report_group_subjects(struct sentence *sentence, const struct report_group *group);

/* report_first_words adds |text| up to the first full stop or semicolon, with a full stop; report_first_sentence the
 * first sentence. */
void report_first_words(struct sentence *sentence, const char *text);
void report_first_sentence(struct sentence *sentence, const char *text);

#endif
