/* findings.c: findings by rule and subject, in a hash table whose key no sender of packets knows.
 * Owns copies of the bytes of subjects and evidence. */
#include "analysis/findings.h"

#include "core/keyed_hash.h"

#include <assert.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

enum { CHUNK_SIZE = 64 << 10, FIRST_CAPACITY = 64, ADDRESS_LEN = 16 };

/* Evidence and bytes of findings: filled from the front, freed as a whole. */
struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(max_align_t) uint8_t bytes[];
};

/* What findings take of the bounds. */
struct usage {
    size_t num, bytes;
};

/* Half of each bound is common: a rule takes of it what it needs, but no more than it leaves free, so that n rules that
 * flood the table leave others an n+1th (as buffers of switches are shared: Choudhury and Hahne 1998). The other half is
 * parted among the rules and severities: the worst that was found is always in the table. */
enum { NUM_SHARES = NUM_RULES * SEVERITY_CRITICAL };

/* A place in the hash table. Most of what is not looked for is told by |tag|, the high half of its hash. */
struct slot {
    uint32_t number; /* index in |all| plus 1; 0 is free */
    uint32_t tag;
};

struct findings {
    struct finding *all;
    uint64_t *hashes;   /* of |all|, by index */
    struct slot *slots; /* twice |capacity| of them */
    size_t count, capacity;
    struct chunk *chunks;                                 /* the newest first */
    struct usage common, max_common, of_rules[NUM_RULES]; /* what each has of |common| */
    struct usage shares[NUM_SHARES], max_share;
    uint64_t key[2];
    struct keyed_hash_five_key key_of_words;
    unsigned interval;
    size_t keyed; /* of |all|: those that have their keys */
    bool sorted;
};

static const unsigned no_number = UINT_MAX;

struct findings *findings_new(size_t max_findings, size_t max_bytes, struct error *error)
{
    assert(max_findings > 0 && max_findings < UINT32_MAX / 4);
    struct findings *findings = calloc(1, sizeof *findings);
    if (findings == NULL) {
        error_set(error, "out of memory for the table of findings");
        return NULL;
    }
    findings->max_share = (struct usage){max_findings / 2 / NUM_SHARES, max_bytes / 2 / NUM_SHARES};
    findings->max_common = (struct usage){max_findings - NUM_SHARES * findings->max_share.num,
                                          max_bytes - NUM_SHARES * findings->max_share.bytes};
    if (getrandom(findings->key, sizeof findings->key, 0) != (ssize_t)sizeof findings->key ||
        getrandom(&findings->key_of_words, sizeof findings->key_of_words, 0) !=
            (ssize_t)sizeof findings->key_of_words) {
        error_set(error, "the system gives no random bytes for the table of findings");
        free(findings);
        return NULL;
    }
    return findings;
}

