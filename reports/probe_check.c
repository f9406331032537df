/* probe_check.c: the rows of probe.check. */
#include "reports/probe_check.h"

#include "dissectors/field_rows.h"

void probe_check_judge(struct probe_check *check)
{
    check->kind = "state";
    check->event_outcome = strcmp(check->outcome, "pass") == 0      ? "success"
                           : strcmp(check->outcome, "fail") == 0    ? "failure"
                           : strcmp(check->outcome, "unknown") == 0 ? "unknown"
                                                                    : NULL;
}

#define STRUCT struct probe_check
static const struct field fields[] = {
    ROW("event.kind", FIELD_TEXT, kind, "state: what a server is like", IS_PUBLIC),
    ROW("event.outcome", FIELD_TEXT, event_outcome,
        "success (the check passed), failure, unknown; absent where there is nothing to pass",
        IS_PUBLIC),
    ROW("rule.id", FIELD_TEXT, rule, "the rule that the server breaks", IS_PUBLIC),
    ROW("perpass.probe.check", FIELD_TEXT, id, "the check, as in perpass-probe --checks",
        IS_PUBLIC),
    ROW("perpass.probe.outcome", FIELD_TEXT, outcome, "pass, fail, info, unknown or not_applicable",
        IS_PUBLIC),
    ROW("perpass.probe.value", FIELD_TEXT, value, "what was found, in short", IS_PUBLIC),
    ROW("perpass.probe.reason", FIELD_TEXT, reason, "why that is said", IS_PUBLIC),
    ROW("perpass.probe.hint", FIELD_STRING, hint, "the PSK identity hint that the server sends",
        IS_IDENTIFIER("hint")),
    ROW("perpass.probe.packets.budget", FIELD_NUMBER, budget,
        "datagrams that the target could have got at most", IS_PUBLIC),
    ROW("perpass.probe.packets.sent", FIELD_NUMBER, sent, "datagrams that it got", IS_PUBLIC),
    ROW("perpass.probe.packets.received", FIELD_NUMBER, received, "datagrams that came from it",
        IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_probe_check, "probe.check", fields, probe_check,
     "What perpass-probe found out about a server that it was told to ask. The source is the "
     "probe.");
