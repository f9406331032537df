/* test_places.c: conversations by the country and network of their far end: which end that is, what is counted, and in
 * which order it is told. Skipped where perpass is built without libmaxminddb. */
#include "analysis/analysis.h"
#include "analysis/places.h"
#include "core/common_observations.h"
#include "core/geo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mmdb_builder.h"

struct world {
    struct geo *geo;
    struct analysis *analysis;
    struct home_nets home;
    uint64_t packet;
};

/* 192.0.2.0/24 is in DE, AS64496; 198.51.100.0/24 in US, AS64500; 203.0.113.0/24 in US, network not known. */
static struct geo *make_geo(void)
{
    static struct mmdb_builder builder;
    static const uint8_t nets[3][4] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
    static const struct mmdb_value values[3][4] = {
        {{"country_code", NULL, "DE", 0}, {"asn", NULL, NULL, 64496}, {"as_name", NULL, "Eins", 0}},
        {{"country_code", NULL, "US", 0}, {"asn", NULL, NULL, 64500}},
        {{"country_code", NULL, "US", 0}}};
    char path[64];
    struct error error;
    builder = (struct mmdb_builder){.ip_version = 4};
    for (size_t i = 0; i < 3; i++)
        mmdb_add(&builder, nets[i], 24, mmdb_add_record(&builder, values[i]));
    mmdb_build(&builder);
    mmdb_write(builder.file, builder.len, path);
    struct geo *geo = geo_new();
    assert_non_null(geo);
    assert_true(geo_add(geo, path, &error));
    unlink(path);
    return geo;
}

static void world_begin(struct world *world, const char *home)
{
    struct error error = {""};
    if (!geo_built())
        skip();
    *world = (struct world){.geo = make_geo()};
    if (home != NULL)
        assert_true(home_nets_add(&world->home, home, &error));
    world->analysis = analysis_new(
        &(struct analysis_options){.home_nets = &world->home, .geo = world->geo}, &error);
    assert_non_null(world->analysis);
}

static void world_end(struct world *world)
{
    analysis_free(world->analysis);
    geo_free(world->geo);
}

static void converse(struct world *world, const uint8_t client[4], const uint8_t server[4],
                     const char *reader, const char *label, enum truth encrypted)
{
    struct flow flow = {.ip_version = 4, .protocol = PROTO_TCP, .first_packet = ++world->packet};
    memcpy(flow.ends[0].address, client, 4);
    memcpy(flow.ends[1].address, server, 4);
    const struct flow_end_observation end = {.client_bytes = number(10),
                                             .server_bytes = number(90),
                                             .protocol = reader,
                                             .application_protocol = label,
                                             .encrypted = encrypted};
    const struct observation observation = {.type = &observation_flow_end,
                                            .data = &end,
                                            .flow = &flow,
                                            .time_ns = world->packet,
                                            .packet = world->packet};
    analysis_observe(world->analysis, &observation);
}

/* "DE AS64496 Eins 3 (1 encrypted, 2 clear) 2 hosts 300 bytes", a line each. */
static void check_told(struct world *world, const char *wanted)
{
    char text[1024] = "";
    size_t num, len = 0;
    analysis_finish(world->analysis);
    const struct observation *const *told = analysis_told(world->analysis, &num);
    for (size_t i = 0; i < num; i++) {
        if (told[i]->type != &observation_place_summary)
            continue;
        const struct place_summary *place = told[i]->data;
        len += (size_t)snprintf(
            text + len, sizeof text - len,
            "%s%.*s AS%u %.*s %u (%u encrypted, %u clear) %u hosts %u bytes", len > 0 ? "\n" : "",
            (int)place->country.len, (const char *)place->country.at,
            (unsigned)place->as_number.value, (int)place->as_organization.len,
            (const char *)place->as_organization.at, (unsigned)place->conversations.value,
            (unsigned)place->encrypted.value, (unsigned)place->clear.value,
            (unsigned)place->hosts.value, (unsigned)place->bytes.value);
    }
    assert_string_equal(text, wanted);
    world_end(world);
}

static const uint8_t inside[4] = {10, 0, 0, 1}, inside_too[4] = {10, 0, 0, 2};
static const uint8_t in_de[4] = {192, 0, 2, 1}, in_us[4] = {198, 51, 100, 1};
static const uint8_t in_us_too[4] = {203, 0, 113, 1}, nowhere[4] = {100, 200, 1, 1};

static void counts(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    converse(&world, inside, in_de, "tls", NULL, TRUTH_UNKNOWN);
    converse(&world, inside, in_de, NULL, "http", TRUTH_UNKNOWN);
    converse(&world, inside_too, in_de, NULL, "mqtt", TRUTH_NO);
    converse(&world, inside, in_de, NULL, "wireguard", TRUTH_YES);
    converse(&world, inside, in_de, "starttls", NULL, TRUTH_UNKNOWN);
    converse(&world, inside, in_us, "quic", NULL, TRUTH_UNKNOWN);
    converse(&world, inside, in_us_too, "dns", NULL, TRUTH_UNKNOWN);
    converse(&world, inside, in_us_too, "dns", NULL, TRUTH_UNKNOWN);
    converse(&world, inside, nowhere, "tls", NULL, TRUTH_UNKNOWN);
    check_told(&world, "DE AS64496 Eins 5 (2 encrypted, 2 clear) 2 hosts 500 bytes\n"
                       "US AS0  2 (0 encrypted, 2 clear) 1 hosts 200 bytes\n"
                       " AS0  1 (1 encrypted, 0 clear) 1 hosts 100 bytes\n"
                       "US AS64500  1 (1 encrypted, 0 clear) 1 hosts 100 bytes");
}

static void far_ends(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *client, *server;
        const char *home, *told;
    } rows[] = {
        {inside, in_de, NULL, "DE AS64496 Eins 1 (1 encrypted, 0 clear) 1 hosts 100 bytes"},
        {in_de, inside, NULL, "DE AS64496 Eins 1 (1 encrypted, 0 clear) 1 hosts 100 bytes"},
        {in_us, in_de, NULL, "DE AS64496 Eins 1 (1 encrypted, 0 clear) 1 hosts 100 bytes"},
        {in_us, in_de, "192.0.2.0/24", "US AS64500  1 (1 encrypted, 0 clear) 1 hosts 100 bytes"},
        {in_us, in_de, "192.0.2.0/32",
         "DE AS64496 Eins 1 (1 encrypted, 0 clear) 1 hosts 100 bytes"},
        {inside, inside_too, NULL, ""},
        {in_us, in_de, "192.0.2.0/24,198.51.100.0/24", ""},
        {inside, in_de, "192.0.2.0/24", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        world_begin(&world, rows[i].home);
        converse(&world, rows[i].client, rows[i].server, "tls", NULL, TRUTH_UNKNOWN);
        check_told(&world, rows[i].told);
    }
}

static void nothing_without_databases(void **state)
{
    (void)state;
    struct world world;
    world_begin(&world, NULL);
    struct error error = {""};
    analysis_free(world.analysis);
    world.analysis = analysis_new(&(struct analysis_options){.geo = NULL}, &error);
    assert_non_null(world.analysis);
    converse(&world, inside, in_de, "tls", NULL, TRUTH_UNKNOWN);
    check_told(&world, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(far_ends),
                                       cmocka_unit_test(nothing_without_databases)};
    return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
