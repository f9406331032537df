/* covert_rows.c: the rows of "covert.capacity" and "covert.endpoint". */
#include "analysis/covert.h"
#include "analysis/covert_report.h"
#include "dissectors/field_rows.h"

#define C "perpass.covert."

static const char *const names[NUM_COVERT_FIELDS] = {
#define COVERT_FIELD(symbol, name, ...) [symbol] = name,
#include "analysis/covert_fields.def"
#undef COVERT_FIELD
};

const char *covert_field_name(uint64_t field)
{
    return field < NUM_COVERT_FIELDS ? names[field] : NULL;
}

static void next_number(struct reader *list, struct value *item)
{
    item->number = reader_u64(list);
}

#define COLUMN(path, member, walk, names, text)                                                    \
    ROW(path, FIELD_LIST, member, text, .item = VALUE_NUMBER, .privacy = PRIVACY_PUBLIC,           \
        .next = walk, .name_of = names)

#define STRUCT struct covert_capacity
static const struct field capacity_rows[] = {
    ROW(C "field", FIELD_TEXT, field, "a field that its sender may set freely", IS_PUBLIC),
    ROW(C "unit", FIELD_TEXT, unit, "in what it can be set once", IS_PUBLIC),
    ROW(C "normal", FIELD_TEXT, normal, "what normal stacks put there", IS_PUBLIC),
    ROW(C "units", FIELD_NUMBER, units, "units seen", IS_PUBLIC),
    ROW(C "sessions", FIELD_NUMBER, sessions, "directions of conversations that had one or more",
        IS_PUBLIC),
    ROW(C "bits", FIELD_NUMBER, bits, "that it could have carried in this traffic, at most",
        IS_PUBLIC),
    ROW(C "bits_per_session", FIELD_NUMBER, bits_per_session, "of these, on average", IS_PUBLIC),
    ROW(C "bits_per_second", FIELD_NUMBER, bits_per_second, "of the time of the capture",
        IS_PUBLIC),
    ROW(C "role", FIELD_TEXT, role, "of the endpoint that offered most: client or server",
        IS_PUBLIC),
    ROW(C "address", FIELD_ADDRESS, address, "of that endpoint", IS_ADDRESS),
    ROW(C "port", FIELD_NUMBER, port, "of a server", IS_PUBLIC),
    ROW(C "endpoint_bits", FIELD_NUMBER, endpoint_bits, "that it offered", IS_PUBLIC),
    ROW(C "tests", FIELD_NUMBER, tests, "tests that were made of the field", IS_PUBLIC),
    ROW(C "endpoints_tested", FIELD_NUMBER, endpoints_tested, "endpoints with enough samples",
        IS_PUBLIC),
    ROW(C "endpoints_departed", FIELD_NUMBER, endpoints_departed,
        "endpoints that departed from what is normal", IS_PUBLIC),
};
#undef STRUCT

TYPE(observation_covert_capacity, "covert.capacity", capacity_rows, covert_capacity,
     "What a free field could have carried in all of the traffic; at the end, and at each interval "
     "of "
     "perpass monitor.");

#define STRUCT struct covert_endpoint_told
static const struct field endpoint_rows[] = {
    ROW(C "role", FIELD_TEXT, role, "of the endpoint: client or server", IS_PUBLIC),
    ROW(C "address", FIELD_ADDRESS, address, "of the endpoint", IS_ADDRESS),
    ROW(C "port", FIELD_NUMBER, port, "of a server", IS_PUBLIC),
    ROW(C "first", FIELD_TIME, first_ns, "when its first conversation began", IS_PUBLIC),
    ROW(C "last", FIELD_TIME, last_ns, "when the last one was told", IS_PUBLIC),
    ROW(C "bits", FIELD_NUMBER, bits, "that all its free fields could have carried", IS_PUBLIC),
    ROW(C "tests", FIELD_NUMBER, tests, "tests that were made of it", IS_PUBLIC),
    COLUMN(C "fields.field", fields, field_next_u8, covert_field_name, "fields that it could set"),
    COLUMN(C "fields.bits", field_bits, next_number, NULL, "that they could have carried"),
    COLUMN(C "fields.tests", made, next_number, NULL, "tests that were made of them"),
    COLUMN(C "fields.departed", departed, next_number, NULL,
           "of these, tests that departed from what is normal; and fields that cannot be normal"),
    COLUMN(C "fields.samples", samples, next_number, NULL, "values in the test that departed most"),
    COLUMN(C "fields.score_milli", scores, next_number, NULL,
           "thousandths of minus the decimal logarithm of its p-value, not corrected"),
};
#undef STRUCT

TYPE(observation_covert_endpoint, "covert.endpoint", endpoint_rows, covert_endpoint_told,
     "An endpoint, what its free fields could have carried, and what tests of them said; as "
     "covert.capacity.");
