/* test_psk_search.c: lists of keys, the table of proofs, and that what is found does not depend on threads. */
#include "analysis/analysis.h"
#include "analysis/psk_candidates.h"
#include "analysis/psk_search.h"
#include "analysis/psk_transcript.h"
#include "core/finding.h"
#include "dissectors/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- a list in memory, given out in pieces --- */

struct list {
    struct span text;
    size_t at, piece;
    unsigned fails_at; /* the read that fails; 0: none */
    unsigned reads;
};

static ssize_t read_list(void *to, uint8_t *bytes, size_t max)
{
    struct list *list = to;
    if (++list->reads == list->fails_at)
        return -1;
    size_t left = list->text.len - list->at, now = left < list->piece ? left : list->piece;
    now = now < max ? now : max;
    if (now > 0)
        memcpy(bytes, list->text.at + list->at, now);
    list->at += now;
    return (ssize_t)now;
}

/* All keys of a list as one text, each behind a '|'. */
struct all_keys {
    char text[1 << 16];
    size_t len;
    uint64_t too_long;
    bool failed;
};

static void collect(struct list *list, struct all_keys *all)
{
    struct psk_candidates *candidates = calloc(1, sizeof *candidates);
    struct psk_batch *batch = calloc(1, sizeof *batch);
    assert_true(candidates != NULL && batch != NULL);
    candidates->to = list;
    candidates->read = read_list;
    all->len = 0;
    while (psk_candidates_take(candidates, batch)) {
        for (size_t i = 0; i < batch->num; i++) {
            assert_true(batch->keys[i].len > 0 && batch->keys[i].len <= PSK_MAX_KEY);
            assert_true(all->len + batch->keys[i].len + 2 < sizeof all->text);
            all->text[all->len++] = '|';
            memcpy(all->text + all->len, batch->keys[i].at, batch->keys[i].len);
            all->len += batch->keys[i].len;
        }
    }
    all->text[all->len] = '\0';
    all->too_long = candidates->too_long;
    all->failed = candidates->failed;
    free(batch);
    free(candidates);
}

static const struct {
    const char *list, *keys;
} lists[] = {
    {"", ""},
    {"\n", ""},
    {"\n\r\n\n", ""},
    {"one", "|one"},
    {"one\n", "|one"},
    {"one\r\ntwo\r\n", "|one|two"},
    {"one\n\ntwo", "|one|two"},
    {"# no comment\n", "|# no comment"},
    {" blanks count \n", "| blanks count "},
    {"a\rb\n", "|a\rb"},
    {"4142\n", "|4142|AB"},
    {"0x4142\n", "|0x4142|AB"},
    {"0X4a4B\n", "|0X4a4B|JK"},
    {"414\n", "|414"},
    {"0x\n", "|0x"},
    {"41 42\n", "|41 42"},
    {"\xef\xbb\xbfone\n", "|one"},
    {"\xef\xbb\xbf", ""},
    {"\xef\xbb", "|\xef\xbb"},
    {"gr\xc3\xbc\xc3\x9f\n", "|gr\xc3\xbc\xc3\x9f"},
};

static void test_lists(void **state)
{
    (void)state;
    static struct all_keys all;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (size_t piece = 1; piece < 20; piece++) {
            struct list list = {.text = span_text(lists[i].list), .piece = piece};
            collect(&list, &all);
            assert_string_equal(all.text, lists[i].keys);
            assert_int_equal(all.too_long, 0);
            assert_false(all.failed);
        }
    }
}

/* |len| characters, then a line more. */
static void check_length(size_t len, char fill, const char *line_end, uint64_t too_long)
{
    static struct all_keys all;
    static char text[1 << 18];
    assert_true(len + 10 < sizeof text);
    memset(text, fill, len);
    int end = snprintf(text + len, sizeof text - len, "%sz\n", line_end);
    for (size_t piece = 1000; piece < 200000; piece += 60000) {
        struct list list = {.text = span_of(text, len + (size_t)end), .piece = piece};
        collect(&list, &all);
        assert_int_equal(all.too_long, too_long);
        assert_true(all.len >= 2 && strcmp(all.text + all.len - 2, "|z") == 0);
        assert_int_equal(all.len == 2, too_long == 1);
    }
}

