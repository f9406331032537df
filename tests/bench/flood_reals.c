/* flood_reals.c: conversations of captures, again and again with other addresses, at even distances in time. Pauses
 * in them are cut to 300 ms. Addresses inside of payloads stay as they are. */
#include "tests/bench/flood.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_FRAMES = 512,
    MAX_ADDRESSES = 8,
    MAX_ACTIVE = 1 << 16,
    MAX_LEN = 1 << 16,
    ETHERNET = 14
};

static const uint64_t LONGEST_PAUSE_NS = 300000000;

struct frame {
    uint64_t after_ns; /* the first one */
    uint32_t len;
    uint8_t *bytes;
    uint8_t which[2]; /* of the capture's addresses: source, destination */
};

struct capture {
    struct frame frames[MAX_FRAMES];
    size_t num;
    uint8_t addresses[MAX_ADDRESSES][16];
    size_t num_addresses;
};

/* A conversation that goes on. */
struct active {
    uint64_t copy, begin_ns;
    const struct capture *capture;
    size_t next; /* frame */
};

struct flood_reals {
    struct capture *captures;
    size_t num_captures;
    uint64_t copies, begun, span_ns;
    struct active active[MAX_ACTIVE];
    size_t num_active;
    uint64_t next_ns; /* of the next packet of all */
};

static uint8_t address_number(struct capture *capture, const uint8_t *at, size_t len)
{
    uint8_t address[16] = {0};
    memcpy(address, at, len);
    for (size_t i = 0; i < capture->num_addresses; i++)
        if (memcmp(capture->addresses[i], address, sizeof address) == 0)
            return (uint8_t)i;
    if (capture->num_addresses == MAX_ADDRESSES)
        flood_fail("a capture of real conversations has more addresses than can be", "");
    memcpy(capture->addresses[capture->num_addresses], address, sizeof address);
    return (uint8_t)capture->num_addresses++;
}

static unsigned ip_version(const uint8_t *bytes, uint32_t len)
{
    unsigned type = len >= ETHERNET + 40 || (len >= ETHERNET + 20 && bytes[13] == 0)
                        ? (unsigned)bytes[12] << 8 | bytes[13]
                        : 0;
    return type == 0x0800 ? 4 : type == 0x86dd ? 6 : 0;
}

static void add_frame(struct capture *capture, uint64_t time_ns, uint64_t *last_ns,
                      const uint8_t *bytes, uint32_t len)
{
    unsigned version = ip_version(bytes, len);
    if (version == 0)
        return; /* ARP and the like */
    if (capture->num == MAX_FRAMES)
        flood_fail("a capture of real conversations has more frames than can be", "");
    struct frame *frame = &capture->frames[capture->num];
    size_t at = version == 4 ? ETHERNET + 12 : ETHERNET + 8, size = version == 4 ? 4 : 16;
    uint64_t pause = capture->num == 0 || time_ns < *last_ns ? 0 : time_ns - *last_ns;
    *frame = (struct frame){.len = len, .bytes = malloc(len)};
    if (frame->bytes == NULL)
        flood_fail("there is no memory", "");
    memcpy(frame->bytes, bytes, len);
    if (capture->num != 0)
        frame->after_ns =
            frame[-1].after_ns + (pause < LONGEST_PAUSE_NS ? pause : LONGEST_PAUSE_NS);
    frame->which[0] = address_number(capture, bytes + at, size);
    frame->which[1] = address_number(capture, bytes + at + size, size);
    *last_ns = time_ns;
    capture->num++;
}

static void read_capture(struct capture *capture, const char *path)
{
    uint32_t header[6], record[4];
    static uint8_t bytes[MAX_LEN];
    FILE *in = fopen(path, "rb");
    if (in == NULL || fread(header, sizeof header, 1, in) != 1)
        flood_fail("this capture cannot be read", path);
    bool nanoseconds = header[0] == 0xa1b23c4d;
    if ((!nanoseconds && header[0] != 0xa1b2c3d4) || header[5] != 1)
        flood_fail("this is no pcap file of Ethernet frames", path);
    uint64_t last_ns = 0;
    while (fread(record, sizeof record, 1, in) == 1) {
        if (record[2] > sizeof bytes || fread(bytes, 1, record[2], in) != record[2])
            flood_fail("this capture is damaged", path);
        uint64_t time_ns =
            record[0] * 1000000000ull + (nanoseconds ? record[1] : record[1] * 1000ull);
        add_frame(capture, time_ns, &last_ns, bytes, record[2]);
    }
    fclose(in);
    if (capture->num == 0)
        flood_fail("this capture has no packet of IP", path);
}

