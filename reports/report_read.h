/* report_read.h: reads the JSON report of a run back, so that those of several sensors can be joined.
 *
 * What is read was written by somebody else, perhaps not by perpass: a file has a bound of size and depth, every member
 * its type and range, and text keeps no character that cannot be seen (text_safe.h). What does not fit ends the reading
 * with the name of the member that it is about. Members that are not known are left out. */
#ifndef PERPASS_REPORTS_REPORT_READ_H
#define PERPASS_REPORTS_REPORT_READ_H

#include "core/crypto.h"
#include "reports/sink.h"
#include "reports/store.h"

enum {
    REPORT_READ_MOST_BYTES = 256 << 20,
    REPORT_READ_DEPTH = 16,
    REPORT_READ_MOST_FINDINGS = 1 << 20,
    REPORT_READ_MOST_INPUTS = 65536
};

/* One report. Values of the traffic are as it shows them: texts, but addresses, which are addresses again. */
struct read_report {
    const char *path;
    uint8_t sha256[CRYPTO_SHA256_LEN]; /* of the file */
    const char *version;               /* of perpass that wrote it */
    enum privacy_policy policy;
    char key_id[9]; /* of the key that sensors have in common */
    char epoch[REDACT_EPOCH_NAME];
    struct input_info *inputs;
    size_t num_inputs;
    bool ran[NUM_RULES]; /* which rules ran */
    enum severity min_severity;
    struct engine_stats engine;
    struct analysis_stats analysis;
    struct finding *findings;
    size_t num_findings;
    const struct observation **told;
    size_t num_told;
};

/* report_read reads the report at |path|, of which |in| is the beginning; what it points to is |store|'s. False and
 * |error| when it is none, or one that cannot be joined with others. */
bool report_read(FILE *in, const char *path, struct store *store, struct read_report *report,
                 struct error *error);

#endif
