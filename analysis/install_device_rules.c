/* install_device_rules.c: what a device does that installs itself: how often it asks, for what, and what it takes in
 * the end. RFC 8886 sections 2, 4.3 and A.3. */
#include "analysis/install_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void install_about_device(struct finding *finding, const struct install_device *device,
                          const struct flow *flow)
{
    if (device->mac_len > 0)
        finding_about_bytes(finding, SUBJECT_DEVICE, span_of(device->mac, device->mac_len));
    else
        finding_about_client(finding, flow);
}

void install_about_server(struct finding *finding, const struct install_arrival *arrival,
                          const struct flow *flow)
{
    bool tftp = arrival->method == INSTALL_TFTP_READ || arrival->method == INSTALL_TFTP_WRITE;
    finding_about_server(finding, flow);
    finding->subject_bytes = install_address_span(&arrival->server);
    if (tftp) /* it answers from another port each time */
        finding->subject_port = 69;
}

static struct finding device_finding(const struct install_state *state,
                                     const struct install_device *device, enum rule_id id)
{
    struct finding finding = finding_begin(state->context, id);
    install_about_device(&finding, device, state->context->observation->flow);
    return finding;
}

static void says_file(struct finding *finding, const char *name, struct span file)
{
    finding_says_bytes(finding, name, PRIVACY_NAME, "file", VALUE_STRING, file);
}

static bool is_upload(enum install_method method)
{
    return method == INSTALL_TFTP_WRITE || method == INSTALL_HTTP_PUT;
}

/* Retries. */

/* The record of the file: its own, an empty one, or that of the file which was asked for longest ago. */
static struct install_retry *retry_of(struct install_device *device, uint64_t name)
{
    struct install_retry *oldest = &device->retries[0];
    for (size_t i = 0; i < INSTALL_MAX_RETRIES; i++) {
        if (device->retries[i].name == name)
            return &device->retries[i];
        if (device->retries[i].last_ns < oldest->last_ns)
            oldest = &device->retries[i];
    }
    *oldest = (struct install_retry){.name = name};
    return oldest;
}

static void report_retries(const struct install_state *state, const struct install_device *device,
                           const struct install_retry *retry, struct span name)
{
    struct finding finding = device_finding(state, device, RULE_INSTALL_RETRY_RATE);
    finding.confidence = device->by_address ? CONFIDENCE_POSSIBLE : CONFIDENCE_LIKELY;
    finding.reason = device->by_address
                         ? "The device is known by its IP address only: several devices may stand "
                           "behind it."
                         : "The asks come from one device; that it asks for want of success is "
                           "taken from their regularity.";
    finding_says_number(&finding, "attempts", retry->attempts);
    finding_says_number(&finding, "too_fast", retry->too_fast);
    finding_says_number(&finding, "shortest_interval_s", retry->shortest_ns / INSTALL_SECOND);
    finding_says_number(&finding, "span_s", (retry->last_ns - retry->first_ns) / INSTALL_SECOND);
    says_file(&finding, "file", name);
    finding_add(state->context, &finding);
}

/* Asks within seconds are one attempt: a client that asks for the size first, packets sent again. A tenth is
 * allowed for clocks that are not exact. After a long pause the device waits anew, and has its first hour. */
void install_judge_ask(struct install_state *state, struct install_device *device,
                       struct install_live *live, struct span name, uint64_t now)
{
    if (install_name_file(name) == INSTALL_NAME_BOOT)
        return;
    struct install_retry *retry = retry_of(device, install_devices_hash(state->devices, name));
    uint64_t interval = retry->attempts > 0 && now > retry->last_ns ? now - retry->last_ns : 0;
    if (retry->attempts == 0 || interval > INSTALL_RETRY_OVER_NS) {
        *retry = (struct install_retry){
            .name = retry->name, .first_ns = now, .last_ns = now, .attempts = 1};
        return;
    }
    if (interval < INSTALL_ATTEMPT_NS)
        return;
    live->retries++;
    retry->attempts++;
    uint64_t least = retry->last_ns - retry->first_ns < INSTALL_RETRY_LATE_NS
                         ? INSTALL_RETRY_SOON_NS
                         : INSTALL_RETRY_LATE_NS;
    retry->last_ns = now;
    if (interval >= least / 10 * 9)
        return;
    retry->too_fast++;
    if (retry->shortest_ns == 0 || interval < retry->shortest_ns)
        retry->shortest_ns = interval;
    if (retry->too_fast >= INSTALL_RETRY_TOO_FAST)
        report_retries(state, device, retry, name);
}