static void test_long_lines(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\r\n"};
    for (size_t i = 0; i < 2; i++) {
        check_length(PSK_MAX_KEY, 'g', ends[i], 0);
        check_length(PSK_MAX_KEY + 1, 'g', ends[i], 1);
        check_length(2 * PSK_MAX_KEY, '4', ends[i], 0); /* digits: half as many bytes */
        check_length(2 * PSK_MAX_KEY + 1, '4', ends[i], 1);
        check_length(2 * PSK_MAX_KEY + 2, '4', ends[i], 1);
        check_length(70000, '4', ends[i], 1);
        check_length(200000, 'g', ends[i], 1);
    }
}

static void test_failure(void **state)
{
    (void)state;
    static struct all_keys all;
    struct list list = {.text = span_text("one\ntwo\nthree\n"), .piece = 4, .fails_at = 3};
    collect(&list, &all);
    assert_true(all.failed);
    assert_string_equal(all.text, "|one|two");
}

/* A million lines, larger than any buffer, in and out in order. */
static void test_large_list(void **state)
{
    (void)state;
    enum { LINES = 200000 };
    char *text = malloc(LINES * 12);
    struct psk_candidates *candidates = calloc(1, sizeof *candidates);
    struct psk_batch *batch = calloc(1, sizeof *batch);
    assert_true(text != NULL && candidates != NULL && batch != NULL);
    size_t len = 0;
    for (unsigned i = 0; i < LINES; i++)
        len += (size_t)snprintf(text + len, 12, "key-%06u\n", i);
    struct list list = {.text = span_of(text, len), .piece = 7777};
    candidates->to = &list;
    candidates->read = read_list;
    unsigned next = 0;
    while (psk_candidates_take(candidates, batch)) {
        for (size_t i = 0; i < batch->num; i++, next++) {
            char want[12];
            snprintf(want, sizeof want, "key-%06u", next);
            assert_int_equal(batch->keys[i].len, 10);
            assert_memory_equal(batch->keys[i].at, want, 10);
        }
    }
    assert_int_equal(next, LINES);
    assert_int_equal(candidates->keys, LINES);
    assert_int_equal(candidates->bytes, len);
    free(batch);
    free(candidates);
    free(text);
}

/* --- proofs --- */

static const struct flow flow = {
    .ends = {{.address = {192, 0, 2, 1}, .port = 4433}, {.address = {192, 0, 2, 10}, .port = 5000}},
    .ip_version = 4,
    .protocol = PROTO_TCP,
    .client = 1};

static void test_places(void **state)
{
    (void)state;
    struct psk_proofs *proofs = psk_proofs_new();
    struct psk_ref refs[PSK_PROOFS_EACH + 2], none = {0};
    bool forgot;
    size_t num;
    assert_non_null(proofs);
    assert_null(psk_proofs_get(proofs, none));
    for (size_t i = 0; i < PSK_PROOFS_EACH + 2; i++)
        assert_int_equal(psk_proofs_place(proofs, 77, &flow, span_text("id"), PSK_PROOF_BINDER,
                                          &refs[i], &forgot),
                         i < PSK_PROOFS_EACH ? PSK_PLACE_GIVEN : PSK_PLACE_TAKEN);
    (void)psk_proofs_all(proofs, &num);
    assert_int_equal(num, PSK_PROOFS_EACH);
    /* The first two gave way to the last two. */
    assert_null(psk_proofs_get(proofs, refs[0]));
    assert_null(psk_proofs_get(proofs, refs[1]));
    for (size_t i = 2; i < PSK_PROOFS_EACH + 2; i++)
        assert_non_null(psk_proofs_get(proofs, refs[i]));
    /* What gave way cannot be accepted, nor what is not complete. */
    psk_proofs_accept(proofs, refs[0]);
    psk_proofs_accept(proofs, refs[3]);
    assert_false(psk_proofs_get(proofs, refs[3])->accepted);
    psk_proofs_get(proofs, refs[3])->complete = true;
    psk_proofs_accept(proofs, refs[3]);
    assert_true(psk_proofs_get(proofs, refs[3])->accepted);
    struct psk_ref more;
    assert_int_equal(
        psk_proofs_place(proofs, 77, &flow, span_text("id"), PSK_PROOF_BINDER, &more, &forgot),
        PSK_PLACE_KNOWN);
    assert_int_equal(
        psk_proofs_place(proofs, 78, &flow, span_text("other"), PSK_PROOF_BINDER, &more, &forgot),
        PSK_PLACE_GIVEN);
    const struct psk_kept *kept = psk_proofs_get(proofs, more);
    assert_true(span_equal(kept->identity, span_text("other")));
    assert_int_equal(kept->ends[0].port, 4433);
    psk_proofs_free(proofs);
}

