/* link_clock.c: client randoms that begin with the time, RFC 5246 section 7.4.1.2 (gmt_unix_time): they tell how far a
 * client's clock is off. TCP time stamps, which tell the same and more, are not read. */
#include "analysis/link.h"

#include "dissectors/tls.h"

enum {
    FARTHEST =
        7 * 86400, /* seconds that a clock may be off: random bytes are within by 1 in 3,500 */
    NEAR = 2       /* seconds between two readings of one clock */
};

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static void report(struct analyze_context *context, const struct tls_client_hello *hello,
                   const struct link_client *client)
{
    struct finding finding = finding_begin(context, RULE_LINK_CLOCK);
    finding.transport = hello->transport;
    finding.confidence = CONFIDENCE_LIKELY;
    finding.reason = "Randoms of different sessions begin with times that one clock shows.";
    finding_about_client(&finding, context->observation->flow);
    finding_says_number(&finding, "seconds_off",
                        (uint64_t)(client->clock < 0 ? -client->clock : client->clock));
    finding_says_text(&finding, "direction",
                      client->clock < 0   ? "behind"
                      : client->clock > 0 ? "ahead"
                                          : "right");
    finding_says_most(&finding, "sessions", client->clock_times);
    finding_add(context, &finding);
}

void link_clock(struct analyze_context *context, const struct tls_client_hello *hello,
                struct link_client *client)
{
    struct reader random = reader_of(hello->random);
    int64_t off = (int64_t)reader_u32(&random) - (int64_t)link_now(context);
    if (!reader_ok(&random) || hello->ssl2 == TRUTH_YES || apart(off, 0) > FARTHEST)
        return;
    bool same = client->clock_times > 0 && apart(off, client->clock) <= NEAR;
    client->clock = off;
    client->clock_times = same ? client->clock_times + 1 : 1;
    if (same)
        report(context, hello, client);
}