/* A file that came readable is not waited for any more. One that is encrypted, or may be, is asked for again by a device
 * that cannot decrypt it (RFC 8886 section 4.3). */
static void judge_waited(const struct install_state *state, const struct install_arrival *arrival)
{
    const struct content_facts *content = arrival->content;
    if (arrival->outcome != INSTALL_OBTAINED || is_upload(arrival->method) ||
        !span_seen(arrival->name) || content == NULL || content->encrypted == TRUTH_YES ||
        content->class == CONTENT_OPAQUE)
        return;
    uint64_t name = install_devices_hash(state->devices, arrival->name);
    for (size_t i = 0; i < INSTALL_MAX_RETRIES; i++)
        if (arrival->device->retries[i].name == name)
            arrival->device->retries[i] = (struct install_retry){.name = 0};
}

/* Guessing. */

/* Whether a name that is not there counts as a guess: not what a known client walks through for itself, and not a
 * part of an operating system that its loader looks for. */
static bool is_guess(struct span name, const struct install_self *self)
{
    if (!span_seen(name) || name.len == 0 || install_name_walk(name, self) != NULL)
        return false;
    struct install_name_identity identity = install_name_identity(name, self);
    if (identity.kind != NULL && identity.confidence == CONFIDENCE_CERTAIN)
        return false;
    return install_name_file(name) != INSTALL_NAME_BOOT;
}

/* Whether |time_ns| is within the window that ends |now|. */
static bool in_window(uint64_t time_ns, uint64_t now)
{
    return time_ns != 0 && (now <= time_ns || now - time_ns <= INSTALL_GUESS_NS);
}

/* False when the name was there already. */
static bool guesses_add(struct install_guesses *guesses, uint64_t name, uint64_t now, bool missing)
{
    for (size_t i = 0; i < INSTALL_MAX_GUESSES; i++)
        if (guesses->names[i] == name && in_window(guesses->times_ns[i], now))
            return false;
    uint32_t at = guesses->next;
    guesses->next = (at + 1) % INSTALL_MAX_GUESSES;
    guesses->names[at] = name;
    guesses->times_ns[at] = now;
    guesses->missing[at] = missing;
    return true;
}

/* Those of the remembered names that were asked for within the window. */
struct guess_sum {
    uint64_t since_ns;
    uint32_t asked, missing;
};

static struct guess_sum guesses_sum(const struct install_guesses *guesses, uint64_t now)
{
    struct guess_sum sum = {.since_ns = now};
    for (size_t i = 0; i < INSTALL_MAX_GUESSES; i++) {
        if (!in_window(guesses->times_ns[i], now))
            continue;
        sum.asked++;
        sum.missing += guesses->missing[i];
        if (guesses->times_ns[i] < sum.since_ns)
            sum.since_ns = guesses->times_ns[i];
    }
    return sum;
}

static void report_guessing(const struct install_state *state, const struct install_device *device,
                            const struct guess_sum *sum, struct span name)
{
    struct finding finding = device_finding(state, device, RULE_INSTALL_GUESSING);
    finding.confidence = CONFIDENCE_LIKELY;
    finding.reason = "Many different names that no known boot loader walks through were not "
                     "there; an administrator's inventory tool does the same.";
    finding_says_number(&finding, "names_missing", sum->missing);
    finding_says_number(&finding, "names_asked", sum->asked);
    finding_says_number(&finding, "window_s",
                        (state->context->observation->time_ns - sum->since_ns) / INSTALL_SECOND);
    says_file(&finding, "file", name);
    finding_add(state->context, &finding);
}

static void judge_guess(struct install_state *state, const struct install_arrival *arrival)
{
    uint64_t now = state->context->observation->time_ns;
    struct install_self self = install_device_self(arrival->device);
    if (arrival->device->guesses == NULL)
        arrival->device->guesses = calloc(1, sizeof *arrival->device->guesses);
    struct install_guesses *guesses = arrival->device->guesses;
    if (guesses == NULL || !span_seen(arrival->name))
        return;
    /* A host asks for its own name first; other hardware addresses than that are not its own. */
    if (!span_seen(self.mac)) {
        guesses->has_mac = guesses->has_mac || install_name_mac(arrival->name, guesses->mac);
        self.mac = guesses->has_mac ? span_of(guesses->mac, 6) : self.mac;
    }
    bool missing = arrival->outcome == INSTALL_MISSING || arrival->outcome == INSTALL_REFUSED;
    if (!is_guess(arrival->name, &self) ||
        !guesses_add(guesses, install_devices_hash(state->devices, arrival->name), now, missing))
        return;
    struct guess_sum sum = guesses_sum(guesses, now);
    if (in_window(guesses->told_ns, now) || sum.missing < INSTALL_GUESS_MISSING ||
        sum.missing * 4 < sum.asked * 3)
        return;
    guesses->told_ns = now;
    arrival->live->guessing = true;
    report_guessing(state, arrival->device, &sum, arrival->name);
}

