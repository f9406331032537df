/* mbedtls_peer.c: a TLS or DTLS server or client on mbed TLS, as a peer for tests and for making captures.
 *
 * It can do what the command line tools of other stacks cannot: PSK identities of any bytes, a server that
 * tells an unknown identity from a wrong key, and the static ECDH exchanges; with DTLS, any MTU and quick
 * retransmission. With --many a server talks to any number of clients at the same time. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/debug.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/timing.h>
#include <mbedtls/x509_crt.h>

#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IDENTITY = 512, MAX_KEY = 32, MAX_SUITES = 8, PATIENCE_MS = 10000 };

struct settings {
    bool server;
    const char *host, *port;
    const char *cert, *key; /* PEM files, or NULL */
    uint8_t identity[MAX_IDENTITY], psk[MAX_KEY];
    size_t identity_len, psk_len;
    int suites[MAX_SUITES + 1]; /* zero-terminated, as the library wants it */
    int num_suites;
    int max_minor; /* MBEDTLS_SSL_MINOR_VERSION_ */
    bool dtls, cookies;
    bool many; /* clients at the same time */
    bool no_ems, no_etm, truncated_hmac, tickets, sessions, renegotiation;
    uint16_t mtu;          /* 0: the library's */
    uint32_t first_resend; /* ms until a flight is sent again for the first time */
};

struct peer {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_cookie_ctx cookies;
    mbedtls_ssl_ticket_context tickets;
    mbedtls_ssl_cache_context sessions;
};

/* A client of a server, or the server of a client. */
struct session {
    struct peer *peer;
    const struct settings *settings;
    mbedtls_net_context socket;
    mbedtls_timing_delay_context timer;
    uint8_t client_id[16]; /* what a DTLS server ties its cookies to */
    size_t client_id_len;
};

static void die(const char *what, int error)
{
    char text[128] = "";
    if (error != 0) {
        mbedtls_strerror(error, text, sizeof(text));
    }
    fprintf(stderr, "mbedtls_peer: %s: %s\n", what, text);
    exit(2);
}

static size_t parse_hex(const char *hex, uint8_t *out, size_t size)
{
    size_t len = strlen(hex) / 2;
    if (len > size || strlen(hex) % 2 != 0) {
        die("bad hexadecimal option", 0);
    }
    for (size_t i = 0; i < len; i++) {
        unsigned value = 0;
        if (sscanf(hex + 2 * i, "%2x", &value) != 1) {
            die("bad hexadecimal option", 0);
        }
        out[i] = (uint8_t)value;
    }
    return len;
}

static const struct option options[] = {
    {"identity", required_argument, NULL, 'i'}, {"psk", required_argument, NULL, 'p'},
    {"suite", required_argument, NULL, 's'},    {"cert", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},      {"max-version", required_argument, NULL, 'm'},
    {"dtls", no_argument, NULL, 'd'},           {"no-cookies", no_argument, NULL, 'n'},
    {"mtu", required_argument, NULL, 'u'},      {"resend", required_argument, NULL, 'r'},
    {"many", no_argument, NULL, 'M'},           {"no-ems", no_argument, NULL, 'E'},
    {"no-etm", no_argument, NULL, 'e'},         {"truncated-hmac", no_argument, NULL, 't'},
    {"tickets", no_argument, NULL, 'T'},        {"sessions", no_argument, NULL, 'S'},
    {"renegotiation", no_argument, NULL, 'R'},  {0}};

static const char usage[] = "mbedtls_peer server|client ADDRESS PORT [--identity HEX] [--psk HEX] "
                            "[--suite NAME] [--cert FILE] [--key FILE] [--max-version 1.0|1.1|1.2] "
                            "[--dtls] [--no-cookies] [--mtu BYTES] [--resend MS] [--many] "
                            "[--no-ems] [--no-etm] [--truncated-hmac] [--tickets] [--sessions] "
                            "[--renegotiation]";

