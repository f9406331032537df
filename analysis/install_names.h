/* install_names.h: what the name of a file tells that a device asks for when it installs itself. */
#ifndef PERPASS_ANALYSIS_INSTALL_NAMES_H
#define PERPASS_ANALYSIS_INSTALL_NAMES_H

#include "core/finding.h"

/* What is known of the device that asks; all of it may be unseen. */
struct install_self {
    struct span mac;     /* 6 bytes */
    struct span address; /* 4 or 16 bytes */
    struct span serial;  /* text */
    struct span uuid;    /* 16 bytes */
    struct span host;    /* its own host name, without the domain */
};

/* What kind of file it should be, by the name alone. */
enum install_name_file {
    INSTALL_NAME_UNKNOWN = 0,
    INSTALL_NAME_CONFIGURATION, /* a configuration, or names that boot loaders look for */
    INSTALL_NAME_BOOT           /* a boot loader, kernel, image, or a part of these */
};
enum install_name_file install_name_file(struct span name);

/* install_name_encrypted says whether the name ends as encrypted files do: .enc, .p7m, .cms, .pgp ... */
bool install_name_encrypted(struct span name);

/* install_name_stem gives what is left without directories, and without the endings of encrypted files and of
 * configurations: SN19842256 of /cfg/SN19842256.enc and of SN19842256.cfg. Never empty, unless the name is. */
struct span install_name_stem(struct span name);

/* install_name_same_stem compares the stems of two names, without regard to case. */
bool install_name_same_stem(struct span a, struct span b);

/* What of a device a name holds. */
struct install_name_identity {
    const char *kind; /* "mac", "serial", "ip", "uuid", "host"; NULL: nothing */
    enum confidence confidence;
    const char *reason; /* a sentence */
};

/* install_name_identity looks for what is known of |self| in the name, and else for what looks like it. */
struct install_name_identity install_name_identity(struct span name,
                                                   const struct install_self *self);

/* install_name_mac gives what in a name looks like a MAC address; false when nothing does. */
bool install_name_mac(struct span name, uint8_t mac[6]);

/* install_name_walk says which client's fixed list of names has this one, when a device with that |self| walks
 * through it: "pxelinux", "grub", "ios", "phone", "onie"; NULL: none. */
const char *install_name_walk(struct span name, const struct install_self *self);

/* The numbers in a name: names of one |shape| differ in the |number| only. */
struct install_name_shape {
    struct span before, after; /* of the last run of digits in the name without its directories' */
    uint64_t number;
    bool any; /* there is such a run, of 1 to 18 digits */
};
struct install_name_shape install_name_shape(struct span name);

#endif
