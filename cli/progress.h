/* progress.h: a line on standard error that tells how far the reading is, how fast, and what is left. */
#ifndef PERPASS_CLI_PROGRESS_H
#define PERPASS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_mode { PROGRESS_AUTO = 0, PROGRESS_ON, PROGRESS_OFF };

struct progress {
    const char *unit;           /* what is counted: "packets" */
    bool on, terminal, shown;   /* shown: the line stands on the terminal */
    uint64_t total;             /* bytes of all inputs; 0 when not known */
    uint64_t begun_ns, next_ns; /* wall clock */
};

/* progress_begin starts the clock; |unit| is what is counted beside bytes, in the plural. Without a terminal on standard error PROGRESS_AUTO shows nothing, and
 * PROGRESS_ON prints a line from time to time. */
void progress_begin(struct progress *progress, enum progress_mode mode, uint64_t total,
                    const char *unit);

/* progress_update may show that |bytes| of the inputs and |num| of the unit were read. */
void progress_update(struct progress *progress, uint64_t bytes, uint64_t num);

/* progress_clear takes the line away, before something else is printed. */
void progress_clear(struct progress *progress);

#endif
