/* main.c: the program perpass-probe: options, targets, outputs. */
#include "capture/privileges.h"
#include "capture/sandbox.h"
#include "cli/complain.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/status.h"
#include "probe/program/fleet.h"
#include "probe/program/keys.h"
#include "probe/program/targets.h"
#include "probe/tell.h"
#include "probe/tell_events.h"

#include "core/crypto.h"
#include "core/crypto_share.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DEFAULT_RATE = 400,
    MAX_RATE = 10000,
    DEFAULT_TIMEOUT = 5,
    MIN_TIMEOUT = 4, /* seconds: one peer repeats its flight after 3 */
    MAX_TIMEOUT = 120,
    DEFAULT_PARALLEL = 4,
    MAX_PARALLEL = 64
};

struct settings {
    bool full, oracle, coap_ping, ipv4, ipv6, json, quiet, no_sandbox, version;
    const char *identity, *identity_hex, *key_file, *checks, *source, *targets, *privacy,
        *pseudonym_key, *fail_on, *events;
    uint64_t timeout, rate, parallel;
};

static int version(void)
{
    printf("perpass-probe %s\nOpenSSL %s\n", PERPASS_VERSION, crypto_library());
    return STATUS_OK;
}

/* --- from the options to the settings of a probe --- */

static bool read_checks(const char *list, bool wanted[NUM_CHECKS], struct error *error)
{
    for (unsigned i = 0; i < NUM_CHECKS; i++)
        wanted[i] = list == NULL;
    while (list != NULL && *list != '\0') {
        const size_t len = strcspn(list, ",");
        const enum check_id id = check_find(span_of(list, len));
        if (id == NUM_CHECKS)
            return error_set(error, "--checks: there is no check \"%.*s\"",
                             (int)(len < 60 ? len : 60), list);
        wanted[id] = true;
        list += len + (list[len] == ',');
    }
    return true;
}

static bool read_identity(const struct settings *settings, struct probe_settings *probe,
                          struct error *error)
{
    const bool hex = settings->identity_hex != NULL;
    const char *text = hex ? settings->identity_hex : settings->identity;
    if (hex && settings->identity != NULL)
        return error_set(error, "--psk-identity and --psk-identity-hex contradict each other");
    if (text == NULL)
        return !settings->full ||
               error_set(error, "--full needs an identity: --psk-identity or --psk-identity-hex");
    struct error reason;
    probe->identity = keys_identity(text, hex, &reason);
    if (!span_seen(probe->identity))
        return error_set(error, "--psk-identity%s: %.300s", hex ? "-hex" : "", reason.text);
    return settings->full || settings->oracle ||
           error_set(error, "--psk-identity%s needs --full or --oracle, which use it",
                     hex ? "-hex" : "");
}

static bool read_numbers(struct settings *settings, struct error *error)
{
    settings->rate = settings->rate != 0 ? settings->rate : DEFAULT_RATE;
    settings->timeout = settings->timeout != 0 ? settings->timeout : DEFAULT_TIMEOUT;
    settings->parallel = settings->parallel != 0 ? settings->parallel : DEFAULT_PARALLEL;
    if (settings->rate > MAX_RATE)
        return error_set(error, "--rate: at most %d datagrams a second", MAX_RATE);
    if (settings->parallel > MAX_PARALLEL)
        return error_set(error, "--parallel: at most %d targets", MAX_PARALLEL);
    if (settings->ipv4 && settings->ipv6)
        return error_set(error, "--ipv4 and --ipv6 contradict each other");
    if (settings->coap_ping && !settings->full)
        return error_set(error, "--coap-ping needs a session: --full");
    if (settings->key_file != NULL && !settings->full && !settings->oracle)
        return error_set(error, "--psk-file needs --full or --oracle, which use it");
    return true;
}

static bool read_targets(const struct settings *settings, const struct option_list *operands,
                         struct targets *targets, struct error *error)
{
    const int family = settings->ipv4 ? AF_INET : settings->ipv6 ? AF_INET6 : AF_UNSPEC;
    for (size_t i = 0; i < operands->num; i++)
        if (!targets_add(targets, operands->items[i], family, error))
            return false;
    if (settings->targets != NULL && !targets_read(targets, settings->targets, family, error))
        return false;
    return targets->num > 0 || error_set(error, "there is no target: see perpass-probe --help");
}

/* --- the run --- */

struct outputs {
    const struct settings *settings;
    struct redactor *redactor;
    struct output events_file;
    struct event_writer *events; /* NULL: none */
    struct tell_style style;
    enum severity fail_on, worst;
    bool incomplete, no_memory;
};

