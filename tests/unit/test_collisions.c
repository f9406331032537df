/* test_collisions.c: keys that were chosen to meet in a hash table do not: who chooses them does not know its key.
 *
 * The keys are chosen for a known key of the hash, where they do meet; the table has a random one, as in a run. */
#include "analysis/bounded_table.c"
#include "core/crypto.h"
#include "core/flow_table.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

enum { FLOWS = 100, NAMES = 1000 };

static void end_nothing(void *to, uint32_t index, enum flow_end how)
{
    (void)to;
    (void)index;
    (void)how;
}

static const struct flow_table_owner owner = {.end = end_nothing};

/* A table for 1024 flows has no more buckets than 512, and a flow may be in one of two. */
static bool meets(uint64_t hash)
{
    enum { MASK = 512 - 1 };
    return (hash & MASK) == 0 && (hash >> 20 & MASK) == 0;
}

static void choose_flows(const struct keyed_hash_five_key *key, struct flow_key chosen[FLOWS])
{
    struct flow_key flow = {.word = {0x0b000001, 0, 0x0b000002, 0, 0x0200000000350000}};
    for (size_t num = 0; num < FLOWS; flow.word[2]++)
        if (meets(keyed_hash_five(key, flow.word)))
            chosen[num++] = flow;
}

static uint64_t evicted(const struct keyed_hash_five_key *key, const struct flow_key flows[FLOWS])
{
    struct flow_table *table = flow_table_new(1 << 10, &owner, key);
    assert_non_null(table);
    for (size_t i = 0; i < FLOWS; i++)
        (void)flow_table_add(table, &flows[i], flow_table_hash(table, &flows[i]), 1000000000 + i);
    uint64_t num = flow_table_evicted(table);
    flow_table_free(table);
    return num;
}

static void chosen_flows_push_nobody_out(void **state)
{
    (void)state;
    static struct flow_key chosen[FLOWS];
    struct keyed_hash_five_key known;
    memset(&known, 0x5a, sizeof known);
    known.nh[1] = 0x0123456789abcdef;
    known.high[0] = 0xfedcba9876543211;
    choose_flows(&known, chosen);
    assert_in_range(evicted(&known, chosen), FLOWS - 16, FLOWS); /* who knew the key */
    for (unsigned tries = 0; tries < 20; tries++)
        assert_int_equal(evicted(NULL, chosen), 0);
}

static size_t longest_chain(const struct bounded_table *table)
{
    size_t longest = 0;
    for (size_t i = 0; i < table->num_heads; i++) {
        size_t len = 0;
        for (uint32_t at = table->heads[i]; at != NOBODY; at = entry_at(table, at)->next)
            len++;
        longest = len > longest ? len : longest;
    }
    return longest;
}

/* A name as analyzers make them. */
static uint64_t name_of(const uint64_t key[2], uint64_t word)
{
    const uint64_t name = keyed_hash(key, &word, sizeof word);
    return name != 0 ? name : 1;
}

static size_t longest_of(const uint64_t key[2], const uint64_t words[NAMES])
{
    struct bounded_table *table = bounded_table_new(1 << 16, sizeof(uint64_t));
    assert_non_null(table);
    for (size_t i = 0; i < NAMES; i++)
        assert_non_null(bounded_table_place(table, name_of(key, words[i])).room);
    size_t longest = longest_chain(table);
    bounded_table_free(table);
    return longest;
}

static void chosen_names_make_no_long_chains(void **state)
{
    (void)state;
    static const uint64_t known[2] = {1, 2};
    static uint64_t chosen[NAMES];
    uint64_t word = 0;
    for (size_t num = 0; num < NAMES; word++) {
        const uint64_t name = name_of(known, word);
        if (((name ^ name >> 32) & 0xfff) == 0)
            chosen[num++] = word;
    }
    assert_int_equal(longest_of(known, chosen), NAMES); /* who knew the key */
    for (unsigned tries = 0; tries < 20; tries++) {
        uint64_t key[2];
        assert_true(crypto_random((uint8_t *)key, sizeof key));
        /* Of 1000 in 2048 or more chains 12 in one are less likely than 10^-12. */
        assert_in_range(longest_of(key, chosen), 1, 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_flows_push_nobody_out),
        cmocka_unit_test(chosen_names_make_no_long_chains),
    };
    return cmocka_run_group_tests_name("collisions", tests, NULL, NULL);
}
