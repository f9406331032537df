/* run_options.c: the options that all commands with results share. */
#include "cli/kafka_client.h"
#include "cli/run.h"
#include "cli/syslog_stream.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* "json, txt" */
static void list_formats(char *list, size_t size)
{
    size_t len = 0;
    list[0] = '\0';
    for (size_t i = 0; report_formats[i] != NULL && len < size; i++)
        len += (size_t)snprintf(list + len, size - len, "%s%s", i > 0 ? ", " : "",
                                report_formats[i]->name);
}

static const struct report_format *unknown_format(const char *format, int len, struct error *error)
{
    char list[128];
    list_formats(list, sizeof list);
    error_set(error,
              "\"%.*s\" is no report format: there are %s (FORMAT:FILE, or a file name that "
              "ends in .FORMAT)",
              len < 100 ? len : 100, format, list);
    return NULL;
}

const struct report_format *run_report_format(const char *value, const char **path,
                                              struct error *error)
{
    const char *colon = strchr(value, ':');
    const char *name = strrchr(value, '/');
    const char *dot = strrchr(name != NULL ? name : value, '.');
    for (size_t i = 0; colon != NULL && report_formats[i] != NULL; i++) {
        size_t len = strlen(report_formats[i]->name);
        if (len == (size_t)(colon - value) && memcmp(value, report_formats[i]->name, len) == 0) {
            *path = colon + 1;
            if (colon[1] != '\0')
                return report_formats[i];
            error_set(error, "\"%s\" names no file", value);
            return NULL;
        }
    }
    *path = value;
    const struct report_format *format = dot != NULL ? report_format_find(value) : NULL;
    if (format != NULL)
        return format;
    if (colon != NULL && memchr(value, '/', (size_t)(colon - value)) == NULL)
        return unknown_format(value, (int)(colon - value), error);
    return unknown_format(dot != NULL ? dot : value, (int)strlen(dot != NULL ? dot : value), error);
}

bool run_set_report(void *member, const char *value, struct error *error)
{
    const char *path;
    return run_report_format(value, &path, error) != NULL && option_add_text(member, value, error);
}

static bool set_events(void *member, const char *value, struct error *error)
{
    const char *before = *(const char **)member;
    if (before != NULL)
        return error_set(error, "there is one stream of events, and it goes to %.100s already",
                         before);
    const char *topic = kafka_topic(value), *inner = syslog_stream_path(value);
    if (inner != NULL && kafka_topic(inner) != NULL)
        return error_set(error, "events to Kafka have no form but JSON: there is no syslog:kafka:");
    const char *path = inner != NULL ? inner : value;
    const char *socket = output_socket(path);
    if ((socket != NULL ? socket : path)[0] == '\0')
        return error_set(error, "\"%s\" names no %s", value, socket != NULL ? "socket" : "file");
    if (topic != NULL && !kafka_client_built())
        return error_set(error, "this perpass was built without librdkafka: there is no kafka:");
    return (topic == NULL || kafka_check_topic(topic, error)) &&
           option_set_text(member, value, error);
}

static bool set_observations(void *member, const char *value, struct error *error)
{
    struct run_observations *observations = member;
    if (value != NULL && value[0] == '\0')
        return error_set(error, "its list of types is empty");
    *observations = (struct run_observations){.on = true, .types = value};
    return true;
}

static bool set_privacy(void *member, const char *value, struct error *error)
{
    return privacy_policy_parse(value, member) ||
           error_set(error, "\"%.100s\" is no policy: there are strict, internal and raw", value);
}

static bool set_address_scheme(void *member, const char *value, struct error *error)
{
    enum address_scheme *scheme = member;
    *scheme = strcmp(value, "crypto-pan") == 0 ? SCHEME_CRYPTO_PAN : SCHEME_IPCRYPT_PFX;
    return *scheme == SCHEME_CRYPTO_PAN || strcmp(value, "ipcrypt-pfx") == 0 ||
           error_set(error, "\"%.100s\" is no scheme: there are ipcrypt-pfx and crypto-pan", value);
}

static bool set_epoch(void *member, const char *value, struct error *error)
{
    return redact_epoch_parse(value, member) ||
           error_set(error, "\"%.100s\" is no epoch: there are day, week and never", value);
}