static bool parse_switch(struct settings *settings, int option)
{
    switch (option) {
    case 'd':
        settings->dtls = true;
        return true;
    case 'n':
        settings->cookies = false;
        return true;
    case 'M':
        settings->many = true;
        return true;
    case 'E':
        settings->no_ems = true;
        return true;
    case 'e':
        settings->no_etm = true;
        return true;
    case 't':
        settings->truncated_hmac = true;
        return true;
    case 'T':
        settings->tickets = true;
        return true;
    case 'S':
        settings->sessions = true;
        return true;
    case 'R':
        settings->renegotiation = true;
        return true;
    default:
        return false;
    }
}

static void add_suite(struct settings *settings, const char *name)
{
    const int suite = mbedtls_ssl_get_ciphersuite_id(name);
    if (suite == 0 || settings->num_suites == MAX_SUITES) {
        die("unknown cipher suite, or too many", 0);
    }
    settings->suites[settings->num_suites++] = suite;
}

static struct settings parse(int argc, char **argv)
{
    struct settings settings = {
        .max_minor = MBEDTLS_SSL_MINOR_VERSION_3, .cookies = true, .first_resend = 1000};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'i':
            settings.identity_len = parse_hex(optarg, settings.identity, MAX_IDENTITY);
            break;
        case 'p':
            settings.psk_len = parse_hex(optarg, settings.psk, MAX_KEY);
            break;
        case 's':
            add_suite(&settings, optarg);
            break;
        case 'c':
            settings.cert = optarg;
            break;
        case 'k':
            settings.key = optarg;
            break;
        case 'm':
            settings.max_minor = 1 + optarg[strlen(optarg) - 1] - '0';
            break;
        case 'u':
            settings.mtu = (uint16_t)atoi(optarg);
            break;
        case 'r':
            settings.first_resend = (uint32_t)atoi(optarg);
            break;
        default:
            if (!parse_switch(&settings, option)) {
                die(usage, 0);
            }
        }
    }
    if (argc - optind != 3) {
        die(usage, 0);
    }
    settings.server = strcmp(argv[optind], "server") == 0;
    settings.host = argv[optind + 1];
    settings.port = argv[optind + 2];
    return settings;
}

static void configure_credentials(struct peer *peer, const struct settings *settings)
{
    int error = 0;
    if (settings->psk_len > 0) {
        error = mbedtls_ssl_conf_psk(&peer->config, settings->psk, settings->psk_len,
                                     settings->identity, settings->identity_len);
        if (error != 0) {
            die("pre-shared key", error);
        }
    }
    if (settings->cert != NULL && settings->key != NULL) {
        error = mbedtls_x509_crt_parse_file(&peer->cert, settings->cert);
        if (error == 0) {
            error = mbedtls_pk_parse_keyfile(&peer->key, settings->key, NULL);
        }
        if (error == 0) {
            error = mbedtls_ssl_conf_own_cert(&peer->config, &peer->cert, &peer->key);
        }
        if (error != 0) {
            die("certificate and key", error);
        }
    }
}

static void configure_dtls(struct peer *peer, const struct settings *settings)
{
    mbedtls_ssl_conf_handshake_timeout(&peer->config, settings->first_resend,
                                       16 * settings->first_resend);
    mbedtls_ssl_cookie_init(&peer->cookies);
    if (!settings->server) {
        return;
    }
    if (!settings->cookies) {
        mbedtls_ssl_conf_dtls_cookies(&peer->config, NULL, NULL, NULL);
        return;
    }
    const int error =
        mbedtls_ssl_cookie_setup(&peer->cookies, mbedtls_ctr_drbg_random, &peer->random);
    if (error != 0) {
        die("cookies", error);
    }
    mbedtls_ssl_conf_dtls_cookies(&peer->config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check,
                                  &peer->cookies);
}