/* Fallback. */

/* The record of an encrypted file: its own, else that of the one that was added first. NULL without memory. */
static struct install_encrypted *encrypted_of(struct install_state *state,
                                              struct install_device *device, struct span name)
{
    for (size_t i = 0; i < INSTALL_MAX_ENCRYPTED; i++)
        if (device->encrypted[i].name.at != NULL &&
            span_equal(install_text_span(&device->encrypted[i].name), name))
            return &device->encrypted[i];
    struct install_encrypted *at = &device->encrypted[device->next_encrypted];
    device->next_encrypted = (uint8_t)((device->next_encrypted + 1) % INSTALL_MAX_ENCRYPTED);
    if (!install_text_set(&at->name, name, install_devices_budget(state->devices)))
        return NULL;
    at->time_ns = 0;
    at->came = at->by_content = false;
    return at;
}

static void remember_encrypted(struct install_state *state, const struct install_arrival *arrival,
                               bool by_content)
{
    struct install_encrypted *at = encrypted_of(state, arrival->device, arrival->name);
    if (at == NULL)
        return;
    at->time_ns = state->context->observation->time_ns;
    at->packet = state->context->observation->packet;
    at->came = arrival->outcome == INSTALL_OBTAINED || arrival->outcome == INSTALL_PARTLY;
    at->by_content |= by_content;
}

static bool same_text(struct span a, struct span b)
{
    return span_seen(a) && span_equal(a, b);
}

/* The encrypted file that the plain one stands in for: the same name, else the same stem, else one that did not
 * come. NULL when there is none. */
static const struct install_encrypted *encrypted_before(const struct install_state *state,
                                                        const struct install_arrival *arrival)
{
    uint64_t now = state->context->observation->time_ns;
    const struct install_encrypted *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < INSTALL_MAX_ENCRYPTED; i++) {
        const struct install_encrypted *before = &arrival->device->encrypted[i];
        struct span name = install_text_span(&before->name);
        if (!span_seen(name) || now < before->time_ns ||
            now - before->time_ns > INSTALL_FALLBACK_NS)
            continue;
        unsigned rank = same_text(name, arrival->name)                ? 3
                        : install_name_same_stem(name, arrival->name) ? 2
                        : !before->came                               ? 1
                                                                      : 0;
        if (rank > best_rank) {
            best = before;
            best_rank = rank;
        }
    }
    return best;
}

static void report_fallback(const struct install_state *state,
                            const struct install_arrival *arrival,
                            const struct install_encrypted *before)
{
    struct span encrypted = install_text_span(&before->name);
    struct finding finding =
        device_finding(state, arrival->device, RULE_INSTALL_CLEARTEXT_FALLBACK);
    if (same_text(encrypted, arrival->name)) {
        finding.reason = before->came && before->by_content
                             ? "The same name brought an encrypted file before, and a readable one "
                               "now."
                             : "The name is that of an encrypted file, and brought a readable one.";
        finding.confidence = before->by_content ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    } else if (install_name_same_stem(encrypted, arrival->name)) {
        finding.reason = "Both names are alike but for their endings.";
    } else {
        finding.confidence = CONFIDENCE_POSSIBLE;
        finding.reason = "The names have nothing in common: the readable file may be another one "
                         "that the device always asks for.";
    }
    finding_says_text(&finding, "encrypted_outcome", before->came ? "came" : "did not come");
    finding_says_number(&finding, "encrypted_packet", before->packet);
    says_file(&finding, "encrypted_file", encrypted);
    says_file(&finding, "file", arrival->name);
    finding_says_text(&finding, "format", arrival->content->format);
    finding_add(state->context, &finding);
}

static void judge_fallback(struct install_state *state, const struct install_arrival *arrival)
{
    if (is_upload(arrival->method) || !span_seen(arrival->name) || arrival->name.len == 0)
        return;
    const struct content_facts *content = arrival->content;
    bool came = arrival->outcome == INSTALL_OBTAINED || arrival->outcome == INSTALL_PARTLY;
    bool by_content = came && content != NULL && content->class == CONTENT_ENCRYPTED;
    if (by_content || (install_name_encrypted(arrival->name) &&
                       !(came && content != NULL && content->class == CONTENT_CONFIGURATION))) {
        remember_encrypted(state, arrival, by_content);
        return;
    }
    if (!came || content == NULL || content->encrypted == TRUTH_YES ||
        content->class == CONTENT_OPAQUE || !install_is_configuration(arrival))
        return;
    const struct install_encrypted *before = encrypted_before(state, arrival);
    if (before == NULL)
        return;
    arrival->live->fallback = true;
    report_fallback(state, arrival, before);
}

