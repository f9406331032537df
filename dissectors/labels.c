/* labels.c: nDPI behind the functions of labels.h. Its modules are not for two threads, and its functions differ from
 * version to version: nobody else includes its headers. */
#include "dissectors/labels.h"

#include <ctype.h>
#include <ndpi_api.h>
#include <stdlib.h>

enum { WAYS = 8, SETS = LABELS_FLOWS / WAYS, NAME_LEN = 24 };

struct looked_at {
    uint64_t name, age; /* name 0: nothing is here */
    struct ndpi_flow_struct *flow;
    uint16_t protocol, application;
    uint8_t packets;
    bool done, readable, credentials;
};

struct labels {
    struct ndpi_detection_module_struct *module;
    char (*names)[NAME_LEN]; /* of protocols, by number */
    uint32_t num_names;
    uint64_t now;
    struct labels_stats stats;
    bool failed; /* there was no memory for the module */
    struct looked_at flows[LABELS_FLOWS];
};

bool labels_built(void)
{
    return true;
}

const char *labels_version(void)
{
    return ndpi_revision();
}

/* ECS wants names in lower case. */
static bool copy_names(struct labels *labels)
{
    labels->num_names = ndpi_get_num_supported_protocols(labels->module);
    labels->names = calloc(labels->num_names, sizeof labels->names[0]);
    if (labels->names == NULL)
        return false;
    for (uint32_t i = 0; i < labels->num_names; i++) {
        const char *name = ndpi_get_proto_name(labels->module, (uint16_t)i);
        for (size_t at = 0; name != NULL && name[at] != '\0' && at + 1 < NAME_LEN; at++)
            labels->names[i][at] = (char)tolower((unsigned char)name[at]);
    }
    return true;
}

struct labels *labels_new(void)
{
    return calloc(1, sizeof(struct labels));
}

/* Takes some 20 ms, so that it waits until there is something to look at. No file is read: without libgcrypt, which
 * nDPI needs only to open QUIC, it works in a sandbox. */
static bool make_module(struct labels *labels)
{
    if (labels->module != NULL || labels->failed)
        return labels->module != NULL;
    labels->module = ndpi_init_detection_module(ndpi_dont_init_libgcrypt);
    labels->failed = labels->module == NULL;
    if (labels->failed)
        return false;
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(labels->module, &all);
    ndpi_finalize_initialization(labels->module);
    if (copy_names(labels))
        return true;
    ndpi_exit_detection_module(labels->module);
    labels->module = NULL;
    labels->failed = true;
    return false;
}

static void forget(struct looked_at *at)
{
    if (at->flow != NULL)
        ndpi_free_flow(at->flow);
    *at = (struct looked_at){.name = 0};
}

void labels_free(struct labels *labels)
{
    if (labels == NULL)
        return;
    for (size_t i = 0; i < LABELS_FLOWS; i++)
        forget(&labels->flows[i]);
    free(labels->names);
    if (labels->module != NULL)
        ndpi_exit_detection_module(labels->module);
    free(labels);
}

/* A conversation is known by its first packet: no other one has it. */
static uint64_t name_of(const struct flow *flow)
{
    return flow->first_packet + 1;
}

static struct looked_at *set_of(struct labels *labels, uint64_t name)
{
    return &labels->flows[(name * 0x9E3779B97F4A7C15u >> 32) % SETS * WAYS];
}

static struct looked_at *find(struct labels *labels, uint64_t name)
{
    struct looked_at *set = set_of(labels, name);
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].name == name)
            return &set[i];
    return NULL;
}

static struct looked_at *place(struct labels *labels, uint64_t name)
{
    struct looked_at *set = set_of(labels, name), *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == 0) {
            oldest = &set[i];
            break;
        }
        if (set[i].age < oldest->age)
            oldest = &set[i];
    }
    labels->stats.evicted += oldest->name != 0;
    forget(oldest);
    oldest->name = name;
    oldest->flow = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
    if (oldest->flow != NULL)
        memset(oldest->flow, 0, SIZEOF_FLOW_STRUCT);
    return oldest;
}

