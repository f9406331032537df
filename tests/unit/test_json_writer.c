/* test_json_writer.c: reports/json_writer.c and json_path.c: json-c reads back what they write. */
#include "reports/json_path.h"
#include "reports/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A stream into memory and the writer on it. */
struct sheet {
    char *text;
    size_t len;
    FILE *out;
    struct json_writer *json;
};

/* The stream keeps the address of |sheet|. */
static void sheet_open(struct sheet *sheet)
{
    sheet->out = open_memstream(&sheet->text, &sheet->len);
    assert_non_null(sheet->out);
    sheet->json = json_writer_new(sheet->out);
    assert_non_null(sheet->json);
}

static void sheet_close(struct sheet *sheet)
{
    int error_number;
    assert_true(json_writer_flush(sheet->json, &error_number));
    json_writer_free(sheet->json);
    fclose(sheet->out);
}

static void test_exact(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    struct json_writer *json = sheet.json;
    json_writer_object_begin(json);
    json_writer_name(json, "a", 1);
    json_writer_array_begin(json);
    json_writer_number(json, 0);
    json_writer_number(json, UINT64_MAX);
    json_writer_truth(json, true);
    json_writer_truth(json, false);
    json_writer_array_begin(json);
    json_writer_array_end(json);
    json_writer_array_end(json);
    json_writer_name(json, "b", 1);
    json_writer_text(json, "\"\\\n\r\t\0\x1b\x7f</\xc2\x85\xe2\x80\xa8\xc3\xa9\xff", 18);
    json_writer_object_end(json);
    json_writer_line(json);
    json_writer_text(json, "", 0);
    json_writer_line(json);
    sheet_close(&sheet);
    assert_string_equal(sheet.text, "{\"a\":[0,18446744073709551615,true,false,[]],\"b\":\""
                                    "\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u007f</\\u0085\\u2028\xc3\xa9"
                                    "\xef\xbf\xbd\"}\n\"\"\n");
    free(sheet.text);
}

static void test_indented(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    struct json_writer *json = sheet.json;
    json_writer_indent(json);
    json_writer_object_begin(json);
    json_writer_name(json, "a", 1);
    json_writer_array_begin(json);
    json_writer_number(json, 1);
    json_writer_text(json, "b", 1);
    json_writer_object_begin(json);
    json_writer_name(json, "c", 1);
    json_writer_truth(json, true);
    json_writer_object_end(json);
    json_writer_array_end(json);
    json_writer_name(json, "d", 1);
    json_writer_array_begin(json);
    json_writer_array_end(json);
    json_writer_name(json, "e", 1);
    json_writer_object_begin(json);
    json_writer_object_end(json);
    json_writer_object_end(json);
    json_writer_line(json);
    sheet_close(&sheet);
    assert_string_equal(sheet.text, "{\n  \"a\": [\n    1,\n    \"b\",\n    {\n      \"c\": true\n"
                                    "    }\n  ],\n  \"d\": [],\n  \"e\": {}\n}\n");
    free(sheet.text);
}

/* As deep as it goes: every line begins with two spaces for each container around it. */
static void test_indented_deep(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    json_writer_indent(sheet.json);
    for (int i = 0; i < JSON_WRITER_MAX_DEPTH; i++)
        json_writer_array_begin(sheet.json);
    json_writer_number(sheet.json, 7);
    for (int i = 0; i < JSON_WRITER_MAX_DEPTH; i++)
        json_writer_array_end(sheet.json);
    json_writer_line(sheet.json);
    sheet_close(&sheet);
    unsigned line = 0;
    for (const char *at = sheet.text; *at != '\0'; at = strchr(at, '\n') + 1, line++) {
        const unsigned most = JSON_WRITER_MAX_DEPTH;
        assert_int_equal(strspn(at, " "), 2 * (line <= most ? line : 2 * most - line));
    }
    assert_int_equal(line, 2 * JSON_WRITER_MAX_DEPTH + 1);
    free(sheet.text);
}

/* A random value, written and kept as what json-c should read. */
static void put_random(struct json_writer *json, unsigned *seed, unsigned depth, char *log,
                       size_t *len);

static void put_random_text(struct json_writer *json, unsigned *seed, char *log, size_t *len)
{
    static const char spice[] = "\"\\/\n\x1b\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\xff\x80zA";
    char text[24];
    size_t num = (size_t)rand_r(seed) % sizeof text;
    for (size_t i = 0; i < num; i++)
        text[i] = spice[(size_t)rand_r(seed) % sizeof spice]; /* with NUL */
    json_writer_text(json, text, num);
    log[(*len)++] = 't';
    for (struct span rest = span_of(text, num); rest.len != 0;) {
        uint32_t code;
        size_t used = utf8_next(rest, &code);
        if (used == 0) {
            memcpy(log + *len, "\xef\xbf\xbd", 3);
            *len += 3;
            used = 1;
        } else {
            memcpy(log + *len, rest.at, used);
            *len += used;
        }
        rest = span_of(rest.at + used, rest.len - used);
    }
    log[(*len)++] = ';';
}

