/* test_observation_store.c: observations outlive what they were made from, whatever happens to it. */
#include "core/observation_store.h"

#include "core/flow.h"

// cmocka.h comes last: it needs these.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct thing {
    const char *text;
    struct number number;
    struct span bytes, same, hidden;
    struct item {
        int number;
        struct span name;
    } items[3];
    const uint32_t *array;
    size_t num;
};

#define AT(member) offsetof(struct thing, member)
static const struct field fields[] = {
    {.name = "text", .type = FIELD_TEXT, .offset = AT(text)},
    {.name = "number", .type = FIELD_NUMBER, .offset = AT(number)},
    {.name = "bytes", .type = FIELD_BYTES, .offset = AT(bytes)},
    {.name = "bytes.again", .type = FIELD_STRING, .offset = AT(bytes)},
    {.name = "same", .type = FIELD_LIST, .offset = AT(same)},
};
static const struct observation_part parts[] = {
    {.offset = AT(hidden)},
    {.offset = AT(items[0].name), .stride = sizeof(struct item), .repeat = 3},
    {.offset = AT(array), .item_size = sizeof(uint32_t), .num_items = AT(num)},
};
static const struct observation_type type = {.name = "thing",
                                             .fields = fields,
                                             .num_fields = sizeof fields / sizeof fields[0],
                                             .size = sizeof(struct thing),
                                             .parts = parts,
                                             .num_parts = sizeof parts / sizeof parts[0]};

static void assert_bytes(struct span span, const char *text)
{
    assert_true(span_seen(span));
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.at, text, span.len);
}

/* Everything that the original is made of is freed before the copy is looked at. */
static void test_outlives(void **state)
{
    (void)state;
    struct observation_store store = {0};
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 500; i++) {
            char *wire = strdup("bytesnamearray");
            uint32_t *array = malloc(2 * sizeof *array);
            struct flow *flow = calloc(1, sizeof *flow);
            struct thing *thing = calloc(1, sizeof *thing);
            assert_true(wire != NULL && array != NULL && flow != NULL && thing != NULL);
            memcpy(array, (const uint32_t[]){i, 7}, 2 * sizeof *array);
            flow->first_packet = i;
            flow->state = wire;
            *thing = (struct thing){.text = "static",
                                    .number = number(i),
                                    .bytes = span_of((const uint8_t *)wire, 5),
                                    .same = span_of((const uint8_t *)wire + 5, 0),
                                    .array = array,
                                    .num = 2};
            thing->items[2].name = span_of((const uint8_t *)wire + 5, 4);
            observation_store_add(&store, &(struct observation){&type, thing, flow, 1000 + i, i, 1},
                                  i);
            memset(wire, 'x', strlen(wire));
            free(thing);
            free(flow);
            free(array);
            free(wire);
        }
        unsigned num = 0;
        for (const struct stored_observation *s = store.first; s != NULL; s = s->next, num++) {
            const struct thing *thing = s->observation.data;
            assert_int_equal(s->place, num);
            assert_int_equal(s->observation.packet, num);
            assert_int_equal(s->observation.time_ns, 1000 + num);
            assert_int_equal(s->observation.flow->first_packet, num);
            assert_null(s->observation.flow->state);
            assert_string_equal(thing->text, "static");
            assert_int_equal(thing->number.value, num);
            assert_bytes(thing->bytes, "bytes");
            assert_bytes(thing->same, "");
            assert_false(span_seen(thing->hidden));
            assert_false(span_seen(thing->items[0].name));
            assert_bytes(thing->items[2].name, "name");
            assert_int_equal(thing->array[0], num);
            assert_int_equal(thing->array[1], 7);
        }
        assert_int_equal(num, 500);
        assert_int_equal(store.lost, 0);
        observation_store_clear(&store);
        assert_null(store.first);
    }
    observation_store_free(&store);
}

/* Bytes that stay are not copied; those that only begin or end in them are. */
static void test_stays(void **state)
{
    (void)state;
    static const uint8_t wire[] = "0123456789";
    static const struct {
        size_t at, len;
        bool copied;
    } rows[] = {{2, 6, false}, {4, 4, false}, {7, 1, false}, {1, 3, true},
                {6, 3, true},  {8, 1, true},  {0, 2, true},  {8, 0, true}};
    struct flow flow = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct observation_store store = {.stays = span_of(wire + 2, 6)};
        struct thing thing = {.bytes = span_of(wire + rows[i].at, rows[i].len)};
        observation_store_add(&store, &(struct observation){&type, &thing, &flow, 1, 1, 0}, 0);
        const struct thing *kept = store.first->observation.data;
        assert_int_equal(kept->bytes.at != wire + rows[i].at, rows[i].copied);
        assert_true(span_equal(kept->bytes, thing.bytes));
        observation_store_free(&store);
    }
}

/* One that is larger than a block. */
static void test_large(void **state)
{
    (void)state;
    struct observation_store store = {0};
    const size_t len = 1 << 20;
    uint8_t *wire = malloc(len);
    assert_non_null(wire);
    memset(wire, 0x5a, len);
    const struct flow flow = {.first_packet = 1};
    const struct thing thing = {.bytes = span_of(wire, len), .same = span_of(wire, 65535)};
    for (unsigned i = 0; i < 4; i++)
        observation_store_add(
            &store, &(struct observation){.type = &type, .data = &thing, .flow = &flow}, i);
    memset(wire, 0, len);
    unsigned num = 0;
    for (const struct stored_observation *s = store.first; s != NULL; s = s->next, num++) {
        const struct thing *copy = s->observation.data;
        assert_int_equal(copy->bytes.len, len);
        assert_int_equal(copy->bytes.at[0] + copy->bytes.at[len - 1], 2 * 0x5a);
        assert_int_equal(copy->same.at[65534], 0x5a);
    }
    assert_int_equal(num, 4);
    observation_store_free(&store);
    free(wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outlives),
        cmocka_unit_test(test_stays),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests_name("observation_store", tests, NULL, NULL);
}
