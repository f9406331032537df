/* psk_series.c: a table by a keyed hash of what surrounds the number: the last run of decimal digits, and six hexadecimal
 * digits at the end, as the second half of a hardware address has them. */
#include "analysis/psk_series.h"

#include "analysis/bounded_table.h"
#include "core/digits.h"
#include "core/keyed_hash.h"
#include "core/reader.h"

#include <stdlib.h>

enum { MAX_DIGITS = 18, HEX_DIGITS = 6 };

/* Of a form. A number that is near to another one has a mark, at its remainder: identities that come again are not
 * counted again, however many came between, and numbers that follow one another have marks of their own. */
struct form_room {
    uint64_t numbers[PSK_SERIES_NUMBERS]; /* a ring */
    uint64_t marks[PSK_SERIES_COUNTED / 64 + 1];
    unsigned num, marked;
};

struct psk_series {
    uint64_t key[2];
    struct bounded_table *table; /* of struct form_room */
};

struct psk_series *psk_series_new(const uint64_t key[2])
{
    struct psk_series *series = calloc(1, sizeof *series);
    if (series == NULL)
        return NULL;
    *series =
        (struct psk_series){.key = {key[0], key[1]},
                            .table = bounded_table_new(PSK_SERIES_FORMS, sizeof(struct form_room))};
    if (series->table == NULL) {
        free(series);
        return NULL;
    }
    return series;
}

void psk_series_free(struct psk_series *series)
{
    if (series == NULL)
        return;
    bounded_table_free(series->table);
    free(series);
}

/* An identity, parted at its number. */
struct parts {
    struct span before, after;
    uint64_t number;
    unsigned base;
};

static struct parts parts_at(struct span identity, size_t begin, size_t end)
{
    struct reader r = reader_of(identity);
    struct parts parts = {.before = reader_bytes(&r, begin)};
    reader_skip(&r, end - begin);
    parts.after = reader_rest(&r);
    return parts;
}

/* The last run of decimal digits. Zeros in front change nothing: room-1 and room-01 have one number. */
static bool part_decimal(struct span identity, struct parts *parts)
{
    size_t begin = 0, end = 0, place = 0;
    struct reader r = reader_of(identity);
    bool inside = false;
    uint64_t number = 0;
    for (; reader_more(&r); place++) {
        uint8_t c = reader_u8(&r);
        bool digit = c >= '0' && c <= '9';
        if (digit && !inside) {
            begin = place;
            number = 0;
        }
        if (digit) {
            number = number * 10 + (uint64_t)(c - '0');
            end = place + 1;
        }
        inside = digit;
    }
    if (end == 0 || end - begin > MAX_DIGITS)
        return false;
    *parts = parts_at(identity, begin, end);
    parts->number = number;
    parts->base = 10;
    return true;
}

static bool is_between(uint8_t c)
{
    return c == ':' || c == '-';
}

/* Six hexadecimal digits at the end, with a letter among them, and perhaps what is put between the bytes. */
static bool part_hex(struct span identity, struct parts *parts)
{
    uint64_t number = 0;
    size_t begin = identity.len;
    bool letter = false;
    for (unsigned digits = 0; digits < HEX_DIGITS;) {
        if (begin == 0)
            return false;
        struct reader r = reader_of(identity);
        reader_skip(&r, --begin);
        uint8_t c = reader_u8(&r);
        int value = digits_hex_value(c);
        if (value < 0 && !(is_between(c) && digits > 0))
            return false;
        if (value < 0)
            continue;
        letter = letter || value > 9;
        number |= (uint64_t)value << (4 * digits++);
    }
    *parts = parts_at(identity, begin, identity.len);
    parts->number = number;
    parts->base = 16;
    return letter || begin > 0;
}

static uint64_t name_of(const struct psk_series *series, const struct parts *parts)
{
    const uint64_t words[3] = {keyed_hash(series->key, parts->before.at, parts->before.len),
                               keyed_hash(series->key, parts->after.at, parts->after.len),
                               parts->base};
    return keyed_hash(series->key, words, sizeof words) | 1;
}

/* Says whether it had none. */
static bool mark(struct form_room *entry, uint64_t number)
{
    const uint64_t place = number % PSK_SERIES_COUNTED, bit = (uint64_t)1 << place % 64;
    if ((entry->marks[place / 64] & bit) != 0)
        return false;
    entry->marks[place / 64] |= bit;
    entry->marked++;
    return true;
}

static bool add(struct psk_series *series, const struct parts *parts, struct psk_form *form,
                bool *pushed_out)
{
    const struct bounded_place place = bounded_table_place(series->table, name_of(series, parts));
    struct form_room *entry = place.room;
    unsigned known = entry->num < PSK_SERIES_NUMBERS ? entry->num : PSK_SERIES_NUMBERS;
    uint64_t nearest = UINT64_MAX, neighbour = 0;
    *pushed_out = *pushed_out || place.pushed_out;
    for (unsigned i = 0; i < known; i++) {
        uint64_t other = entry->numbers[i];
        uint64_t distance = other > parts->number ? other - parts->number : parts->number - other;
        if (distance == 0)
            return false;
        if (distance < nearest) {
            nearest = distance;
            neighbour = other;
        }
    }
    entry->numbers[entry->num++ % PSK_SERIES_NUMBERS] = parts->number;
    if (nearest > PSK_SERIES_DISTANCE || !mark(entry, parts->number))
        return false;
    (void)mark(entry, neighbour);
    *form = (struct psk_form){.before = parts->before,
                              .base = parts->base,
                              .identities = entry->marked,
                              .nearest = nearest};
    return form->identities >= 3;
}

bool psk_series_add(struct psk_series *series, struct span identity, struct psk_form *form,
                    bool *pushed_out)
{
    struct parts parts;
    struct psk_form hex;
    bool found = part_decimal(identity, &parts) && add(series, &parts, form, pushed_out);
    if (part_hex(identity, &parts) && add(series, &parts, &hex, pushed_out) && !found) {
        *form = hex;
        return true;
    }
    return found;
}
