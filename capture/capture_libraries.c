/* capture_libraries.c: the libraries that reading captures rests on. */
#include "capture/capture_libraries.h"

#include <lz4.h>
#include <pcap/pcap.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

void capture_libraries(void *to, void (*say)(void *to, const char *name, const char *version))
{
    static const char prefix[] = "libpcap version ";
    const char *pcap = pcap_lib_version();
    bool prefixed = strncmp(pcap, prefix, sizeof prefix - 1) == 0;
    say(to, "libpcap", prefixed ? pcap + sizeof prefix - 1 : pcap);
    say(to, "zlib", zlibVersion());
    say(to, "zstd", ZSTD_versionString());
    say(to, "lz4", LZ4_versionString());
    const struct scmp_version *seccomp = seccomp_version();
    char text[32];
    snprintf(text, sizeof text, "%u.%u.%u", seccomp->major, seccomp->minor, seccomp->micro);
    say(to, "libseccomp", text);
}
