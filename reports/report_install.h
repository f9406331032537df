/* report_install.h: installs of devices in reports for people. */
#ifndef PERPASS_REPORTS_REPORT_INSTALL_H
#define PERPASS_REPORTS_REPORT_INSTALL_H

#include "analysis/install_transaction.h"
#include "reports/sentence.h"
#include "reports/sink.h"

/* How the configurations of a result's installs came. */
struct report_installs {
    uint64_t readable;  /* at least one was readable */
    uint64_t encrypted; /* all that were seen are encrypted */
    uint64_t tls;       /* none was seen, but TLS with a server that DHCP named */
    uint64_t unseen;
};
struct report_installs report_installs(const struct result *result);

/* One install in words. */
struct report_install {
    struct sentence device;  /* which, when and how long */
    struct sentence servers; /* by which servers; may be empty */
    struct sentence files;   /* which, and what became of each; may be empty */
};
void report_install_words(struct report_install *install, const struct install_transaction *told,
                          struct redactor *redactor);

/* report_text_installs prints every install: who, when, from where, which files. */
void report_text_installs(FILE *out, const struct result *result, struct redactor *redactor,
                          unsigned width);

#endif