static bool is_readable(const struct labels *labels, ndpi_protocol found)
{
    return !ndpi_is_encrypted_proto(labels->module, found);
}

static bool is_known(ndpi_protocol found)
{
    return found.app_protocol != NDPI_PROTOCOL_UNKNOWN ||
           found.master_protocol != NDPI_PROTOCOL_UNKNOWN;
}

/* What nDPI holds of the conversation is not needed any more. */
static void settle(struct labels *labels, struct looked_at *at, ndpi_protocol found)
{
    at->done = true;
    at->protocol =
        found.master_protocol != NDPI_PROTOCOL_UNKNOWN ? found.master_protocol : found.app_protocol;
    at->application = found.app_protocol;
    at->readable = is_known(found) && is_readable(labels, found);
    at->credentials = NDPI_ISSET_BIT(at->flow->risk, NDPI_CLEAR_TEXT_CREDENTIALS);
    ndpi_free_flow(at->flow);
    at->flow = NULL;
}

/* Of these nDPI sees credentials, which come behind what tells the protocol. */
static bool may_log_in(ndpi_protocol found)
{
    switch (found.app_protocol) {
    case NDPI_PROTOCOL_FTP_CONTROL:
    case NDPI_PROTOCOL_MAIL_POP:
    case NDPI_PROTOCOL_MAIL_SMTP:
    case NDPI_PROTOCOL_MAIL_IMAP:
    case NDPI_PROTOCOL_HTTP:
    case NDPI_PROTOCOL_TELNET:
        return true;
    default:
        return false;
    }
}

static bool may_tell_more(const struct labels *labels, const struct looked_at *at,
                          ndpi_protocol found)
{
    return may_log_in(found) && at->packets + 1 < LABELS_PACKETS &&
           ndpi_extra_dissection_possible(labels->module, at->flow) &&
           !NDPI_ISSET_BIT(at->flow->risk, NDPI_CLEAR_TEXT_CREDENTIALS);
}

/* Without an answer from its bytes, nDPI may guess by ports; an application that is known by a name or an address alone
 * would be the dissectors' business. */
static void give_up(struct labels *labels, struct looked_at *at)
{
    uint8_t guessed;
    settle(labels, at, ndpi_detection_giveup(labels->module, at->flow, 0, &guessed));
}

bool labels_look(struct labels *labels, const struct flow *flow, struct span packet,
                 uint64_t time_ns)
{
    if (!make_module(labels))
        return false;
    const uint64_t name = name_of(flow);
    struct looked_at *at = find(labels, name);
    if (at == NULL)
        at = place(labels, name);
    at->age = ++labels->now;
    if (at->done || at->flow == NULL || packet.len > UINT16_MAX)
        return false;
    labels->stats.packets++;
    const ndpi_protocol found = ndpi_detection_process_packet(
        labels->module, at->flow, packet.at, (unsigned short)packet.len, time_ns / 1000000);
    if (is_known(found) && !may_tell_more(labels, at, found))
        settle(labels, at, found);
    else if (++at->packets >= LABELS_PACKETS)
        give_up(labels, at);
    return !at->done;
}

struct label labels_end(struct labels *labels, const struct flow *flow)
{
    struct label label = {.protocol = NULL};
    struct looked_at *at = labels->module != NULL ? find(labels, name_of(flow)) : NULL;
    if (at == NULL)
        return label;
    if (!at->done && at->flow != NULL)
        give_up(labels, at);
    if (at->protocol != NDPI_PROTOCOL_UNKNOWN && at->protocol < labels->num_names) {
        label.protocol = labels->names[at->protocol];
        label.readable = at->readable;
        label.credentials = at->credentials;
        if (at->application != at->protocol && at->application < labels->num_names)
            label.application = labels->names[at->application];
    }
    forget(at);
    return label;
}

struct labels_stats labels_stats(const struct labels *labels)
{
    return labels->stats;
}
