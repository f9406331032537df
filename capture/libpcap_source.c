/* libpcap_source.c: captures that only libpcap reads: versions that the own readers do not take,
 * and formats that a later libpcap may know. It reads the same input, so that these may be
 * compressed or come by a pipe, too. */
#include "capture/link_type.h"
#include "capture/source_ops.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

/* Gives libpcap the next bytes of the input: fread of its file ends here. */
static ssize_t libpcap_bytes(void *cookie, char *to, size_t room)
{
    struct input *input = cookie;
    if (!input_more(input, 1))
        return 0;
    size_t n = input_left(input) < room ? input_left(input) : room;
    memcpy(to, input->at, n);
    input_consume(input, n);
    return (ssize_t)n;
}

/* One frame a call: it lies in libpcap's own buffer, which the next one overwrites. */
static enum source_status libpcap_read(struct source *source, struct frame *frames, size_t max,
                                       size_t *num, struct error *error)
{
    pcap_t *pcap = source->state;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    (void)max;
    *num = 0;
    int result = pcap_next_ex(pcap, &header, &bytes);
    if (source->input->fault.text[0] != '\0' && result != 1) {
        *error = source->input->fault;
        return SOURCE_DAMAGED;
    }
    if (result == PCAP_ERROR_BREAK)
        return SOURCE_END;
    if (result != 1) {
        error_set(error, "%s is damaged before byte %llu%s: %s", source->name,
                  (unsigned long long)source->input->offset, input_unit(source->input),
                  pcap_geterr(pcap));
        return SOURCE_DAMAGED;
    }
    bool mended = header->len < header->caplen;
    source->stats.mended += mended ? 1 : 0;
    frames[0] = (struct frame){
        .at = bytes,
        .captured_len = header->caplen,
        .wire_len = mended ? header->caplen : header->len,
        /* asked for in nanoseconds, which go where microseconds usually do */
        .time_ns = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec,
        .number = source->stats.frames + 1,
        .link_type = (uint16_t)source->first_link};
    *num = 1;
    return SOURCE_FRAMES;
}

static void libpcap_close(struct source *source)
{
    pcap_close(source->state);
}

static const struct source_ops libpcap_ops = {.read = libpcap_read, .close = libpcap_close};

bool libpcap_source_open(struct source *source, struct error *error)
{
    static const char *const formats[NUM_COMPRESSIONS] = {
        "capture read by libpcap", "capture read by libpcap (gzip)",
        "capture read by libpcap (zstd)", "capture read by libpcap (lz4)"};
    char first[SOURCE_FIRST_BYTES], reason[PCAP_ERRBUF_SIZE] = "";
    const bool known_magic = pcap_file_has_magic(input_reader(source->input));
    source_first_bytes(source, first);
    FILE *file = fopencookie(source->input, "rb", (cookie_io_functions_t){.read = libpcap_bytes});
    if (file == NULL)
        return error_set(error, "%s cannot be read: %m", source->name);
    pcap_t *pcap =
        pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (pcap == NULL) {
        fclose(file);
        if (known_magic)
            return error_set(error, "%s is a pcap file that cannot be read: %s", source->name,
                             reason);
        return error_set(error, "%s is no capture file (pcap, pcapng or snoop): it begins with %s",
                         source->name, first);
    }
    source->ops = &libpcap_ops;
    source->state = pcap;
    source->format = formats[source->input->compression];
    source->first_link = link_type_of_dlt(pcap_datalink(pcap));
    return true;
}
