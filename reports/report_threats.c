/* report_threats.c: the five classes of attack as text. */
#include "reports/report_threats.h"

#include "reports/sentence.h"
#include "reports/text.h"

static void print_part(FILE *out, const char *heading, const char *text, unsigned width)
{
    struct sentence line = {.len = 0};
    sentence_add(&line, "%s: %s", heading, text);
    text_wrap(out, line.text, 2, width, 0);
}

static void print_gains(FILE *out, const struct threat *threat, unsigned width)
{
    char text[THREAT_GAIN_TEXT];
    if (threat->num_gains == 0)
        text_wrap(out, "Of this traffic: nothing that was counted.", 2, width, 0);
    else
        text_wrap(out, "Of this traffic:", 2, width, 0);
    for (size_t i = 0; i < threat->num_gains; i++) {
        struct sentence line = {.len = 0};
        sentence_add(&line, "- %s", threat_gain_text(&threat->gains[i], text));
        text_wrap(out, line.text, 2, width, 0);
    }
}

/* "3 findings, the worst of them high", and the rules of other classes that belong here. */
static void print_findings(FILE *out, const struct threat *threat, unsigned width)
{
    struct sentence line = {.len = 0};
    char count[TEXT_SMALL * 2];
    sentence_add(&line, "Findings: ");
    if (!threat->looked_for)
        sentence_add(&line, "not looked for");
    else
        sentence_add(&line, "%s", text_number(threat->severities.total, count));
    if (threat->severities.total > 0)
        sentence_add(&line, ", the worst %s", severity_name(threat->severities.worst));
    for (size_t i = 0; i < threat->num_related; i++)
        sentence_add(&line, "%s%s", i == 0 ? "; those of other classes that belong here: " : ", ",
                     threat->related[i]->id);
    text_wrap(out, line.text, 2, width, 0);
}

void report_text_threats(FILE *out, const struct threat_model *model, unsigned width)
{
    for (size_t i = 0; i < NUM_ATTACK_CLASSES; i++) {
        const struct threat *threat = &model->threats[i];
        fprintf(out, "\n%s\n", attack_class_name(threat->attack));
        print_part(out, "The attacker can", threat->words->capability, width);
        print_part(out, "This gives", threat->words->gives, width);
        print_gains(out, threat, width);
        print_findings(out, threat, width);
        print_part(out, "Cost", threat->words->cost, width);
        print_part(out, "Risk of being found", threat->words->risk, width);
        print_part(out, "Closed by", threat->words->mitigation, width);
        print_part(out, "What remains", threat->words->remains, width);
    }
}
