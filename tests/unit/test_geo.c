/* test_geo.c: databases of places: what different makers call things, which of several counts, what is no database, and
 * that damaged ones harm nobody. Skipped where perpass is built without libmaxminddb. */
#include "core/geo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mmdb_builder.h"

/* libmaxminddb 1.7 does not free all that it had read of a damaged database when it refuses it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb.so";
}

static struct geo *make(void)
{
    if (!geo_built())
        skip();
    struct geo *geo = geo_new();
    assert_non_null(geo);
    return geo;
}

static bool add_bytes(struct geo *geo, const uint8_t *bytes, size_t len)
{
    char path[64];
    struct error error = {""};
    mmdb_write(bytes, len, path);
    bool ok = geo_add(geo, path, &error);
    assert_int_equal(ok, error.text[0] == '\0');
    unlink(path);
    return ok;
}

static const uint8_t net[4] = {192, 0, 2, 0}, net6[16] = {0x20, 0x01, 0x0d, 0xb8};
static const uint8_t host[4] = {192, 0, 2, 77}, host6[16] = {0x20, 0x01, 0x0d, 0xb8, 1, [15] = 9};
static const uint8_t stranger[4] = {198, 51, 100, 1};

static void build_v4(struct mmdb_builder *builder, const struct mmdb_value *values)
{
    *builder = (struct mmdb_builder){.ip_version = 4};
    mmdb_add(builder, net, 24, mmdb_add_record(builder, values));
    mmdb_build(builder);
}

static void names_of_makers(void **state)
{
    (void)state;
    static const struct {
        struct mmdb_value values[4];
        const char *country;
        uint32_t as_number;
        const char *organization;
    } rows[] = {
        {{{"country", "iso_code", "DE", 0}}, "DE", 0, ""},
        {{{"registered_country", "iso_code", "FR", 0}}, "FR", 0, ""},
        {{{"country", "iso_code", "DE", 0}, {"registered_country", "iso_code", "FR", 0}},
         "DE",
         0,
         ""},
        {{{"country_code", NULL, "ch", 0}}, "CH", 0, ""},
        {{{"country", NULL, "AT", 0}, {"asn", NULL, "AS64496", 0}, {"as_name", NULL, "Net", 0}},
         "AT",
         64496,
         "Net"},
        {{{"autonomous_system_number", NULL, NULL, 4200000000u},
          {"autonomous_system_organization", NULL, "Example", 0}},
         "",
         4200000000u,
         "Example"},
        /* What it should not be. */
        {{{"country_code", NULL, "DEU", 0}, {"asn", NULL, "64496", 0}}, "", 0, ""},
        {{{"country_code", NULL, "D1", 0}, {"asn", NULL, "AS99999999999", 0}}, "", 0, ""},
        {{{"country_code", NULL, NULL, 49}, {"as_name", NULL, NULL, 1}}, "", 0, ""},
        {{{"country", "name", "DE", 0}}, "", 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct mmdb_builder builder;
        struct geo *geo = make();
        struct geo_place place;
        build_v4(&builder, rows[i].values);
        assert_true(add_bytes(geo, builder.file, builder.len));
        bool known = rows[i].country[0] != '\0' || rows[i].as_number != 0;
        assert_int_equal(geo_find(geo, span_of(host, 4), &place), known);
        assert_string_equal(place.country, rows[i].country);
        assert_int_equal(place.as_number, rows[i].as_number);
        assert_string_equal(place.as_organization, rows[i].organization);
        assert_false(geo_find(geo, span_of(stranger, 4), &place));
        assert_false(geo_find(geo, span_of(host6, 16), &place)); /* a tree of IPv4 only */
        assert_false(geo_find(geo, span_of(host, 3), &place));
        geo_free(geo);
    }
}

static void long_names_are_cut(void **state)
{
    (void)state;
    char name[201];
    static struct mmdb_builder builder;
    struct geo *geo = make();
    struct geo_place place;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    build_v4(&builder, (const struct mmdb_value[]){{"as_name", NULL, name, 0}, {NULL}});
    assert_true(add_bytes(geo, builder.file, builder.len));
    assert_true(geo_find(geo, span_of(host, 4), &place));
    assert_int_equal(strlen(place.as_organization), GEO_ORGANIZATION - 1);
    geo_free(geo);
}

