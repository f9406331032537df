/* kafka_properties.c: a file of properties for librdkafka. */
#include "cli/kafka_properties.h"

#include "core/crypto.h"
#include "core/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Properties whose values are secret have one of these in their names. */
static const char *const secret_words[] = {"password", "secret", "key.pem", "oauthbearer.config"};

static bool is_secret(const char *name)
{
    for (size_t i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++)
        if (strstr(name, secret_words[i]) != NULL)
            return true;
    return false;
}

static bool read_failed(const char *path, struct error *error)
{
    return error_set(error, "%.200s cannot be read: %s", path, strerror(errno));
}

/* All of the file, and a NUL. */
static bool read_text(struct kafka_properties *properties, int fd, const char *path,
                      struct error *error)
{
    properties->text_size = KAFKA_MAX_FILE + 2;
    properties->text = calloc(1, properties->text_size);
    if (properties->text == NULL)
        return error_set(error, "there is no memory for %.200s", path);
    const ssize_t len = descriptor_read_all(fd, properties->text, KAFKA_MAX_FILE + 1);
    if (len < 0)
        return read_failed(path, error);
    if (len > KAFKA_MAX_FILE)
        return error_set(error, "%.200s is longer than %d bytes: that is no file of properties",
                         path, KAFKA_MAX_FILE);
    return memchr(properties->text, '\0', (size_t)len) == NULL ||
           error_set(error, "%.200s is no text", path);
}

/* Without the blanks around it. */
static char *trimmed(char *text)
{
    static const char blanks[] = " \t\r";
    text += strspn(text, blanks);
    size_t len = strlen(text);
    while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static bool add_line(struct kafka_properties *properties, char *line, unsigned number,
                     const char *path, struct error *error)
{
    line = trimmed(line);
    if (line[0] == '\0' || line[0] == '#')
        return true;
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return error_set(error, "%.200s, line %u: it has no NAME=VALUE", path, number);
    if (properties->num == KAFKA_MAX_PROPERTIES)
        return error_set(error, "%.200s has more than %d properties", path, KAFKA_MAX_PROPERTIES);
    *equals = '\0';
    properties->at[properties->num++] = (struct kafka_property){
        .name = trimmed(line), .value = trimmed(equals + 1), .line = number};
    return true;
}

static bool take_apart(struct kafka_properties *properties, const char *path, struct error *error)
{
    unsigned number = 0;
    for (char *line = properties->text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (!add_line(properties, line, ++number, path, error))
            return false;
    }
    return true;
}

static bool check_mode(const struct kafka_properties *properties, mode_t mode, const char *path,
                       struct error *error)
{
    for (size_t i = 0; (mode & 077) != 0 && i < properties->num; i++)
        if (is_secret(properties->at[i].name))
            return error_set(error,
                             "%.200s has mode %04o, so others can read or change it, and holds "
                             "%.60s; run: chmod 600 '%.200s'",
                             path, (unsigned)(mode & 07777), properties->at[i].name, path);
    return true;
}

bool kafka_properties_read(struct kafka_properties *properties, const char *path,
                           struct error *error)
{
    struct stat status;
    *properties = (struct kafka_properties){.num = 0};
    /* Non-blocking: a FIFO is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return read_failed(path, error);
    bool ok = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (!ok)
        error_set(error, "%.200s is no regular file", path);
    ok = ok && read_text(properties, fd, path, error) && take_apart(properties, path, error) &&
         check_mode(properties, status.st_mode, path, error);
    close(fd);
    return ok;
}

const char *kafka_properties_find(const struct kafka_properties *properties, const char *name)
{
    for (size_t i = properties->num; i > 0; i--)
        if (strcmp(properties->at[i - 1].name, name) == 0)
            return properties->at[i - 1].value;
    return NULL;
}

void kafka_properties_free(struct kafka_properties *properties)
{
    if (properties->text != NULL)
        crypto_wipe(properties->text, properties->text_size);
    free(properties->text);
    *properties = (struct kafka_properties){.num = 0};
}
