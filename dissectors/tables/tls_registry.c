/* tls_registry.c: looks code points of TLS up in the generated tables, see tls_registry.h. */
#include "dissectors/tables/tls_registry.h"

#include <stddef.h>

struct code_name {
    uint16_t code;
    const char *name;
};

/* suite_rows, suite_pages, suite_slots, ssl2_rows, NAMES_names (each sorted by code), postquantum_groups */
#include "dissectors/tables/tls_registry_data.inc"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *find_name(const struct code_name *names, size_t num, uint64_t code)
{
    size_t low = 0;
    size_t high = num;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names[middle].code == code)
            return names[middle].name;
        if (names[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct tls_suite *tls_suite_find(uint16_t code)
{
    uint16_t slot = suite_slots[suite_pages[code >> 8]][code & 0xff];

    return slot > 0 ? &suite_rows[slot - 1] : NULL;
}

const struct tls_suite *tls_ssl2_cipher_find(uint32_t code)
{
    if (code <= 0xffff)
        return tls_suite_find((uint16_t)code);
    for (size_t i = 0; i < COUNT(ssl2_rows); i++) {
        if (ssl2_rows[i].code == code)
            return &ssl2_rows[i];
    }
    return NULL;
}

const char *tls_suite_name(uint64_t code)
{
    const struct tls_suite *suite = code <= 0xffff ? tls_suite_find((uint16_t)code) : NULL;

    return suite != NULL ? suite->name : NULL;
}

const char *tls_ssl2_cipher_name(uint64_t code)
{
    const struct tls_suite *suite = code <= 0xffffff ? tls_ssl2_cipher_find((uint32_t)code) : NULL;

    return suite != NULL ? suite->name : NULL;
}

const char *tls_group_name(uint64_t code)
{
    return find_name(group_names, COUNT(group_names), code);
}

const char *tls_extension_name(uint64_t code)
{
    return find_name(extension_names, COUNT(extension_names), code);
}

const char *tls_alert_name(uint64_t code)
{
    return find_name(alert_names, COUNT(alert_names), code);
}

const char *tls_version_name(uint64_t code)
{
    return find_name(version_names, COUNT(version_names), code);
}

const char *tls_signature_name(uint64_t code)
{
    return find_name(signature_names, COUNT(signature_names), code);
}

const char *tls_kx_name(enum tls_kx kx)
{
    static const char *const names[] = {
        [TLS_KX_UNKNOWN] = "unknown",
        [TLS_KX_NULL] = "NULL",
        [TLS_KX_RSA] = "RSA",
        [TLS_KX_DH] = "DH",
        [TLS_KX_DHE] = "DHE",
        [TLS_KX_DH_ANON] = "DH_anon",
        [TLS_KX_ECDH] = "ECDH",
        [TLS_KX_ECDHE] = "ECDHE",
        [TLS_KX_ECDH_ANON] = "ECDH_anon",
        [TLS_KX_PSK] = "PSK",
        [TLS_KX_RSA_PSK] = "RSA_PSK",
        [TLS_KX_DHE_PSK] = "DHE_PSK",
        [TLS_KX_ECDHE_PSK] = "ECDHE_PSK",
        [TLS_KX_KRB5] = "KRB5",
        [TLS_KX_SRP] = "SRP",
        [TLS_KX_ECCPWD] = "ECCPWD",
        [TLS_KX_GOST] = "GOST",
        [TLS_KX_TLS13] = "TLS13",
        [TLS_KX_SIGNAL] = "signal",
        [TLS_KX_ECJPAKE] = "ECJPAKE",
        [TLS_KX_SM2] = "SM2",
    };

    return (size_t)kx < COUNT(names) ? names[kx] : "unknown";
}

const char *tls_kx_13_name(struct number group, bool psk)
{
    enum { FIRST_FFDHE = 0x0100, LAST_FFDHE = 0x01ff, FIRST_KEM = 0x0200, LAST_KEM = 0x0202 };
    if (!group.seen)
        return psk ? "PSK" : NULL;
    if (group.value >= FIRST_FFDHE && group.value <= LAST_FFDHE)
        return psk ? "DHE_PSK" : "DHE";
    if (group.value >= FIRST_KEM && group.value <= LAST_KEM)
        return psk ? "KEM_PSK" : "KEM";
    if (tls_group_is_postquantum((uint16_t)group.value))
        return psk ? "HYBRID_PSK" : "HYBRID";
    return psk ? "ECDHE_PSK" : "ECDHE";
}

bool tls_group_is_postquantum(uint16_t code)
{
    for (size_t i = 0; i < COUNT(postquantum_groups); i++) {
        if (postquantum_groups[i] == code)
            return true;
    }
    return false;
}
