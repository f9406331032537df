/* test_conversations.c: what analyzers remember: the bounded table, and the one of conversations. */
#include "analysis/bounded_table.h"
#include "analysis/conversations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NUM_OF(table) (sizeof(table) / sizeof *(table))

/* --- bounded table --- */

/* Names as good as hashes, all different. */
static uint64_t name_number(uint64_t n)
{
    return (n + 1) * 0x9e3779b97f4a7c15u;
}

static void test_table_holds(void **state)
{
    (void)state;
    enum { NUM = 5000 };
    struct bounded_table *table = bounded_table_new(NUM, sizeof(uint32_t));
    assert_non_null(table);
    for (uint32_t i = 0; i < NUM; i++) {
        assert_null(bounded_table_find(table, name_number(i)));
        struct bounded_place place = bounded_table_place(table, name_number(i));
        uint32_t *room = place.room;
        assert_false(place.known);
        assert_false(place.pushed_out);
        assert_int_equal(*room, 0);
        *room = i + 1;
        assert_int_equal(bounded_table_count(table), i + 1);
    }
    for (uint32_t i = 0; i < NUM; i++) {
        struct bounded_place place = bounded_table_place(table, name_number(i));
        assert_true(place.known);
        assert_false(place.pushed_out);
        assert_int_equal(*(uint32_t *)place.room, i + 1);
        assert_ptr_equal(bounded_table_find(table, name_number(i)), place.room);
    }
    bounded_table_free(table);
}

/* Names that differ in few bits, as bad hashes would. */
static void test_table_names(void **state)
{
    (void)state;
    struct bounded_table *table = bounded_table_new(1000, sizeof(uint64_t));
    for (uint64_t i = 1; i <= 1000; i++)
        *(uint64_t *)bounded_table_place(table, i << 52 | i).room = i;
    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(*(uint64_t *)bounded_table_find(table, i << 52 | i), i);
    assert_null(bounded_table_find(table, (uint64_t)1 << 52 | 2));
    bounded_table_free(table);
}

/* However large the rooms: one that fills a piece of memory alone, and many in one. */
static void test_table_bound(void **state)
{
    (void)state;
    static const struct {
        size_t most, size;
    } rows[] = {{8, 1}, {64, 4}, {100, 40000}, {4097, 8}, {1000, 123}};
    for (size_t i = 0; i < NUM_OF(rows); i++) {
        const size_t most = rows[i].most, num = 5 * most;
        struct bounded_table *table = bounded_table_new(most, rows[i].size);
        size_t pushed_out = 0, held = 0;
        for (uint64_t n = 0; n < num; n++) {
            struct bounded_place place = bounded_table_place(table, name_number(n));
            assert_false(place.known);
            for (size_t byte = 0; byte < rows[i].size; byte++)
                assert_int_equal(((uint8_t *)place.room)[byte], 0);
            memset(place.room, 0xff, rows[i].size);
            pushed_out += place.pushed_out;
        }
        for (uint64_t n = 0; n < num; n++)
            held += bounded_table_find(table, name_number(n)) != NULL;
        assert_int_equal(held, most);
        assert_int_equal(bounded_table_count(table), most);
        assert_int_equal(pushed_out, num - most);
        bounded_table_free(table);
    }
}

/* Of the newest none is lost, and nothing that is asked for all the time. */
static void test_table_oldest(void **state)
{
    (void)state;
    enum { MOST = 4096, NEWEST = MOST / 2, KEPT = 7 };
    struct bounded_table *table = bounded_table_new(MOST, sizeof(uint64_t));
    for (uint64_t n = 0; n < 10 * MOST; n++) {
        bounded_table_place(table, name_number(n));
        assert_non_null(bounded_table_find(table, name_number(KEPT % (n + 1))));
    }
    for (uint64_t n = 10 * MOST - NEWEST; n < 10 * MOST; n++)
        assert_non_null(bounded_table_find(table, name_number(n)));
    assert_non_null(bounded_table_find(table, name_number(KEPT)));
    assert_null(bounded_table_find(table, name_number(KEPT + 1)));
    bounded_table_free(table);
}

static void count(void *to, void *room)
{
    uint64_t *sum = to;
    *sum += *(uint64_t *)room;
}

/* Each room is given up once, however it goes. */
static void test_table_leaves(void **state)
{
    (void)state;
    enum { MOST = 100, NUM = 1000, FORGOTTEN = 40 };
    struct bounded_table *table = bounded_table_new(MOST, sizeof(uint64_t));
    uint64_t left = 0, all = 0, seen = 0;
    bounded_table_leaves(table, &left, count);
    for (uint64_t n = 1; n <= NUM; n++) {
        *(uint64_t *)bounded_table_place(table, name_number(n)).room = n;
        all += n;
    }
    for (uint64_t n = NUM; n > NUM - FORGOTTEN; n--) {
        seen = left;
        bounded_table_forget(table, name_number(n));
        assert_int_equal(left - seen, n);
        assert_null(bounded_table_find(table, name_number(n)));
        bounded_table_forget(table, name_number(n));
        assert_int_equal(left - seen, n);
    }
    assert_int_equal(bounded_table_count(table), MOST - FORGOTTEN);
    /* Their places are free for others. */
    for (uint64_t n = NUM + 1; n <= NUM + FORGOTTEN; n++) {
        struct bounded_place place = bounded_table_place(table, name_number(n));
        assert_false(place.pushed_out);
        assert_int_equal(*(uint64_t *)place.room, 0);
    }
    assert_true(bounded_table_place(table, name_number(NUM + FORGOTTEN + 1)).pushed_out);
    bounded_table_free(table);
    assert_int_equal(left, all);
    bounded_table_free(NULL);
}