static void several_databases(void **state)
{
    (void)state;
    static struct mmdb_builder country, network;
    struct geo *geo = make();
    struct geo_place place;
    struct error error;
    build_v4(&country, (const struct mmdb_value[]){{"country_code", NULL, "DE", 0}, {NULL}});
    network = (struct mmdb_builder){.ip_version = 6};
    const uint8_t mapped[16] = {[12] = 192, 0, 2}; /* where trees of IPv6 have IPv4 */
    uint32_t at = mmdb_add_record(
        &network, (const struct mmdb_value[]){
                      {"country_code", NULL, "US", 0}, {"asn", NULL, NULL, 64500}, {NULL}});
    mmdb_add(&network, net6, 32, at);
    mmdb_add(&network, mapped, 120, at);
    mmdb_build(&network);
    assert_true(add_bytes(geo, country.file, country.len));
    assert_true(add_bytes(geo, network.file, network.len));
    assert_true(geo_find(geo, span_of(host, 4), &place));
    assert_string_equal(place.country, "DE");
    assert_int_equal(place.as_number, 64500);
    assert_true(geo_find(geo, span_of(host6, 16), &place));
    assert_string_equal(place.country, "US");
    for (size_t i = 2; i < GEO_MAX_DATABASES; i++)
        assert_true(add_bytes(geo, country.file, country.len));
    assert_false(geo_add(geo, "/dev/null", &error));
    assert_non_null(strstr(error.text, "at most"));
    geo_free(geo);
}

static void no_databases(void **state)
{
    (void)state;
    struct geo *geo = make();
    struct error error;
    static const uint8_t text[] = "no database, and no end of one";
    assert_false(add_bytes(geo, text, sizeof text));
    assert_false(add_bytes(geo, text, 0));
    assert_false(geo_add(geo, "/nowhere/at.all", &error));
    assert_non_null(strstr(error.text, "/nowhere/at.all"));
    geo_free(geo);
}

/* Every prefix, every byte changed, and random bytes in the middle: whatever is found, nothing breaks. */
static void try_bytes(const uint8_t *bytes, size_t len)
{
    struct geo *geo = make();
    struct geo_place place;
    if (add_bytes(geo, bytes, len)) {
        geo_find(geo, span_of(host, 4), &place);
        geo_find(geo, span_of(host6, 16), &place);
        geo_find(geo, span_of(stranger, 4), &place);
        assert_true(memchr(place.as_organization, '\0', GEO_ORGANIZATION) != NULL);
    }
    geo_free(geo);
}

static void damaged_databases(void **state)
{
    (void)state;
    static struct mmdb_builder builder;
    static uint8_t copy[MMDB_ROOM];
    build_v4(&builder, (const struct mmdb_value[]){{"country", "iso_code", "DE", 0},
                                                   {"asn", NULL, NULL, 64500},
                                                   {"as_name", NULL, "Example", 0},
                                                   {NULL}});
    for (size_t len = 0; len < builder.len; len++)
        try_bytes(builder.file, len);
    for (size_t at = 0; at < builder.len; at++) {
        static const uint8_t changes[] = {0xff, 0x80, 0x20, 0x01};
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(copy, builder.file, builder.len);
            copy[at] ^= changes[k];
            try_bytes(copy, builder.len);
        }
    }
    uint32_t random = 1;
    for (unsigned round = 0; round < 2000; round++) {
        memcpy(copy, builder.file, builder.len);
        for (unsigned k = 0; k < 4; k++) {
            random = random * 1664525 + 1013904223;
            copy[(random >> 8) % builder.len] = (uint8_t)(random >> 24);
        }
        try_bytes(copy, builder.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_makers), cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(several_databases), cmocka_unit_test(no_databases),
        cmocka_unit_test(damaged_databases)};
    return cmocka_run_group_tests_name("geo", tests, NULL, NULL);
}