static void told(void *to, const struct probe *probe)
{
    struct outputs *outputs = to;
    const enum severity worst = tell_worst(probe);
    outputs->worst = worst > outputs->worst ? worst : outputs->worst;
    if (probe->trouble[0] != '\0' || !probe->answers)
        outputs->incomplete = true;
    if (outputs->events != NULL)
        tell_events(outputs->events, probe);
    if (outputs->events_file.standard)
        event_writer_flush(outputs->events);
    else if (outputs->settings->json)
        outputs->no_memory = !tell_json(stdout, probe, outputs->redactor) || outputs->no_memory;
    else
        tell_text(stdout, probe, outputs->redactor, &outputs->style);
    if (outputs->no_memory)
        complain("%s: there is no memory to tell what was found", probe->name);
    if (probe->trouble[0] != '\0')
        complain("%s: %s", probe->name, probe->trouble);
    if (!outputs->settings->quiet)
        complain("%s: %u of %u datagrams sent", probe->name, probe->count.sent,
                 probe->count.budget);
    fflush(stdout);
}

/* Whether the events may go where they are to go. */
static bool check_events(const struct settings *settings, struct error *error)
{
    const char *const inputs[] = {settings->targets, settings->key_file, settings->pseudonym_key};
    const char *path = settings->events;
    if (path != NULL && strcmp(path, "-") == 0 && settings->json)
        return error_set(error, "--json and --events - both want standard output");
    for (size_t i = 0; path != NULL && i < sizeof inputs / sizeof inputs[0]; i++)
        if (output_destroys(path, inputs[i]))
            return error_set(error, "%s is an input: writing the events to it would destroy it",
                             path);
    return true;
}

static bool open_events(struct outputs *outputs, struct error *error)
{
    const char *path = outputs->settings->events;
    const struct event_options options = {.observations = true};
    if (path == NULL)
        return true;
    if (!output_open_stream(&outputs->events_file, path, error) ||
        !output_truncate(&outputs->events_file, error))
        return false;
    outputs->events =
        event_writer_new(outputs->events_file.out, &options, outputs->redactor, error);
    return outputs->events != NULL;
}

/* False, and told, when they could not be written. */
static bool close_events(struct outputs *outputs)
{
    struct error error = {.text = ""}, reason = {.text = ""};
    bool ok = outputs->events == NULL || event_writer_free(outputs->events, &reason);
    if (!ok)
        error_set(&error, "%s cannot be written: %s", outputs->events_file.name, reason.text);
    if (outputs->events_file.out != NULL)
        ok = output_close(&outputs->events_file, ok ? &error : &reason) && ok;
    if (!ok)
        complain("%s", error.text);
    return ok;
}

static struct tell_style style_of(FILE *out)
{
    struct winsize size;
    const bool terminal = isatty(fileno(out)) == 1;
    struct tell_style style = {.width = 100, .colour = terminal && getenv("NO_COLOR") == NULL};
    if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 60)
        style.width = size.ws_col < 140 ? size.ws_col : 140;
    return style;
}

/* No file, no program, no network but UDP from here on. What libcrypto reads when it is first used is read before. */
static bool confine(const struct settings *settings, struct error *error)
{
    const struct sandbox sandbox = {.datagrams = true};
    crypto_share_free(crypto_share_curve(CRYPTO_SHARE_X25519));
    return settings->no_sandbox || sandbox_enter(&sandbox, error) != SANDBOX_FAILED;
}

static int probe_all(const struct settings *settings, struct probe_settings *probe,
                     const struct targets *targets, struct outputs *outputs)
{
    struct pace pace;
    struct error error = {.text = ""};
    signals_begin();
    pace_begin(&pace, settings->rate);
    probe->pace = &pace;
    probe->stopped = signals_stopped;
    if (!settings->quiet)
        complain("%zu target%s, at most %u datagrams for each, %llu a second in all", targets->num,
                 targets->num == 1 ? "" : "s", probe_budget(probe),
                 (unsigned long long)settings->rate);
    const struct fleet fleet = {.settings = probe,
                                .targets = targets,
                                .parallel = (unsigned)settings->parallel,
                                .to = outputs,
                                .told = told};
    const bool ran = fleet_run(&fleet, &error);
    pace_end(&pace);
    if (!ran)
        complain("%s", error.text);
    const bool lacked = complain_lacked_memory();
    if (ferror(stdout) || outputs->no_memory)
        return STATUS_OUTPUT;
    if (signals_stopped() != 0)
        return 128 + signals_stopped();
    if (outputs->fail_on != 0 && outputs->worst >= outputs->fail_on)
        return STATUS_FINDING;
    return !ran || lacked || outputs->incomplete ? STATUS_INPUT : STATUS_OK;
}

