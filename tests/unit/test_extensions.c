/* test_extensions.c: the small extensions of hellos, each by itself: what is read, and that a broken one is a
 * fault. */
#include "dissectors/tls_extensions.h"
#include "from_hex.h"
#include "observed_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define T "perpass.tls."

/* |least|: as many bytes are not enough for the extension to be whole. */
struct row {
    uint16_t type;
    const char *hex;
    size_t least;
    const char *lines[6];
};

static const struct row of_clients[] = {
    {1, "02", 1, {T "max_fragment_length=2"}},
    {2, "", 0, {T "client_certificate_url=true", T "truncated_hmac=false"}},
    {3,
     "00300001" /* pre_agreed, key_sha1_hash, x509_name, cert_sha1_hash */
     "0102030405060708090a0b0c0d0e0f1011121314"
     "0200023000"
     "030102030405060708090a0b0c0d0e0f1011121314",
     50,
     {T "trusted_ca_count=4"}},
    {3, "000109", 3, {NULL}},
    {4, "", 0, {T "truncated_hmac=true"}},
    {5, "0100000000", 1, {T "status_request=1"}},
    {15, "01", 1, {T "heartbeat=1"}},
    {18, "", 0, {T "signed_certificate_timestamp=true"}},
    {19, "020200", 3, {T "client_certificate_types=2|0|"}},
    {20, "0102", 2, {T "server_certificate_types=2|"}},
    {22, "", 0, {T "encrypt_then_mac=true"}},
    {23, "", 0, {T "extended_master_secret=true"}},
    {25, "00080102aabb0202ccdd", 10, {T "cached_info=1|2|", T "cached_info_hashes=aabb|ccdd|"}},
    {27, "0400020001", 5, {T "certificate_compression=2|1|"}},
    {28, "4001", 2, {T "record_size_limit=16385"}},
    {0xfe0d,
     "0000010003070002aabb0003ccddee",
     15,
     {T "ech=true", T "ech_type=0", T "ech_kdf=1", T "ech_config=7", T "ech_enc_len=2",
      T "ech_payload_len=3"}},
    {0xfe0d, "01", 1, {T "ech=true", T "ech_type=1"}},
    {0xff01, "00", 1, {T "secure_renegotiation=true", T "renegotiation=false"}},
    {0xff01, "02abcd", 3, {T "secure_renegotiation=true", T "renegotiation=true"}},
    {0x7777, "aabb", 0, {T "ech=false"}},
};

static const struct row of_servers[] = {
    {1, "01", 1, {T "max_fragment_length=1"}},
    {2, "", 0, {T "client_certificate_url=true"}},
    {4, "", 0, {T "truncated_hmac=true", T "encrypt_then_mac=false"}},
    {5, "", 0, {T "status_request_on=true"}},
    {9, "01", 1, {T "client_certificate_type=1", T "server_certificate_type=1"}},
    {15, "02", 1, {T "heartbeat=2"}},
    {18, "0000", 0, {T "signed_certificate_timestamp=true"}},
    {19, "02", 1, {T "client_certificate_type=2"}},
    {20, "02", 1, {T "server_certificate_type=2"}},
    {22, "", 0, {T "encrypt_then_mac=true"}},
    {23, "", 0, {T "extended_master_secret=true"}},
    {25, "00020102", 4, {T "cached_info=1|2|"}},
    {28, "0040", 2, {T "record_size_limit=64"}},
    {33, "", 0, {T "certificate_and_psk=true"}},
    {35, "", 0, {T "session_ticket=true"}},
    {0xfe0d, "0102030405060708", 0, {T "ech_confirmation=true"}},
    {0xff01, "04abcdabcd", 5, {T "secure_renegotiation=true", T "renegotiation=true"}},
};

static struct observed_text text;

/* Reads the first |len| bytes of the row, in a copy of the exact size; false for a fault, which bytes that are
 * left over are, too. */
static bool read(const struct row *row, bool client, size_t len)
{
    struct hex_bytes bytes = from_hex(row->hex);
    uint8_t *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact, bytes.at, len);
    struct tls_client_hello of_client = {.transport = "tls"};
    struct tls_server_hello of_server = {.transport = "tls"};
    struct reader ext = reader_of(span_of(exact, len));
    text.len = 0;
    if (client) {
        tls_client_extensions_begin(&of_client);
        tls_read_client_extension(row->type, &ext, &of_client);
        observed_add(&text, &observation_tls_client_hello, &of_client);
    } else {
        tls_server_extensions_begin(&of_server);
        tls_read_server_extension(row->type, &ext, &of_server);
        observed_add(&text, &observation_tls_server_hello, &of_server);
    }
    reader_finish(&ext, "extension");
    free(exact);
    return reader_ok(&ext);
}

static void check(const struct row *row, bool client)
{
    size_t len = strlen(row->hex) / 2;
    bool ok = read(row, client, len);
    if (ok != (row->lines[0] != NULL))
        fail_msg("extension %u, %s: fault or none", row->type, row->hex);
    for (size_t i = 0; i < 6 && row->lines[i] != NULL; i++)
        if (!observed_has(&text, row->lines[i]))
            fail_msg("extension %u: %s is not in:\n%s", row->type, row->lines[i], text.at);
    for (size_t less = 0; less < row->least; less++)
        if (read(row, client, less))
            fail_msg("extension %u, %s: no fault with %zu bytes", row->type, row->hex, less);
}

static void test_clients(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof of_clients / sizeof *of_clients; i++)
        check(&of_clients[i], true);
}

static void test_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof of_servers / sizeof *of_servers; i++)
        check(&of_servers[i], false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients),
        cmocka_unit_test(test_servers),
    };
    return cmocka_run_group_tests_name("extensions", tests, NULL, NULL);
}