static void configure_extensions(struct peer *peer, const struct settings *settings)
{
    mbedtls_ssl_config *config = &peer->config;
    mbedtls_ssl_conf_extended_master_secret(config, settings->no_ems
                                                        ? MBEDTLS_SSL_EXTENDED_MS_DISABLED
                                                        : MBEDTLS_SSL_EXTENDED_MS_ENABLED);
    mbedtls_ssl_conf_encrypt_then_mac(config, settings->no_etm ? MBEDTLS_SSL_ETM_DISABLED
                                                               : MBEDTLS_SSL_ETM_ENABLED);
    mbedtls_ssl_conf_truncated_hmac(config, settings->truncated_hmac
                                                ? MBEDTLS_SSL_TRUNC_HMAC_ENABLED
                                                : MBEDTLS_SSL_TRUNC_HMAC_DISABLED);
    mbedtls_ssl_conf_renegotiation(config, settings->renegotiation
                                               ? MBEDTLS_SSL_RENEGOTIATION_ENABLED
                                               : MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_ticket_init(&peer->tickets);
    if (settings->server && settings->tickets) {
        const int error =
            mbedtls_ssl_ticket_setup(&peer->tickets, mbedtls_ctr_drbg_random, &peer->random,
                                     MBEDTLS_CIPHER_AES_256_GCM, 86400);
        if (error != 0) {
            die("tickets", error);
        }
        mbedtls_ssl_conf_session_tickets_cb(config, mbedtls_ssl_ticket_write,
                                            mbedtls_ssl_ticket_parse, &peer->tickets);
    }
    mbedtls_ssl_cache_init(&peer->sessions);
    if (settings->server && settings->sessions) {
        mbedtls_ssl_conf_session_cache(config, &peer->sessions, mbedtls_ssl_cache_get,
                                       mbedtls_ssl_cache_set);
    }
}

static void configure(struct peer *peer, const struct settings *settings)
{
    mbedtls_entropy_init(&peer->entropy);
    mbedtls_ctr_drbg_init(&peer->random);
    mbedtls_x509_crt_init(&peer->cert);
    mbedtls_pk_init(&peer->key);
    mbedtls_ssl_config_init(&peer->config);
    int error = mbedtls_ctr_drbg_seed(&peer->random, mbedtls_entropy_func, &peer->entropy, NULL, 0);
    if (error == 0) {
        error = mbedtls_ssl_config_defaults(
            &peer->config, settings->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
            settings->dtls ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
            MBEDTLS_SSL_PRESET_DEFAULT);
    }
    if (error != 0) {
        die("configuration", error);
    }
    mbedtls_ssl_conf_rng(&peer->config, mbedtls_ctr_drbg_random, &peer->random);
    mbedtls_ssl_conf_authmode(&peer->config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_min_version(&peer->config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 settings->dtls ? MBEDTLS_SSL_MINOR_VERSION_2
                                                : MBEDTLS_SSL_MINOR_VERSION_1);
    mbedtls_ssl_conf_max_version(&peer->config, MBEDTLS_SSL_MAJOR_VERSION_3, settings->max_minor);
    if (settings->suites[0] != 0) {
        mbedtls_ssl_conf_ciphersuites(&peer->config, settings->suites);
    }
    if (settings->dtls) {
        configure_dtls(peer, settings);
    }
    if (settings->many) {
        mbedtls_ssl_conf_read_timeout(&peer->config, PATIENCE_MS);
    }
    configure_extensions(peer, settings);
    configure_credentials(peer, settings);
}

/* One session: the client says a line, the server sends it back. */
static void converse(mbedtls_ssl_context *ssl, bool server)
{
    uint8_t line[64];
    static const uint8_t hello[] = "perpass\n";
    if (!server) {
        mbedtls_ssl_write(ssl, hello, sizeof(hello) - 1);
    }
    const int len = mbedtls_ssl_read(ssl, line, sizeof(line));
    if (server && len > 0) {
        mbedtls_ssl_write(ssl, line, (size_t)len);
        mbedtls_ssl_read(ssl, line, sizeof(line)); /* until the client's close_notify */
    }
    mbedtls_ssl_close_notify(ssl);
}

/* Waits until the other side has closed, so that closing here does not reset the connection and take the
 * last alert away. */
static void drain(mbedtls_net_context *socket)
{
    uint8_t bytes[256];
    while (mbedtls_net_recv(socket, bytes, sizeof(bytes)) > 0) {
    }
}

static void prepare(struct session *session, mbedtls_ssl_context *ssl)
{
    const struct settings *settings = session->settings;
    mbedtls_ssl_init(ssl);
    const int error = mbedtls_ssl_setup(ssl, &session->peer->config);
    if (error != 0) {
        die("session", error);
    }
    mbedtls_ssl_set_bio(ssl, &session->socket, mbedtls_net_send, mbedtls_net_recv,
                        settings->dtls ? mbedtls_net_recv_timeout : NULL);
    if (settings->dtls) {
        mbedtls_ssl_set_timer_cb(ssl, &session->timer, mbedtls_timing_set_delay,
                                 mbedtls_timing_get_delay);
        if (settings->mtu > 0) {
            mbedtls_ssl_set_mtu(ssl, settings->mtu);
        }
    }
}

/* With DTLS the library comes back each time that it has sent a flight again. */
static int shake_hands(mbedtls_ssl_context *ssl)
{
    int error;
    do {
        error = mbedtls_ssl_handshake(ssl);
    } while (error == MBEDTLS_ERR_SSL_WANT_READ);
    return error;
}

static void run_session(struct session *session)
{
    mbedtls_ssl_context ssl;
    const bool server = session->settings->server;
    prepare(session, &ssl);
    if (session->client_id_len > 0) {
        mbedtls_ssl_set_client_transport_id(&ssl, session->client_id, session->client_id_len);
    }
    int error = shake_hands(&ssl);
    if (error == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
        mbedtls_ssl_session_reset(&ssl);
        mbedtls_ssl_set_client_transport_id(&ssl, session->client_id, session->client_id_len);
        error = shake_hands(&ssl);
    }
    if (error != 0) {
        char text[128];
        mbedtls_strerror(error, text, sizeof(text));
        printf("handshake failed: %s\n", text);
        if (server && !session->settings->dtls) {
            drain(&session->socket);
        }
    } else {
        printf("session: %s %s\n", mbedtls_ssl_get_version(&ssl),
               mbedtls_ssl_get_ciphersuite(&ssl));
        converse(&ssl, server);
    }
    fflush(stdout);
    mbedtls_ssl_free(&ssl);
    mbedtls_net_free(&session->socket);
}

static void *run_thread(void *session)
{
    run_session(session);
    free(session);
    return NULL;
}

static void run_beside(const struct session *session)
{
    struct session *copy = malloc(sizeof(*copy));
    pthread_t thread;
    if (copy == NULL) {
        die("memory", 0);
    }
    *copy = *session;
    if (pthread_create(&thread, NULL, run_thread, copy) != 0 || pthread_detach(thread) != 0) {
        die("thread", 0);
    }
}

static void serve(struct peer *peer, const struct settings *settings)
{
    mbedtls_net_context listener;
    mbedtls_net_init(&listener);
    const int error =
        mbedtls_net_bind(&listener, settings->host, settings->port,
                         settings->dtls ? MBEDTLS_NET_PROTO_UDP : MBEDTLS_NET_PROTO_TCP);
    if (error != 0) {
        die("listening", error);
    }
    for (;;) {
        struct session session = {.peer = peer, .settings = settings};
        mbedtls_net_init(&session.socket);
        if (mbedtls_net_accept(&listener, &session.socket,
                               settings->dtls ? session.client_id : NULL, sizeof(session.client_id),
                               &session.client_id_len) != 0) {
            die("accepting", 0);
        }
        if (settings->many) {
            run_beside(&session);
        } else {
            run_session(&session);
        }
    }
}

int main(int argc, char **argv)
{
    const struct settings settings = parse(argc, argv);
    static struct peer peer;
    configure(&peer, &settings);
    if (settings.server) {
        serve(&peer, &settings);
    }
    struct session session = {.peer = &peer, .settings = &settings};
    mbedtls_net_init(&session.socket);
    const int error =
        mbedtls_net_connect(&session.socket, settings.host, settings.port,
                            settings.dtls ? MBEDTLS_NET_PROTO_UDP : MBEDTLS_NET_PROTO_TCP);
    if (error != 0) {
        die("connecting", error);
    }
    run_session(&session);
    return 0;
}