static void put_random_container(struct json_writer *json, unsigned *seed, unsigned depth,
                                 char *log, size_t *len, bool object)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    size_t num = (size_t)rand_r(seed) % 5;
    log[(*len)++] = object ? '{' : '[';
    if (object)
        json_writer_object_begin(json);
    else
        json_writer_array_begin(json);
    for (size_t i = 0; i < num && (!object || i < 4); i++) {
        if (object) {
            json_writer_name(json, names[i], 1);
            log[(*len)++] = names[i][0];
        }
        put_random(json, seed, depth + 1, log, len);
    }
    if (object)
        json_writer_object_end(json);
    else
        json_writer_array_end(json);
    log[(*len)++] = object ? '}' : ']';
}

static void put_random(struct json_writer *json, unsigned *seed, unsigned depth, char *log,
                       size_t *len)
{
    unsigned kind = (unsigned)rand_r(seed) % (depth > 5 || *len > 1 << 14 ? 3 : 6);
    bool truth = rand_r(seed) % 2;
    uint64_t number = (uint64_t)rand_r(seed) << 33 ^ (uint64_t)rand_r(seed);
    switch (kind) {
    case 0:
        json_writer_number(json, number);
        *len += (size_t)sprintf(log + *len, "n%llu", (unsigned long long)number);
        break;
    case 1:
        json_writer_truth(json, truth);
        log[(*len)++] = truth ? 'y' : 'f';
        break;
    case 2:
        put_random_text(json, seed, log, len);
        break;
    default:
        put_random_container(json, seed, depth, log, len, kind == 3);
    }
}

/* Writes what json-c read in the form of the log. */
static void log_of(json_object *value, char *log, size_t *len)
{
    switch (json_object_get_type(value)) {
    case json_type_int:
        *len +=
            (size_t)sprintf(log + *len, "n%llu", (unsigned long long)json_object_get_uint64(value));
        break;
    case json_type_boolean:
        log[(*len)++] = json_object_get_boolean(value) ? 'y' : 'f';
        break;
    case json_type_string:
        log[(*len)++] = 't';
        memcpy(log + *len, json_object_get_string(value),
               (size_t)json_object_get_string_len(value));
        *len += (size_t)json_object_get_string_len(value);
        log[(*len)++] = ';';
        break;
    case json_type_array:
        log[(*len)++] = '[';
        for (size_t i = 0; i < json_object_array_length(value); i++)
            log_of(json_object_array_get_idx(value, i), log, len);
        log[(*len)++] = ']';
        break;
    case json_type_object:
        log[(*len)++] = '{';
        json_object_object_foreach(value, name, member)
        {
            log[(*len)++] = name[0];
            log_of(member, log, len);
        }
        log[(*len)++] = '}';
        break;
    default:
        fail();
    }
}

static void test_random(void **state)
{
    (void)state;
    static char wrote[1 << 20], read[1 << 20];
    unsigned seed = 5;
    for (int round = 0; round < 2000; round++) {
        struct sheet sheet;
        sheet_open(&sheet);
        size_t wrote_len = 0, read_len = 0;
        if (round % 4 < 2)
            json_writer_indent(sheet.json);
        put_random_container(sheet.json, &seed, 0, wrote, &wrote_len, round % 2);
        json_writer_line(sheet.json);
        sheet_close(&sheet);
        enum json_tokener_error problem;
        json_tokener *tokener = json_tokener_new();
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        json_object *value = json_tokener_parse_ex(tokener, sheet.text, (int)sheet.len);
        problem = json_tokener_get_error(tokener);
        assert_int_equal(problem, json_tokener_success);
        log_of(value, read, &read_len);
        assert_int_equal(read_len, wrote_len);
        assert_memory_equal(read, wrote, wrote_len);
        json_object_put(value);
        json_tokener_free(tokener);
        free(sheet.text);
    }
}

static void test_deep_and_long(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    static char text[200000];
    memset(text, 'x', sizeof text);
    for (int i = 0; i < JSON_WRITER_MAX_DEPTH; i++)
        json_writer_array_begin(sheet.json);
    json_writer_text(sheet.json, text, sizeof text);
    for (int i = 0; i < JSON_WRITER_MAX_DEPTH; i++)
        json_writer_array_end(sheet.json);
    json_writer_line(sheet.json);
    sheet_close(&sheet);
    assert_int_equal(sheet.len, 2 * JSON_WRITER_MAX_DEPTH + sizeof text + 3);
    assert_memory_equal(sheet.text + JSON_WRITER_MAX_DEPTH + 1, text, sizeof text);
    free(sheet.text);
}

