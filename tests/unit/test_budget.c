/* test_budget.c: who waits longest gives way, and nobody gives way to himself. */
#include "core/budget.h"

#include <setjmp.h>
#include <stdarg.h>
// cmocka.h needs the headers above before it.
#include <cmocka.h>

enum { LIMIT = 100 };

struct waiting {
    struct budget_holder holder; /* comes first */
    struct budget *budget;
    size_t held;
    unsigned gave_way;
};

static void give_way(struct budget_holder *holder)
{
    struct waiting *waiting = (struct waiting *)holder;
    budget_give(waiting->budget, waiting->held);
    waiting->held = 0;
    waiting->gave_way++;
}

static bool take(struct waiting *waiting, size_t bytes)
{
    if (!budget_take_by(waiting->budget, &waiting->holder, bytes))
        return false;
    waiting->held += bytes;
    budget_wait(waiting->budget, &waiting->holder);
    return true;
}

static void the_one_that_waits_longest_gives_way(void **state)
{
    (void)state;
    struct budget budget = {.limit = LIMIT};
    struct waiting all[4];
    for (size_t i = 0; i < 4; i++)
        all[i] = (struct waiting){.holder = {.give_way = give_way}, .budget = &budget};
    assert_true(take(&all[0], 40) && take(&all[1], 40) && take(&all[0], 20));
    assert_true(take(&all[2], 30)); /* of the first, which began first, though it took last */
    assert_int_equal(all[0].gave_way, 1);
    assert_int_equal(all[1].gave_way, 0);
    assert_true(take(&all[0], 30));         /* begins anew, behind the others */
    assert_true(budget_take(&budget, 100)); /* who never waits: all give way */
    assert_int_equal(all[0].gave_way + all[1].gave_way + all[2].gave_way, 4);
    assert_null(budget.oldest);
    assert_null(budget.newest);
    assert_int_equal(budget.refused, 4);
    assert_false(take(&all[3], 1)); /* who does not wait gives no way */
    assert_int_equal(budget.refused, 5);
    budget_give(&budget, 100);
    assert_int_equal(budget.used, 0);
}

static void nobody_gives_way_to_himself(void **state)
{
    (void)state;
    struct budget budget = {.limit = LIMIT};
    struct waiting one = {.holder = {.give_way = give_way}, .budget = &budget}, other = one;
    assert_true(take(&one, 60) && take(&other, 40));
    assert_false(take(&one, 1));
    assert_false(take(&other, LIMIT + 1)); /* what can never be had makes nobody give way */
    assert_int_equal(one.gave_way + other.gave_way, 0);
    budget_wait_over(&budget, &one.holder);
    assert_ptr_equal(budget.oldest, &other.holder);
    budget_wait_over(&budget, &other.holder);
    assert_null(budget.oldest);
    assert_null(budget.newest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_that_waits_longest_gives_way),
        cmocka_unit_test(nobody_gives_way_to_himself),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
