/* openssl_peer.c: a DTLS server with pre-shared keys on OpenSSL, for any number of clients at the same time, as a
 * peer for tests. It tells an unknown identity from a wrong key, as programs do that look identities up, or not. */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_KEY = 64, COOKIE_LEN = 16, PATIENCE_S = 10 };

struct settings {
    const char *identity, *hint, *suites, *unknown, *cert, *key;
    uint8_t psk[MAX_KEY];
    unsigned psk_len;
    bool cookies, ems, etm, tickets, sessions, renegotiation, prefer, dtls10;
    uint8_t secret[COOKIE_LEN]; /* of the cookies */
    struct sockaddr_in address;
};

static void die(const char *what)
{
    fprintf(stderr, "openssl_peer: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

static const struct option options[] = {
    {"identity", required_argument, NULL, 'i'}, {"psk", required_argument, NULL, 'p'},
    {"hint", required_argument, NULL, 'h'},     {"suites", required_argument, NULL, 's'},
    {"unknown", required_argument, NULL, 'u'},  {"cert", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},      {"no-cookies", no_argument, NULL, 'n'},
    {"no-ems", no_argument, NULL, 'E'},         {"no-etm", no_argument, NULL, 'e'},
    {"no-tickets", no_argument, NULL, 'T'},     {"no-sessions", no_argument, NULL, 'S'},
    {"renegotiation", no_argument, NULL, 'R'},  {"prefer", no_argument, NULL, 'P'},
    {"dtls1.0", no_argument, NULL, '1'},        {0}};

static const char usage[] =
    "openssl_peer ADDRESS PORT --identity NAME --psk HEX --suites LIST [--hint TEXT] "
    "[--unknown alert|random] [--cert FILE --key FILE] [--no-cookies] [--no-ems] [--no-etm] "
    "[--no-tickets] [--no-sessions] [--renegotiation] [--prefer] [--dtls1.0]";

static void parse_key(struct settings *settings, const char *hex)
{
    size_t len = 0;
    if (OPENSSL_hexstr2buf_ex(settings->psk, MAX_KEY, &len, hex, '\0') != 1) {
        die("the key is too long, or no hexadecimal");
    }
    settings->psk_len = (unsigned)len;
}

static bool parse_switch(struct settings *settings, int option)
{
    switch (option) {
    case 'n':
        settings->cookies = false;
        return true;
    case 'E':
        settings->ems = false;
        return true;
    case 'e':
        settings->etm = false;
        return true;
    case 'T':
        settings->tickets = false;
        return true;
    case 'S':
        settings->sessions = false;
        return true;
    case 'R':
        settings->renegotiation = true;
        return true;
    case 'P':
        settings->prefer = true;
        return true;
    case '1':
        settings->dtls10 = true;
        return true;
    default:
        return false;
    }
}

static struct settings parse(int argc, char **argv)
{
    struct settings settings = {.address.sin_family = AF_INET,
                                .unknown = "alert",
                                .cookies = true,
                                .ems = true,
                                .etm = true,
                                .tickets = true,
                                .sessions = true};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'i':
            settings.identity = optarg;
            break;
        case 'p':
            parse_key(&settings, optarg);
            break;
        case 'h':
            settings.hint = optarg;
            break;
        case 's':
            settings.suites = optarg;
            break;
        case 'u':
            settings.unknown = optarg;
            break;
        case 'c':
            settings.cert = optarg;
            break;
        case 'k':
            settings.key = optarg;
            break;
        default:
            if (!parse_switch(&settings, option)) {
                die(usage);
            }
        }
    }
    if (argc - optind != 2 || settings.identity == NULL || settings.suites == NULL ||
        inet_pton(AF_INET, argv[optind], &settings.address.sin_addr) != 1) {
        die(usage);
    }
    settings.address.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
    return settings;
}

static unsigned find_key(SSL *ssl, const char *identity, unsigned char *key, unsigned max_key)
{
    const struct settings *settings = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const bool known = strcmp(identity, settings->identity) == 0;
    printf("identity %s %s\n", identity, known ? "known" : "unknown");
    if (known && settings->psk_len <= max_key) {
        memcpy(key, settings->psk, settings->psk_len);
        return settings->psk_len;
    }
    if (strcmp(settings->unknown, "random") == 0 && RAND_bytes(key, 16) == 1) {
        return 16;
    }
    return 0; /* the library sends unknown_psk_identity */
}

/* The cookie of a client is a digest of its address. */
static void make_cookie(SSL *ssl, unsigned char *cookie)
{
    const struct settings *settings = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct sockaddr_in peer = {0};
    socklen_t len = sizeof(peer);
    uint8_t input[COOKIE_LEN + 6], digest[EVP_MAX_MD_SIZE];
    getpeername(SSL_get_fd(ssl), (struct sockaddr *)&peer, &len);
    memcpy(input, settings->secret, COOKIE_LEN);
    memcpy(input + COOKIE_LEN, &peer.sin_addr, 4);
    memcpy(input + COOKIE_LEN + 4, &peer.sin_port, 2);
    if (EVP_Digest(input, sizeof(input), digest, NULL, EVP_sha256(), NULL) != 1) {
        die("digest");
    }
    memcpy(cookie, digest, COOKIE_LEN);
}

