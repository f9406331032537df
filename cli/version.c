/* version.c: perpass version: the program, how it was built, and every library with its version. */
#include "capture/capture_libraries.h"
#include "cli/commands.h"
#include "cli/kafka_client.h"
#include "cli/status.h"
#include "core/crypto.h"
#include "core/geo.h"
#include "core/pattern.h"
#include "dissectors/labels.h"
#include "reports/report.h"

#include <gnu/libc-version.h>

#ifdef __clang__
static const char compiler[] = __VERSION__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

static void say(void *to, const char *name, const char *version)
{
    fprintf(to, "  %-10s %s\n", name, version);
}

static int run(const void *settings, const struct option_list *operands)
{
    (void)settings;
    (void)operands;
    char pcre2[32];
    pattern_library(pcre2);
    printf("perpass %s\n", PERPASS_VERSION);
    printf("built with %s%s\n", compiler, PERPASS_SANITIZED ? ", with sanitizers" : "");
    puts("libraries:");
    capture_libraries(stdout, say);
    say(stdout, "OpenSSL", crypto_library());
    say(stdout, "PCRE2", pcre2);
    say(stdout, "json-c", report_json_library());
    if (labels_built())
        say(stdout, "nDPI", labels_version());
    if (kafka_client_built())
        say(stdout, "librdkafka", kafka_client_version());
    if (geo_built())
        say(stdout, "libmaxminddb", geo_version());
    say(stdout, "glibc", gnu_get_libc_version());
    return STATUS_OK;
}

const struct command command_version = {
    .name = "version",
    .operands = "",
    .about = "Print the version of perpass, how it was built, and the libraries that it uses.",
    .run = run};
