/* tftp_blocks.c: the blocks of one file put in order: RFC 1350 section 2, RFC 7440 section 4. */
#include "dissectors/tftp_blocks.h"

#include "dissectors/tftp_packet.h"

#include <stdlib.h>

/* A block that came before its turn. */
struct tftp_held {
    struct tftp_held *next;
    uint64_t number;
    size_t len, cut;
    uint8_t bytes[];
};

/* --- numbers --- */

/* Behind 65,535 comes 0, or 1 where somebody keeps 0 for the acknowledgement of the request. */
static uint32_t cycle(const struct tftp_blocks *blocks)
{
    return blocks->rollover_known && blocks->rollover_to == 1 ? 65535 : 65536;
}

/* The number without bounds that is nearest to the latest one, of those that have |number| on the wire. */
static uint64_t whole_number(const struct tftp_blocks *blocks, uint16_t number)
{
    uint64_t near = blocks->latest_held > blocks->next ? blocks->latest_held : blocks->next;
    uint64_t round = cycle(blocks), ahead = (number + 2 * round - near % round) % round;
    uint64_t back = round - ahead;
    return ahead < round / 2 || near < back ? near + ahead : near - back;
}

static void note_rollover(struct tftp_blocks *blocks, uint8_t to)
{
    blocks->rollover_known = true;
    blocks->rollover_to = to;
}

/* At the place of the first rollover, and it is not known to which number. */
static bool at_rollover(const struct tftp_blocks *blocks)
{
    return blocks->next == 65536 && !blocks->rollover_known;
}

/* --- what is lost --- */

static void note_range(struct tftp_blocks *blocks, uint64_t len)
{
    struct tftp_range *last = NULL;
    if (blocks->num_ranges > 0 && blocks->num_ranges <= TFTP_MAX_RANGES)
        last = &blocks->ranges[blocks->num_ranges - 1];
    blocks->lost_bytes += len;
    if (last != NULL && last->offset + last->len == blocks->offset) {
        last->len += len;
        return;
    }
    if (blocks->num_ranges < TFTP_MAX_RANGES)
        blocks->ranges[blocks->num_ranges] = (struct tftp_range){blocks->offset, len};
    blocks->num_ranges++;
}

static void lose_bytes(struct tftp_blocks *blocks, uint64_t len, const struct tftp_reader *reader)
{
    note_range(blocks, len);
    blocks->offset += len;
    reader->gap(reader->to, len);
}

/* Gives up the blocks before |number|. */
static void lose_until(struct tftp_blocks *blocks, uint64_t number,
                       const struct tftp_reader *reader)
{
    uint64_t num = number - blocks->next;
    blocks->next = number;
    blocks->lost += num;
    if (blocks->blksize > 0) {
        lose_bytes(blocks, num * blocks->blksize, reader);
    } else {
        blocks->length_unsure = true;
        reader->gap(reader->to, 0);
    }
}

/* --- blocks on their turn --- */

/* Blocks are of one size, but for the last one, which is shorter. Where the size was not told, the first one tells
 * it; one that is taken for the last by mistake is followed by another one. */
static void note_size(struct tftp_blocks *blocks, size_t len)
{
    if (len > blocks->blksize && (blocks->blksize == 0 || !blocks->blksize_certain)) {
        bool guess = blocks->blksize == 0 && len < TFTP_DEFAULT_BLKSIZE;
        blocks->blksize = guess ? TFTP_DEFAULT_BLKSIZE : (uint32_t)len;
    }
    blocks->ended = len < blocks->blksize || len == 0;
}

static void reopen(struct tftp_blocks *blocks)
{
    if (blocks->ended && !blocks->blksize_certain && blocks->num_seen == 1 && blocks->lost == 0)
        blocks->blksize = (uint32_t)blocks->offset;
    blocks->ended = false;
}

static void read_block(struct tftp_blocks *blocks, struct span bytes, size_t cut,
                       const struct tftp_reader *reader)
{
    if (blocks->ended)
        reopen(blocks);
    if (at_rollover(blocks))
        note_rollover(blocks, 0);
    note_size(blocks, bytes.len + cut);
    blocks->next++;
    blocks->num_seen++;
    blocks->bytes_seen += bytes.len;
    blocks->offset += bytes.len;
    reader->add(reader->to, bytes);
    if (cut > 0)
        lose_bytes(blocks, cut, reader);
}

/* --- blocks before their turn --- */

static void drop_first(struct tftp_blocks *blocks, struct budget *budget)
{
    struct tftp_held *first = blocks->held;
    blocks->held = first->next;
    blocks->num_held--;
    blocks->held_bytes -= first->len;
    budget_give(budget, sizeof *first + first->len);
    free(first);
}

static void read_held(struct tftp_blocks *blocks, struct budget *budget,
                      const struct tftp_reader *reader)
{
    while (blocks->held != NULL && blocks->held->number == blocks->next) {
        const struct tftp_held *first = blocks->held;
        read_block(blocks, span_of(first->bytes, first->len), first->cut, reader);
        drop_first(blocks, budget);
    }
}

/* Only the block 65,536 seems to be missing, nobody has acknowledged a number 0: there is none. */
static bool rolls_over_to_one(const struct tftp_blocks *blocks, uint64_t number)
{
    return at_rollover(blocks) && !blocks->zero_acked && number == 65537;
}