static uint64_t weight_of(const void *room)
{
    return *(const uint64_t *)room;
}

/* Seven of eight are heavy: they stay while light ones come and go. */
static void test_table_weight(void **state)
{
    (void)state;
    enum { MOST = 64, HEAVY = 56, LIGHT = 5000 };
    struct bounded_table *table = bounded_table_new(MOST, sizeof(uint64_t));
    bounded_table_weigh(table, weight_of);
    for (uint64_t n = 0; n < HEAVY; n++)
        *(uint64_t *)bounded_table_place(table, name_number(n)).room = 10 + n;
    for (uint64_t n = 0; n < LIGHT; n++)
        assert_int_equal(bounded_table_place(table, name_number(1000 + n)).pushed_out,
                         n >= MOST - HEAVY);
    uint64_t heavy = 0;
    for (uint64_t n = 0; n < HEAVY; n++) {
        const uint64_t *room = bounded_table_find(table, name_number(n));
        heavy += room != NULL;
        assert_true(room == NULL || *room == 10 + n);
    }
    /* Eight that are looked at together may all be heavy: the lightest goes, and a light one is there from then on. */
    assert_true(heavy >= HEAVY - HEAVY / 8);
    assert_non_null(bounded_table_find(table, name_number(HEAVY - 1)));
    bounded_table_free(table);
}

/* Each entry is given once, those that were forgotten are not. */
static void test_table_next(void **state)
{
    (void)state;
    enum { NUM = 3000 };
    struct bounded_table *table = bounded_table_new(NUM, sizeof(uint64_t));
    uint64_t sum = 0, left = 0;
    size_t at = 0;
    assert_null(bounded_table_next(table, &at));
    for (uint64_t n = 1; n <= NUM; n++)
        *(uint64_t *)bounded_table_place(table, name_number(n)).room = n;
    for (uint64_t n = 1; n <= NUM; n++) {
        if (n % 3 == 0)
            bounded_table_forget(table, name_number(n));
        else
            left += n;
    }
    at = 0;
    for (const uint64_t *room; (room = bounded_table_next(table, &at)) != NULL;)
        sum += *room;
    assert_int_equal(sum, left);
    assert_null(bounded_table_next(table, &at));
    bounded_table_free(table);
}

/* --- conversations --- */

enum { SIZE = sizeof(uint64_t) };

static struct flow flow_number(uint32_t n)
{
    struct flow flow = {.ip_version = 4, .protocol = 6, .first_packet = n + 1};
    flow.ends[0] = (struct endpoint){
        .address = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}, .port = 40000};
    flow.ends[1] = (struct endpoint){.address = {192, 0, 2, 1}, .port = 443};
    return flow;
}

static uint64_t *begin(struct conversations *conversations, const struct flow *flow,
                       bool *pushed_out)
{
    const struct observation about = {.flow = flow};
    *pushed_out = false;
    conversations_look_anew(conversations);
    return (uint64_t *)(conversations_begin(conversations, &about, pushed_out) + 1);
}

static const struct conversation *find(struct conversations *conversations, const struct flow *flow)
{
    const struct observation about = {.flow = flow};
    conversations_look_anew(conversations);
    return conversations_find(conversations, &about);
}

static void forget(struct conversations *conversations, const struct flow *flow)
{
    const struct observation about = {.flow = flow};
    conversations_forget(conversations, &about);
}

/* One is told from another by each end and port, by protocol and by when it began. */
static void test_which_conversation(void **state)
{
    (void)state;
    struct flow flows[] = {flow_number(5), flow_number(5), flow_number(5), flow_number(5),
                           flow_number(5), flow_number(5), flow_number(5)};
    flows[1].first_packet = 7; /* the ports are used again */
    flows[2].protocol = 17;
    flows[3].ends[0].port = 40001;
    flows[4].ends[1].port = 444;
    flows[5].ends[0].address[15] = 1;
    flows[6].ends[1].address[15] = 1;
    struct conversations *conversations = conversations_new(SIZE, NULL, NULL);
    bool pushed_out;
    for (uint64_t i = 0; i < NUM_OF(flows); i++) {
        const struct observation about = {.flow = &flows[i]};
        conversations_look_anew(conversations);
        assert_null(conversations_find(conversations, &about));
        assert_null(conversations_find(conversations, &about));
        uint64_t *part = begin(conversations, &flows[i], &pushed_out);
        assert_int_equal(*part, 0);
        *part = i + 1;
    }
    for (uint64_t i = 0; i < NUM_OF(flows); i++) {
        struct flow copy = flows[i]; /* it is told by what it is, not by where */
        copy.last_ns = 1000;
        copy.client = 1;
        assert_int_equal(*begin(conversations, &copy, &pushed_out), i + 1);
    }
    assert_int_equal(conversations_count(conversations), NUM_OF(flows));
    conversations_free(conversations);
}