static bool prepare(struct settings *settings, const struct option_list *operands,
                    struct probe_settings *probe, struct udp_address *source,
                    struct targets *targets, struct keys *keys, struct outputs *outputs,
                    struct error *error)
{
    struct redact_options redaction = {.policy = POLICY_RAW, .key_file = settings->pseudonym_key};
    if (!check_events(settings, error) || !read_numbers(settings, error) ||
        !read_checks(settings->checks, probe->wanted, error) ||
        !read_identity(settings, probe, error))
        return false;
    probe->full = settings->full;
    probe->oracle = settings->oracle;
    probe->coap_ping = settings->coap_ping;
    probe->patience_ns = settings->timeout * 1000000000;
    if (settings->privacy != NULL && !privacy_policy_parse(settings->privacy, &redaction.policy))
        return error_set(error, "--privacy: strict, internal or raw");
    if (settings->fail_on != NULL && !severity_parse(settings->fail_on, &outputs->fail_on))
        return error_set(error, "--fail-on: info, low, medium, high or critical");
    if (settings->source != NULL) {
        if (!targets_source(settings->source, source, error))
            return false;
        probe->source = source;
    }
    if (!read_targets(settings, operands, targets, error))
        return false;
    if (settings->full || settings->key_file != NULL) {
        if (!keys_read(keys, settings->key_file, error))
            return false;
        probe->key = keys->key;
    }
    outputs->redactor = redactor_new(&redaction, error);
    return outputs->redactor != NULL;
}

static int run(const void *given, const struct option_list *operands)
{
    struct settings settings = *(const struct settings *)given;
    struct probe_settings probe = {.full = false};
    struct udp_address source;
    struct targets targets = {.items = NULL};
    struct keys keys = {.memory = NULL};
    struct outputs outputs = {.settings = &settings, .style = style_of(stdout)};
    struct error error = {.text = ""};
    int status = STATUS_USAGE;
    if (settings.version)
        return version();
    bool ready = prepare(&settings, operands, &probe, &source, &targets, &keys, &outputs, &error);
    if (ready && !open_events(&outputs, &error)) {
        ready = false;
        status = STATUS_OUTPUT;
    }
    if (ready && confine(&settings, &error))
        status = probe_all(&settings, &probe, &targets, &outputs);
    else
        complain("%s", error.text);
    if (!close_events(&outputs))
        status = STATUS_OUTPUT;
    redactor_free(outputs.redactor);
    keys_free(&keys);
    targets_free(&targets);
    free((void *)(uintptr_t)probe.identity.at);
    return status;
}

static bool set_some(void *member, const char *value, struct error *error)
{
    return option_set_number(member, value, error) &&
           (*(uint64_t *)member > 0 || error_set(error, "it is 1 or more"));
}

static bool set_timeout(void *member, const char *value, struct error *error)
{
    const uint64_t *timeout = member;
    return option_set_seconds(member, value, error) &&
           ((*timeout >= MIN_TIMEOUT && *timeout <= MAX_TIMEOUT) ||
            error_set(error, "it is %d to %d seconds", MIN_TIMEOUT, MAX_TIMEOUT));
}

#define MEMBER(name) offsetof(struct settings, name)

