/* tftp_fields.c: the rows of what is observed of TFTP. */
#include "dissectors/field_rows.h"
#include "dissectors/tftp.h"

void tftp_next_u64(struct reader *list, struct value *item)
{
    *item = (struct value){.type = VALUE_NUMBER, .number = reader_u64(list)};
}

/* Name NUL value NUL. */
static struct span next_text(struct reader *list)
{
    struct reader peek = *list;
    size_t len = 0;
    while (reader_left(&peek) > 0 && reader_u8(&peek) != 0)
        len++;
    struct span text = reader_bytes(list, len);
    (void)reader_u8(list);
    return text;
}

void tftp_next_option_name(struct reader *list, struct value *item)
{
    *item = (struct value){.type = VALUE_STRING, .bytes = next_text(list)};
    (void)next_text(list);
}

void tftp_next_option_value(struct reader *list, struct value *item)
{
    (void)next_text(list);
    *item = (struct value){.type = VALUE_STRING, .bytes = next_text(list)};
}

#define OPTION_ROWS(path, member, whose)                                                           \
    ROW(path ".names", FIELD_LIST, member.list, "names of the options " whose ", in order",        \
        .item = VALUE_STRING, .next = tftp_next_option_name, IS_NAME("tftp-option")),              \
        ROW(path ".values", FIELD_LIST, member.list, "their values", .item = VALUE_STRING,         \
            .next = tftp_next_option_value, IS_NAME("tftp-option")),                               \
        ROW(path ".total", FIELD_NUMBER, member.num, "how many there are", IS_PUBLIC),             \
        ROW(path ".blksize", FIELD_NUMBER, member.blksize, "bytes of a block", IS_PUBLIC),         \
        ROW(path ".timeout", FIELD_NUMBER, member.timeout, "seconds until a packet is sent again", \
            IS_PUBLIC),                                                                            \
        ROW(path ".tsize", FIELD_NUMBER, member.tsize, "bytes of the file; 0 asks for them",       \
            IS_PUBLIC),                                                                            \
        ROW(path ".windowsize", FIELD_NUMBER, member.windowsize,                                   \
            "blocks before an acknowledgement", IS_PUBLIC),                                        \
        ROW(path ".multicast", FIELD_TRUTH, member.multicast, "the option of RFC 2090 is there",   \
            IS_PUBLIC),                                                                            \
        ROW(path ".unknown", FIELD_TRUTH, member.others, "there are options of no known name",     \
            IS_PUBLIC)

#define STRUCT struct tftp_request
static const struct field request_fields[] = {
    ROW("perpass.tftp.op", FIELD_TEXT, op, "read or write", IS_PUBLIC),
    ROW("perpass.tftp.file", FIELD_STRING, file, "the file's name, at most 512 bytes of it",
        IS_NAME("file")),
    ROW("perpass.tftp.file_len", FIELD_NUMBER, file_len, "bytes of the whole name", IS_PUBLIC),
    ROW("perpass.tftp.mode", FIELD_TEXT, mode, "octet, netascii, mail or other", IS_PUBLIC),
    OPTION_ROWS("perpass.tftp.asked", options, "that are asked for"),
    ROW("perpass.tftp.retransmission", FIELD_NUMBER, retransmission,
        "how often the same was asked for before, from the same port", IS_PUBLIC),
    ROW("perpass.tftp.since_first_ns", FIELD_NUMBER, since_first_ns,
        "time since the first of these requests, in nanoseconds", IS_PUBLIC),
    ROW("perpass.tftp.client_tid", FIELD_NUMBER, tid, "the client's port", IS_PUBLIC),
    ROW("perpass.tftp.to_group", FIELD_TRUTH, to_group,
        "it is sent to a broadcast or multicast address", IS_PUBLIC),
    ROW("perpass.tftp.to_known_port", FIELD_TRUTH, to_known_port, "it is sent to port 69",
        IS_PUBLIC),
};
#undef STRUCT