static void test_full(void **state)
{
    (void)state;
    struct psk_proofs *proofs = psk_proofs_new();
    struct psk_ref ref;
    bool forgot;
    assert_non_null(proofs);
    for (uint64_t name = 1; name <= PSK_PROOFS_MAX; name++)
        assert_int_equal(psk_proofs_place(proofs, name * UINT64_C(0x9e3779b97f4a7c15), &flow,
                                          span_text("id"), PSK_PROOF_FINISHED, &ref, &forgot),
                         PSK_PLACE_GIVEN);
    assert_int_equal(
        psk_proofs_place(proofs, 5, &flow, span_text("id"), PSK_PROOF_FINISHED, &ref, &forgot),
        PSK_PLACE_FULL);
    psk_proofs_free(proofs);
    /* Long identities fill the room for them first. */
    static uint8_t identity[65535];
    proofs = psk_proofs_new();
    assert_non_null(proofs);
    uint64_t name = 0;
    while (psk_proofs_place(proofs, ++name * UINT64_C(0x9e3779b97f4a7c15), &flow,
                            span_of(identity, sizeof identity), PSK_PROOF_BINDER, &ref,
                            &forgot) == PSK_PLACE_GIVEN)
        ;
    assert_int_equal(name - 1, PSK_PROOFS_IDENTITY_BYTES / sizeof identity);
    psk_proofs_free(proofs);
}

/* --- the search --- */

enum { LIST_KEYS = 20000, NUM_PROOFS = 40 };

struct work {
    struct list list;
    uint64_t told, stop_behind;
};

static ssize_t read_work(void *to, uint8_t *bytes, size_t max)
{
    return read_list(&((struct work *)to)->list, bytes, max);
}

static bool go_on(void *to, uint64_t bytes, uint64_t keys)
{
    struct work *work = to;
    assert_true(keys >= work->told && bytes <= work->list.text.len);
    work->told = keys;
    return work->stop_behind == 0 || keys < work->stop_behind;
}

/* Binders of key |number|, of a number that the list may have or not. */
static void make_proof(struct psk_kept *kept, struct psk_trial *trial, unsigned number)
{
    char text[16];
    struct hmac_key key;
    int len = snprintf(text, sizeof text, "secret%07u", number);
    memset(kept, 0, sizeof *kept);
    kept->complete = true;
    kept->proof = (struct psk_proof){.kind = PSK_PROOF_BINDER, .binder = {.hash = HASH_SHA256}};
    memset(kept->proof.binder.transcript, (int)number & 0xff, 32);
    psk_binder_key(trial, HASH_SHA256, false, "ext binder", span_of(text, (size_t)len), &key);
    hmac_of(&key, span_of(kept->proof.binder.transcript, 32), kept->proof.binder.binder);
}

static struct psk_search_stats run(struct psk_kept *proofs, unsigned threads, uint64_t stop_behind)
{
    static char text[LIST_KEYS * 16];
    size_t len = 0;
    for (unsigned i = 0; i < LIST_KEYS; i++)
        len += (size_t)snprintf(text + len, 16, "secret%07u\n", i);
    struct work work = {.list = {.text = span_of(text, len), .piece = 5000},
                        .stop_behind = stop_behind};
    struct error error = {""};
    struct psk_search *search = psk_search_new(
        &(struct psk_search_options){
            .to = &work, .read = read_work, .go_on = go_on, .threads = threads},
        &error);
    assert_non_null(search);
    const struct psk_search_stats stats = psk_search_run(search, proofs, NUM_PROOFS);
    psk_search_free(search);
    return stats;
}

static void test_search(void **state)
{
    (void)state;
    static struct psk_trial trial;
    static struct psk_kept proofs[NUM_PROOFS];
    psk_trial_begin(&trial);
    for (unsigned threads = 1; threads <= 4; threads++) {
        /* Every second key is not in the list; two proofs are not complete. */
        for (unsigned i = 0; i < NUM_PROOFS; i++)
            make_proof(&proofs[i], &trial, i % 2 == 0 ? i * 500 : LIST_KEYS + i);
        proofs[0].complete = proofs[1].complete = false;
        const struct psk_search_stats stats = run(proofs, threads, 0);
        assert_int_equal(stats.keys, LIST_KEYS);
        assert_false(stats.cut_short);
        for (unsigned i = 0; i < NUM_PROOFS; i++)
            assert_int_equal(proofs[i].found, i % 2 == 0 && i > 0);
    }
    psk_trial_end(&trial);
}

