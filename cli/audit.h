/* audit.h: the list of --psk-candidates, and what is told of the audit beside its findings. */
#ifndef PERPASS_CLI_AUDIT_H
#define PERPASS_CLI_AUDIT_H

#include "analysis/analysis.h"
#include "analysis/psk_search.h"
#include "cli/progress.h"

/* All-zero: no audit. */
struct audit {
    struct psk_search *search;
    const char *path;
    int descriptor;
    int reason; /* errno of a read that failed; 0: none did */
    enum progress_mode mode;
    bool begun;
    struct progress progress;
};

/* audit_open opens the list at |path|, and takes the memory for |threads| (0: one); false and the error. */
bool audit_open(struct audit *audit, const char *path, unsigned threads, enum progress_mode mode,
                struct error *error);

/* audit_tell tells on standard error, unless it is to be |quiet|, what was tried and what could not be. False, and told
 * in any case, when the list could not be read to its end. */
bool audit_tell(const struct audit *audit, const struct analysis_stats *stats, bool quiet);

void audit_close(struct audit *audit);

#endif
