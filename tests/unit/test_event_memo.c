/* test_event_memo.c: reports/event_pieces.c, event_values.c: an event is the same bytes whatever was written before it,
 * and a value that is remembered depends on what its row says it depends on. */
#include "dissectors/tls.h"
#include "marked_observation.h"
#include "reports/event_plan.h"
#include "reports/sink.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct event_options all = {.flows = true, .observations = true};
static const struct dissector dissectors_of_flows[] = {{.name = "tls"}, {.name = "dtls"}};

struct random {
    uint64_t state;
};

static unsigned below(struct random *random, unsigned bound)
{
    random->state = random->state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(random->state >> 33) % bound;
}

/* Conversations of few ends, which come again in other company. */
static struct flow flow_of(struct random *random)
{
    static const uint8_t versions[] = {4, 4, 6, 0};
    struct flow flow = {.ip_version = versions[below(random, 4)],
                        .protocol = below(random, 3) != 0 ? PROTO_TCP : PROTO_ICMP,
                        .client = (uint8_t)below(random, 2),
                        .first_packet = 1 + below(random, 9),
                        .first_ns = below(random, 9)};
    for (unsigned side = 0; side < 2; side++) {
        flow.ends[side].address[0] = (uint8_t)(10 + below(random, 2));
        flow.ends[side].address[3] = (uint8_t)below(random, 2);
        flow.ends[side].address[15] = (uint8_t)below(random, 2);
        flow.ends[side].port = (uint16_t)(440 + below(random, 4));
        flow.mac[side][5] = (uint8_t)below(random, 3);
    }
    if (below(random, 3) == 0)
        flow.around = (struct encapsulation){.vlan = 7, .num_vlans = 1};
    if (below(random, 3) == 0)
        flow.around.tunnel = TUNNEL_GRE, flow.around.tunnel_id = below(random, 2);
    if (below(random, 3) != 0)
        flow.dissector = &dissectors_of_flows[below(random, 2)];
    return flow;
}

/* Values of a type, changed a little now and then, or nothing seen. */
static struct marked_observation *values_of(size_t type, struct random *random)
{
    struct marked_observation *marked = marked_new(event_type_at(type), type);
    for (size_t i = 0; i < marked->type->num_fields; i++) {
        const struct field *field = &marked->type->fields[i];
        void *member = (uint8_t *)marked->data + field->offset;
        if (marked->wire_len[i] != 0 && below(random, 4) == 0)
            marked->wire[i][below(random, (unsigned)marked->wire_len[i])] ^=
                (uint8_t)(1 + below(random, 2));
        if (field->type == FIELD_TRUTH)
            *(enum truth *)member = (enum truth)below(random, 3);
        if (field->type == FIELD_NUMBER)
            *(struct number *)member =
                (struct number){.value = 0x301 + below(random, 3), .seen = below(random, 4) != 0};
    }
    if (below(random, 8) == 0)
        memset(marked->data, 0, marked->type->size);
    return marked;
}

static void write_one(struct event_writer *writer, size_t type, uint64_t seed, uint64_t packet)
{
    struct random random = {seed};
    struct marked_observation *marked = values_of(type, &random);
    const struct flow flow = flow_of(&random);
    const struct observation observation = {.type = marked->type,
                                            .data = marked->data,
                                            .flow = &flow,
                                            .time_ns = packet * 7000000000000 + below(&random, 9),
                                            .packet = packet};
    event_writer_observation(writer, &observation);
    marked_free(marked);
}

struct sheet {
    FILE *out;
    char *text;
    size_t len;
    struct event_writer *writer;
};

static void sheet_open(struct sheet *sheet, struct redactor *redactor)
{
    struct error error = {""};
    *sheet = (struct sheet){.out = open_memstream(&sheet->text, &sheet->len)};
    sheet->writer = event_writer_new(sheet->out, &all, redactor, &error);
    assert_non_null(sheet->writer);
}

static void sheet_close(struct sheet *sheet)
{
    struct error error = {""};
    assert_true(event_writer_free(sheet->writer, &error));
    assert_int_equal(fclose(sheet->out), 0);
}

enum { EVENTS = 400, SEEDS = 12 };

/* Some types often, so that what is remembered is met again; and all of them. */
static size_t type_of(struct random *random)
{
    size_t num = 0;
    while (event_type_at(num) != NULL)
        num++;
    return below(random, 2) == 0 ? below(random, 3) : below(random, (unsigned)num);
}

