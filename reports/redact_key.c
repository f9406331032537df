/* redact_key.c: reads the key of pseudonyms. */
#include "reports/redact_key.h"

#include "core/crypto.h"
#include "core/descriptor.h"
#include "core/digits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 64 digits and a line end of two characters, and one more to see that there is more. */
enum { HEX_DIGITS = 2 * REDACT_KEY_LEN, FILE_MAX = HEX_DIGITS + 2 };

static bool check_file(int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_set(error, "cannot look at the key file '%s': %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, "the key file '%s' is not a regular file", path);
    if ((status.st_mode & 077) != 0)
        return error_set(error,
                         "the key file '%s' has mode %04o, so others can read or change it; "
                         "run: chmod 600 '%s'",
                         path, (unsigned)(status.st_mode & 07777), path);
    return true;
}

static bool from_digits(const uint8_t *digits, uint8_t key[REDACT_KEY_LEN])
{
    for (size_t i = 0; i < REDACT_KEY_LEN; i++) {
        int high = digits_hex_value(digits[2 * i]), low = digits_hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool parse(const uint8_t *bytes, size_t len, uint8_t key[REDACT_KEY_LEN])
{
    if (len == REDACT_KEY_LEN) {
        memcpy(key, bytes, REDACT_KEY_LEN);
        return true;
    }
    while (len > HEX_DIGITS && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    return len == HEX_DIGITS && from_digits(bytes, key);
}

bool redact_key_read(const char *path, uint8_t key[REDACT_KEY_LEN], struct error *error)
{
    /* Non-blocking: a FIFO is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(error, "cannot open the key file '%s': %s", path, strerror(errno));
    uint8_t bytes[FILE_MAX + 1];
    bool ok = check_file(fd, path, error);
    const ssize_t len = ok ? descriptor_read_all(fd, bytes, sizeof bytes) : 0;
    if (ok && len < 0)
        ok = error_set(error, "cannot read the key file '%s': %s", path, strerror(errno));
    if (ok && !parse(bytes, (size_t)len, key))
        ok = error_set(error,
                       "the key file '%s' holds no key: it needs 32 bytes or 64 hex digits; "
                       "run: (umask 077; head -c 32 /dev/urandom > '%s')",
                       path, path);
    crypto_wipe(bytes, sizeof bytes);
    close(fd);
    return ok;
}
