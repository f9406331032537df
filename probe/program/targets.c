/* targets.c: reads and resolves the names of targets. */
#include "probe/program/targets.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add(struct targets *targets, const struct target *target, struct error *error)
{
    if (targets->num == TARGETS_MAX)
        return error_set(error, "there are more than %d targets", TARGETS_MAX);
    struct target *items = realloc(targets->items, (targets->num + 1) * sizeof targets->items[0]);
    if (items == NULL)
        return error_set(error, "there is no memory");
    targets->items = items;
    items[targets->num++] = *target;
    return true;
}

static bool read_port(const char *text, char port[8], struct error *error)
{
    const size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 5 || text[len] != '\0' || strtoul(text, NULL, 10) == 0 ||
        strtoul(text, NULL, 10) > UINT16_MAX)
        return error_set(error, "\"%.20s\" is no port", text);
    snprintf(port, 8, "%s", text);
    return true;
}

/* Takes "[2001:db8::1]:5684", "host:5684", "2001:db8::1" apart. */
static bool split(const char *text, char host[TARGET_NAME_LEN], char port[8], struct error *error)
{
    const bool brackets = text[0] == '[';
    const char *begin = text + brackets;
    size_t len = strcspn(begin, brackets ? "]" : ":");
    const char *rest = begin + len + (brackets && begin[len] == ']');
    snprintf(port, 8, "%d", TARGET_DEFAULT_PORT);
    if (!brackets && strchr(begin, ':') != strrchr(begin, ':')) {
        len = strlen(begin); /* an IPv6 address without a port */
        rest = begin + len;
    }
    if (len == 0 || len >= TARGET_NAME_LEN || (brackets && begin[len] != ']') ||
        (rest[0] != '\0' && rest[0] != ':'))
        return error_set(error, "\"%.100s\" is no host", text);
    memcpy(host, begin, len);
    host[len] = '\0';
    return rest[0] == '\0' || read_port(rest + 1, port, error);
}

/* Of coaps://host:port/path?query the part between. */
static bool strip_uri(const char *text, char rest[TARGET_NAME_LEN], struct error *error)
{
    static const char scheme[] = "coaps://";
    const char *at =
        strncasecmp(text, scheme, sizeof scheme - 1) == 0 ? text + sizeof scheme - 1 : text;
    if (at == text && strstr(text, "://") != NULL)
        return error_set(error, "\"%.100s\" is no coaps:// URI", text);
    const size_t len = at == text ? strlen(at) : strcspn(at, "/?#");
    if (len >= TARGET_NAME_LEN)
        return error_set(error, "the name of the target is too long");
    memcpy(rest, at, len);
    rest[len] = '\0';
    return true;
}

bool targets_add(struct targets *targets, const char *text, int family, struct error *error)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
    char rest[TARGET_NAME_LEN], port[8];
    struct target target = {.address = {.len = 0}};
    struct addrinfo *found = NULL;
    struct error reason;
    if (!strip_uri(text, rest, error) || !split(rest, target.name, port, error))
        return false;
    int result = getaddrinfo(target.name, port, &hints, &found);
    if (result != 0)
        return error_set(error, "%.200s: %s", target.name, gai_strerror(result));
    bool fits = found->ai_addrlen <= sizeof target.address.v6;
    if (fits) {
        memcpy(&target.address.v6, found->ai_addr, found->ai_addrlen);
        target.address.len = found->ai_addrlen;
    }
    freeaddrinfo(found);
    if (!fits || !udp_may_be_target(&target.address, &reason))
        return error_set(error, "%.200s is not probed: %s", target.name,
                         fits ? reason.text : "it has no IP address");
    return add(targets, &target, error);
}

/* The line without blanks at its ends and what is behind a #. */
static char *trim(char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        line[--len] = '\0';
    return line;
}

bool targets_read(struct targets *targets, const char *path, int family, struct error *error)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    struct error reason;
    bool ok = true;
    if (in == NULL)
        return error_set(error, "cannot open '%s': %s", path, strerror(errno));
    for (unsigned number = 1; ok && getline(&line, &room, in) >= 0; number++) {
        const char *text = trim(line);
        if (text[0] != '\0' && !targets_add(targets, text, family, &reason))
            ok = error_set(error, "'%s', line %u: %.300s", path, number, reason.text);
    }
    if (ok && !feof(in))
        ok = error_set(error, "cannot read '%s': %s", path, strerror(errno));
    free(line);
    if (!standard)
        fclose(in);
    return ok;
}

bool targets_source(const char *text, struct udp_address *address, struct error *error)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(text, "0", &hints, &found) != 0 || found->ai_addrlen > sizeof address->v6) {
        if (found != NULL)
            freeaddrinfo(found);
        return error_set(error, "\"%.100s\" is no IP address", text);
    }
    *address = (struct udp_address){.len = found->ai_addrlen};
    memcpy(&address->v6, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

void targets_free(struct targets *targets)
{
    free(targets->items);
    *targets = (struct targets){.items = NULL};
}