static void test_stop(void **state)
{
    (void)state;
    static struct psk_trial trial;
    static struct psk_kept proofs[NUM_PROOFS];
    psk_trial_begin(&trial);
    for (unsigned i = 0; i < NUM_PROOFS; i++)
        make_proof(&proofs[i], &trial, i == 0 ? 10 : LIST_KEYS - 1);
    const struct psk_search_stats stats = run(proofs, 1, 5000);
    assert_true(stats.cut_short);
    assert_true(stats.keys >= 5000 && stats.keys < 7000);
    assert_true(proofs[0].found);
    assert_false(proofs[1].found);
    psk_trial_end(&trial);
}

/* --- the rule --- */

static void observe(struct analysis *analysis, const struct observation_type *type,
                    const void *data, unsigned side)
{
    analysis_observe(
        analysis,
        &(struct observation){
            .type = type, .data = data, .flow = &flow, .time_ns = 5, .packet = 9, .side = side});
}

/* A hello whose binder is that of "secret0000007", or damaged; perhaps the server selects the key. */
static void check_rule(bool damaged, bool selected)
{
    static char text[LIST_KEYS * 16];
    static struct psk_trial trial;
    static const uint8_t random[32] = {1}, identities[] = "\0\6sensor\0\0\0";
    uint8_t message[80] = "anything up to the binders";
    const size_t binders_at = sizeof message - 33;
    struct psk_transcript transcript;
    struct hmac_key key;
    uint8_t hash[HASH_MAX_LEN];
    size_t len = 0;
    for (unsigned i = 0; i < 100; i++)
        len += (size_t)snprintf(text + len, 16, "secret%07u\n", i);
    message[binders_at - 1] = 33;
    message[binders_at] = 32;
    psk_trial_begin(&trial);
    psk_transcript_begin(&transcript, false);
    psk_transcript_binders(&transcript, HASH_SHA256, span_of(message, sizeof message), 35, hash);
    psk_binder_key(&trial, HASH_SHA256, false, "ext binder", span_text("secret0000007"), &key);
    hmac_of(&key, span_of(hash, 32), message + binders_at + 1);
    message[sizeof message - 1] ^= damaged;
    psk_trial_end(&trial);

    struct work work = {.list = {.text = span_of(text, len), .piece = 100}};
    struct error error = {""};
    struct psk_search *search = psk_search_new(
        &(struct psk_search_options){.to = &work, .read = read_work, .go_on = go_on, .threads = 1},
        &error);
    struct analysis *analysis = analysis_new(
        &(struct analysis_options){.rules = "psk.weak-key", .psk_search = search}, &error);
    assert_true(search != NULL && analysis != NULL);
    const struct tls_client_hello hello = {.transport = "tls",
                                           .random = span_of(random, sizeof random),
                                           .psk_identities = span_of(identities, sizeof identities),
                                           .psk_binders = span_of(message + binders_at, 33),
                                           .message = span_of(message, sizeof message)};
    const struct tls_server_hello answer = {
        .transport = "tls", .version = number(0x0304), .selected_psk = number(0)};
    observe(analysis, &observation_tls_client_hello, &hello, 1);
    if (selected)
        observe(analysis, &observation_tls_server_hello, &answer, 0);
    analysis_finish(analysis);
    size_t num = 0;
    const struct finding *finding = analysis_findings(analysis, &num);
    assert_int_equal(num, !damaged);
    if (num > 0) {
        assert_string_equal(finding->rule->id, "psk.weak-key");
        assert_int_equal(finding->confidence, selected ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY);
        assert_true(span_equal(finding->subject_bytes, span_text("sensor")));
        assert_int_equal(finding->packet, 9);
        assert_true(finding->reason != NULL && finding->num_evidence > 0);
    }
    assert_int_equal(analysis_stats(analysis).psk_audit_proofs, 1);
    assert_int_equal(analysis_stats(analysis).psk_audit_keys, 100);
    analysis_free(analysis);
    psk_search_free(search);
}

static void test_rule(void **state)
{
    (void)state;
    check_rule(false, false);
    check_rule(false, true);
    check_rule(true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),   cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_failure), cmocka_unit_test(test_large_list),
        cmocka_unit_test(test_places),  cmocka_unit_test(test_full),
        cmocka_unit_test(test_search),  cmocka_unit_test(test_stop),
        cmocka_unit_test(test_rule),
    };
    return cmocka_run_group_tests_name("psk_search", tests, NULL, NULL);
}
