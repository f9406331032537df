/* worst.c: what the inputs of a fuzz target cost: the average nanoseconds a byte, the dearest input and packet.
 *
 *     worst_TARGET [--times N] [--most RATIO] [--least BYTES] [--show N] PATH...
 *
 * Takes the place of the main program of a target of tests/fuzz, and gives it every file named, and those in folders,
 * N times (5). Whatever is timed happens in the same order each time, and its least time counts. A row of the table for
 * every dissector that was called, and two more:
 *
 *     frames  what the engine does with a frame, all that it hands it to included, where the target has an engine
 *     inputs  the input as a whole, less what an empty one takes: also the target's own work
 *
 * A byte is one of the line: a call of a dissector counts what is new in it and the headers around it, PACKET_BYTES.
 * What costs more than RATIO (20) times the average of its row is printed, and makes the exit status 1; inputs of
 * which the row has fewer than BYTES (0) are not judged: what a program does once, such as making tables, is dear in them. */
#include "core/dissector.h"
#include "core/engine.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PACKET_BYTES = 54, /* of Ethernet, IPv4 and TCP */
    MAX_DISSECTORS = 32,
    FRAMES = MAX_DISSECTORS, /* the two rows that are no dissector's */
    INPUTS,
    NUM_ROWS,
    MAX_CALLS = 1 << 20, /* of one input */
    MAX_UNREAD = 1 << 12,
    MAX_NAME = 128,
    MAX_SHOWN = 32
};

/* Something timed; the least of all times that an input was given. */
struct call {
    unsigned row;
    uint64_t bytes, ns;
};

/* What a dissector left unread of a side, so that it is not counted as new again. */
struct unread {
    const void *state;
    unsigned side;
    size_t len;
};

struct dear {
    char name[MAX_NAME];
    double ns_per_byte;
    uint64_t bytes;
};

struct row {
    uint64_t inputs, bytes, ns;
    struct dear dearest[MAX_SHOWN];
    uint64_t packet_ns; /* the dearest call */
    char packet_name[MAX_NAME];
};

/* The wrappers below have no other way to know it. */
static struct {
    struct call *calls;
    size_t num, made; /* recorded; in the run at hand */
    bool first;       /* run of this input */
    struct unread unread[MAX_UNREAD];
    uint64_t clock_ns; /* what a look at the clock takes */
    const struct dissector *originals;
} timed;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void note(unsigned row, uint64_t bytes, uint64_t ns)
{
    const size_t at = timed.made++;
    ns = ns > timed.clock_ns ? ns - timed.clock_ns : 0;
    if (at >= MAX_CALLS)
        return;
    struct call *call = &timed.calls[at];
    if (timed.first || at >= timed.num) {
        *call = (struct call){.row = row, .bytes = bytes, .ns = ns};
        timed.num = at + 1;
    } else if (call->row == row && ns < call->ns) {
        call->ns = ns;
    }
}

/* --- dissectors --- */

static struct unread *unread_of(const void *state, unsigned side)
{
    const uintptr_t mixed = ((uintptr_t)state >> 4) * 0x9e3779b97f4a7c15 + side;
    struct unread *unread = &timed.unread[(mixed >> 32) % MAX_UNREAD];
    if (unread->state != state || unread->side != side)
        *unread = (struct unread){.state = state, .side = side};
    return unread;
}

static enum dissect time_dissect(unsigned row, struct reader *payload, void *state,
                                 struct dissect_context *context)
{
    struct unread *unread = unread_of(state, context->side);
    const size_t all = reader_left(payload), old = unread->len < all ? unread->len : 0;
    const uint64_t begin = now_ns();
    const enum dissect answer = timed.originals[row].dissect(payload, state, context);
    note(row, all - old + PACKET_BYTES, now_ns() - begin);
    unread->len = timed.originals[row].protocol == PROTO_TCP ? reader_left(payload) : 0;
    return answer;
}

static void time_end(unsigned row, void *state, struct dissect_context *context)
{
    const uint64_t begin = now_ns();
    timed.originals[row].end(state, context);
    note(row, PACKET_BYTES, now_ns() - begin);
    unread_of(state, 0)->len = 0;
    unread_of(state, 1)->len = 0;
}

/* A function of each dissector's own says which it is. */
enum {
#define DISSECTOR(symbol) ROW_##symbol,
#include "dissectors/table.def"
#undef DISSECTOR
    NUM_DISSECTORS
};

