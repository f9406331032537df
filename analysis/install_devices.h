/* install_devices.h: the devices that install themselves, found again by whatever they are known by: MAC address,
 * DUID, client identifier, the address that DHCP gave them. Bounded: the device that was quiet for longest gives way. */
#ifndef PERPASS_ANALYSIS_INSTALL_DEVICES_H
#define PERPASS_ANALYSIS_INSTALL_DEVICES_H

#include "analysis/install_names.h"
#include "analysis/install_transaction.h"

enum {
    INSTALL_MAX_DEVICES = 8192,   /* half of them at most known by their address alone */
    INSTALL_MAX_BYTES = 32 << 20, /* that they and their installs hold */
    INSTALL_MAX_RETRIES = 8,      /* files of a device whose retries are followed */
    INSTALL_MAX_ENCRYPTED = 8,    /* encrypted files that it asked for, remembered */
    INSTALL_MAX_GUESSES = 64      /* names of a guesser that are remembered */
};

/* How a device is found. */
enum install_key {
    INSTALL_KEY_MAC = 1,
    INSTALL_KEY_DUID,
    INSTALL_KEY_CLIENT_ID,
    INSTALL_KEY_ADDRESS
};

/* Asks for one file, again and again. */
struct install_retry {
    uint64_t name; /* hash; 0: none */
    uint64_t first_ns, last_ns, shortest_ns;
    uint32_t attempts, too_fast;
};

/* An encrypted file that was asked for. */
struct install_encrypted {
    struct install_text name;
    uint64_t time_ns, packet;
    bool came, by_content; /* it was obtained; what came was encrypted */
};

/* Names of others that were asked for: the last ones, each once. */
struct install_guesses {
    uint64_t names[INSTALL_MAX_GUESSES]; /* hashes; 0: none */
    uint64_t times_ns[INSTALL_MAX_GUESSES];
    bool missing[INSTALL_MAX_GUESSES];
    uint32_t next;
    uint64_t told_ns; /* 0: never */
    uint8_t mac[6];   /* of a host whose own was not seen: the first one in a name */
    bool has_mac;
};

struct install_device {
    struct install_device *newer, *older; /* in the order of last use */
    uint64_t last_ns;
    bool by_address; /* nothing but its address was seen */
    bool dhcp6;      /* DHCPv6 was the first to tell of it */
    uint8_t mac_len, mac[8];
    struct install_address address;
    uint8_t uuid_len, uuid[16];
    struct install_text client_id, duid, serial, host, vendor_class;
    uint32_t first_alias; /* of install_devices' own */

    struct install_live *live; /* the install that goes on, or NULL */
    struct install_retry retries[INSTALL_MAX_RETRIES];
    struct install_encrypted encrypted[INSTALL_MAX_ENCRYPTED];
    uint8_t next_encrypted;
    struct install_guesses *guesses; /* made with the first file */
};

struct install_devices;

/* install_devices_new gives an empty table; |leaves| is called for a device before it is forgotten, with its install
 * still there. NULL without memory. */
struct install_devices *install_devices_new(void *leaves_to,
                                            void (*leaves)(void *leaves_to,
                                                           struct install_device *device));

/* install_devices_free forgets all of them, the one that was quiet for longest first. */
void install_devices_free(struct install_devices *devices);

struct budget *install_devices_budget(struct install_devices *devices);
uint64_t install_devices_hash(const struct install_devices *devices, struct span bytes);

/* install_devices_find gives the device that is known by |bytes| as |key| at |time_ns|, or NULL. */
struct install_device *install_devices_find(struct install_devices *devices, enum install_key key,
                                            struct span bytes, uint64_t time_ns);

/* install_devices_add gives a new device. */
struct install_device *install_devices_add(struct install_devices *devices, bool by_address,
                                           uint64_t time_ns);

/* install_devices_know makes |device| found by |bytes| as |key|, until |until_ns| (0: for good); who was found by
 * them before, is not any more. Gives that device, or NULL. */
struct install_device *install_devices_know(struct install_devices *devices,
                                            struct install_device *device, enum install_key key,
                                            struct span bytes, uint64_t until_ns);

/* install_devices_forget makes nobody found by them. */
void install_devices_forget(struct install_devices *devices, enum install_key key,
                            struct span bytes);

/* install_devices_use says that |device| was seen at |time_ns|. */
void install_devices_use(struct install_devices *devices, struct install_device *device,
                         uint64_t time_ns);

/* install_devices_remove removes |device|, which nobody is to be told of. */
void install_devices_remove(struct install_devices *devices, struct install_device *device);

/* install_devices_each calls |visit| for all of them, the one that was quiet for longest first: those known by more
 * than their address, then the others. */
void install_devices_each(struct install_devices *devices, void *visit_to,
                          void (*visit)(void *visit_to, struct install_device *device));

/* install_device_self gives what is known of |device|, for its names; install_device_known for its transactions. */
struct install_self install_device_self(const struct install_device *device);
struct install_known install_device_known(const struct install_device *device);

#endif
