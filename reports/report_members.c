/* report_members.c: members of JSON objects, of the type that they have to have. */
#include "reports/report_members.h"

#include "core/digits.h"
#include "reports/text_safe.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

bool members_fail(struct members *members, const char *name, const char *what)
{
    if (!members->failed)
        error_set(members->error, "%s is no report of perpass that can be joined: \"%s\" %s",
                  members->path, name, what);
    members->failed = true;
    return false;
}

static struct json_object *find(struct members *members, struct json_object *from, const char *name)
{
    struct json_object *found = NULL;
    if (members->failed || !json_object_is_type(from, json_type_object))
        return NULL;
    (void)json_object_object_get_ex(from, name, &found);
    return found;
}

struct json_object *members_object(struct members *members, struct json_object *from,
                                   const char *name)
{
    struct json_object *found = find(members, from, name);
    if (found != NULL && !json_object_is_type(found, json_type_object))
        members_fail(members, name, "is no object");
    return members->failed ? NULL : found;
}

struct json_object *members_array(struct members *members, struct json_object *from,
                                  const char *name)
{
    struct json_object *found = find(members, from, name);
    if (found != NULL && !json_object_is_type(found, json_type_array))
        members_fail(members, name, "is no list");
    return members->failed ? NULL : found;
}

bool members_is_number(struct members *members, struct json_object *value, const char *name,
                       uint64_t *number)
{
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return members_fail(members, name, "is no whole number");
    *number = json_object_get_uint64(value);
    return true;
}

bool members_number(struct members *members, struct json_object *from, const char *name,
                    uint64_t *number)
{
    struct json_object *found = find(members, from, name);
    return found != NULL && members_is_number(members, found, name, number);
}

uint64_t members_need_number(struct members *members, struct json_object *from, const char *name,
                             uint64_t most)
{
    uint64_t number = 0;
    if (!members_number(members, from, name, &number))
        members_fail(members, name, "is not there");
    else if (number > most)
        members_fail(members, name, "is too great");
    return number;
}

bool members_truth(struct members *members, struct json_object *from, const char *name)
{
    struct json_object *found = find(members, from, name);
    if (found != NULL && !json_object_is_type(found, json_type_boolean))
        members_fail(members, name, "is neither true nor false");
    return found != NULL && json_object_get_boolean(found);
}

/* Text with something in it that perpass would not have written is made harmless. */
static const char *keep(struct members *members, struct span text)
{
    if (text_safe_is_visible(text))
        return store_bytes(members->store, text.at, text.len);
    const size_t size = text_safe_size(text.len);
    char *safe = store_room(members->store, size);
    if (safe != NULL)
        text_safe(text, text.len, safe, size);
    return safe;
}

const char *members_is_text(struct members *members, struct json_object *value, const char *name)
{
    if (!json_object_is_type(value, json_type_string)) {
        members_fail(members, name, "is no text");
        return NULL;
    }
    const char *text = keep(
        members, span_of(json_object_get_string(value), (size_t)json_object_get_string_len(value)));
    if (text == NULL)
        members_fail(members, name, "has no room in memory");
    return text;
}

const char *members_text(struct members *members, struct json_object *from, const char *name)
{
    struct json_object *found = find(members, from, name);
    return found != NULL ? members_is_text(members, found, name) : NULL;
}

const char *members_need_text(struct members *members, struct json_object *from, const char *name)
{
    const char *text = members_text(members, from, name);
    if (text == NULL)
        members_fail(members, name, "is not there");
    return text;
}

/* RFC 3339 in UTC, with nanoseconds. */
bool members_is_time(struct members *members, struct json_object *value, const char *name,
                     uint64_t *time_ns)
{
    const char *text = members_is_text(members, value, name);
    struct tm tm = {.tm_year = 0};
    uint64_t fraction = 0;
    const char *at = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (text == NULL)
        return false;
    if (at != NULL && *at == '.') {
        at++;
        for (uint64_t unit = 100000000; *at >= '0' && *at <= '9'; at++, unit /= 10)
            fraction += (uint64_t)(*at - '0') * unit;
    }
    const int64_t seconds = at != NULL && strcmp(at, "Z") == 0 ? (int64_t)timegm(&tm) : -1;
    if (seconds < 0 || seconds >= INT64_MAX / 1000000000)
        return members_fail(members, name, "is no time");
    *time_ns = (uint64_t)seconds * 1000000000 + fraction;
    return true;
}

bool members_time(struct members *members, struct json_object *from, const char *name,
                  uint64_t *time_ns)
{
    struct json_object *found = find(members, from, name);
    return found != NULL && members_is_time(members, found, name, time_ns);
}

bool members_word(const char *text)
{
    const size_t len = strlen(text);
    return len > 0 && len <= 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == len;
}

/* "00-00-5E-00-53-23" */
static size_t read_hardware(const char *text, uint8_t bytes[8])
{
    size_t len = 0;
    for (; len < 8; text += 3) {
        const int high = digits_hex_value((uint8_t)text[0]);
        const int low = high < 0 ? -1 : digits_hex_value((uint8_t)text[1]);
        if (low < 0)
            return 0;
        bytes[len++] = (uint8_t)(high << 4 | low);
        if (text[2] == '\0')
            return len == 6 || len == 8 ? len : 0;
        if (text[2] != '-')
            return 0;
    }
    return 0;
}

struct span members_address(struct members *members, const char *text, bool hardware)
{
    uint8_t bytes[16];
    size_t len = 0;
    if (hardware)
        len = read_hardware(text, bytes);
    else if (inet_pton(AF_INET, text, bytes) == 1)
        len = 4;
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        len = 16;
    const char *copy = len > 0 ? store_bytes(members->store, bytes, len) : NULL;
    return copy != NULL ? span_of(copy, len) : (struct span){.at = NULL};
}