bool run_set_severity(void *member, const char *value, struct error *error)
{
    return severity_parse(value, member) ||
           error_set(error,
                     "\"%.100s\" is no severity: there are critical, high, medium, low and info",
                     value);
}

static bool set_home_net(void *member, const char *value, struct error *error)
{
    return home_nets_add(member, value, error);
}

static bool set_threads(void *member, const char *value, struct error *error)
{
    char *end;
    errno = 0;
    unsigned long num = strtoul(value, &end, 10);
    if (value[0] < '1' || value[0] > '9' || *end != '\0' || errno != 0 || num > TEAM_MAX_THREADS)
        return error_set(error, "\"%.100s\" is no number from 1 to %d", value, TEAM_MAX_THREADS);
    *(unsigned *)member = (unsigned)num;
    return true;
}

static bool set_write_size(void *member, const char *value, struct error *error)
{
    uint64_t *size = member;
    return option_set_number(size, value, error) &&
           ((*size > 0 && *size <= UINT32_MAX) || error_set(error, "it is 1 to 4294967295"));
}

/* Reads a number at |text|; gives what follows it, NULL when there is none. */
static const char *read_cpu(const char *text, unsigned long *cpu)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return NULL;
    *cpu = strtoul(text, &end, 10);
    return *cpu < CPU_SETSIZE ? end : NULL;
}

static bool set_cpus(void *member, const char *value, struct error *error)
{
    struct run_cpus *cpus = member;
    const char *at = value;
    *cpus = (struct run_cpus){.num = 0};
    do {
        unsigned long first = 0;
        at = read_cpu(at, &first);
        unsigned long last = first;
        if (at != NULL && *at == '-')
            at = read_cpu(at + 1, &last);
        if (at == NULL || (*at != ',' && *at != '\0') || last < first ||
            last - first >= TEAM_MAX_THREADS - cpus->num)
            return error_set(error, "\"%.100s\" is no list of up to %d processors, such as 0,2-3",
                             value, TEAM_MAX_THREADS);
        while (first <= last)
            cpus->at[cpus->num++] = (unsigned)first++;
    } while (*at++ == ',');
    return true;
}

#define MEMBER(name) offsetof(struct run_settings, name)

