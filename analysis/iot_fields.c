/* iot_fields.c: the rows of "iot.profile", and the words of its checks. */
#include "analysis/iot_profile.h"
#include "dissectors/field_rows.h"

#define I "perpass.iot."

static const struct {
    const char *name, *requirement, *references;
} checks[NUM_IOT_CHECKS] = {
#define IOT_CHECK(symbol, ...) [symbol] = {__VA_ARGS__},
#include "analysis/iot_checks.def"
#undef IOT_CHECK
};

const char *iot_check_name(uint64_t check)
{
    return check < NUM_IOT_CHECKS ? checks[check].name : NULL;
}

const char *iot_check_requirement(uint64_t check)
{
    return check < NUM_IOT_CHECKS ? checks[check].requirement : NULL;
}

const char *iot_check_references(uint64_t check)
{
    return check < NUM_IOT_CHECKS ? checks[check].references : NULL;
}

static const char *verdict_name(uint64_t verdict)
{
    return verdict == 1 ? "met" : verdict == 0 ? "broken" : NULL;
}

static void next_number(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

#define COLUMN(path, member, walk, names, text)                                                    \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .privacy = PRIVACY_PUBLIC,           \
        .next = walk, .name_of = names)

#define STRUCT struct iot_profile
static const struct field iot_fields[] = {
    ROW(I "role", FIELD_TEXT, role, "of the endpoint: client or server", IS_PUBLIC),
    ROW(I "address", FIELD_ADDRESS, address, "of the endpoint", IS_ADDRESS),
    ROW(I "port", FIELD_NUMBER, port, "of a server", IS_PUBLIC),
    ROW(I "handshakes", FIELD_NUMBER, handshakes,
        "handshakes that were judged: of DTLS, of suites with CCM, of external PSKs", IS_PUBLIC),
    ROW(I "met", FIELD_NUMBER, met, "requirements that were met in all of them that tell",
        IS_PUBLIC),
    ROW(I "broken", FIELD_NUMBER, broken, "requirements that were not, in one at least", IS_PUBLIC),
    ROW(I "first", FIELD_TIME, first_ns, "when the first of them began", IS_PUBLIC),
    ROW(I "last", FIELD_TIME, last_ns, "when the last of them was judged", IS_PUBLIC),
    ROW(I "heartbeat", FIELD_TRUTH, heartbeat,
        "it uses the heartbeat extension, which is for those who wait for messages (RFC 7925 "
        "section 10)",
        IS_PUBLIC),
    COLUMN(I "checks.requirement", checks, field_next_u8, iot_check_name,
           "requirements of which something was seen"),
    COLUMN(I "checks.words", checks, field_next_u8, iot_check_requirement, "in words"),
    COLUMN(I "checks.reference", checks, field_next_u8, iot_check_references, "where it stands"),
    COLUMN(I "checks.verdict", verdicts, field_next_u8, verdict_name, "met or broken"),
    COLUMN(I "checks.met", num_met, next_number, NULL, "handshakes that met it"),
    COLUMN(I "checks.broken", num_broken, next_number, NULL, "handshakes that broke it"),
    COLUMN(I "checks.packet", packets, next_number, NULL,
           "number of the packet with the hello of the first that broke it, else of the first that "
           "met it"),
};
#undef STRUCT

TYPE(observation_iot_profile, "iot.profile", iot_fields, iot_profile,
     "An endpoint held against the profiles of TLS and DTLS for constrained devices; at the end, "
     "and at each interval of perpass monitor.");
