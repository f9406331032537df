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
 * allowed for clocks that are not exact. */
void install_judge_ask(struct install_state *state, struct install_device *device,
                       struct install_live *live, struct span name, uint64_t now)
{
    if (install_name_file(name) == INSTALL_NAME_BOOT)
        return;
    struct install_retry *retry = retry_of(device, install_devices_hash(state->devices, name));
    uint64_t interval = retry->attempts > 0 && now > retry->last_ns ? now - retry->last_ns : 0;
    if (retry->attempts == 0) {
        retry->first_ns = retry->last_ns = now;
        retry->attempts = 1;
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

static struct install_guesses *guesses_of(struct install_device *device, uint64_t now)
{
    if (device->guesses == NULL)
        device->guesses = calloc(1, sizeof *device->guesses);
    struct install_guesses *guesses = device->guesses;
    if (guesses == NULL || (guesses->since_ns != 0 && now - guesses->since_ns <= INSTALL_GUESS_NS))
        return guesses;
    struct install_guesses before = *guesses;
    *guesses = (struct install_guesses){.since_ns = now, .has_mac = before.has_mac};
    memcpy(guesses->mac, before.mac, sizeof before.mac);
    return guesses;
}

/* False when the name was there already. */
static bool guesses_add(struct install_guesses *guesses, uint64_t name)
{
    for (size_t i = 0; i < guesses->num_names; i++)
        if (guesses->names[i] == name)
            return false;
    if (guesses->num_names < INSTALL_MAX_GUESSES)
        guesses->names[guesses->num_names++] = name;
    return true;
}

static void report_guessing(const struct install_state *state, const struct install_device *device,
                            const struct install_guesses *guesses, struct span name)
{
    struct finding finding = device_finding(state, device, RULE_INSTALL_GUESSING);
    finding.confidence = CONFIDENCE_LIKELY;
    finding.reason = "Many different names that no known boot loader walks through were not "
                     "there; an administrator's inventory tool does the same.";
    finding_says_number(&finding, "names_missing", guesses->missing);
    finding_says_number(&finding, "names_asked", guesses->asked);
    finding_says_number(&finding, "window_s",
                        (state->context->observation->time_ns - guesses->since_ns) /
                            INSTALL_SECOND);
    says_file(&finding, "file", name);
    finding_add(state->context, &finding);
}

static void judge_guess(struct install_state *state, const struct install_arrival *arrival)
{
    struct install_self self = install_device_self(arrival->device);
    struct install_guesses *guesses =
        guesses_of(arrival->device, state->context->observation->time_ns);
    if (guesses == NULL || !span_seen(arrival->name))
        return;
    /* A host asks for its own name first; other hardware addresses than that are not its own. */
    if (!span_seen(self.mac)) {
        guesses->has_mac = guesses->has_mac || install_name_mac(arrival->name, guesses->mac);
        self.mac = guesses->has_mac ? span_of(guesses->mac, 6) : self.mac;
    }
    if (!is_guess(arrival->name, &self) ||
        !guesses_add(guesses, install_devices_hash(state->devices, arrival->name)))
        return;
    guesses->asked++;
    guesses->missing += arrival->outcome == INSTALL_MISSING || arrival->outcome == INSTALL_REFUSED;
    if (guesses->told || guesses->missing < INSTALL_GUESS_MISSING ||
        guesses->missing * 4 < guesses->asked * 3)
        return;
    guesses->told = true;
    arrival->live->guessing = true;
    report_guessing(state, arrival->device, guesses, arrival->name);
}

/* Fallback. */

static void remember_encrypted(struct install_state *state, const struct install_arrival *arrival,
                               bool by_content)
{
    struct install_device *device = arrival->device;
    struct install_encrypted *at = NULL;
    for (size_t i = 0; i < INSTALL_MAX_ENCRYPTED && at == NULL; i++)
        if (device->encrypted[i].name.at != NULL &&
            span_equal(install_text_span(&device->encrypted[i].name), arrival->name))
            at = &device->encrypted[i];
    if (at == NULL) {
        at = &device->encrypted[device->next_encrypted];
        device->next_encrypted = (uint8_t)((device->next_encrypted + 1) % INSTALL_MAX_ENCRYPTED);
        if (!install_text_set(&at->name, arrival->name, install_devices_budget(state->devices)))
            return;
        at->came = at->by_content = false;
    }
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
        finding.reason = "The same name brought an encrypted file before, and a readable one now.";
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

/* What the fleet takes a device for. */
static uint64_t device_number(const struct install_state *state,
                              const struct install_device *device)
{
    struct install_known known = install_device_known(device);
    struct span by = span_seen(known.mac) ? known.mac : known.address;
    return span_seen(by) ? install_devices_hash(state->devices, by) : 0;
}

static bool judge_series(struct install_state *state, const struct install_arrival *arrival)
{
    struct install_name_shape shape = install_name_shape(arrival->name);
    uint64_t device = device_number(state, arrival->device);
    if (!shape.any || device == 0)
        return false;
    if (state->fleet == NULL)
        state->fleet = install_fleet_new();
    if (state->fleet == NULL)
        return false;
    struct install_series series =
        install_fleet_number(state->fleet, shape.before, shape.after, shape.number, device);
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
    judge_fallback(state, arrival);
    if (arrival->content != NULL)
        judge_name(state, arrival);
}
