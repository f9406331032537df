/* install_fleet.c: tables of what devices share. */
#include "analysis/install_fleet.h"

#include "core/keyed_hash.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

enum { WAYS = 8, MOST_SHARERS = 4, MOST_NUMBERS = 8 };

struct key_entry {
    uint64_t name; /* hash of the recipient; 0: nothing is here */
    uint64_t age;
    struct install_member members[MOST_SHARERS];
    uint64_t files[MOST_SHARERS]; /* that they were first seen with */
    uint8_t num;
    bool other_file; /* members were seen with different files */
};

struct shape_entry {
    uint64_t name;
    uint64_t age;
    struct install_member members[MOST_NUMBERS];
    uint64_t numbers[MOST_NUMBERS];
    uint8_t num;
    bool no_series;
};

struct install_fleet {
    uint64_t key[2], now;
    struct key_entry keys[INSTALL_FLEET_KEYS];
    struct shape_entry shapes[INSTALL_FLEET_SHAPES];
};

struct install_fleet *install_fleet_new(void)
{
    struct install_fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet == NULL ||
        getrandom(fleet->key, sizeof fleet->key, 0) != (ssize_t)sizeof fleet->key) {
        free(fleet);
        return NULL;
    }
    return fleet;
}

void install_fleet_free(struct install_fleet *fleet)
{
    free(fleet);
}

/* Whether |member| is |known|, of which it tells more then. A device whose address another one has now, has it no more. */
static bool meets(struct install_member *known, const struct install_member *member)
{
    bool at_address = known->address != 0 && known->address == member->address;
    bool told_apart = known->device != 0 && member->device != 0;
    if (told_apart ? known->device != member->device : !at_address) {
        if (at_address)
            known->address = 0;
        return false;
    }
    if (member->device != 0)
        known->device = member->device;
    if (member->address != 0)
        known->address = member->address;
    return true;
}

static struct key_entry *key_place(struct install_fleet *fleet, uint64_t name, bool *pushed_out)
{
    struct key_entry *set = &fleet->keys[(name >> 32) % (INSTALL_FLEET_KEYS / WAYS) * WAYS];
    struct key_entry *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == name)
            return &set[i];
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    *pushed_out = oldest->name != 0;
    *oldest = (struct key_entry){.name = name};
    return oldest;
}

struct install_sharing install_fleet_recipient(struct install_fleet *fleet, struct span id,
                                               const struct install_member *member, uint64_t file)
{
    struct install_sharing sharing = {.shared = false};
    uint64_t name = keyed_hash(fleet->key, id.at, id.len) | 1;
    struct key_entry *entry = key_place(fleet, name, &sharing.pushed_out);
    struct install_member *known = NULL;
    entry->age = ++fleet->now;
    for (size_t i = 0; i < entry->num; i++) {
        struct install_member *other = &entry->members[i];
        if (!meets(other, member)) {
            entry->other_file |= entry->files[i] != file;
            sharing.shared = true;
        } else if (known == NULL) {
            known = other;
        } else { /* one device, known by its address, and by more under another address */
            entry->files[i] = entry->files[--entry->num];
            *other = entry->members[entry->num];
            i--;
        }
    }
    if (known == NULL && entry->num < MOST_SHARERS) {
        entry->files[entry->num] = file;
        entry->members[entry->num++] = *member;
    }
    for (size_t i = 0; i < entry->num; i++)
        sharing.known += entry->members[i].device != 0;
    sharing.same_file = !entry->other_file;
    sharing.devices = entry->num;
    return sharing;
}

static struct shape_entry *shape_place(struct install_fleet *fleet, uint64_t name, bool *pushed_out)
{
    struct shape_entry *set = &fleet->shapes[(name >> 32) % (INSTALL_FLEET_SHAPES / WAYS) * WAYS];
    struct shape_entry *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == name)
            return &set[i];
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    *pushed_out = oldest->name != 0;
    *oldest = (struct shape_entry){.name = name};
    return oldest;
}

static uint64_t shape_name(const struct install_fleet *fleet, struct span before, struct span after)
{
    const uint64_t words[2] = {keyed_hash(fleet->key, before.at, before.len),
                               keyed_hash(fleet->key, after.at, after.len)};
    return keyed_hash(fleet->key, words, sizeof words) | 1;
}

/* Adds the number, unless it is there; false when it breaks the series. */
static bool shape_add(struct shape_entry *entry, uint64_t number,
                      const struct install_member *member)
{
    for (size_t i = 0; i < entry->num; i++) {
        bool same = meets(&entry->members[i], member);
        if (same && entry->numbers[i] == number)
            return true;
        /* One device with several numbers counts parts or versions; two with one share a file. */
        if (same || entry->numbers[i] == number)
            return false;
    }
    if (entry->num == MOST_NUMBERS)
        return true;
    entry->members[entry->num] = *member;
    entry->numbers[entry->num++] = number;
    return true;
}

struct install_series install_fleet_number(struct install_fleet *fleet, struct span before,
                                           struct span after, uint64_t number,
                                           const struct install_member *member)
{
    struct install_series series = {.least = number, .most = number};
    struct shape_entry *entry =
        shape_place(fleet, shape_name(fleet, before, after), &series.pushed_out);
    entry->age = ++fleet->now;
    if (!entry->no_series)
        entry->no_series = !shape_add(entry, number, member);
    if (entry->no_series)
        return series;
    series.devices = entry->num;
    for (size_t i = 0; i < entry->num; i++) {
        if (entry->numbers[i] < series.least)
            series.least = entry->numbers[i];
        if (entry->numbers[i] > series.most)
            series.most = entry->numbers[i];
    }
    return series;
}