static const struct option_row options[] = {
    {"full", NULL, false, MEMBER(full), option_set_true,
     "Go on from ServerHelloDone, with the identity and key given: make sessions, resume them, and "
     "see "
     "what becomes of changed flights."},
    {"oracle", NULL, false, MEMBER(oracle), option_set_true,
     "See whether an identity that nobody has can be told from a wrong key: with random "
     "identities, and "
     "with the identity given under a random key."},
    {"psk-identity", "TEXT", false, MEMBER(identity), option_set_any_text,
     "The identity, as text. Identities are no secret: they cross networks in clear."},
    {"psk-identity-hex", "DIGITS", false, MEMBER(identity_hex), option_set_any_text,
     "The identity, as hexadecimal digits: any bytes, up to 65535, or none."},
    {"psk-file", "FILE", false, MEMBER(key_file), option_set_text,
     "Read the key from the first line of FILE, which only its owner may read: as text, or as "
     "hexadecimal digits behind 0x. - is standard input, /dev/fd/N a descriptor. Without it --full "
     "asks "
     "on the terminal. A key is never given on the command line, where others see it."},
    {"coap-ping", NULL, false, MEMBER(coap_ping), option_set_true,
     "With --full: send an empty CoAP message over the session, and wait for its reset."},
    {"checks", "LIST", false, MEMBER(checks), option_set_text,
     "Only these checks, with commas between; the hello that all need is sent anyway."},
    {"targets", "FILE", false, MEMBER(targets), option_set_text,
     "Also probe the targets of FILE, one a line; # begins a comment, - is standard input."},
    {"parallel", "N", false, MEMBER(parallel), set_some,
     "Probe at most N targets at a time; 4 without this option."},
    {"rate", "N", false, MEMBER(rate), set_some,
     "Send at most N datagrams a second, to all targets together; 400 without this option."},
    {"timeout", "SECONDS", false, MEMBER(timeout), set_timeout,
     "Wait so long for an answer, 4 s at least; 5 s without this option. Flights are sent again "
     "after 1 "
     "s and 3 s."},
    {"ipv4", NULL, false, MEMBER(ipv4), option_set_true, "Only addresses of IPv4."},
    {"ipv6", NULL, false, MEMBER(ipv6), option_set_true, "Only addresses of IPv6."},
    {"source", "ADDRESS", false, MEMBER(source), option_set_text, "Send from this address."},
    {"json", NULL, false, MEMBER(json), option_set_true,
     "Print a JSON object on a line for each target, instead of the table."},
    {"events", "FILE", false, MEMBER(events), option_set_text,
     "Write an event for each check, one JSON object a line, with the names of the Elastic Common "
     "Schema. - is standard output, instead of the table."},
    {"privacy", "POLICY", false, MEMBER(privacy), option_set_text,
     "How targets and hints are shown: raw (as without this option: they are your own), internal "
     "or "
     "strict: as pseudonyms."},
    {"pseudonym-key", "FILE", false, MEMBER(pseudonym_key), option_set_text,
     "The key of pseudonyms, as of perpass analyze."},
    {"fail-on", "SEVERITY", false, MEMBER(fail_on), option_set_text,
     "Exit with 1 when a target fails a check whose rule is of this severity or worse (info, low, "
     "medium, high, critical). Checks without a rule are low."},
    {"quiet", NULL, false, MEMBER(quiet), option_set_true,
     "Do not tell the budget of datagrams before, and what was sent after."},
    {"no-sandbox", NULL, false, MEMBER(no_sandbox), option_set_true,
     "Do not confine the program to what it still has to do: for systems where that fails."},
    {"version", NULL, false, MEMBER(version), option_set_true, "Print the version."},
};

static const char notes[] =
    "Without --full and --oracle no identity is sent: every handshake ends at\n"
    "ServerHelloDone. HOST is a name or an address, [ADDRESS]:PORT for IPv6; the\n"
    "port is 5684 unless it is given; coaps://HOST:PORT is understood, too.\n"
    "Probe only servers that are yours.\n\n"
    "Exit status: 0, 1 a check failed as --fail-on says, 2 usage, 3 a target did\n"
    "not answer, or not to the end, 4 an output could not be written; after a signal\n"
    "128 and the signal's number.\n";

static const struct command program = {
    .program = "perpass-probe",
    .name = "perpass-probe",
    .operands = "[HOST[:PORT]...]",
    .max_operands = TARGETS_MAX,
    .about = "Ask a DTLS server of your own what it tells everybody, and whether an identity and a "
             "pre-shared key work: versions, cookies, cipher suites, identity hint, extensions, "
             "resumption, and whether identities can be guessed.",
    .notes = notes,
    .options = options,
    .num_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct settings),
    .run = run};

int main(int argc, char **argv)
{
    struct settings settings = {.full = false};
    struct option_list operands = {.num = 0};
    struct error error;
    int status = STATUS_OK;
    privileges_hide_memory();
    signals_prepare();
    switch (options_parse(&program, argv + 1, argc > 0 ? (size_t)argc - 1 : 0, &settings, &operands,
                          &error)) {
    case OPTIONS_RUN:
        status = program.run(&settings, &operands);
        break;
    case OPTIONS_HELP:
        options_help(stdout, &program);
        break;
    case OPTIONS_BAD:
        complain("%s", error.text);
        status = STATUS_USAGE;
        break;
    }
    option_list_free(&operands);
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    complain("standard output cannot be written: %s", strerror(errno));
    return STATUS_OUTPUT;
}