/* Writes those of |paths| whose bit is in |written|. */
static char *path_text(unsigned written)
{
    static const char *const paths[] = {"@t", "a.b.c", "a.b.d", "a.e", "ab.c", "f", "g.h.i", "j.k"};
    struct sheet sheet;
    sheet_open(&sheet);
    struct json_path path;
    json_path_begin(&path, sheet.json);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct json_step step;
        assert_true(json_step_make(&step, paths[i], i != 0 ? paths[i - 1] : NULL));
        struct json_packed_step *packed = malloc(json_step_packed_size(&step));
        assert_non_null(packed);
        json_step_pack(&step, packed);
        json_path_pass(&path, packed);
        if (written & 1u << i) {
            json_path_write(&path, packed);
            json_writer_number(sheet.json, i);
        }
        free(packed);
        free(step.text);
    }
    json_path_end(&path);
    sheet_close(&sheet);
    return sheet.text;
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        unsigned written;
        const char *want;
    } rows[] = {
        {0xff, "{\"@t\":0,\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":3},\"ab\":{\"c\":4},\"f\":5,"
               "\"g\":{\"h\":{\"i\":6}},\"j\":{\"k\":7}}"},
        {0x0, "{}"},
        {0x4, "{\"a\":{\"b\":{\"d\":2}}}"},
        {0xa, "{\"a\":{\"b\":{\"c\":1},\"e\":3}}"},
        {0x52, "{\"a\":{\"b\":{\"c\":1}},\"ab\":{\"c\":4},\"g\":{\"h\":{\"i\":6}}}"},
        {0xc0, "{\"g\":{\"h\":{\"i\":6}},\"j\":{\"k\":7}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = path_text(rows[i].written);
        assert_string_equal(text, rows[i].want);
        free(text);
    }
}

/* Numbers of each length, among them the least and the greatest, where the buffer ends, too. */
static void test_numbers(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    char *want = calloc(1, (size_t)1 << 19);
    assert_non_null(want);
    size_t len = 0;
    want[len++] = '[';
    json_writer_array_begin(sheet.json);
    uint64_t least = 1;
    for (unsigned i = 0; i < 20 * 500; i++, least = i % 20 == 0 ? 1 : least * 10) {
        const uint64_t numbers[3] = {least - 1, least, least / 7 * 13};
        json_writer_numbers(sheet.json, numbers, 2);
        json_writer_number(sheet.json, numbers[2]);
        for (size_t k = 0; k < 3; k++)
            len += (size_t)snprintf(want + len, ((size_t)1 << 19) - len, "%s%" PRIu64,
                                    len > 1 ? "," : "", numbers[k]);
    }
    json_writer_numbers(sheet.json, NULL, 0);
    json_writer_array_end(sheet.json);
    want[len++] = ']';
    sheet_close(&sheet);
    assert_int_equal(sheet.len, len);
    assert_memory_equal(sheet.text, want, len);
    free(sheet.text);
    free(want);
}

/* A character to escape at each place of texts of each length up to a few words, names of each length. */
static void test_lengths(void **state)
{
    (void)state;
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV";
    for (size_t len = 0; len < sizeof plain; len++) {
        for (size_t at = 0; at <= len; at++) {
            struct sheet sheet;
            char text[64], want[160];
            memcpy(text, plain, len);
            if (at < len)
                text[at] = '"';
            sheet_open(&sheet);
            json_writer_object_begin(sheet.json);
            json_writer_name(sheet.json, plain, len);
            json_writer_text(sheet.json, text, len);
            json_writer_object_end(sheet.json);
            sheet_close(&sheet);
            snprintf(want, sizeof want, "{\"%.*s\":\"%.*s%s%.*s\"}", (int)len, plain, (int)at,
                     plain, at < len ? "\\\"" : "", at < len ? (int)(len - at - 1) : 0,
                     plain + at + (at < len));
            assert_string_equal(sheet.text, want);
            free(sheet.text);
        }
    }
}

static void test_full_disk(void **state)
{
    (void)state;
    FILE *out = fopen("/dev/full", "w");
    assert_non_null(out);
    struct json_writer *json = json_writer_new(out);
    int error_number = 0;
    json_writer_number(json, 1);
    json_writer_line(json);
    assert_false(json_writer_flush(json, &error_number));
    assert_int_equal(error_number, ENOSPC);
    /* It sticks, and nothing more is tried. */
    json_writer_number(json, 2);
    error_number = 0;
    assert_false(json_writer_flush(json, &error_number));
    assert_int_equal(error_number, ENOSPC);
    json_writer_free(json);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),         cmocka_unit_test(test_indented),
        cmocka_unit_test(test_indented_deep), cmocka_unit_test(test_random),
        cmocka_unit_test(test_deep_and_long), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