#define DISSECTOR(symbol)                                                                          \
    static enum dissect time_##symbol(struct reader *payload, void *state,                         \
                                      struct dissect_context *context)                             \
    {                                                                                              \
        return time_dissect(ROW_##symbol, payload, state, context);                                \
    }                                                                                              \
    static void end_##symbol(void *state, struct dissect_context *context)                         \
    {                                                                                              \
        time_end(ROW_##symbol, state, context);                                                    \
    }
#include "dissectors/table.def"
#undef DISSECTOR
#define DISSECTOR(symbol) {time_##symbol, end_##symbol},
static const struct {
    enum dissect (*dissect)(struct reader *, void *, struct dissect_context *);
    void (*end)(void *, struct dissect_context *);
} timers[] = {
#include "dissectors/table.def"
};
#undef DISSECTOR

_Static_assert((int)NUM_DISSECTORS <= (int)MAX_DISSECTORS, "there are rows for all");

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "worst: %s\n", what);
    exit(2);
}

/* Puts the timers into the dissectors themselves, which are constants: whoever has a pointer to one compares it. */
static void time_dissectors(void)
{
    static struct dissector originals[MAX_DISSECTORS];
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    timed.originals = originals;
    for (size_t i = 0; dissectors[i] != NULL; i++) {
        struct dissector *dissector = (struct dissector *)(uintptr_t)dissectors[i];
        const uintptr_t at = (uintptr_t)dissector / page * page;
        const size_t len = (uintptr_t)dissector + sizeof *dissector - at;
        if (mprotect((void *)at, len, PROT_READ | PROT_WRITE) != 0)
            give_up("dissectors cannot be changed");
        originals[i] = *dissector;
        dissector->dissect = timers[i].dissect;
        if (dissector->end != NULL)
            dissector->end = timers[i].end;
    }
}

/* --- the engine: the linker puts this in the place of the call --- */

void __real_engine_feed(struct engine *engine, const struct frame *frames, size_t num);
void __wrap_engine_feed(struct engine *engine, const struct frame *frames, size_t num);
void __wrap_engine_feed(struct engine *engine, const struct frame *frames, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const uint64_t begin = now_ns();
        __real_engine_feed(engine, &frames[i], 1);
        note(FRAMES, frames[i].captured_len > PACKET_BYTES ? frames[i].captured_len : PACKET_BYTES,
             now_ns() - begin);
    }
}

/* --- inputs --- */

/* A target with a mutator asks for it; here nothing is mutated. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    (void)data;
    return size < max_size ? size : max_size;
}

struct run {
    unsigned times, show;
    double most;
    uint64_t least;
    uint64_t empty_ns;
    struct row rows[NUM_ROWS];
};

static void time_input(const uint8_t *bytes, size_t size, unsigned times)
{
    timed.num = 0;
    for (unsigned i = 0; i < times; i++) {
        timed.first = i == 0;
        timed.made = 0;
        const uint64_t begin = now_ns();
        LLVMFuzzerTestOneInput(bytes, size);
        note(INPUTS, size + PACKET_BYTES, now_ns() - begin);
    }
}

static void keep_dearest(struct row *row, const struct dear *dear, unsigned num)
{
    for (unsigned i = 0; i < num; i++)
        if (dear->ns_per_byte > row->dearest[i].ns_per_byte) {
            memmove(row->dearest + i + 1, row->dearest + i, (num - i - 1) * sizeof row->dearest[0]);
            row->dearest[i] = *dear;
            return;
        }
}

/* Adds what was timed of an input to the rows. */
static void add_input(struct run *run, const char *name)
{
    static struct row input[NUM_ROWS];
    memset(input, 0, sizeof input);
    for (size_t i = 0; i < timed.num; i++) {
        const struct call *call = &timed.calls[i];
        struct row *row = &run->rows[call->row];
        uint64_t ns = call->ns;
        if (call->row == INPUTS)
            ns = ns > run->empty_ns ? ns - run->empty_ns : 0;
        input[call->row].ns += ns;
        input[call->row].bytes += call->bytes;
        if (ns > row->packet_ns) {
            row->packet_ns = ns;
            snprintf(row->packet_name, sizeof row->packet_name, "%s", name);
        }
    }
    for (unsigned i = 0; i < NUM_ROWS; i++) {
        struct dear dear = {.bytes = input[i].bytes};
        if (input[i].bytes == 0)
            continue;
        snprintf(dear.name, sizeof dear.name, "%s", name);
        dear.ns_per_byte = (double)input[i].ns / (double)input[i].bytes;
        run->rows[i].inputs++;
        run->rows[i].ns += input[i].ns;
        run->rows[i].bytes += input[i].bytes;
        if (dear.bytes >= run->least)
            keep_dearest(&run->rows[i], &dear, run->show);
    }
}