static uint64_t begin_of(const struct flood_reals *reals, uint64_t copy)
{
    return FLOOD_BEGIN_NS +
           (uint64_t)((double)reals->span_ns / (double)reals->copies * ((double)copy + 0.5));
}

static uint64_t due(const struct active *active)
{
    return active->begin_ns + active->capture->frames[active->next].after_ns;
}

static void find_next(struct flood_reals *reals)
{
    reals->next_ns = reals->begun < reals->copies ? begin_of(reals, reals->begun) : UINT64_MAX;
    for (size_t i = 0; i < reals->num_active; i++)
        if (due(&reals->active[i]) < reals->next_ns)
            reals->next_ns = due(&reals->active[i]);
}

struct flood_reals *flood_reals_new(char *const *paths, size_t num, uint64_t copies,
                                    uint64_t span_ns)
{
    struct flood_reals *reals = calloc(1, sizeof *reals);
    struct capture *captures = calloc(num + 1, sizeof *captures);
    if (reals == NULL || captures == NULL)
        flood_fail("there is no memory", "");
    for (size_t i = 0; i < num; i++)
        read_capture(&captures[i], paths[i]);
    reals->captures = captures;
    reals->num_captures = num;
    reals->copies = num != 0 ? copies : 0;
    reals->span_ns = span_ns;
    find_next(reals);
    return reals;
}

void flood_reals_free(struct flood_reals *reals)
{
    for (size_t i = 0; i < reals->num_captures; i++)
        for (size_t j = 0; j < reals->captures[i].num; j++)
            free(reals->captures[i].frames[j].bytes);
    free(reals->captures);
    free(reals);
}

/* The address of number |which| in a copy: no two copies have one in common. */
static void put_address(uint8_t *at, size_t size, uint64_t copy, uint8_t which)
{
    static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff};
    uint64_t number = copy * MAX_ADDRESSES + which + 1;
    if (size == 16)
        memcpy(at, ipv6, sizeof ipv6);
    else
        at[0] = 10;
    at += size - 3;
    at[0] = (uint8_t)((size == 4 ? 0x40 : 0) | (number >> 16 & 0x3f));
    at[1] = (uint8_t)(number >> 8);
    at[2] = (uint8_t)number;
}

static void write_frame(struct flood *flood, const struct active *active, uint64_t time_ns)
{
    static uint8_t bytes[MAX_LEN];
    const struct frame *frame = &active->capture->frames[active->next];
    memcpy(bytes, frame->bytes, frame->len);
    bool ipv4 = ip_version(bytes, frame->len) == 4;
    size_t at = ipv4 ? ETHERNET + 12 : ETHERNET + 8, size = ipv4 ? 4 : 16;
    put_address(bytes + at, size, active->copy, frame->which[0]);
    put_address(bytes + at + size, size, active->copy, frame->which[1]);
    flood_write(flood, time_ns, bytes, frame->len);
}

/* Writes the packets that are due at next_ns. */
static void write_due(struct flood_reals *reals, struct flood *flood)
{
    uint64_t now = reals->next_ns;
    if (reals->begun < reals->copies && begin_of(reals, reals->begun) == now) {
        if (reals->num_active == MAX_ACTIVE)
            flood_fail("too many real conversations go on at once", "");
        reals->active[reals->num_active++] =
            (struct active){.copy = reals->begun,
                            .begin_ns = now,
                            .capture = &reals->captures[reals->begun % reals->num_captures]};
        reals->begun++;
    }
    for (size_t i = 0; i < reals->num_active;) {
        struct active *active = &reals->active[i];
        while (active->next < active->capture->num && due(active) <= now) {
            write_frame(flood, active, now);
            active->next++;
        }
        if (active->next == active->capture->num)
            *active = reals->active[--reals->num_active];
        else
            i++;
    }
    find_next(reals);
}

void flood_reals_until(struct flood_reals *reals, struct flood *flood, uint64_t time_ns)
{
    while (reals->next_ns != UINT64_MAX && reals->next_ns <= time_ns)
        write_due(reals, flood);
}
