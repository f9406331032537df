/* keys.c: reads a key without a buffer that it would stay in. */
#include "probe/program/keys.h"

#include "core/descriptor.h"
#include "core/digits.h"
#include "core/secret_memory.h"
#include "dissectors/recognise.h"
#include "probe/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { MAX_IDENTITY = 65535, MAX_LINE = 2 * SECRETS_MAX_KEY + 8 };

/* Writes the bytes that |len| digits say to |out|, which may be where these are. False: they are none. */
static bool from_hex(const char *digits, size_t len, uint8_t *out)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        const int high = digits_hex_value((uint8_t)digits[i]),
                  low = digits_hex_value((uint8_t)digits[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return len % 2 == 0;
}

struct span keys_identity(const char *text, bool hex, struct error *error)
{
    const size_t len = strlen(text);
    uint8_t *bytes = malloc(len + 1);
    struct span identity = span_of(bytes, hex ? len / 2 : len);
    if (bytes == NULL) {
        error_set(error, "there is no memory");
        return (struct span){.at = NULL};
    }
    if (!hex)
        memcpy(bytes, text, len);
    if (identity.len <= MAX_IDENTITY && (!hex || from_hex(text, len, bytes)))
        return identity;
    error_set(error, identity.len > MAX_IDENTITY ? "an identity has at most 65535 bytes"
                                                 : "it is no even number of hexadecimal digits");
    free(bytes);
    return (struct span){.at = NULL};
}

static int open_file(const char *path, struct error *error)
{
    struct stat status;
    if (strcmp(path, "-") == 0)
        return dup(STDIN_FILENO);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
        error_set(error, "cannot open '%s': %s", path, strerror(errno));
        return -1;
    }
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0) {
        error_set(error,
                  "the key file '%s' has mode %04o, so others can read or change it; "
                  "run: chmod 600 '%s'",
                  path, (unsigned)(status.st_mode & 07777), path);
        close(descriptor);
        return -1;
    }
    return descriptor;
}

/* Reads up to a line end; the length without it, or -1. */
static ssize_t read_line(int descriptor, uint8_t *to, size_t max)
{
    size_t len = 0;
    while (len < max) {
        ssize_t got = descriptor_read(descriptor, to + len, 1);
        if (got < 0)
            return -1;
        if (got == 0 || to[len] == '\n')
            break;
        len++;
    }
    if (len > 0 && to[len - 1] == '\r')
        len--;
    return (ssize_t)len;
}

/* How the terminal was before it was asked on, for who ends the program meanwhile. */
static struct termios shown;
static int asked_on = -1;
static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { NUM_ENDS = sizeof ends / sizeof ends[0] };

/* What is raised comes once this returns, as if there had been no handler: SA_RESETHAND. */
static void show_again(int signal_number)
{
    tcsetattr(asked_on, TCSANOW, &shown);
    (void)raise(signal_number);
}

/* A terminal that does not show what is typed. */
static ssize_t ask(uint8_t *to, size_t max, struct error *error)
{
    const struct sigaction action = {.sa_handler = show_again, .sa_flags = (int)SA_RESETHAND};
    struct sigaction before[NUM_ENDS];
    struct termios hidden;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0 || tcgetattr(terminal, &shown) != 0) {
        if (terminal >= 0)
            close(terminal);
        error_set(error, "there is no key: give --psk-file, as there is no terminal to ask on");
        return -1;
    }
    asked_on = terminal;
    for (unsigned i = 0; i < NUM_ENDS; i++)
        sigaction(ends[i], &action, &before[i]);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    dprintf(terminal, "Pre-shared key (as text, or 0x and hexadecimal digits): ");
    ssize_t len = read_line(terminal, to, max);
    tcsetattr(terminal, TCSAFLUSH, &shown);
    for (unsigned i = 0; i < NUM_ENDS; i++)
        sigaction(ends[i], &before[i], NULL);
    dprintf(terminal, "\n");
    close(terminal);
    return len;
}

static bool take(struct keys *keys, size_t len, struct error *error)
{
    const char *text = (const char *)keys->memory;
    keys->key = span_of(keys->memory, len);
    if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        if (!from_hex(text + 2, len - 2, keys->memory))
            return error_set(error, "behind 0x there is no even number of hexadecimal digits");
        keys->key.len = (len - 2) / 2;
    }
    return (keys->key.len > 0 && keys->key.len <= SECRETS_MAX_KEY) ||
           error_set(error, "a key has 1 to %d bytes", SECRETS_MAX_KEY);
}

bool keys_read(struct keys *keys, const char *path, struct error *error)
{
    ssize_t len;
    keys->memory = secret_memory(MAX_LINE);
    if (keys->memory == NULL)
        return error_set(error, "there is no memory");
    if (path == NULL) {
        len = ask(keys->memory, MAX_LINE, error);
        if (len < 0)
            return false;
    } else {
        int descriptor = open_file(path, error);
        if (descriptor < 0)
            return false;
        len = read_line(descriptor, keys->memory, MAX_LINE);
        close(descriptor);
        if (len < 0)
            return error_set(error, "cannot read '%s': %s", path, strerror(errno));
    }
    return take(keys, (size_t)len, error);
}

void keys_free(struct keys *keys)
{
    secret_memory_free(keys->memory, MAX_LINE);
    *keys = (struct keys){.memory = NULL};
}