static void free_chunks(struct findings *findings)
{
    struct chunk *next;
    for (struct chunk *chunk = findings->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    findings->chunks = NULL;
}

void findings_free(struct findings *findings)
{
    if (findings == NULL)
        return;
    free_chunks(findings);
    free(findings->all);
    free(findings->hashes);
    free(findings->slots);
    free(findings);
}

/* What findings are told apart by. An identity is the same over TCP and UDP, a server is not. */
struct subject {
    const struct rule *rule;
    enum subject_kind kind;
    uint8_t protocol;
    uint16_t port;
    struct span bytes;
};

static struct subject subject_of(const struct finding *finding)
{
    bool service = finding->subject == SUBJECT_SERVER;
    return (struct subject){.rule = finding->rule,
                            .kind = finding->subject,
                            .protocol = service ? finding->protocol : 0,
                            .port = service ? finding->subject_port : 0,
                            .bytes = finding->subject_bytes};
}

static bool subject_equal(const struct subject *a, const struct subject *b)
{
    return a->rule == b->rule && a->kind == b->kind && a->protocol == b->protocol &&
           a->port == b->port && span_equal(a->bytes, b->bytes);
}

static uint64_t subject_hash(const struct findings *findings, const struct subject *subject)
{
    uint64_t words[5] = {(uint64_t)rule_id_of(subject->rule),
                         (uint64_t)subject->kind << 32 | (uint64_t)subject->protocol << 16 |
                             subject->port,
                         subject->bytes.len};
    if (subject->bytes.len > ADDRESS_LEN)
        words[3] = keyed_hash(findings->key, subject->bytes.at, subject->bytes.len);
    else
        memcpy(&words[3], subject->bytes.at, subject->bytes.len);
    return keyed_hash_five(&findings->key_of_words, words);
}

static size_t num_slots(const struct findings *findings)
{
    return 2 * findings->capacity;
}

/* The finding about |subject|; NULL and the free slot for it when there is none. */
static struct finding *find(const struct findings *findings, const struct subject *subject,
                            uint64_t hash, size_t *slot)
{
    if (findings->capacity == 0)
        return NULL;
    size_t mask = num_slots(findings) - 1;
    for (*slot = hash & mask; findings->slots[*slot].number != 0; *slot = (*slot + 1) & mask) {
        size_t index = findings->slots[*slot].number - 1;
        if (findings->slots[*slot].tag != hash >> 32)
            continue;
        struct subject other = subject_of(&findings->all[index]);
        if (subject_equal(&other, subject))
            return &findings->all[index];
    }
    return NULL;
}

static struct slot slot_of(const struct findings *findings, size_t index)
{
    return (struct slot){.number = (uint32_t)(index + 1),
                         .tag = (uint32_t)(findings->hashes[index] >> 32)};
}

static void fill_slots(struct findings *findings)
{
    size_t mask = num_slots(findings) - 1;
    for (size_t i = 0; i < findings->count; i++) {
        size_t slot = findings->hashes[i] & mask;
        while (findings->slots[slot].number != 0)
            slot = (slot + 1) & mask;
        findings->slots[slot] = slot_of(findings, i);
    }
}

/* Twice the room. On failure everything is as it was. */
static bool grow(struct findings *findings)
{
    size_t capacity = findings->capacity == 0 ? FIRST_CAPACITY : 2 * findings->capacity;
    struct finding *all = realloc(findings->all, capacity * sizeof *all);
    if (all == NULL)
        return false;
    findings->all = all;
    uint64_t *hashes = realloc(findings->hashes, capacity * sizeof *hashes);
    if (hashes == NULL)
        return false;
    findings->hashes = hashes;
    struct slot *slots = calloc(2 * capacity, sizeof *slots);
    if (slots == NULL)
        return false;
    free(findings->slots);
    findings->slots = slots;
    findings->capacity = capacity;
    fill_slots(findings);
    return true;
}

static bool has_room(const struct usage *usage, const struct usage *max, size_t len)
{
    return usage->num < max->num && len <= max->bytes - usage->bytes;
}

static size_t rule_of(const struct finding *finding)
{
    return rule_id_of(finding->rule);
}

static size_t share_of(const struct finding *finding)
{
    return rule_of(finding) * SEVERITY_CRITICAL + finding->severity - 1;
}

/* Whether the rule leaves as much of the common half free as it takes. */
static bool leaves_enough(const struct findings *findings, size_t rule, size_t len)
{
    const struct usage *own = &findings->of_rules[rule];
    return own->num < findings->max_common.num - findings->common.num &&
           own->bytes + len <= findings->max_common.bytes - findings->common.bytes;
}

/* Whether there is room for a finding with |len| bytes, and where. */
static bool has_room_for(const struct findings *findings, const struct finding *finding, size_t len,
                         bool *in_common)
{
    *in_common = !has_room(&findings->shares[share_of(finding)], &findings->max_share, len);
    return !*in_common || (has_room(&findings->common, &findings->max_common, len) &&
                           leaves_enough(findings, rule_of(finding), len));
}

static void count(struct usage *usage, size_t len)
{
    usage->num++;
    usage->bytes += len;
}

/* Memory for |len| bytes where any type may begin, NULL when there is none. */
static void *bytes_take(struct findings *findings, size_t len)
{
    len = (len + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
    struct chunk *chunk = findings->chunks;
    if (chunk == NULL || chunk->size - chunk->used < len) {
        size_t size = len > CHUNK_SIZE ? len : CHUNK_SIZE;
        chunk = malloc(sizeof *chunk + size);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct chunk){.next = findings->chunks, .size = size};
        findings->chunks = chunk;
    }
    uint8_t *at = chunk->bytes + chunk->used;
    chunk->used += len;
    return at;
}

static bool has_own_bytes(const struct finding *finding, size_t i)
{
    struct span bytes = finding->evidence[i].value.bytes;
    return span_seen(bytes) && bytes.at != finding->subject_bytes.at;
}

static struct span bytes_copy(uint8_t **to, struct span bytes)
{
    struct span copy = span_of(*to, bytes.len);
    if (bytes.len > 0)
        memcpy(*to, bytes.at, bytes.len);
    *to += bytes.len;
    return copy;
}

/* How many bytes |finding| brings. */
static size_t bytes_of(const struct finding *finding)
{
    size_t len = finding->subject_bytes.len;
    for (size_t i = 0; i < finding->num_evidence; i++)
        if (has_own_bytes(finding, i))
            len += finding->evidence[i].value.bytes.len;
    return len;
}

/* own makes the evidence of |finding| and its |len| bytes the table's. Evidence that is the subject itself
 * shares its bytes. */
static bool own(struct findings *findings, struct finding *finding, size_t len)
{
    size_t size = finding->num_evidence * sizeof finding->evidence[0];
    struct evidence *evidence = bytes_take(findings, size + len);
    if (evidence == NULL)
        return false;
    uint8_t *at = (uint8_t *)evidence + size;
    if (size > 0)
        memcpy(evidence, finding->evidence, size);
    finding->evidence = evidence;
    struct span subject = bytes_copy(&at, finding->subject_bytes);
    for (size_t i = 0; i < finding->num_evidence; i++) {
        struct span *bytes = &finding->evidence[i].value.bytes;
        if (has_own_bytes(finding, i))
            *bytes = bytes_copy(&at, *bytes);
        else if (span_seen(*bytes))
            *bytes = span_of(subject.at, bytes->len);
    }
    finding->subject_bytes = subject;
    return true;
}

/* One place more, if there is memory. */
static void add_evidence(struct findings *findings, struct finding *stored,
                         const struct evidence *more)
{
    size_t num = stored->num_evidence;
    struct evidence *evidence =
        num < FINDING_MAX_EVIDENCE ? bytes_take(findings, (num + 1) * sizeof evidence[0]) : NULL;
    if (evidence == NULL)
        return;
    if (num > 0)
        memcpy(evidence, stored->evidence, num * sizeof evidence[0]);
    evidence[num] = *more;
    stored->evidence = evidence;
    stored->num_evidence++;
}

/* Numbers and truths only: they have no bytes to own. */
static void grow_evidence(struct findings *findings, struct finding *stored,
                          const struct evidence *again)
{
    for (size_t i = 0; i < stored->num_evidence; i++) {
        struct value *value = &stored->evidence[i].value;
        if (stored->evidence[i].name != again->name &&
            strcmp(stored->evidence[i].name, again->name) != 0)
            continue;
        value->truth = value->truth || again->value.truth;
        if (again->value.number > value->number)
            value->number = again->value.number;
        return;
    }
    add_evidence(findings, stored, again);
}

/* Conversations are told when they end, so that what came first may be handed in later: where it was goes with its time.
 * |finding| has all that its subject is told apart by already. */
static void begin_earlier(struct finding *finding, const struct finding *earlier)
{
    finding->first_ns = earlier->first_ns;
    finding->packet = earlier->packet;
    finding->client = earlier->client;
    finding->server = earlier->server;
    finding->no_server = earlier->no_server;
    finding->around = earlier->around;
    finding->ip_version = earlier->ip_version;
    finding->protocol = earlier->protocol;
    finding->transport = earlier->transport;
}

/* What was handed in first keeps its evidence, but for what grows; times, count, severity and confidence go on. */
static void merge(struct findings *findings, struct finding *stored, const struct finding *again)
{
    for (size_t i = 0; i < again->num_evidence; i++)
        if (again->evidence[i].grows)
            grow_evidence(findings, stored, &again->evidence[i]);
    stored->count += again->count;
    if (again->first_ns < stored->first_ns ||
        (again->first_ns == stored->first_ns && again->packet < stored->packet))
        begin_earlier(stored, again);
    if (again->last_ns > stored->last_ns)
        stored->last_ns = again->last_ns;
    if (again->severity > stored->severity || again->confidence > stored->confidence)
        stored->reason = again->reason;
    if (again->severity > stored->severity)
        stored->severity = again->severity;
    if (again->confidence > stored->confidence)
        stored->confidence = again->confidence;
}

bool findings_add(struct findings *findings, const struct finding *finding)
{
    assert(!findings->sorted);
    assert(span_seen(finding->subject_bytes));
    struct subject subject = subject_of(finding);
    uint64_t hash = subject_hash(findings, &subject);
    size_t slot = 0;
    struct finding *stored = find(findings, &subject, hash, &slot);
    if (stored != NULL) {
        merge(findings, stored, finding);
        stored->interval = findings->interval;
        return true;
    }
    size_t len = bytes_of(finding);
    bool in_common;
    if (!has_room_for(findings, finding, len, &in_common))
        return false;
    if (findings->count == findings->capacity) {
        if (!grow(findings))
            return false;
        find(findings, &subject, hash, &slot);
    }
    struct finding copy = *finding;
    if (!own(findings, &copy, len))
        return false;
    copy.interval = findings->interval;
    if (in_common) {
        count(&findings->common, len);
        count(&findings->of_rules[rule_of(finding)], len);
    } else {
        count(&findings->shares[share_of(finding)], len);
    }
    findings->all[findings->count] = copy;
    findings->hashes[findings->count] = hash;
    findings->slots[slot] = slot_of(findings, findings->count++);
    return true;
}

size_t findings_count(const struct findings *findings)
{
    return findings->count;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_bytes(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.at, b.at, len) : 0;
    return order != 0 ? order : compare_numbers(a.len, b.len);
}

static int compare_subjects(const struct finding *a, const struct finding *b)
{
    int order = compare_numbers(a->subject, b->subject);
    if (order == 0)
        order = compare_bytes(a->subject_bytes, b->subject_bytes);
    if (order == 0)
        order = compare_numbers(a->subject_port, b->subject_port);
    return order != 0 ? order : compare_numbers(a->protocol, b->protocol);
}

/* A total order: the report must not depend on the hash's key. */
static int compare_findings(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    int order = compare_numbers(b->severity, a->severity);
    if (order == 0)
        order = compare_numbers(rule_of(a), rule_of(b));
    if (order == 0)
        order = compare_numbers(a->packet, b->packet);
    return order != 0 ? order : compare_subjects(a, b);
}

static int compare_packets(const struct finding *a, const struct finding *b)
{
    int order = compare_numbers(rule_of(a), rule_of(b));
    if (order == 0)
        order = compare_numbers(a->key.packet, b->key.packet);
    return order != 0 ? order : compare_numbers(a->key.first_ns, b->key.first_ns);
}

/* Those of one rule and packet together: first what has a number. */
static int compare_numbered(const void *left, const void *right)
{
    const struct finding *a = *(const struct finding *const *)left;
    const struct finding *b = *(const struct finding *const *)right;
    int order = compare_packets(a, b);
    if (order == 0)
        order = compare_numbers(a->key.nth, b->key.nth);
    return order != 0 ? order : compare_subjects(a, b);
}

/* Numbers in the order of their subjects, as the one in which they were added may depend on the keys of hash tables;
 * behind those that were told before. */
void findings_give_keys(struct findings *findings)
{
    const size_t num = findings->count;
    struct finding **all = findings->keyed < num ? calloc(num, sizeof all[0]) : NULL;
    if (all == NULL)
        return;
    for (size_t i = 0; i < num; i++) {
        struct finding *finding = all[i] = &findings->all[i];
        if (i >= findings->keyed)
            finding->key = (struct finding_key){finding->packet, finding->first_ns, no_number};
    }
    qsort(all, num, sizeof all[0], compare_numbered);
    for (size_t i = 0; i < num; i++) {
        const bool first = i == 0 || compare_packets(all[i - 1], all[i]) != 0;
        all[i]->key.nth = first ? 0 : all[i - 1]->key.nth + 1;
    }
    free(all);
    findings->keyed = num;
}

/* Puts those of |all| that are severe enough into |to|, which may be |all|, in their order. */
static size_t sort(const struct finding *all, size_t count, enum severity min_severity,
                   struct finding *to)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (all[i].severity >= min_severity)
            to[kept++] = all[i];
    if (kept > 1)
        qsort(to, kept, sizeof *to, compare_findings);
    return kept;
}

void findings_sort(struct findings *findings, enum severity min_severity)
{
    findings_give_keys(findings);
    findings->count = sort(findings->all, findings->count, min_severity, findings->all);
    findings->sorted = true;
}

struct finding *findings_copy(struct findings *findings, enum severity min_severity, size_t *num)
{
    struct finding *copy = calloc(findings->count + 1, sizeof copy[0]);
    *num = copy != NULL ? sort(findings->all, findings->count, min_severity, copy) : 0;
    return copy;
}

void findings_interval(struct findings *findings, unsigned interval, bool forget)
{
    assert(!findings->sorted);
    findings->interval = interval;
    if (!forget)
        return;
    free_chunks(findings);
    findings->count = findings->keyed = 0;
    findings->common = (struct usage){0};
    memset(findings->of_rules, 0, sizeof findings->of_rules);
    memset(findings->shares, 0, sizeof findings->shares);
    if (findings->capacity > 0)
        memset(findings->slots, 0, num_slots(findings) * sizeof findings->slots[0]);
}

const struct finding *findings_all(const struct findings *findings, size_t *num)
{
    *num = findings->count;
    return findings->all;
}