#define STRUCT struct tftp_transfer
static const struct field transfer_fields[] = {
    ROW("perpass.tftp.op", FIELD_TEXT, op, "read or write", IS_PUBLIC),
    ROW("perpass.tftp.file", FIELD_STRING, file, "the file's name, at most 512 bytes of it",
        IS_NAME("file")),
    ROW("perpass.tftp.file_len", FIELD_NUMBER, file_len, "bytes of the whole name", IS_PUBLIC),
    ROW("perpass.tftp.mode", FIELD_TEXT, mode, "octet, netascii, mail or other", IS_PUBLIC),
    ROW("perpass.tftp.request_seen", FIELD_TRUTH, request_seen,
        "the request was seen; if not, the transfer is told by its form alone", IS_PUBLIC),
    ROW("perpass.tftp.from_start", FIELD_TRUTH, from_start,
        "the transfer was seen from its first packet on", IS_PUBLIC),
    ROW("perpass.tftp.other_server", FIELD_TRUTH, other_server,
        "another address answered than was asked", IS_PUBLIC),
    ROW("perpass.tftp.from_known_port", FIELD_TRUTH, from_known_port,
        "the server sends from the port that was asked, not from one of its own", IS_PUBLIC),
    ROW("perpass.tftp.client_tid", FIELD_NUMBER, client_tid, "the client's port", IS_PUBLIC),
    ROW("perpass.tftp.server_tid", FIELD_NUMBER, server_tid, "the server's port", IS_PUBLIC),
    OPTION_ROWS("perpass.tftp.asked", asked, "that were asked for"),
    ROW("perpass.tftp.options_agreed", FIELD_TRUTH, options_agreed, "the server agreed on options",
        IS_PUBLIC),
    OPTION_ROWS("perpass.tftp.agreed", agreed, "that the server agreed on"),
    ROW("perpass.tftp.blksize", FIELD_NUMBER, blksize, "bytes of a block, as agreed or as seen",
        IS_PUBLIC),
    ROW("perpass.tftp.windowsize", FIELD_NUMBER, windowsize, "blocks before an acknowledgement",
        IS_PUBLIC),
    ROW("perpass.tftp.tsize", FIELD_NUMBER, tsize, "bytes of the file, as its sender told",
        IS_PUBLIC),
    ROW("perpass.tftp.bytes", FIELD_NUMBER, bytes, "bytes of the file that were seen", IS_PUBLIC),
    ROW("perpass.tftp.size", FIELD_NUMBER, size,
        "bytes of the file up to its end, lost ones included", IS_PUBLIC),
    ROW("perpass.tftp.blocks", FIELD_NUMBER, blocks, "blocks that were seen", IS_PUBLIC),
    ROW("perpass.tftp.retransmitted", FIELD_NUMBER, retransmitted, "blocks that were seen again",
        IS_PUBLIC),
    ROW("perpass.tftp.reordered", FIELD_NUMBER, reordered, "blocks that came behind later ones",
        IS_PUBLIC),
    ROW("perpass.tftp.rollovers", FIELD_NUMBER, rollovers,
        "times that the block number went past 65,535", IS_PUBLIC),
    ROW("perpass.tftp.rollover_to", FIELD_NUMBER, rollover_to, "the number behind 65,535",
        IS_PUBLIC),
    ROW("perpass.tftp.lost.blocks", FIELD_NUMBER, lost_blocks, "blocks that were not seen",
        IS_PUBLIC),
    ROW("perpass.tftp.lost.bytes", FIELD_NUMBER, lost_bytes,
        "bytes of the file that were not seen, as far as their number is known", IS_PUBLIC),
    ROW("perpass.tftp.lost.ranges", FIELD_NUMBER, lost_ranges, "in how many places", IS_PUBLIC),
    ROW("perpass.tftp.lost.offsets", FIELD_LIST, lost_offsets,
        "where each of these places begins, at most 32", .item = VALUE_NUMBER,
        .next = tftp_next_u64, IS_PUBLIC),
    ROW("perpass.tftp.lost.lengths", FIELD_LIST, lost_lengths, "bytes that are missing there",
        .item = VALUE_NUMBER, .next = tftp_next_u64, IS_PUBLIC),
    ROW("perpass.tftp.complete", FIELD_TRUTH, complete, "the whole file was seen", IS_PUBLIC),
    ROW("perpass.tftp.ended", FIELD_TEXT, ended,
        "acknowledged, last block (its acknowledgement was not seen), error, aborted (the client "
        "wanted the options only), replaced, timeout, input, evicted",
        IS_PUBLIC),
    ROW("perpass.tftp.error.code", FIELD_NUMBER, error, "code of the error", IS_PUBLIC),
    ROW("perpass.tftp.error.class", FIELD_TEXT, error_class, "what the code means", IS_PUBLIC),
    ROW("perpass.tftp.error.by_client", FIELD_TRUTH, error_by_client, "the client sent it",
        IS_PUBLIC),
    ROW("perpass.tftp.error.message_len", FIELD_NUMBER, error_message_len, "bytes of its text",
        IS_PUBLIC),
    ROW("perpass.tftp.request_packet", FIELD_NUMBER, request_packet,
        "number of the first request's packet", IS_PUBLIC),
    ROW("perpass.tftp.first_packet", FIELD_NUMBER, first_packet,
        "number of the transfer's first packet behind the request", IS_PUBLIC),
    ROW("perpass.tftp.last_packet", FIELD_NUMBER, last_packet, "number of its last packet",
        IS_PUBLIC),
    ROW("perpass.tftp.request_time", FIELD_TIME, request_time, "time of the first request",
        IS_PUBLIC),
    ROW("perpass.tftp.first_time", FIELD_TIME, first_time, "time of the first packet behind it",
        IS_PUBLIC),
    ROW("perpass.tftp.duration_ns", FIELD_NUMBER, duration_ns,
        "from the request, or the first packet, to the last packet, in nanoseconds", IS_PUBLIC),
    CONTENT_ROWS(content),
    ROW("perpass.tftp.sha256_decoded", FIELD_BYTES, sha256_decoded,
        "of a complete file in netascii, with CR LF as LF and CR NUL as CR, if it differs",
        IS_IDENTIFIER("file")),
};
#undef STRUCT

static const struct observation_part transfer_parts[] = {CONTENT_PARTS(tftp_transfer, content)};

TYPE(observation_tftp_request, "tftp.request", request_fields, tftp_request,
     "A client asks a TFTP server for a file, or to take one.");
TYPE_WITH_PARTS(observation_tftp_transfer, "tftp.transfer", transfer_fields, transfer_parts,
                tftp_transfer, "A file was transferred by TFTP, or was not.");
