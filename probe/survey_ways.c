/* survey_ways.c: hellos that networks have changed: twice, in pieces. RFC 6347 sections 4.1.2.6 and 4.2.3. */
#include "probe/steps.h"

#include <stdio.h>

enum { FRAGMENT_LEN = 100 };

/* What was not answered once may have been lost: it is asked a second time where that can be. */
static enum client_outcome ask_twice(struct probe *probe, const struct client_options *options,
                                     char *how, size_t size)
{
    const struct hello hello = step_hello(probe->suites, probe->num_suites);
    enum client_outcome outcome = CLIENT_FAILED;
    for (unsigned i = 0; i < 2 && step_goes_on(probe); i++) {
        struct client *client = step_client(probe, options);
        if (client == NULL)
            return CLIENT_FAILED;
        char room[64];
        outcome = client_hello(client, &hello);
        snprintf(how, size, "%s", step_outcome(client, outcome, room, sizeof room));
        step_note(probe, client, outcome);
        client_free(client);
        if (!step_asks_again(probe, outcome))
            break;
    }
    return outcome;
}

static void ask(struct probe *probe, enum check_id id, const struct flight_way *way,
                const char *good, const char *bad)
{
    struct client_options options = step_options(probe);
    char how[64] = "";
    /* Without state nobody puts fragments together: those come behind the cookie. */
    options.cookie_way = *way;
    if (!probe->cookie_asked || way->duplicate)
        options.way = *way;
    const bool lossy = probe->lossy; /* what is answered late here need not have been lost */
    const enum client_outcome outcome = ask_twice(probe, &options, how, sizeof how);
    probe->lossy = lossy;
    if (outcome == CLIENT_SILENT && lossy)
        step_unanswered(probe, id, outcome);
    else if (outcome == CLIENT_ANSWERED)
        step_tell(probe, id, CHECK_PASS, "answered", NUM_RULES, "%s", good);
    else if (outcome == CLIENT_ALERT || outcome == CLIENT_SILENT)
        step_tell(probe, id, CHECK_FAIL, how, NUM_RULES, "%s: %s", bad, how);
    else
        step_unanswered(probe, id, outcome);
}

void survey_ways(struct probe *probe)
{
    if (step_wants(probe, CHECK_DUPLICATE))
        ask(probe, CHECK_DUPLICATE, &(struct flight_way){.duplicate = true},
            "a hello that came twice was answered", "a hello came twice");
    if (step_wants(probe, CHECK_FRAGMENTED))
        ask(probe, CHECK_FRAGMENTED,
            &(struct flight_way){.apart = true, .fragment_len = FRAGMENT_LEN, .again = true},
            "a hello in fragments of 100 bytes was answered",
            "a hello came in fragments of 100 bytes");
}
