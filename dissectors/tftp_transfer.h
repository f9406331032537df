/* tftp_transfer.h: one file on its way: from the request, which another conversation may have carried, to the last
 * acknowledgement. */
#ifndef PERPASS_DISSECTORS_TFTP_TRANSFER_H
#define PERPASS_DISSECTORS_TFTP_TRANSFER_H

#include "core/expect.h"
#include "dissectors/tftp_packet.h"

/* A request, as it is kept: without pointers, but for static text. */
struct tftp_asked {
    uint64_t packet, time_ns;    /* of the first of its kind */
    uint64_t latest_packet;      /* of the last one */
    struct tftp_options options; /* without the list, which is below */
    const char *mode;
    struct endpoint server; /* whom it was sent to */
    uint32_t file_len;      /* of the whole name */
    uint32_t retransmissions;
    uint16_t kept_len, list_len; /* bytes below */
    uint8_t op;                  /* TFTP_RRQ or TFTP_WRQ */
    bool to_group;
    bool over; /* its transfer is: the same again is another request */
    uint8_t file[TFTP_MAX_NAME], list[TFTP_MAX_OPTIONS];
};

_Static_assert(sizeof(struct tftp_asked) <= EXPECT_MAX_STATE, "a request is too large");

enum tftp_progress {
    TFTP_GOES_ON = 0,
    TFTP_OVER,   /* nothing more is to come: tftp_file_end */
    TFTP_NO_FILE /* these are packets of something else: tftp_file_drop */
};

struct tftp_file;

/* tftp_file_new begins a transfer. |asked| is what was asked for, by context->flow's client; NULL: nobody has seen
 * a request. NULL: there is no memory. */
struct tftp_file *tftp_file_new(const struct tftp_asked *asked, struct dissect_context *context);

/* tftp_file_take reads a packet that is no request. */
enum tftp_progress tftp_file_take(struct tftp_file *file, const struct tftp_packet *packet,
                                  struct dissect_context *context);

/* tftp_file_asked is the request; NULL when none was seen. tftp_file_last is the number of its last packet. */
const struct tftp_asked *tftp_file_asked(const struct tftp_file *file);
uint64_t tftp_file_last(const struct tftp_file *file);

/* tftp_file_end tells what became of it, unless it may be something else, and frees it. |replaced|: by another one. */
void tftp_file_end(struct tftp_file *file, bool replaced, struct dissect_context *context);

/* tftp_file_drop frees it without a word. */
void tftp_file_drop(struct tftp_file *file, struct dissect_context *context);

#endif