static void check_policy(const struct redact_options *options)
{
    struct error error = {""};
    struct redactor *redactor = redactor_new(options, &error);
    struct random random = {3 + (uint64_t)options->policy};
    struct sheet one;
    assert_non_null(redactor);
    sheet_open(&one, redactor);
    struct {
        size_t type;
        uint64_t seed;
    } events[EVENTS];
    for (size_t i = 0; i < EVENTS; i++) {
        events[i].type = type_of(&random);
        events[i].seed = below(&random, SEEDS);
        write_one(one.writer, events[i].type, events[i].seed, i + 1);
    }
    sheet_close(&one);
    const char *line = one.text;
    for (size_t i = 0; i < EVENTS; i++) { /* each by a writer that knows nothing */
        struct sheet alone;
        sheet_open(&alone, redactor);
        write_one(alone.writer, events[i].type, events[i].seed, i + 1);
        sheet_close(&alone);
        assert_true((size_t)(one.text + one.len - line) >= alone.len);
        assert_memory_equal(line, alone.text, alone.len);
        line += alone.len;
        free(alone.text);
    }
    assert_int_equal(line - one.text, one.len);
    free(one.text);
    redactor_free(redactor);
}

static void test_same_whatever_was_before(void **state)
{
    (void)state;
    for (enum privacy_policy policy = POLICY_STRICT; policy <= POLICY_RAW; policy++)
        check_policy(&(struct redact_options){.policy = policy});
    check_policy(&(struct redact_options){.policy = POLICY_STRICT, .epoch = EPOCH_DAY});
}

static size_t size_of(enum field_type type)
{
    switch (type) {
    case FIELD_TRUTH:
        return sizeof(enum truth);
    case FIELD_NUMBER:
    case FIELD_TIME:
        return sizeof(struct number);
    case FIELD_TEXT:
        return sizeof(const char *);
    default:
        return sizeof(struct span);
    }
}

static bool derive(const struct field *field, const void *data, struct derived *room)
{
    memset(room, 0, sizeof *room);
    return field_derived(field, data, room).type != VALUE_ABSENT;
}

/* What is worked out of the members that are named, when there is nothing in all others. */
static bool check_reads(const struct observation_type *type, const struct field *field,
                        const void *data)
{
    static struct derived whole, part;
    uint8_t *some = calloc(1, type->size);
    for (size_t i = 0; i < field->num_reads; i++)
        memcpy(some + field->reads[i].offset, (const uint8_t *)data + field->reads[i].offset,
               size_of(field->reads[i].type));
    const bool is = derive(field, data, &whole);
    assert_int_equal(derive(field, some, &part), is);
    assert_memory_equal(&part, &whole, sizeof whole);
    free(some);
    return is;
}

static void test_reads(void **state)
{
    (void)state;
    const struct observation_type *type;
    size_t told = 0;
    for (size_t t = 0; (type = event_type_at(t)) != NULL; t++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct random random = {seed};
            struct marked_observation *marked = values_of(t, &random);
            for (size_t i = 0; i < type->num_fields; i++)
                if (type->fields[i].num_reads != 0)
                    told += check_reads(type, &type->fields[i], marked->data);
            marked_free(marked);
        }
    assert_true(told > 20);
}

/* Of extensions only types and order are in the key: so no content may be in a fingerprint. */
static void test_content_of_extensions(void **state)
{
    (void)state;
    static const uint8_t lists[2][12] = {{0, 43, 0, 2, 1, 2, 0, 10, 0, 2, 3, 4},
                                         {0, 43, 0, 2, 9, 9, 0, 10, 0, 2, 9, 9}};
    const size_t last = observation_tls_client_hello.num_fields;
    for (size_t i = 0; i < last; i++) {
        const struct field *field = &observation_tls_client_hello.fields[i];
        static struct derived texts[2];
        for (size_t k = 0; k < 2 && field->num_reads != 0; k++) {
            const struct tls_client_hello hello = {.transport = "tls",
                                                   .legacy_version = number(0x303),
                                                   .ciphers = span_of(lists[0], 2),
                                                   .extensions = span_of(lists[k], 12)};
            assert_true(derive(field, &hello, &texts[k]));
        }
        assert_memory_equal(&texts[0], &texts[1], sizeof texts[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_whatever_was_before),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_content_of_extensions),
    };
    return cmocka_run_group_tests_name("event_memo", tests, NULL, NULL);
}
