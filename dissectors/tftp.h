/* tftp.h: what is observed of TFTP: requests, and the files that are transferred. */
#ifndef PERPASS_DISSECTORS_TFTP_H
#define PERPASS_DISSECTORS_TFTP_H

#include "core/dissector.h"
#include "dissectors/content.h"

enum {
    TFTP_MAX_NAME = 512,    /* bytes of a file's name that are kept */
    TFTP_MAX_OPTIONS = 256, /* bytes of a list of options that are kept */
    TFTP_MAX_RANGES = 32    /* of lost bytes, that are told one by one */
};

/* Options of RFC 2347, as asked for or as agreed on. */
struct tftp_options {
    struct span list;         /* name NUL value NUL, in order; not seen: there are none */
    struct number num;        /* how many there are, not only in |list| */
    struct number blksize;    /* RFC 2348 */
    struct number timeout;    /* seconds, RFC 2349 */
    struct number tsize;      /* bytes, RFC 2349 */
    struct number windowsize; /* blocks, RFC 7440 */
    enum truth multicast;     /* RFC 2090: it is there */
    enum truth others;        /* there are options that nobody here knows */
};

/* "tftp.request": a client asks for a file, or says that it will send one. Said for every request, those that come
 * again included. The flow's client is who asks. */
struct tftp_request {
    const char *op;         /* "read" or "write" */
    struct span file;       /* its name as asked for; at most TFTP_MAX_NAME bytes */
    struct number file_len; /* bytes of the whole name */
    const char *mode;       /* "octet", "netascii", "mail", "other" */
    struct tftp_options options;
    struct number
        retransmission; /* 0: the first of this kind from this port; else how often before */
    struct number since_first_ns; /* packet time since the first one; of a first one not seen */
    struct number tid;            /* the client's port: its transfer identifier */
    enum truth to_group;          /* to a broadcast or multicast address */
    enum truth to_known_port;     /* to port 69 */
};

/* "tftp.transfer": what became of a file, said when the transfer ended, or can no longer go on. The observation's
 * flow is the one that carried it; its client is who asked, as far as is known. A transfer with nothing but an
 * error is one, too; a request that was never answered is none. */
struct tftp_transfer {
    const char *op;   /* "read" or "write"; NULL: neither request nor beginning were seen */
    struct span file; /* as in the request; not seen without it */
    struct number file_len;
    const char *mode;
    enum truth request_seen; /* no: told by the form of its packets alone */
    enum truth from_start;   /* its first block, or what precedes it, was seen */
    enum truth
        other_server; /* another address answered than was asked; absent for requests to a group */
    enum truth
        from_known_port; /* the server sends from the port that was asked, not from one of its own */
    struct number client_tid, server_tid; /* ports; not seen where it is not known which is which */
    struct tftp_options asked, agreed;    /* of the request; of the OACK */
    enum truth options_agreed; /* an OACK was seen; no: the beginning was seen, and had none */

    struct number blksize;    /* in use, as agreed or as seen */
    struct number windowsize; /* in use */
    struct number tsize;      /* told by whoever sends the file */

    struct number bytes;         /* of the file that were seen, each once */
    struct number size;          /* of the file, once its end was seen; what was lost included */
    struct number blocks;        /* that were seen, each once */
    struct number retransmitted; /* blocks that were seen again */
    struct number reordered;     /* blocks that came behind later ones */
    struct number
        lost_blocks; /* not seen, but others behind them, or their acknowledgements, were */
    struct number
        lost_bytes; /* of the ranges that were not seen, as far as their length is known */
    struct number lost_ranges; /* how many; the first TFTP_MAX_RANGES are in the lists */
    struct span lost_offsets, lost_lengths; /* 8 bytes each, highest first: tftp_next_u64 */
    struct number rollovers;                /* times that the block number went past 65,535 */
    struct number rollover_to;              /* 0 or 1 */

    enum truth complete; /* the whole file was seen, from its first byte to its last */
    /* "acknowledged": the last block was; "last block": it was seen, and not its acknowledgement; "error";
     * "aborted": the client wanted no more behind the OACK, as it only asked for the size; "replaced": another
     * transfer took the same ports; "timeout", "input" and "evicted": before that, as the flow ended. */
    const char *ended;
    struct number error; /* code */
    /* "undefined", "not found", "access", "full", "illegal", "unknown tid", "exists", "no user", "option", "other" */
    const char *error_class;
    enum truth error_by_client;
    struct number error_message_len; /* the text is not kept */

    struct number request_packet, first_packet, last_packet; /* numbers in the input */
    struct number request_time, first_time;                  /* nanoseconds since 1970 */
    struct number
        duration_ns; /* to the last packet, from the request, or else from the first packet */

    struct content_facts content; /* of the bytes as they cross the network, whatever the mode */
    /* netascii, complete, and not as content.sha256: of the file with CR LF as LF, and CR NUL as CR. */
    struct span sha256_decoded;
};

extern const struct dissector dissector_tftp;

extern const struct observation_type observation_tftp_request, observation_tftp_transfer;

/* Walkers for lists: numbers of 8 bytes; names of options, and their values. */
void tftp_next_u64(struct reader *list, struct value *item);
void tftp_next_option_name(struct reader *list, struct value *item);
void tftp_next_option_value(struct reader *list, struct value *item);

#endif
