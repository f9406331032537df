/* mmdb_builder.h: small databases in MaxMind's format, version 2.0 (records of 24 bits), byte by byte, for tests. */
#ifndef PERPASS_TESTS_MMDB_BUILDER_H
#define PERPASS_TESTS_MMDB_BUILDER_H

#include "core/span.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MMDB_NODES = 256, MMDB_DATA = 2048, MMDB_ROOM = 8192 };

struct mmdb_builder {
    unsigned ip_version;           /* 4 or 6: of the tree */
    uint32_t nodes[MMDB_NODES][2]; /* 0: nothing; below MMDB_NODES: a node; else data behind that */
    unsigned num_nodes;
    uint8_t data[MMDB_DATA];
    size_t data_len;
    uint8_t file[MMDB_ROOM]; /* made by mmdb_build */
    size_t len;
};

static inline void mmdb_put(uint8_t *to, size_t *len, const void *bytes, size_t num)
{
    memcpy(to + *len, bytes, num);
    *len += num;
}

static inline void mmdb_put_control(uint8_t *to, size_t *len, unsigned type, size_t size)
{
    assert(size < 285 && type < 8);
    uint8_t byte = (uint8_t)(type << 5 | (size < 29 ? size : 29)), more = (uint8_t)(size - 29);
    mmdb_put(to, len, &byte, 1);
    if (size >= 29)
        mmdb_put(to, len, &more, 1);
}

static inline void mmdb_put_text(uint8_t *to, size_t *len, const char *text)
{
    mmdb_put_control(to, len, 2, strlen(text));
    mmdb_put(to, len, text, strlen(text));
}

static inline void mmdb_put_number(uint8_t *to, size_t *len, unsigned type, uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};
    size_t size = type == 5 ? 2 : 4;
    mmdb_put_control(to, len, type, size);
    mmdb_put(to, len, bytes + 4 - size, size);
}

enum { MMDB_TEXT = 2, MMDB_UINT16 = 5, MMDB_UINT32 = 6, MMDB_MAP = 7 };

/* One value of a record: its name, or two names where it is in a map of its own. */
struct mmdb_value {
    const char *name, *inner;
    const char *text; /* NULL: the number */
    uint32_t number;
};

/* mmdb_add_record adds a map of the values up to the first without a name; gives where it is. */
static inline uint32_t mmdb_add_record(struct mmdb_builder *builder,
                                       const struct mmdb_value *values)
{
    uint32_t at = (uint32_t)builder->data_len;
    size_t num = 0;
    while (values[num].name != NULL)
        num++;
    mmdb_put_control(builder->data, &builder->data_len, MMDB_MAP, num);
    for (size_t i = 0; i < num; i++) {
        mmdb_put_text(builder->data, &builder->data_len, values[i].name);
        if (values[i].inner != NULL) {
            mmdb_put_control(builder->data, &builder->data_len, MMDB_MAP, 1);
            mmdb_put_text(builder->data, &builder->data_len, values[i].inner);
        }
        if (values[i].text != NULL)
            mmdb_put_text(builder->data, &builder->data_len, values[i].text);
        else
            mmdb_put_number(builder->data, &builder->data_len, MMDB_UINT32, values[i].number);
    }
    assert(builder->data_len < MMDB_DATA - 256);
    return at;
}

/* mmdb_add says that addresses that begin with |bits| of |prefix| have the record |at|. */
static inline void mmdb_add(struct mmdb_builder *builder, const uint8_t *prefix, unsigned bits,
                            uint32_t at)
{
    uint32_t node = 0;
    if (builder->num_nodes == 0)
        builder->num_nodes = 1;
    for (unsigned i = 0; i + 1 < bits; i++) {
        uint32_t *next = &builder->nodes[node][prefix[i / 8] >> (7 - i % 8) & 1];
        assert(*next < MMDB_NODES && builder->num_nodes < MMDB_NODES);
        if (*next == 0)
            *next = builder->num_nodes++;
        node = *next;
    }
    builder->nodes[node][prefix[(bits - 1) / 8] >> (7 - (bits - 1) % 8) & 1] = MMDB_NODES + at;
}

static inline void mmdb_put_metadata(struct mmdb_builder *builder)
{
    uint8_t *to = builder->file;
    size_t *len = &builder->len;
    static const uint8_t array[] = {0x01, 0x04, 0x42, 'e', 'n'}; /* of one text */
    static const uint8_t time[] = {0x04, 0x02, 0x60, 0, 0, 0};   /* uint64 */
    mmdb_put(to, len, "\xab\xcd\xefMaxMind.com", 14);
    mmdb_put_control(to, len, MMDB_MAP, 9);
    mmdb_put_text(to, len, "node_count");
    mmdb_put_number(to, len, MMDB_UINT32, builder->num_nodes);
    mmdb_put_text(to, len, "record_size");
    mmdb_put_number(to, len, MMDB_UINT16, 24);
    mmdb_put_text(to, len, "ip_version");
    mmdb_put_number(to, len, MMDB_UINT16, builder->ip_version);
    mmdb_put_text(to, len, "database_type");
    mmdb_put_text(to, len, "perpass-test");
    mmdb_put_text(to, len, "languages");
    mmdb_put(to, len, array, sizeof array);
    mmdb_put_text(to, len, "binary_format_major_version");
    mmdb_put_number(to, len, MMDB_UINT16, 2);
    mmdb_put_text(to, len, "binary_format_minor_version");
    mmdb_put_number(to, len, MMDB_UINT16, 0);
    mmdb_put_text(to, len, "build_epoch");
    mmdb_put(to, len, time, sizeof time);
    mmdb_put_text(to, len, "description");
    mmdb_put_control(to, len, MMDB_MAP, 0);
}

/* mmdb_build makes the file's bytes. */
static inline void mmdb_build(struct mmdb_builder *builder)
{
    static const uint8_t zeros[16];
    builder->len = 0;
    for (unsigned i = 0; i < builder->num_nodes; i++) {
        for (unsigned side = 0; side < 2; side++) {
            uint32_t value = builder->nodes[i][side];
            if (value == 0)
                value = builder->num_nodes;
            else if (value >= MMDB_NODES)
                value = value - MMDB_NODES + builder->num_nodes + 16;
            const uint8_t record[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8),
                                       (uint8_t)value};
            mmdb_put(builder->file, &builder->len, record, sizeof record);
        }
    }
    mmdb_put(builder->file, &builder->len, zeros, sizeof zeros);
    mmdb_put(builder->file, &builder->len, builder->data, builder->data_len);
    mmdb_put_metadata(builder);
    assert(builder->len < MMDB_ROOM);
}

/* mmdb_write writes |len| bytes to a new file, whose name it gives. */
static inline void mmdb_write(const uint8_t *bytes, size_t len, char path[64])
{
    snprintf(path, 64, "/tmp/perpass-mmdb-XXXXXX");
    int fd = mkstemp(path);
    assert(fd >= 0);
    ssize_t written = write(fd, bytes, len);
    assert(written == (ssize_t)len);
    close(fd);
}

#endif
