/* install_devices.c: the table of devices and of what each is known by. */
#include "analysis/install_devices.h"

#include "core/keyed_hash.h"

#include <stdlib.h>
#include <sys/random.h>

/* Firmware, loader and system have client identifiers of their own, and each family its addresses. */
enum {
    BUCKETS = 16384,
    ALIASES_EACH = 8,
    MAX_ALIASES = INSTALL_MAX_DEVICES * ALIASES_EACH,
    NO_ALIAS = 0
};

/* One thing that a device is known by. Index 0 is nobody. */
struct alias {
    uint64_t hash;     /* of key and bytes */
    uint64_t until_ns; /* 0: for good */
    struct install_device *device;
    uint32_t next_in_bucket, next_of_device; /* of a device's the newest first */
    enum install_key key;
};

/* Devices in the order of last use. */
struct line {
    struct install_device *newest, *oldest;
    size_t num;
};

struct install_devices {
    uint64_t key[2];
    struct budget budget;
    struct line known, by_address;
    uint32_t buckets[BUCKETS];
    struct alias aliases[MAX_ALIASES + 1];
    uint32_t free_alias, unused_alias; /* a list of those given back; the first never used */
    void *leaves_to;
    void (*leaves)(void *leaves_to, struct install_device *device);
};

struct install_devices *
install_devices_new(void *leaves_to, void (*leaves)(void *leaves_to, struct install_device *device))
{
    struct install_devices *devices = calloc(1, sizeof *devices);
    if (devices == NULL ||
        getrandom(devices->key, sizeof devices->key, 0) != (ssize_t)sizeof devices->key) {
        free(devices);
        return NULL;
    }
    devices->budget.limit = INSTALL_MAX_BYTES;
    devices->unused_alias = 1;
    devices->leaves_to = leaves_to;
    devices->leaves = leaves;
    return devices;
}

struct budget *install_devices_budget(struct install_devices *devices)
{
    return &devices->budget;
}

uint64_t install_devices_hash(const struct install_devices *devices, struct span bytes)
{
    return keyed_hash(devices->key, bytes.at, bytes.len) | 1;
}

/* Lines. */

static struct line *line_of(struct install_devices *devices, const struct install_device *device)
{
    return device->by_address ? &devices->by_address : &devices->known;
}

static void line_take(struct line *line, struct install_device *device)
{
    if (device->newer != NULL)
        device->newer->older = device->older;
    else
        line->newest = device->older;
    if (device->older != NULL)
        device->older->newer = device->newer;
    else
        line->oldest = device->newer;
    line->num--;
}

static void line_add(struct line *line, struct install_device *device)
{
    device->newer = NULL;
    device->older = line->newest;
    if (line->newest != NULL)
        line->newest->newer = device;
    else
        line->oldest = device;
    line->newest = device;
    line->num++;
}

void install_devices_use(struct install_devices *devices, struct install_device *device,
                         uint64_t time_ns)
{
    struct line *line = line_of(devices, device);
    line_take(line, device);
    line_add(line, device);
    device->last_ns = time_ns;
}

/* Aliases. */

static uint64_t alias_hash(const struct install_devices *devices, enum install_key key,
                           struct span bytes)
{
    uint8_t text[1 + 256];
    size_t len = bytes.len < sizeof text - 1 ? bytes.len : sizeof text - 1;
    text[0] = (uint8_t)key;
    memcpy(text + 1, bytes.at, len);
    return keyed_hash(devices->key, text, len + 1);
}

static uint32_t *bucket_of(struct install_devices *devices, uint64_t hash)
{
    return &devices->buckets[hash % BUCKETS];
}

static uint32_t alias_find(struct install_devices *devices, uint64_t hash)
{
    uint32_t at = *bucket_of(devices, hash);
    while (at != NO_ALIAS && devices->aliases[at].hash != hash)
        at = devices->aliases[at].next_in_bucket;
    return at;
}

static void alias_free(struct install_devices *devices, uint32_t freed)
{
    struct alias *alias = &devices->aliases[freed];
    uint32_t *at = bucket_of(devices, alias->hash);
    while (*at != freed)
        at = &devices->aliases[*at].next_in_bucket;
    *at = alias->next_in_bucket;
    at = &alias->device->first_alias;
    while (*at != freed)
        at = &devices->aliases[*at].next_of_device;
    *at = alias->next_of_device;
    alias->next_in_bucket = devices->free_alias;
    devices->free_alias = freed;
}

/* When |device| is known by many things, the one that was not said for longest gives way, but not its MAC address, which
 * is what the stages of a boot have in common. */
static void alias_limit(struct install_devices *devices, struct install_device *device)
{
    uint32_t num = 0, oldest = device->first_alias;
    for (uint32_t at = oldest; at != NO_ALIAS; at = devices->aliases[at].next_of_device) {
        num++;
        if (devices->aliases[at].key != INSTALL_KEY_MAC)
            oldest = at;
    }
    if (num >= ALIASES_EACH)
        alias_free(devices, oldest);
}

static void alias_add(struct install_devices *devices, struct install_device *device,
                      enum install_key key, uint64_t hash, uint64_t until_ns)
{
    alias_limit(devices, device);
    uint32_t at = devices->free_alias;
    if (at != NO_ALIAS)
        devices->free_alias = devices->aliases[at].next_in_bucket;
    else
        at = devices->unused_alias++;
    uint32_t *bucket = bucket_of(devices, hash);
    devices->aliases[at] = (struct alias){.hash = hash,
                                          .key = key,
                                          .until_ns = until_ns,
                                          .device = device,
                                          .next_in_bucket = *bucket,
                                          .next_of_device = device->first_alias};
    *bucket = at;
    device->first_alias = at;
}

