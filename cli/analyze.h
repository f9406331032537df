/* analyze.h: perpass analyze: captures in, findings out. */
#ifndef PERPASS_CLI_ANALYZE_H
#define PERPASS_CLI_ANALYZE_H

#include "cli/progress.h"
#include "cli/run.h"

/* What the options of perpass analyze say. */
struct analyze_settings {
    struct run_settings common;
    bool quiet;
    enum progress_mode progress;
    bool hash_inputs;           /* of any size */
    const char *psk_candidates; /* NULL: no audit of keys */
};

/* analyze_run reads |files| and writes what the settings ask for; gives the exit status. */
int analyze_run(const struct analyze_settings *settings, const struct option_list *files);

#endif