static void run_file(struct run *run, const char *path, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    FILE *file = fopen(path, "rb");
    if (bytes == NULL)
        give_up("there is no memory");
    /* A fuzzer that is at work may have taken it away. */
    if (file != NULL && fread(bytes, 1, size, file) == size) {
        time_input(bytes, size, run->times);
        add_input(run, path);
    }
    if (file != NULL)
        fclose(file);
    free(bytes);
}

static void run_path(struct run *run, const char *path)
{
    struct stat status;
    struct dirent **names;
    if (stat(path, &status) != 0)
        return;
    if (!S_ISDIR(status.st_mode)) {
        run_file(run, path, (size_t)status.st_size);
        return;
    }
    int num = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < num; i++) {
        char inner[PATH_MAX];
        const int len = snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof inner)
            run_path(run, inner);
        free(names[i]);
    }
    if (num >= 0)
        free(names);
}

static const char *name_of(unsigned row)
{
    if (row == FRAMES || row == INPUTS)
        return row == FRAMES ? "frames" : "inputs";
    return dissectors[row]->name;
}

/* Prints a row; gives how many of its inputs are beyond the bound. */
static unsigned tell_row(const struct run *run, unsigned number)
{
    const struct row *row = &run->rows[number];
    const double average = (double)row->ns / (double)row->bytes;
    unsigned beyond = 0;
    printf("| %s | %llu | %llu | %.2f | %.1f | %.1f | %.1f |\n", name_of(number),
           (unsigned long long)row->inputs, (unsigned long long)row->bytes, average,
           row->dearest[0].ns_per_byte, row->dearest[0].ns_per_byte / average,
           (double)row->packet_ns / 1000);
    for (unsigned i = 0; i < run->show && row->dearest[i].ns_per_byte > 0; i++) {
        const double times = row->dearest[i].ns_per_byte / average;
        beyond += times > run->most;
        if (times > run->most)
            fprintf(stderr, "%s: %.1f times the average: %s (%llu bytes)\n", name_of(number), times,
                    row->dearest[i].name, (unsigned long long)row->dearest[i].bytes);
    }
    fprintf(stderr, "%s: dearest packet: %s\n", name_of(number), row->packet_name);
    return beyond;
}

static void begin(struct run *run)
{
    timed.calls = calloc(MAX_CALLS, sizeof *timed.calls);
    if (timed.calls == NULL)
        give_up("there is no memory");
    /* Memory stays: an input is not to pay for what a program takes once. */
    if (mallopt(M_MMAP_MAX, 0) != 1 || mallopt(M_TRIM_THRESHOLD, INT_MAX) != 1)
        give_up("memory cannot be kept");
    timed.clock_ns = UINT64_MAX;
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t begin = now_ns(), took = now_ns() - begin;
        timed.clock_ns = took < timed.clock_ns ? took : timed.clock_ns;
    }
    time_dissectors();
    time_input((const uint8_t *)"", 0, 100);
    for (size_t i = 0; i < timed.num; i++)
        if (timed.calls[i].row == INPUTS)
            run->empty_ns = timed.calls[i].ns;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"times", required_argument, NULL, 't'},
                                            {"most", required_argument, NULL, 'm'},
                                            {"least", required_argument, NULL, 'l'},
                                            {"show", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    static struct run run = {.times = 5, .show = 5, .most = 20};
    unsigned beyond = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't')
            run.times = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 'm')
            run.most = strtod(optarg, NULL);
        else if (option == 'l')
            run.least = strtoull(optarg, NULL, 10);
        else if (option == 's')
            run.show = (unsigned)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (optind == argc || run.times == 0 || run.show == 0 || run.show > MAX_SHOWN)
        give_up("[--times N] [--most RATIO] [--least BYTES] [--show 1..32] PATH...");
    begin(&run);
    for (int i = optind; i < argc; i++)
        run_path(&run, argv[i]);
    for (unsigned i = 0; i < NUM_ROWS; i++)
        if (run.rows[i].bytes > 0)
            beyond += tell_row(&run, i);
    free(timed.calls);
    return beyond == 0 ? 0 : 1;
}
