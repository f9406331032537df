/* report_links.c: linkability as text. */
#include "reports/report_links.h"

#include "analysis/link_report.h"
#include "reports/report.h"
#include "reports/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* A sentence that grows; what does not fit is left out. */
struct sentence {
    char *text;
    size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct sentence *sentence, const char *format,
                                                      ...)
{
    va_list args;
    va_start(args, format);
    int wrote =
        vsnprintf(sentence->text + sentence->len, sentence->size - sentence->len, format, args);
    va_end(args);
    if (wrote > 0 && (size_t)wrote < sentence->size - sentence->len)
        sentence->len += (size_t)wrote;
    else
        sentence->text[sentence->len] = '\0';
}

static const char *plural(uint64_t number, const char *one, const char *many)
{
    return number == 1 ? one : many;
}

static void add_followed(struct sentence *sentence, const struct link_summary *told)
{
    char text[TEXT_SMALL];
    uint64_t addresses = told->longest_addresses.value;
    add(sentence, "for %s",
        text_duration(told->longest_last_ns.value - told->longest_first_ns.value, text));
    if (addresses > 0)
        add(sentence, " over %s %s", text_number(addresses, text),
            plural(addresses, "address", "addresses"));
}

void report_links_line(const struct result *result, char text[REPORT_LINKS_LINE])
{
    const struct link_summary *told = report_first_told(result, &observation_link_summary);
    struct sentence line = {.text = text, .size = REPORT_LINKS_LINE};
    char number[TEXT_SMALL];
    text[0] = '\0';
    if (told == NULL || told->linkable.value == 0)
        return;
    add(&line, "%s of ", text_number(told->linkable.value, number));
    add(&line, "%s encrypted %s can be linked (", text_number(told->sessions.value, number),
        plural(told->sessions.value, "session", "sessions"));
    add(&line, "%s), one client ",
        text_percent(told->linkable.value, told->sessions.value, number));
    add_followed(&line, told);
}

/* Lists of numbers of 8 bytes, walked together. */
struct columns {
    struct reader kinds, identifiers, shared, sessions, alone, without;
};

static bool next_kind(struct columns *columns, uint64_t row[6])
{
    if (!reader_more(&columns->kinds))
        return false;
    row[0] = reader_u8(&columns->kinds);
    row[1] = reader_u64(&columns->identifiers);
    row[2] = reader_u64(&columns->shared);
    row[3] = reader_u64(&columns->sessions);
    row[4] = reader_u64(&columns->alone);
    row[5] = reader_u64(&columns->without);
    return true;
}

static struct reader list_of(struct span list)
{
    return reader_of(span_seen(list) ? list : span_text(""));
}

/* "- 12 session tickets in 40 sessions: alone they link 30 %, without them 20 % remain" */
static void print_kinds(FILE *out, const struct link_summary *told, unsigned width)
{
    struct columns columns = {list_of(told->kinds),  list_of(told->identifiers),
                              list_of(told->shared), list_of(told->kind_sessions),
                              list_of(told->alone),  list_of(told->without)};
    uint64_t row[6];
    while (next_kind(&columns, row)) {
        char text[512], number[TEXT_SMALL];
        struct sentence line = {.text = text, .size = sizeof text};
        add(&line, "- %s ", text_number(row[1], number));
        add(&line, "%s in %s ", link_kind_noun(row[0], row[1]), text_number(row[3], number));
        add(&line, "%s: ", plural(row[3], "session", "sessions"));
        add(&line, "alone they link %s, ", text_percent(row[4], told->sessions.value, number));
        add(&line, "without them %s remain", text_percent(row[5], told->sessions.value, number));
        if (row[2] > 0)
            add(&line, "; %s are of several hosts and link nothing", text_number(row[2], number));
        text_wrap(out, text, 2, width, 0);
    }
}

static void print_longest(FILE *out, const struct link_summary *told, struct redactor *redactor,
                          unsigned width)
{
    char text[2048], time[TEXT_SMALL];
    struct sentence line = {.text = text, .size = sizeof text};
    struct reader addresses = list_of(told->addresses), times = list_of(told->address_times);
    const char *before = ": ";
    if (told->longest_sessions.value == 0)
        return;
    add(&line, "The client that can be followed longest had %s sessions, ",
        text_number(told->longest_sessions.value, time));
    add_followed(&line, told);
    while (reader_more(&addresses)) {
        const struct value value = {.type = VALUE_ADDRESS, .bytes = reader_span_vec8(&addresses)};
        struct shown shown = redact(redactor, &value, PRIVACY_ADDRESS, NULL);
        uint64_t since = reader_u64(&times);
        if (shown.type != SHOWN_TEXT)
            continue;
        add(&line, "%s%s from %s", before, shown.text, text_second(since, time));
        before = ", ";
    }
    text_wrap(out, text, 2, width, 0);
}

static void print_classes(FILE *out, struct span classes, struct span counts, const char *one,
                          const char *many, const char *start, unsigned width)
{
    char text[512], number[TEXT_SMALL];
    struct sentence line = {.text = text, .size = sizeof text};
    struct reader froms = list_of(classes), nums = list_of(counts);
    const char *before = start;
    text[0] = '\0';
    for (uint64_t from = reader_u64(&froms); reader_ok(&froms);) {
        uint64_t num = reader_u64(&nums);
        uint64_t next = reader_more(&froms) ? reader_u64(&froms) : 0;
        if (num > 0) {
            add(&line, "%s%s ", before, text_number(num, number));
            add(&line, "%s %" PRIu64, plural(num, one, many), from);
            if (next == 0)
                add(&line, " or more");
            else if (next > from + 1)
                add(&line, " to %" PRIu64, next - 1);
            before = ", ";
        }
        if (next == 0)
            break;
        from = next;
    }
    text_wrap(out, text, 2, width, 0);
}

void report_text_links(FILE *out, const struct result *result, struct redactor *redactor,
                       unsigned width)
{
    const struct link_summary *told = report_first_told(result, &observation_link_summary);
    char text[512], number[TEXT_SMALL];
    struct sentence line = {.text = text, .size = sizeof text};
    if (told == NULL || told->sessions.value == 0)
        return;
    fputs("\nLinks between encrypted sessions\n", out);
    add(&line, "%s of ", text_number(told->linkable.value, number));
    add(&line, "%s %s can be linked ", text_number(told->sessions.value, number),
        plural(told->sessions.value, "session", "sessions"));
    add(&line, "(%s)", text_percent(told->linkable.value, told->sessions.value, number));
    if (told->subjects.value > 0)
        add(&line, ", to %s %s", text_number(told->subjects.value, number),
            plural(told->subjects.value, "client", "clients"));
    if (told->moved.value > 0)
        add(&line, ", of which %s changed the address", text_number(told->moved.value, number));
    text_wrap(out, text, 2, width, 0);
    print_kinds(out, told, width);
    print_classes(out, told->sizes, told->size_subjects, "client with", "clients with",
                  "Sessions a client: ", width);
    print_longest(out, told, redactor, width);
    print_classes(out, told->set_sizes, told->set_hosts, "host among", "hosts among",
                  "Hosts with the same kind of hello: ", width);
}
