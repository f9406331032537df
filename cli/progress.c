/* progress.c: a line on standard error. The wall clock serves this and nothing else. */
#include "cli/progress.h"

#include "reports/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void progress_begin(struct progress *progress, enum progress_mode mode, uint64_t total,
                    const char *unit)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    *progress = (struct progress){.unit = unit,
                                  .on = mode == PROGRESS_ON || (mode == PROGRESS_AUTO && terminal),
                                  .terminal = terminal,
                                  .total = total,
                                  .begun_ns = now_ns()};
    /* What is over in a moment needs no progress line. */
    progress->next_ns = progress->begun_ns + NS_PER_S / 2;
}

static void print_rate(const struct progress *progress, double rate)
{
    if (rate >= 1e6)
        fprintf(stderr, ", %.1f million %s/s", rate / 1e6, progress->unit);
    else
        fprintf(stderr, ", %.0f %s/s", rate, progress->unit);
}

void progress_update(struct progress *progress, uint64_t bytes, uint64_t num)
{
    char text[TEXT_SMALL];
    uint64_t now = progress->on ? now_ns() : 0;
    if (now < progress->next_ns || !progress->on)
        return;
    double elapsed = (double)(now - progress->begun_ns) / (double)NS_PER_S;
    progress_clear(progress);
    fprintf(stderr, "perpass: %s", text_bytes(bytes, text));
    if (progress->total > 0 && bytes <= progress->total) {
        double share = (double)bytes / (double)progress->total;
        fprintf(stderr, " of %s (%.0f %%)", text_bytes(progress->total, text), 100 * share);
        print_rate(progress, (double)num / elapsed);
        if (share > 0.01)
            fprintf(
                stderr, ", %s left",
                text_duration((uint64_t)(elapsed * (1 - share) / share * (double)NS_PER_S), text));
    } else {
        print_rate(progress, (double)num / elapsed);
    }
    fputs(progress->terminal ? "" : "\n", stderr);
    fflush(stderr);
    progress->shown = progress->terminal;
    progress->next_ns = now + (progress->terminal ? NS_PER_S / 5 : 2 * NS_PER_S);
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
