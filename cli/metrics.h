/* metrics.h: counters in the text format of Prometheus, for its collector of text files. */
#ifndef PERPASS_CLI_METRICS_H
#define PERPASS_CLI_METRICS_H

#include "reports/sink.h"

/* metrics_write replaces the file |path| by the numbers of |result|: readers see the old or the new one. */
bool metrics_write(const char *path, const struct result *result, struct error *error);

#endif