/* A flow may come where another one was. */
static void test_same_place(void **state)
{
    (void)state;
    struct conversations *conversations = conversations_new(SIZE, NULL, NULL);
    struct flow flow = flow_number(1);
    bool pushed_out;
    *begin(conversations, &flow, &pushed_out) = 1;
    for (uint32_t i = 2; i < 100; i++) {
        flow = flow_number(i);
        assert_null(find(conversations, &flow));
        *begin(conversations, &flow, &pushed_out) = i;
        flow = flow_number(i - 1);
        assert_int_equal(*begin(conversations, &flow, &pushed_out), i - 1);
    }
    conversations_free(conversations);
}

static void test_forgotten(void **state)
{
    (void)state;
    struct conversations *conversations = conversations_new(SIZE, NULL, NULL);
    const struct flow a = flow_number(1), b = flow_number(2);
    bool pushed_out;
    *begin(conversations, &a, &pushed_out) = 1;
    *begin(conversations, &b, &pushed_out) = 2;
    forget(conversations, &a);
    assert_null(find(conversations, &a));
    assert_int_equal(*begin(conversations, &b, &pushed_out), 2);
    forget(conversations, &b);
    assert_null(find(conversations, &b));
    assert_int_equal(*begin(conversations, &b, &pushed_out), 0);
    forget(conversations, &a);
    assert_int_equal(conversations_count(conversations), 1);
    conversations_free(conversations);
}

/* Exchanges of a flow are told from one another, and from the flow. */
static void test_exchanges(void **state)
{
    (void)state;
    enum { NUM = 20 };
    struct conversations *conversations = conversations_new(SIZE, NULL, NULL);
    const struct flow flow = flow_number(1);
    struct observation about = {.flow = &flow};
    bool pushed_out;
    for (about.exchange = 0; about.exchange < NUM; about.exchange++) {
        conversations_look_anew(conversations);
        assert_null(conversations_find(conversations, &about));
        uint64_t *part = (uint64_t *)(conversations_begin(conversations, &about, &pushed_out) + 1);
        *part = about.exchange + 1;
    }
    about.exchange = 7;
    conversations_forget(conversations, &about);
    for (about.exchange = 0; about.exchange < NUM; about.exchange++) {
        conversations_look_anew(conversations);
        const struct conversation *found = conversations_find(conversations, &about);
        if (about.exchange == 7)
            assert_null(found);
        else
            assert_int_equal(*(const uint64_t *)(found + 1), about.exchange + 1);
    }
    conversations_free(conversations);
}

static void test_conversations_bound(void **state)
{
    (void)state;
    enum { NUM = 2 * CONVERSATIONS_MOST, NEWEST = 2048 };
    struct conversations *conversations = conversations_new(SIZE, NULL, NULL);
    unsigned evicted = 0;
    bool pushed_out;
    for (uint32_t i = 0; i < NUM; i++) {
        const struct flow flow = flow_number(i);
        *begin(conversations, &flow, &pushed_out) = i;
        evicted += pushed_out;
        assert_int_equal(*begin(conversations, &flow, &pushed_out), i);
        assert_false(pushed_out);
    }
    assert_int_equal(evicted, NUM - CONVERSATIONS_MOST);
    for (uint32_t i = NUM - NEWEST; i < NUM; i++) {
        const struct flow flow = flow_number(i);
        const struct conversation *found = find(conversations, &flow);
        assert_non_null(found);
        assert_int_equal(*(const uint64_t *)(found + 1), i);
    }
    conversations_free(conversations);
}

static void count_part(void *to, void *conversation)
{
    count(to, (struct conversation *)conversation + 1);
}

/* What the parts hold can be freed. */
static void test_conversations_leave(void **state)
{
    (void)state;
    uint64_t left = 0;
    struct conversations *conversations = conversations_new(SIZE, &left, count_part);
    bool pushed_out;
    for (uint32_t i = 1; i <= 10; i++) {
        const struct flow flow = flow_number(i);
        *begin(conversations, &flow, &pushed_out) = i;
    }
    const struct flow third = flow_number(3);
    forget(conversations, &third);
    assert_int_equal(left, 3);
    conversations_free(conversations);
    assert_int_equal(left, 55);
    conversations_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_holds),         cmocka_unit_test(test_table_names),
        cmocka_unit_test(test_table_bound),         cmocka_unit_test(test_table_oldest),
        cmocka_unit_test(test_table_leaves),        cmocka_unit_test(test_table_weight),
        cmocka_unit_test(test_table_next),          cmocka_unit_test(test_which_conversation),
        cmocka_unit_test(test_same_place),          cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_exchanges),           cmocka_unit_test(test_conversations_bound),
        cmocka_unit_test(test_conversations_leave),
    };
    return cmocka_run_group_tests_name("conversations", tests, NULL, NULL);
}
