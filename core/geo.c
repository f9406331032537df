/* geo.c: databases in MaxMind's format, through libmaxminddb, which checks offsets; types and lengths are checked here.
 * Makers name things differently: all known names are tried. */
#include "core/geo.h"

#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct geo {
    MMDB_s databases[GEO_MAX_DATABASES];
    size_t num;
};

bool geo_built(void)
{
    return true;
}

const char *geo_version(void)
{
    return MMDB_lib_version();
}

struct geo *geo_new(void)
{
    return calloc(1, sizeof(struct geo));
}

void geo_free(struct geo *geo)
{
    if (geo == NULL)
        return;
    for (size_t i = 0; i < geo->num; i++)
        MMDB_close(&geo->databases[i]);
    free(geo);
}

bool geo_add(struct geo *geo, const char *path, struct error *error)
{
    if (geo->num == GEO_MAX_DATABASES)
        return error_set(error, "there can be %d databases of places at most", GEO_MAX_DATABASES);
    int status = MMDB_open(path, MMDB_MODE_MMAP, &geo->databases[geo->num]);
    if (status != MMDB_SUCCESS)
        return error_set(error, "%.200s is no database of places that can be read: %s", path,
                         MMDB_strerror(status));
    geo->num++;
    return true;
}

/* Paths to values, one of which a database has. */
static const char *const country_paths[][3] = {
    {"country", "iso_code"}, {"registered_country", "iso_code"}, {"country_code"}, {"country"}};
static const char *const number_paths[][3] = {{"autonomous_system_number"}, {"asn"}, {"as_number"}};
static const char *const organization_paths[][3] = {
    {"autonomous_system_organization"}, {"as_name"}, {"as_organization"}};

static bool get(MMDB_entry_s *entry, const char *const *path, MMDB_entry_data_s *data)
{
    return MMDB_aget_value(entry, data, path) == MMDB_SUCCESS && data->has_data;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void find_country(MMDB_entry_s *entry, char country[3])
{
    MMDB_entry_data_s data;
    for (size_t i = 0; i < sizeof country_paths / sizeof *country_paths; i++) {
        if (!get(entry, country_paths[i], &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
            data.data_size != 2 || !is_letter(data.utf8_string[0]) ||
            !is_letter(data.utf8_string[1]))
            continue;
        country[0] = (char)(data.utf8_string[0] & ~0x20);
        country[1] = (char)(data.utf8_string[1] & ~0x20);
        return;
    }
}

/* "AS64496", as some write it. */
static uint32_t number_of_text(const char *text, size_t len)
{
    uint64_t number = 0;
    if (len < 3 || len > 12 || text[0] != 'A' || text[1] != 'S')
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static uint32_t find_number(MMDB_entry_s *entry)
{
    MMDB_entry_data_s data;
    for (size_t i = 0; i < sizeof number_paths / sizeof *number_paths; i++) {
        if (!get(entry, number_paths[i], &data))
            continue;
        if (data.type == MMDB_DATA_TYPE_UINT32)
            return data.uint32;
        if (data.type == MMDB_DATA_TYPE_UINT16)
            return data.uint16;
        if (data.type == MMDB_DATA_TYPE_UTF8_STRING)
            return number_of_text(data.utf8_string, data.data_size);
    }
    return 0;
}

static void find_organization(MMDB_entry_s *entry, char text[GEO_ORGANIZATION])
{
    MMDB_entry_data_s data;
    for (size_t i = 0; i < sizeof organization_paths / sizeof *organization_paths; i++) {
        if (!get(entry, organization_paths[i], &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING)
            continue;
        size_t len = data.data_size < GEO_ORGANIZATION - 1 ? data.data_size : GEO_ORGANIZATION - 1;
        memcpy(text, data.utf8_string, len);
        return;
    }
}

static void look_in(const MMDB_s *database, const struct sockaddr *address, struct geo_place *place)
{
    int error = MMDB_SUCCESS;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(database, address, &error);
    if (error != MMDB_SUCCESS || !found.found_entry)
        return;
    if (place->country[0] == '\0')
        find_country(&found.entry, place->country);
    if (place->as_number == 0)
        place->as_number = find_number(&found.entry);
    if (place->as_organization[0] == '\0')
        find_organization(&found.entry, place->as_organization);
}

bool geo_find(const struct geo *geo, struct span address, struct geo_place *place)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    *place = (struct geo_place){.as_number = 0};
    if (address.len == sizeof v4.sin_addr)
        memcpy(&v4.sin_addr, address.at, sizeof v4.sin_addr);
    else if (address.len == sizeof v6.sin6_addr)
        memcpy(&v6.sin6_addr, address.at, sizeof v6.sin6_addr);
    else
        return false;
    const void *socket_address = address.len == 4 ? (const void *)&v4 : (const void *)&v6;
    for (size_t i = 0; i < geo->num; i++)
        look_in(&geo->databases[i], socket_address, place);
    return place->country[0] != '\0' || place->as_number != 0 || place->as_organization[0] != '\0';
}
