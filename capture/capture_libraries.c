/* capture_libraries.c: the libraries that reading captures rests on. */
#include "capture/capture_libraries.h"

#include <lz4.h>
#include <pcap/pcap.h>
#include <zlib.h>
#include <zstd.h>

void capture_libraries(void *to, void (*say)(void *to, const char *name, const char *version))
{
    say(to, "libpcap", pcap_lib_version());
    say(to, "zlib", zlibVersion());
    say(to, "zstd", ZSTD_versionString());
    say(to, "lz4", LZ4_versionString());
}
