/* tell.c: the parts that the table and the JSON of a target have in common. */
#include "probe/tell.h"

#include <arpa/inet.h>

static struct value address_of(const struct udp_address *target)
{
    const bool v4 = target->any.sa_family == AF_INET;
    return (struct value){.type = VALUE_ADDRESS,
                          .bytes = v4 ? span_of(&target->v4.sin_addr, 4)
                                      : span_of(&target->v6.sin6_addr, 16)};
}

const char *tell_target(const struct probe *probe, struct redactor *redactor,
                        char room[TELL_TARGET_LEN])
{
    const bool v4 = probe->target.any.sa_family == AF_INET;
    const unsigned port = ntohs(v4 ? probe->target.v4.sin_port : probe->target.v6.sin6_port);
    const struct value address = address_of(&probe->target);
    const struct value name = {.type = VALUE_STRING, .bytes = span_text(probe->name)};
    struct in6_addr numeric;
    const bool is_number = inet_pton(AF_INET, probe->name, &numeric) == 1 ||
                           inet_pton(AF_INET6, probe->name, &numeric) == 1;
    const struct shown shown = is_number ? redact(redactor, &address, PRIVACY_ADDRESS, NULL)
                                         : redact(redactor, &name, PRIVACY_NAME, "host");
    const char *text = shown.type == SHOWN_TEXT ? shown.text : "";
    const bool brackets = is_number && !v4 && !shown.token;
    snprintf(room, TELL_TARGET_LEN, "%s%.280s%s:%u", brackets ? "[" : "", text, brackets ? "]" : "",
             port);
    return room;
}

const char *tell_value(const struct check_result *result, struct redactor *redactor,
                       char room[TELL_VALUE_LEN])
{
    snprintf(room, TELL_VALUE_LEN, "%s", result->value);
    if (!span_seen(result->hint))
        return room;
    const struct value hint = {.type = VALUE_STRING, .bytes = result->hint};
    const struct shown shown = redact(redactor, &hint, PRIVACY_IDENTIFIER, "hint");
    snprintf(room, TELL_VALUE_LEN, "%s", shown.type == SHOWN_TEXT ? shown.text : "");
    return room;
}

enum severity tell_worst(const struct probe *probe)
{
    enum severity worst = 0;
    for (unsigned i = 0; i < NUM_CHECKS; i++) {
        const struct check_result *result = &probe->results[i];
        if (result->outcome != CHECK_FAIL || !probe->settings->wanted[i] || i == CHECK_REACHABLE)
            continue;
        const enum severity severity = result->rule != NULL ? result->rule->severity : SEVERITY_LOW;
        worst = severity > worst ? severity : worst;
    }
    return worst;
}
