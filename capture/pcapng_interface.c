/* pcapng_interface.c: options of pcapng blocks (draft-ietf-opsawg-pcapng sections 3.5, 4.2, 4.3,
 * 4.6). Reads if_tsresol, if_tsoffset, if_fcslen, epb_flags, epb_dropcount, isb_ifdrop and
 * isb_osdrop; names, comments, addresses and all others are left unread. */
#include "capture/pcapng_interface.h"

#include "capture/file_order.h"
#include "capture/link_type.h"

enum {
    OPTION_END = 0,
    IF_TSRESOL = 9,
    IF_FCSLEN = 13,
    IF_TSOFFSET = 14,
    EPB_FLAGS = 2,
    EPB_DROPCOUNT = 4,
    ISB_IFDROP = 5,
    ISB_OSDROP = 7
};

enum {
    RESOLUTION_BINARY = 0x80,
    RESOLUTION_MICROSECONDS = 6,
    RESOLUTION_NANOSECONDS = 9,
    NS_A_SECOND = 1000000000
};

/* Takes the next option: code, length, value padded to 32 bits. False at the end of the list. */
static bool pcapng_option(struct reader *options, bool little, uint16_t *code, struct reader *value)
{
    if (!reader_more(options))
        return false;
    *code = order_u16(options, little);
    uint16_t len = order_u16(options, little);
    *value = reader_child(options, len);
    reader_skip(options, -(uint32_t)len & 3);
    return reader_ok(options) && *code != OPTION_END;
}

/* 10^n, or 0 when 64 bits cannot hold it. */
static uint64_t pcapng_power_of_10(unsigned n)
{
    uint64_t power = 1;
    if (n > 19)
        return 0;
    while (n-- > 0)
        power *= 10;
    return power;
}

static void pcapng_set_resolution(struct pcapng_interface *interface, uint8_t resolution)
{
    interface->resolution = resolution;
    interface->ns_a_unit = 0;
    if (resolution <= RESOLUTION_NANOSECONDS)
        interface->ns_a_unit = pcapng_power_of_10((unsigned)RESOLUTION_NANOSECONDS - resolution);
}

bool pcapng_interface_read(struct pcapng_interface *interface, struct reader *body, bool little)
{
    *interface = (struct pcapng_interface){.link_type = link_type_of_file(order_u16(body, little))};
    reader_skip(body, 2);
    interface->snaplen = order_u32(body, little);
    pcapng_set_resolution(interface, RESOLUTION_MICROSECONDS);
    uint16_t code;
    struct reader value;
    while (reader_ok(body) && pcapng_option(body, little, &code, &value)) {
        if (code == IF_TSRESOL)
            pcapng_set_resolution(interface, reader_u8(&value));
        else if (code == IF_TSOFFSET)
            interface->offset = (int64_t)order_u64(&value, little);
        else if (code == IF_FCSLEN)
            interface->fcs_len = reader_u8(&value);
        if (!reader_ok(&value))
            return false;
    }
    /* The specification counts bits, but its example and the programs that write it count bytes. */
    if (interface->fcs_len >= 16)
        interface->fcs_len /= 8;
    return reader_ok(body);
}

/* Splits a time in units of 2^-n seconds. The fraction times 10^9 does not fit 64 bits: it is
 * multiplied in halves, of which the lower one keeps 32 bits to carry. */
static void pcapng_split_binary(unsigned n, uint64_t time, uint64_t *seconds, uint64_t *ns)
{
    uint64_t fraction = n < 64 ? time & ((UINT64_C(1) << n) - 1) : time;
    *seconds = n < 64 ? time >> n : 0;
    if (n <= 32) {
        *ns = fraction * NS_A_SECOND >> n;
        return;
    }
    uint64_t high = (fraction >> 32) * NS_A_SECOND;
    uint64_t low = (fraction & UINT32_MAX) * NS_A_SECOND;
    *ns = n - 32 < 64 ? (high + (low >> 32)) >> (n - 32) : 0;
}

/* Splits a time in units of 10^-n seconds, n > 9. */
static void pcapng_split_decimal(unsigned n, uint64_t time, uint64_t *seconds, uint64_t *ns)
{
    uint64_t units_a_ns = pcapng_power_of_10(n - RESOLUTION_NANOSECONDS);
    uint64_t total = units_a_ns != 0 ? time / units_a_ns : 0;
    *seconds = total / NS_A_SECOND;
    *ns = total % NS_A_SECOND;
}

/* Splits |time| into seconds and nanoseconds. */
static void pcapng_split(const struct pcapng_interface *interface, uint64_t time, uint64_t *seconds,
                         uint64_t *ns)
{
    unsigned n = interface->resolution & ~(unsigned)RESOLUTION_BINARY;
    if (interface->resolution & RESOLUTION_BINARY) {
        pcapng_split_binary(n, time, seconds, ns);
    } else if (n > RESOLUTION_NANOSECONDS) {
        pcapng_split_decimal(n, time, seconds, ns);
    } else {
        uint64_t units_a_second = pcapng_power_of_10(n);
        *seconds = time / units_a_second;
        *ns = time % units_a_second * interface->ns_a_unit;
    }
}

uint64_t pcapng_interface_time(const struct pcapng_interface *interface, uint64_t time)
{
    uint64_t total;
    if (interface->offset == 0 && interface->ns_a_unit != 0)
        return __builtin_mul_overflow(time, interface->ns_a_unit, &total) ? UINT64_MAX : total;
    uint64_t seconds, ns;
    pcapng_split(interface, time, &seconds, &ns);
    if (interface->offset >= 0) {
        if (__builtin_add_overflow(seconds, (uint64_t)interface->offset, &seconds))
            return UINT64_MAX;
    } else {
        uint64_t back = -(uint64_t)interface->offset;
        if (back > seconds)
            return 0;
        seconds -= back;
    }
    if (__builtin_mul_overflow(seconds, (uint64_t)NS_A_SECOND, &total) ||
        __builtin_add_overflow(total, ns, &total))
        return UINT64_MAX;
    return total;
}

void pcapng_interface_statistics(struct pcapng_interface *interface, struct reader *options,
                                 bool little)
{
    uint16_t code;
    struct reader value;
    while (pcapng_option(options, little, &code, &value)) {
        if (code != ISB_IFDROP && code != ISB_OSDROP)
            continue;
        uint64_t count = order_u64(&value, little);
        if (!reader_ok(&value) || count == UINT64_MAX) /* all ones: not known */
            continue;
        if (code == ISB_IFDROP)
            interface->dropped_by_interface = count;
        else
            interface->dropped_by_system = count;
    }
}

uint64_t pcapng_interface_dropped(const struct pcapng_interface *interface)
{
    /* The packets tell the same drops as the statistics, which may be missing. */
    uint64_t counted = interface->dropped_by_interface + interface->dropped_by_system;
    return counted > interface->dropped_by_packets ? counted : interface->dropped_by_packets;
}

void pcapng_packet_options(struct reader *options, bool little, uint32_t *fcs_len,
                           uint64_t *dropped)
{
    uint16_t code;
    struct reader value;
    while (pcapng_option(options, little, &code, &value)) {
        if (code == EPB_FLAGS) {
            uint32_t told = order_u32(&value, little) >> 5 & 0xf; /* bits 5 to 8; 0: not told */
            *fcs_len = told != 0 ? told : *fcs_len;
        } else if (code == EPB_DROPCOUNT) {
            uint64_t count = order_u64(&value, little);
            *dropped += count != UINT64_MAX ? count : 0;
        }
    }
}
