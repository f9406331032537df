/* wolfssl_peer.c: a DTLS server or client with pre-shared keys on wolfSSL, as a peer for tests and for making
 * captures. A server ends after one session; with --many it never ends, and talks to any number of
 * clients at the same time. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_KEY = 32 };

struct settings {
    bool server;
    const char *identity, *hint, *suite;
    uint8_t psk[MAX_KEY];
    unsigned psk_len;
    bool dtls10, many;
    struct sockaddr_in address;
};

static void die(const char *what)
{
    fprintf(stderr, "wolfssl_peer: %s\n", what);
    exit(2);
}

static const struct option options[] = {{"identity", required_argument, NULL, 'i'},
                                        {"psk", required_argument, NULL, 'p'},
                                        {"hint", required_argument, NULL, 'h'},
                                        {"suite", required_argument, NULL, 's'},
                                        {"dtls1.0", no_argument, NULL, '1'},
                                        {"many", no_argument, NULL, 'M'},
                                        {0}};

static const char usage[] = "wolfssl_peer server|client ADDRESS PORT --identity NAME --psk HEX "
                            "--suite NAME [--hint TEXT] [--dtls1.0] [--many]";

static void parse_key(struct settings *settings, const char *hex)
{
    settings->psk_len = (unsigned)strlen(hex) / 2;
    if (settings->psk_len > MAX_KEY) {
        die("the key is too long");
    }
    for (unsigned i = 0; i < settings->psk_len; i++) {
        unsigned value = 0;
        if (sscanf(hex + 2 * i, "%2x", &value) != 1) {
            die("the key is no hexadecimal");
        }
        settings->psk[i] = (uint8_t)value;
    }
}

static struct settings parse(int argc, char **argv)
{
    struct settings settings = {.address.sin_family = AF_INET};
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
            settings.suite = optarg;
            break;
        case '1':
            settings.dtls10 = true;
            break;
        case 'M':
            settings.many = true;
            break;
        default:
            die(usage);
        }
    }
    if (argc - optind != 3 || settings.identity == NULL || settings.suite == NULL ||
        inet_pton(AF_INET, argv[optind + 1], &settings.address.sin_addr) != 1) {
        die(usage);
    }
    settings.server = strcmp(argv[optind], "server") == 0;
    settings.address.sin_port = htons((uint16_t)atoi(argv[optind + 2]));
    return settings;
}

static unsigned give_key(const struct settings *settings, unsigned char *key, unsigned max)
{
    if (settings->psk_len > max) {
        return 0;
    }
    memcpy(key, settings->psk, settings->psk_len);
    return settings->psk_len;
}

static unsigned client_key(WOLFSSL *ssl, const char *hint, char *identity, unsigned max_identity,
                           unsigned char *key, unsigned max_key)
{
    const struct settings *settings = wolfSSL_get_psk_callback_ctx(ssl);
    printf("hint: %s\n", hint);
    snprintf(identity, max_identity, "%s", settings->identity);
    return give_key(settings, key, max_key);
}

static unsigned server_key(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned max_key)
{
    const struct settings *settings = wolfSSL_get_psk_callback_ctx(ssl);
    printf("identity: %s\n", identity);
    return strcmp(identity, settings->identity) == 0 ? give_key(settings, key, max_key) : 0;
}

static WOLFSSL_METHOD *method(const struct settings *settings)
{
    if (settings->dtls10) {
        return settings->server ? wolfDTLSv1_server_method() : wolfDTLSv1_client_method();
    }
    return settings->server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method();
}

static WOLFSSL_CTX *configure(struct settings *settings)
{
    wolfSSL_Init();
    WOLFSSL_CTX *context = wolfSSL_CTX_new(method(settings));
    if (context == NULL) {
        die("this version of DTLS is not compiled in");
    }
    wolfSSL_CTX_set_psk_callback_ctx(context, settings);
    wolfSSL_CTX_set_psk_client_callback(context, client_key);
    wolfSSL_CTX_set_psk_server_callback(context, server_key);
    if (settings->server && settings->hint != NULL) {
        wolfSSL_CTX_use_psk_identity_hint(context, settings->hint);
    }
    if (wolfSSL_CTX_set_cipher_list(context, settings->suite) != WOLFSSL_SUCCESS) {
        die("unknown cipher suite");
    }
    return context;
}

/* A server waits for the first datagram and talks with its sender alone from then on. */
static int open_socket(struct settings *settings)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in peer = settings->address;
    if (settings->server) {
        socklen_t len = sizeof(peer);
        char byte;
        if (bind(fd, (struct sockaddr *)&settings->address, sizeof(settings->address)) != 0 ||
            recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&peer, &len) < 0) {
            die("cannot receive");
        }
    }
    if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0) {
        die("cannot connect");
    }
    return fd;
}

/* The client says a line, the server sends it back. */
static void converse(WOLFSSL *ssl, bool server)
{
    static const char hello[] = "perpass\n";
    char line[64];
    if (!server) {
        wolfSSL_write(ssl, hello, sizeof(hello) - 1);
    }
    const int len = wolfSSL_read(ssl, line, sizeof(line));
    if (server && len > 0) {
        wolfSSL_write(ssl, line, len);
    }
}

struct session {
    WOLFSSL_CTX *context;
    bool server;
    int fd;
};

static void run_session(const struct session *session)
{
    WOLFSSL *ssl = wolfSSL_new(session->context);
    if (ssl == NULL || wolfSSL_set_fd(ssl, session->fd) != WOLFSSL_SUCCESS) {
        die("no session");
    }
    const int done = session->server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
    if (done == WOLFSSL_SUCCESS) {
        printf("session: %s %s\n", wolfSSL_get_version(ssl), wolfSSL_get_cipher_name(ssl));
        converse(ssl, session->server);
        wolfSSL_shutdown(ssl);
    } else {
        char text[WOLFSSL_MAX_ERROR_SZ];
        wolfSSL_ERR_error_string((unsigned long)wolfSSL_get_error(ssl, done), text);
        printf("handshake failed: %s\n", text);
    }
    wolfSSL_free(ssl);
    close(session->fd);
}

static void *run_thread(void *session)
{
    run_session(session);
    free(session);
    return NULL;
}

static void serve_many(WOLFSSL_CTX *context, struct settings *settings)
{
    for (;;) {
        struct session *session = malloc(sizeof(*session));
        pthread_t thread;
        if (session == NULL) {
            die("memory");
        }
        *session = (struct session){context, true, open_socket(settings)};
        if (pthread_create(&thread, NULL, run_thread, session) != 0 ||
            pthread_detach(thread) != 0) {
            die("thread");
        }
    }
}

int main(int argc, char **argv)
{
    struct settings settings = parse(argc, argv);
    setvbuf(stdout, NULL, _IONBF, 0);
    WOLFSSL_CTX *context = configure(&settings);
    if (settings.server && settings.many) {
        serve_many(context, &settings);
    }
    run_session(&(struct session){context, settings.server, open_socket(&settings)});
    wolfSSL_CTX_free(context);
    return 0;
}
