/* audit.c: reads the list of --psk-candidates, without a buffer of its own that keys would stay in. */
#include "cli/audit.h"

#include "cli/complain.h"
#include "cli/signals.h"
#include "core/descriptor.h"
#include "reports/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void begin(struct audit *audit)
{
    struct stat status;
    bool sized = fstat(audit->descriptor, &status) == 0 && S_ISREG(status.st_mode);
    progress_begin(&audit->progress, audit->mode, sized ? (uint64_t)status.st_size : 0, "keys");
    audit->begun = true;
}

static ssize_t read_list(void *to, uint8_t *bytes, size_t max)
{
    struct audit *audit = to;
    if (!audit->begun)
        begin(audit);
    const ssize_t got = descriptor_read(audit->descriptor, bytes, max);
    if (got < 0)
        audit->reason = errno;
    return got;
}

static bool go_on(void *to, uint64_t bytes, uint64_t keys)
{
    struct audit *audit = to;
    progress_update(&audit->progress, bytes, keys);
    return signals_stopped() == 0;
}

bool audit_open(struct audit *audit, const char *path, unsigned threads, enum progress_mode mode,
                struct error *error)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return error_set(error, "cannot open the list of candidates '%s': %s", path,
                         strerror(errno));
    if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(descriptor);
        return error_set(error, "the list of candidates '%s' is a directory", path);
    }
    const struct psk_search_options options = {
        .to = audit, .read = read_list, .go_on = go_on, .threads = threads != 0 ? threads : 1};
    *audit = (struct audit){.path = path, .descriptor = descriptor, .mode = mode};
    audit->search = psk_search_new(&options, error);
    if (audit->search == NULL)
        close(descriptor);
    return audit->search != NULL;
}

static void tell_left_out(uint64_t num, const char *why)
{
    char count[TEXT_SMALL * 2];
    if (num > 0)
        complain("key audit: %s not tried: %s", text_count(num, "handshake", "handshakes", count),
                 why);
}

static void tell(const struct analysis_stats *stats)
{
    char keys[TEXT_SMALL * 2], proofs[TEXT_SMALL * 2], lines[TEXT_SMALL * 2];
    if (stats->psk_audit_proofs == 0)
        complain("key audit: no handshake was found that candidates can be tried on");
    else
        complain("key audit: %s tried on %s",
                 text_count(stats->psk_audit_keys, "candidate", "candidates", keys),
                 text_count(stats->psk_audit_proofs, "proof of a key", "proofs of keys", proofs));
    if (stats->psk_audit_too_long > 0)
        complain("key audit: %s of the list left out: longer than a key",
                 text_count(stats->psk_audit_too_long, "line", "lines", lines));
    tell_left_out(stats->psk_audit_incomplete, "the capture lacks a part of the proof");
    tell_left_out(stats->psk_audit_impossible,
                  "DHE_PSK, ECDHE_PSK or RSA_PSK, whose other secret is not known");
    tell_left_out(stats->psk_audit_unknown,
                  "their suite, version or hash is none that keys can be tried on");
    tell_left_out(stats->psk_audit_not_kept, "there were too many");
}

bool audit_tell(const struct audit *audit, const struct analysis_stats *stats, bool quiet)
{
    struct progress line = audit->progress;
    progress_clear(&line);
    if (!quiet)
        tell(stats);
    if (audit->reason != 0)
        complain("the list of candidates %s cannot be read to its end: %s", audit->path,
                 strerror(audit->reason));
    return audit->reason == 0;
}

void audit_close(struct audit *audit)
{
    if (audit->search == NULL)
        return;
    psk_search_free(audit->search);
    close(audit->descriptor);
    audit->search = NULL;
}
