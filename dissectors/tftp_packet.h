/* tftp_packet.h: the packets of TFTP (RFC 1350 section 5, RFC 2347) as they are read from a datagram. */
#ifndef PERPASS_DISSECTORS_TFTP_PACKET_H
#define PERPASS_DISSECTORS_TFTP_PACKET_H

#include "dissectors/tftp.h"

enum tftp_opcode {
    TFTP_RRQ = 1,
    TFTP_WRQ = 2,
    TFTP_DATA = 3,
    TFTP_ACK = 4,
    TFTP_ERROR = 5,
    TFTP_OACK = 6
};

enum {
    TFTP_PORT = 69,
    TFTP_DEFAULT_BLKSIZE = 512,
    TFTP_ERROR_UNKNOWN_TID = 5,
    TFTP_ERROR_OPTION = 8
};

struct tftp_packet {
    enum tftp_opcode opcode;
    struct span file;            /* RRQ, WRQ */
    const char *mode;            /* likewise: "octet", "netascii", "mail", "other" */
    struct tftp_options options; /* likewise, and OACK */
    uint16_t block;              /* DATA, ACK */
    struct reader data;          /* DATA */
    uint16_t error;              /* ERROR */
    size_t message_len;          /* likewise */
};

/* tftp_packet_read reads a datagram; false: it is none of these packets. A fault in a request's options leaves the
 * request readable, and is in |fault|. */
bool tftp_packet_read(struct reader datagram, struct tftp_packet *packet, enum reader_fault *fault);

/* tftp_packet_recognises says whether a datagram is a request, or may be a full block of a transfer whose beginning
 * was not seen: of a size that is in use. */
enum recognise tftp_packet_recognises(struct reader datagram);

/* tftp_error_class is the class of an error by its code. */
const char *tftp_error_class(uint16_t code);

#endif