struct install_device *install_devices_find(struct install_devices *devices, enum install_key key,
                                            struct span bytes, uint64_t time_ns)
{
    if (!span_seen(bytes) || bytes.len == 0)
        return NULL;
    uint32_t at = alias_find(devices, alias_hash(devices, key, bytes));
    if (at == NO_ALIAS)
        return NULL;
    const struct alias *alias = &devices->aliases[at];
    return alias->until_ns != 0 && time_ns > alias->until_ns ? NULL : alias->device;
}

struct install_device *install_devices_know(struct install_devices *devices,
                                            struct install_device *device, enum install_key key,
                                            struct span bytes, uint64_t until_ns)
{
    if (!span_seen(bytes) || bytes.len == 0)
        return NULL;
    uint64_t hash = alias_hash(devices, key, bytes);
    uint32_t at = alias_find(devices, hash);
    struct install_device *before = at != NO_ALIAS ? devices->aliases[at].device : NULL;
    if (before != NULL)
        alias_free(devices, at); /* what is said again is the newest */
    alias_add(devices, device, key, hash, until_ns);
    return before != device ? before : NULL;
}

void install_devices_forget(struct install_devices *devices, enum install_key key,
                            struct span bytes)
{
    uint32_t at =
        span_seen(bytes) ? alias_find(devices, alias_hash(devices, key, bytes)) : NO_ALIAS;
    if (at != NO_ALIAS)
        alias_free(devices, at);
}

/* Devices. */

static void text_drop(struct install_devices *devices, struct install_text *text)
{
    install_text_set(text, (struct span){.at = NULL}, &devices->budget);
}

void install_devices_remove(struct install_devices *devices, struct install_device *device)
{
    while (device->first_alias != NO_ALIAS)
        alias_free(devices, device->first_alias);
    text_drop(devices, &device->client_id);
    text_drop(devices, &device->duid);
    text_drop(devices, &device->serial);
    text_drop(devices, &device->host);
    text_drop(devices, &device->vendor_class);
    for (size_t i = 0; i < INSTALL_MAX_ENCRYPTED; i++)
        text_drop(devices, &device->encrypted[i].name);
    line_take(line_of(devices, device), device);
    free(device->guesses);
    free(device);
}

static void device_free(struct install_devices *devices, struct install_device *device)
{
    devices->leaves(devices->leaves_to, device);
    install_devices_remove(devices, device);
}

struct install_device *install_devices_add(struct install_devices *devices, bool by_address,
                                           uint64_t time_ns)
{
    struct line *line = by_address ? &devices->by_address : &devices->known;
    size_t num = devices->known.num + devices->by_address.num;
    if (by_address && line->num >= INSTALL_MAX_DEVICES / 2)
        device_free(devices, line->oldest);
    else if (num >= INSTALL_MAX_DEVICES)
        device_free(devices, devices->by_address.oldest != NULL ? devices->by_address.oldest
                                                                : devices->known.oldest);
    struct install_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return NULL;
    device->by_address = by_address;
    device->last_ns = time_ns;
    line_add(line, device);
    return device;
}

/* The next to go: of both lines the one that was quiet for longer. */
static struct install_device *oldest_of(const struct install_devices *devices)
{
    struct install_device *a = devices->known.oldest, *b = devices->by_address.oldest;
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    return a->last_ns <= b->last_ns ? a : b;
}

void install_devices_free(struct install_devices *devices)
{
    if (devices == NULL)
        return;
    for (struct install_device *device; (device = oldest_of(devices)) != NULL;)
        device_free(devices, device);
    free(devices);
}

static void line_each(const struct line *line, void *visit_to,
                      void (*visit)(void *visit_to, struct install_device *device))
{
    for (struct install_device *device = line->oldest; device != NULL; device = device->newer)
        visit(visit_to, device);
}

void install_devices_each(struct install_devices *devices, void *visit_to,
                          void (*visit)(void *visit_to, struct install_device *device))
{
    line_each(&devices->known, visit_to, visit);
    line_each(&devices->by_address, visit_to, visit);
}

static struct span mac_span(const struct install_device *device)
{
    return device->mac_len > 0 ? span_of(device->mac, device->mac_len) : (struct span){.at = NULL};
}

/* The host name without its domain. */
static struct span first_label(struct span host)
{
    if (!span_seen(host))
        return host;
    const uint8_t *dot = host.len > 0 ? memchr(host.at, '.', host.len) : NULL;
    return dot != NULL ? span_of(host.at, (size_t)(dot - host.at)) : host;
}

struct install_self install_device_self(const struct install_device *device)
{
    return (struct install_self){.mac = mac_span(device),
                                 .address = install_address_span(&device->address),
                                 .serial = install_text_span(&device->serial),
                                 .uuid = device->uuid_len > 0
                                             ? span_of(device->uuid, device->uuid_len)
                                             : (struct span){.at = NULL},
                                 .host = first_label(install_text_span(&device->host))};
}

struct install_known install_device_known(const struct install_device *device)
{
    return (struct install_known){.known_by = device->by_address ? "address"
                                              : device->dhcp6    ? "dhcpv6"
                                                                 : "dhcp",
                                  .mac = mac_span(device),
                                  .client_id = install_text_span(&device->client_id),
                                  .duid = install_text_span(&device->duid),
                                  .serial = install_text_span(&device->serial),
                                  .host = install_text_span(&device->host),
                                  .vendor_class = install_text_span(&device->vendor_class),
                                  .address = install_address_span(&device->address)};
}