/* Names. */

static void report_name(const struct install_state *state, const struct install_arrival *arrival,
                        const struct install_name_identity *identity,
                        const struct install_series *series)
{
    struct finding finding = finding_begin(state->context, RULE_INSTALL_NAME_GUESSABLE);
    finding_about_bytes(&finding, SUBJECT_FILE, arrival->name);
    finding.confidence = identity->confidence;
    finding.reason = identity->reason;
    finding_says_text(&finding, "holds", identity->kind);
    finding_says_text(&finding, "method", install_method_name(arrival->method));
    if (series != NULL) {
        finding_says_number(&finding, "devices", series->devices);
        finding_says_number(&finding, "spread", series->most - series->least);
    }
    if (arrival->content->encrypted != TRUTH_UNKNOWN)
        finding_says_truth(&finding, "encrypted", arrival->content->encrypted == TRUTH_YES);
    finding_add(state->context, &finding);
}

static bool judge_series(struct install_state *state, const struct install_arrival *arrival)
{
    struct install_name_shape shape = install_name_shape(arrival->name);
    struct install_member member = install_device_member(state, arrival->device);
    if (!shape.any || (member.device == 0 && member.address == 0))
        return false;
    if (state->fleet == NULL)
        state->fleet = install_fleet_new();
    if (state->fleet == NULL)
        return false;
    struct install_series series =
        install_fleet_number(state->fleet, shape.before, shape.after, shape.number, &member);
    analysis_totals(state->context)->table_evictions += series.pushed_out;
    if (series.devices < INSTALL_SERIES)
        return false;
    bool close = series.most - series.least <= 1000;
    const struct install_name_identity identity = {
        .kind = "counter",
        .confidence = close ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
        .reason = close ? "The names of several devices differ by a number, and the numbers are "
                          "close together."
                        : "The names of several devices differ by a number; the numbers are far "
                          "apart."};
    report_name(state, arrival, &identity, &series);
    return true;
}

static void judge_name(struct install_state *state, const struct install_arrival *arrival)
{
    bool came = arrival->outcome == INSTALL_OBTAINED || arrival->outcome == INSTALL_PARTLY;
    if (!came || !span_seen(arrival->name) || arrival->name.len == 0 ||
        !install_is_configuration(arrival))
        return;
    const struct install_self self = install_device_self(arrival->device);
    struct install_name_identity identity = install_name_identity(arrival->name, &self);
    if (identity.kind != NULL && identity.confidence == CONFIDENCE_CERTAIN)
        report_name(state, arrival, &identity, NULL);
    else if (!judge_series(state, arrival) && identity.kind != NULL)
        report_name(state, arrival, &identity, NULL);
}

void install_judge_outcome(struct install_state *state, const struct install_arrival *arrival)
{
    if (!is_upload(arrival->method))
        judge_guess(state, arrival);
    judge_waited(state, arrival);
    judge_fallback(state, arrival);
    if (arrival->content != NULL)
        judge_name(state, arrival);
}

/* One device under two names. */

static void same_retries(struct install_device *device, const struct install_device *before)
{
    for (size_t i = 0; i < INSTALL_MAX_RETRIES; i++) {
        const struct install_retry *old = &before->retries[i];
        struct install_retry *retry = old->name != 0 ? retry_of(device, old->name) : NULL;
        if (retry != NULL && retry->attempts == 0)
            *retry = *old;
    }
}

static void same_encrypted(struct install_state *state, struct install_device *device,
                           const struct install_device *before)
{
    for (size_t i = 0; i < INSTALL_MAX_ENCRYPTED; i++) {
        const struct install_encrypted *old = &before->encrypted[i];
        struct install_encrypted *at =
            old->name.at != NULL ? encrypted_of(state, device, install_text_span(&old->name))
                                 : NULL;
        if (at == NULL || at->time_ns > old->time_ns)
            continue;
        at->time_ns = old->time_ns;
        at->packet = old->packet;
        at->came = old->came;
        at->by_content |= old->by_content;
    }
}

void install_judge_same(struct install_state *state, struct install_device *device,
                        struct install_device *before)
{
    same_retries(device, before);
    same_encrypted(state, device, before);
    if (device->guesses == NULL) {
        device->guesses = before->guesses;
        before->guesses = NULL;
    }
}
