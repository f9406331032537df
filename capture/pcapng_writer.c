/* pcapng_writer.c: sections of pcapng files: a header, an interface for each link type and interface of the input as
 * its first frame comes, and enhanced packet blocks. In the byte order of this machine, which the header tells. */
#include "capture/pcapng_writer.h"

#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    OPTION_END = 0,
    OPTION_IF_NAME = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_SHB_USERAPPL = 4,
    NANOSECONDS = 9, /* 10^-9 s */
    MAX_TEXT = 64,
    MAX_HEADER = 128, /* of a section or an interface, options included */
    PACKET_OVERHEAD = 32
};

/* A block that is put together. */
struct block {
    uint8_t bytes[MAX_HEADER];
    uint32_t len;
};

static void put(struct block *block, const void *bytes, size_t len)
{
    static const uint8_t padding[4];
    memcpy(block->bytes + block->len, bytes, len);
    block->len += (uint32_t)len;
    memcpy(block->bytes + block->len, padding, (4 - len % 4) % 4);
    block->len += (uint32_t)((4 - len % 4) % 4);
}

static void put_u32(struct block *block, uint32_t number)
{
    put(block, &number, sizeof number);
}

static void put_pair(struct block *block, uint16_t first, uint16_t second)
{
    const uint16_t pair[2] = {first, second};
    put(block, pair, sizeof pair);
}

static void put_option(struct block *block, uint16_t code, const void *value, size_t len)
{
    len = len < MAX_TEXT ? len : MAX_TEXT;
    put_pair(block, code, (uint16_t)len);
    put(block, value, len);
}

static void write_bytes(struct pcapng_writer *writer, const void *bytes, size_t len)
{
    fwrite(bytes, 1, len, writer->out);
    writer->written += len;
}

/* The length stands at both ends of a block. */
static void write_block(struct pcapng_writer *writer, struct block *block)
{
    put_pair(block, OPTION_END, 0);
    put_u32(block, block->len + (uint32_t)sizeof block->len);
    memcpy(block->bytes + sizeof(uint32_t), &block->len, sizeof block->len);
    write_bytes(writer, block->bytes, block->len);
}

static void begin_section(struct pcapng_writer *writer)
{
    static const char program[] = "perpass " PERPASS_VERSION;
    const uint64_t length_unknown = UINT64_MAX;
    struct block block = {.len = 0};
    put_u32(&block, BLOCK_SECTION);
    put_u32(&block, 0);
    put_u32(&block, BYTE_ORDER_MAGIC);
    put_pair(&block, 1, 0);
    put(&block, &length_unknown, sizeof length_unknown);
    put_option(&block, OPTION_SHB_USERAPPL, program, sizeof program - 1);
    write_block(writer, &block);
    writer->begun = true;
}

static void add_interface(struct pcapng_writer *writer, const struct frame *frame)
{
    const uint8_t resolution = NANOSECONDS;
    struct block block = {.len = 0};
    put_u32(&block, BLOCK_INTERFACE);
    put_u32(&block, 0);
    put_pair(&block, frame->link_type, 0);
    put_u32(&block, 0); /* frames are not cut here */
    if (writer->name != NULL)
        put_option(&block, OPTION_IF_NAME, writer->name, strlen(writer->name));
    put_option(&block, OPTION_IF_TSRESOL, &resolution, sizeof resolution);
    write_block(writer, &block);
    writer->interfaces[writer->num_interfaces].link_type = frame->link_type;
    writer->interfaces[writer->num_interfaces].number = frame->interface;
    writer->num_interfaces++;
}

static size_t find_interface(const struct pcapng_writer *writer, const struct frame *frame)
{
    size_t i = 0;
    while (i < writer->num_interfaces && (writer->interfaces[i].link_type != frame->link_type ||
                                          writer->interfaces[i].number != frame->interface))
        i++;
    return i;
}

static void add_packet(struct pcapng_writer *writer, const struct frame *frame, size_t interface)
{
    static const uint8_t padding[4];
    const uint32_t padding_len = (4 - frame->captured_len % 4) % 4;
    const uint32_t len = PACKET_OVERHEAD + frame->captured_len + padding_len;
    const uint32_t header[] = {BLOCK_PACKET,
                               len,
                               (uint32_t)interface,
                               (uint32_t)(frame->time_ns >> 32),
                               (uint32_t)frame->time_ns,
                               frame->captured_len,
                               frame->wire_len};
    write_bytes(writer, header, sizeof header);
    write_bytes(writer, frame->at, frame->captured_len);
    write_bytes(writer, padding, padding_len);
    write_bytes(writer, &len, sizeof len);
}

uint64_t pcapng_writer_cost(const struct pcapng_writer *writer, const struct frame *frame)
{
    uint64_t cost = PACKET_OVERHEAD + (uint64_t)frame->captured_len + 3;
    if (!writer->begun)
        cost += MAX_HEADER;
    if (find_interface(writer, frame) == writer->num_interfaces)
        cost += MAX_HEADER;
    return cost;
}

bool pcapng_writer_add(struct pcapng_writer *writer, const struct frame *frame)
{
    if (!writer->begun)
        begin_section(writer);
    const size_t interface = find_interface(writer, frame);
    if (interface == PCAPNG_WRITER_INTERFACES)
        return false;
    if (interface == writer->num_interfaces)
        add_interface(writer, frame);
    add_packet(writer, frame, interface);
    return true;
}