static int give_cookie(SSL *ssl, unsigned char *cookie, unsigned *cookie_len)
{
    make_cookie(ssl, cookie);
    *cookie_len = COOKIE_LEN;
    printf("asks for a cookie\n");
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned cookie_len)
{
    unsigned char expected[COOKIE_LEN];
    make_cookie(ssl, expected);
    return cookie_len == COOKIE_LEN && memcmp(cookie, expected, COOKIE_LEN) == 0;
}

static uint64_t switches(const struct settings *settings)
{
    return (settings->cookies ? SSL_OP_COOKIE_EXCHANGE : 0) |
           (settings->ems ? 0 : SSL_OP_NO_EXTENDED_MASTER_SECRET) |
           (settings->etm ? 0 : SSL_OP_NO_ENCRYPT_THEN_MAC) |
           (settings->tickets ? 0 : SSL_OP_NO_TICKET) |
           (settings->renegotiation ? SSL_OP_ALLOW_CLIENT_RENEGOTIATION : 0) |
           (settings->prefer ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0);
}

static SSL_CTX *configure(struct settings *settings)
{
    SSL_CTX *context = SSL_CTX_new(DTLS_server_method());
    if (context == NULL || RAND_bytes(settings->secret, COOKIE_LEN) != 1) {
        die("context");
    }
    SSL_CTX_set_app_data(context, settings);
    SSL_CTX_set_security_level(context, settings->dtls10 ? 0 : 1);
    SSL_CTX_set_min_proto_version(context, settings->dtls10 ? DTLS1_VERSION : DTLS1_2_VERSION);
    if (settings->psk_len > 0) {
        SSL_CTX_set_psk_server_callback(context, find_key);
    }
    if (settings->hint != NULL && SSL_CTX_use_psk_identity_hint(context, settings->hint) != 1) {
        die("hint");
    }
    if (SSL_CTX_set_cipher_list(context, settings->suites) != 1) {
        die("unknown cipher suite");
    }
    if (settings->cert != NULL &&
        (SSL_CTX_use_certificate_chain_file(context, settings->cert) != 1 ||
         SSL_CTX_use_PrivateKey_file(context, settings->key, SSL_FILETYPE_PEM) != 1)) {
        die("certificate and key");
    }
    SSL_CTX_set_dh_auto(context, 1);
    SSL_CTX_set_cookie_generate_cb(context, give_cookie);
    SSL_CTX_set_cookie_verify_cb(context, check_cookie);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"perpass", 7);
    SSL_CTX_set_session_cache_mode(context,
                                   settings->sessions ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, switches(settings));
    return context;
}

/* Waits for a datagram of a new client; the socket talks with its sender alone from then on. */
static int await_client(const struct settings *settings)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    struct sockaddr_in peer;
    socklen_t len = sizeof(peer);
    char byte;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&settings->address, sizeof(settings->address)) != 0 ||
        recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&peer, &len) < 0 ||
        connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0) {
        die("cannot receive");
    }
    return fd;
}

/* A record that came too early, or nothing for a while: the library wants to be called again. */
static bool waits(SSL *ssl, int result)
{
    return result <= 0 && SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

static int accept_client(SSL *ssl)
{
    int result;
    do {
        result = SSL_accept(ssl);
    } while (waits(ssl, result));
    return result;
}

static void converse(SSL *ssl, BIO *bio)
{
    char line[1024];
    int len, idle = 0;
    const struct timeval second = {1, 0};
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_RECV_TIMEOUT, 0, (void *)&second);
    do {
        len = SSL_read(ssl, line, sizeof(line));
        if (len > 0) {
            SSL_write(ssl, line, len);
        }
    } while (len > 0 || (waits(ssl, len) && idle++ < PATIENCE_S));
}

static void *run_session(void *arg)
{
    SSL *ssl = arg;
    const int fd = SSL_get_fd(ssl);
    if (accept_client(ssl) == 1) {
        printf("session: %s %s%s\n", SSL_get_version(ssl), SSL_get_cipher_name(ssl),
               SSL_session_reused(ssl) ? " (resumed)" : "");
        converse(ssl, SSL_get_rbio(ssl));
        SSL_shutdown(ssl);
    } else {
        const char *why = ERR_reason_error_string(ERR_peek_error());
        printf("handshake failed: %s\n", why != NULL ? why : "no answer");
    }
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static SSL *new_session(SSL_CTX *context, int fd)
{
    SSL *ssl = SSL_new(context);
    BIO *bio = BIO_new_dgram(fd, BIO_NOCLOSE);
    struct sockaddr_in peer;
    socklen_t len = sizeof(peer);
    if (ssl == NULL || bio == NULL || getpeername(fd, (struct sockaddr *)&peer, &len) != 0) {
        die("no session");
    }
    BIO_ADDR *address = BIO_ADDR_new();
    BIO_ADDR_rawmake(address, AF_INET, &peer.sin_addr, sizeof(peer.sin_addr), peer.sin_port);
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, address);
    BIO_ADDR_free(address);
    SSL_set_bio(ssl, bio, bio);
    return ssl;
}

int main(int argc, char **argv)
{
    struct settings settings = parse(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    SSL_CTX *context = configure(&settings);
    for (;;) {
        SSL *ssl = new_session(context, await_client(&settings));
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_session, ssl) != 0 || pthread_detach(thread) != 0) {
            die("thread");
        }
    }
}
