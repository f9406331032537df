/* report_members.h: for the files that read a report: members of JSON objects, checked. */
#ifndef PERPASS_REPORTS_REPORT_MEMBERS_H
#define PERPASS_REPORTS_REPORT_MEMBERS_H

#include "core/error.h"
#include "reports/store.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* A reading that goes on. After the first fault nothing is read any more: members are as if they were not there. */
struct members {
    struct store *store;
    const char *path; /* of the file */
    bool failed;
    struct error *error;
};

/* members_fail says what is wrong with |name|; false. */
bool members_fail(struct members *members, const char *name, const char *what);

/* What is not there is NULL, 0, false or no text at all. */
struct json_object *members_object(struct members *members, struct json_object *from,
                                   const char *name);
struct json_object *members_array(struct members *members, struct json_object *from,
                                  const char *name);
bool members_number(struct members *members, struct json_object *from, const char *name,
                    uint64_t *number);
bool members_truth(struct members *members, struct json_object *from, const char *name);
bool members_time(struct members *members, struct json_object *from, const char *name,
                  uint64_t *time_ns);
const char *members_text(struct members *members, struct json_object *from, const char *name);

/* The same, but what is not there is a fault. */
uint64_t members_need_number(struct members *members, struct json_object *from, const char *name,
                             uint64_t most);
const char *members_need_text(struct members *members, struct json_object *from, const char *name);

/* What a JSON value is; false and a fault when it is something else. */
bool members_is_number(struct members *members, struct json_object *value, const char *name,
                       uint64_t *number);
bool members_is_time(struct members *members, struct json_object *value, const char *name,
                     uint64_t *time_ns);
const char *members_is_text(struct members *members, struct json_object *value, const char *name);

/* members_word says whether |text| is a word that perpass itself would write: small letters, digits, "_", "-", ".". */
bool members_word(const char *text);

/* members_address reads an IP address of 4 or 16 bytes, or one of hardware of 6 or 8; seen only when it is one. */
struct span members_address(struct members *members, const char *text, bool hardware);

#endif