const struct option_row run_options[] = {
    {"report", "[FORMAT:]FILE", false, MEMBER(reports), run_set_report,
     "Write a report; the format is told by the ending of FILE (.json, .html, .md, .txt, .sarif, "
     ".xml for JUnit) or by FORMAT: before it; - is standard output. The file appears when it is "
     "complete. Can be given several times."},
    {"events", "FILE", false, MEMBER(events), set_events,
     "Write findings and statistics as events, one JSON object a line, in the Elastic Common "
     "Schema. FILE can be - for standard output, or unix:PATH for a listening stream socket. With "
     "syslog: before it each event is a message of syslog (RFC 5424) with its length before it, "
     "such as syslog:unix:PATH."},
    {"kafka-brokers", "HOST:PORT,...", false, MEMBER(kafka_brokers), option_set_text,
     "With --events kafka:TOPIC: send the events to that topic of Kafka, by way of these brokers.",
     .needs = "librdkafka", .built = kafka_client_built},
    {"kafka-config", "FILE", false, MEMBER(kafka_config), option_set_text,
     "With --events kafka:TOPIC: properties of librdkafka, a NAME=VALUE a line, such as "
     "bootstrap.servers, security.protocol and sasl.password.",
     .needs = "librdkafka", .built = kafka_client_built},
    {"flows", NULL, false, MEMBER(flows), option_set_true,
     "With --events: also an event for every conversation."},
    {"no-classify", NULL, false, MEMBER(no_classify), option_set_true,
     "Do not ask nDPI what the conversations are that perpass does not read itself: faster, and "
     "fewer protocols without encryption are told."},
    {"observations", "TYPE,...", true, MEMBER(observations), set_observations,
     "With --events: also an event for every protocol observation, or for those of the named "
     "types, such "
     "as tls.client_hello."},
    {"privacy", "POLICY", false, MEMBER(policy), set_privacy,
     "What outputs may show: strict (the default: addresses, names and identities as pseudonyms), "
     "internal (addresses and names as they are, identities as pseudonyms) or raw (everything as "
     "it is)."},
    {"pseudonym-key", "FILE", false, MEMBER(key_file), option_set_text,
     "Make pseudonyms with the key in FILE (32 bytes or 64 hex digits, mode 0600), so that they "
     "are the "
     "same in every run. Without it each run has a random key."},
    {"address-scheme", "SCHEME", false, MEMBER(address_scheme), set_address_scheme,
     "How IP addresses are hidden: ipcrypt-pfx (the default), or crypto-pan, which with the same "
     "key is what other tools "
     "show. Both keep prefixes."},
    {"epoch", "TIME", false, MEMBER(epoch), set_epoch,
     "Make pseudonyms with another key for each day or week (UTC) of the traffic, derived from "
     "that of --pseudonym-key: "
     "those of two epochs cannot be compared. never is the default."},
    {"filter", "BPF", false, MEMBER(filter), option_set_text,
     "Read only the packets that match this expression; see pcap-filter(7). A host name in it is "
     "looked up, perhaps by asking the network: addresses are not."},
    {"rules", "LIST", false, MEMBER(rules), option_set_text,
     "Rules to use, such as -psk.hint-sent, or +pfs.*,+auth.anonymous. A list that begins with a + "
     "word "
     "or a word without sign switches on nothing but what it names; one that begins with a - word "
     "starts "
     "from all rules."},
    {"home-net", "CIDR,...", false, MEMBER(home_nets), set_home_net,
     "Your own networks, such as 192.0.2.0/24,2001:db8::/32: servers elsewhere that devices "
     "install from are told (install.off-site-server). Without it private addresses are taken for "
     "your own. Can be given several times."},
    {"geoip", "FILE.mmdb", false, MEMBER(geoip), option_add_text,
     "Tell countries and networks of addresses by this database (MaxMind's format; city, country "
     "or ASN), looked up "
     "before they are hidden. Can be given several times: of what several know the first counts."},
    {"secret-rules", "FILE", false, MEMBER(secret_rules), option_set_text,
     "Look for secrets in transferred files by the rules in FILE, too; see SECRET RULES in "
     "perpass(1)."},
    {"min-severity", "SEVERITY", false, MEMBER(min_severity), run_set_severity,
     "Leave findings below critical, high, medium or low out."},
    {"fail-on", "SEVERITY", false, MEMBER(fail_on), run_set_severity,
     "Exit with status 1 if there is a finding of this severity or above (critical, high, medium, "
     "low or "
     "info) that is not in the file of --baseline."},
    {"baseline", "FILE", false, MEMBER(baseline), option_set_text,
     "Take the findings in FILE, which --write-baseline wrote, for known: reports mark them, and "
     "--fail-on does not count them. See CONTINUOUS INTEGRATION in perpass(1)."},
    {"write-baseline", "FILE", false, MEMBER(write_baseline), option_set_text,
     "Write the findings to FILE, for --baseline of later runs. It shows no address and no name."},
    {"write", "FILE", false, MEMBER(write), option_set_text,
     "Write the packets that results rest on to FILE (pcapng): those of conversations that are "
     "read, until their handshake is over, of transferred files, and those with odd headers. Needs "
     "--privacy raw."},
    {"write-size", "MIB", false, MEMBER(write_mib), set_write_size,
     "Write no more than MIB mebibytes to the file of --write (100 if this is not given); packets "
     "that are not written are counted."},
    {"user", "NAME", false, MEMBER(user), option_set_text,
     "Started by root: go on as user NAME once what only root may read is open (the interface, the "
     "key). Outputs are opened as NAME."},
    {"no-sandbox", NULL, false, MEMBER(no_sandbox), option_set_true,
     "Do not confine the program to the files and the system calls that it needs: for systems "
     "without seccomp, and for debuggers."},
    {"verbose", NULL, false, MEMBER(verbose), option_set_true,
     "Tell on standard error of every file, and count at the end what was seen and what was not."},
    {"threads", "N", false, MEMBER(threads), set_threads,
     "Work with N threads, 1 to 64; 1 is the default. What is told does not depend on it."},
    {"cpus", "LIST", false, MEMBER(cpus), set_cpus,
     "Bind each thread to a processor of LIST, such as 0,2-3, in turn. Without it the system moves "
     "them "
     "as it likes."}};

const size_t run_num_options = sizeof run_options / sizeof run_options[0];

void run_settings_free(struct run_settings *settings)
{
    option_list_free(&settings->reports);
    option_list_free(&settings->geoip);
}