/* Gives up what is missing before the first block that is held. */
static void give_up(struct tftp_blocks *blocks, struct budget *budget,
                    const struct tftp_reader *reader)
{
    if (rolls_over_to_one(blocks, blocks->held->number)) {
        note_rollover(blocks, 1);
        for (struct tftp_held *held = blocks->held; held != NULL; held = held->next)
            held->number--;
        blocks->latest_held--;
        if (blocks->acked > 65535)
            blocks->acked--;
    } else {
        lose_until(blocks, blocks->held->number, reader);
    }
    read_held(blocks, budget, reader);
}

/* How many blocks may wait: of a window, and of the one before it that is sent again. */
static uint32_t max_held(const struct tftp_blocks *blocks)
{
    uint32_t window = blocks->windowsize > 0 ? blocks->windowsize : 4;
    return window < TFTP_MAX_HELD_BLOCKS / 2 ? 2 * window : TFTP_MAX_HELD_BLOCKS;
}

/* Puts a block by its number among those that wait; false: there is no room. */
static bool hold(struct tftp_blocks *blocks, struct budget *budget, uint64_t number,
                 struct reader data)
{
    struct tftp_held **place = &blocks->held;
    while (*place != NULL && (*place)->number < number)
        place = &(*place)->next;
    if (*place != NULL && (*place)->number == number) {
        blocks->retransmitted++;
        return true;
    }
    size_t cut = data.cut;
    struct span bytes = reader_rest(&data);
    if (blocks->num_held >= max_held(blocks) ||
        blocks->held_bytes + bytes.len > TFTP_MAX_HELD_BYTES ||
        !budget_take(budget, sizeof **place + bytes.len))
        return false;
    struct tftp_held *held = malloc(sizeof *held + bytes.len);
    if (held == NULL) {
        budget_give(budget, sizeof **place + bytes.len);
        return false;
    }
    *held = (struct tftp_held){.next = *place, .number = number, .len = bytes.len, .cut = cut};
    memcpy(held->bytes, bytes.at, bytes.len);
    *place = held;
    blocks->num_held++;
    if (number > blocks->latest_held)
        blocks->latest_held = number;
    blocks->held_bytes += bytes.len;
    return true;
}

/* --- */

static void take_next(struct tftp_blocks *blocks, struct budget *budget, struct reader data,
                      const struct tftp_reader *reader)
{
    size_t cut = data.cut;
    blocks->reordered += blocks->held != NULL;
    read_block(blocks, reader_rest(&data), cut, reader);
    read_held(blocks, budget, reader);
}

/* Where the capture begins, and how large blocks are, if nobody said so. */
static void note_first(struct tftp_blocks *blocks, uint16_t number, size_t len,
                       const struct tftp_reader *reader)
{
    if (blocks->blksize == 0)
        note_size(blocks, len);
    blocks->ended = false;
    if (blocks->next > 0)
        return;
    blocks->next = 1;
    if (number > 1)
        lose_until(blocks, number, reader);
}

void tftp_blocks_add(struct tftp_blocks *blocks, struct budget *budget, uint16_t number,
                     struct reader data, const struct tftp_reader *reader)
{
    if (blocks->num_seen == 0)
        note_first(blocks, number, reader_wire_left(&data), reader);
    for (;;) {
        uint64_t whole = whole_number(blocks, number);
        if (whole < blocks->next) {
            blocks->retransmitted++;
            return;
        }
        if (whole == blocks->next) {
            take_next(blocks, budget, data, reader);
            return;
        }
        if (hold(blocks, budget, whole, data))
            break;
        /* There is no room: what is missing is given up. */
        if (blocks->held == NULL)
            lose_until(blocks, whole, reader);
        else
            give_up(blocks, budget, reader);
    }
    if (blocks->windowsize == 1 && rolls_over_to_one(blocks, blocks->held->number))
        give_up(blocks, budget, reader);
}

void tftp_blocks_ack(struct tftp_blocks *blocks, struct budget *budget, uint16_t number,
                     const struct tftp_reader *reader)
{
    uint64_t whole = blocks->next > 0 ? whole_number(blocks, number) : number;
    if (whole == 65536 && blocks->next > 32768)
        blocks->zero_acked = true;
    if (whole <= blocks->acked)
        return;
    blocks->acked = whole;
    /* The receiver has what is held, and so what is missing before it. */
    while (blocks->held != NULL && blocks->held->number <= blocks->acked)
        give_up(blocks, budget, reader);
}

void tftp_blocks_finish(struct tftp_blocks *blocks, struct budget *budget,
                        const struct tftp_reader *reader)
{
    while (blocks->held != NULL)
        give_up(blocks, budget, reader);
    uint64_t first = blocks->next > 0 ? blocks->next : 1;
    if (blocks->acked < first)
        return;
    blocks->lost += blocks->acked - first + 1;
    blocks->length_unsure = true;
    blocks->ended = false;
    reader->gap(reader->to, 0);
}

bool tftp_blocks_complete(const struct tftp_blocks *blocks)
{
    return blocks->ended && blocks->lost == 0 && blocks->lost_bytes == 0;
}

bool tftp_blocks_acknowledged(const struct tftp_blocks *blocks)
{
    return blocks->ended && blocks->acked + 1 >= blocks->next;
}
