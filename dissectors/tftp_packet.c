/* tftp_packet.c: the packets of TFTP: RFC 1350 section 5; options: RFC 2347, RFC 2348, RFC 2349, RFC 7440; of
 * RFC 2090 that the option is there. */
#include "dissectors/tftp_packet.h"

#include "dissectors/recognise.h"

/* Takes the bytes before the next NUL, and the NUL; a fault when there is none. */
static struct span read_text(struct reader *r)
{
    struct reader peek = *r;
    struct span rest = reader_rest(&peek);
    const uint8_t *nul = rest.len > 0 ? memchr(rest.at, 0, rest.len) : NULL;
    if (nul == NULL) {
        reader_fail(r, r->cut > 0 ? READER_CUT : READER_MALFORMED, NULL);
        return span_of(rest.at, 0);
    }
    struct span text = reader_bytes(r, (size_t)(nul - rest.at));
    (void)reader_u8(r);
    return text;
}

static const char *mode_of(struct span text)
{
    static const char *const modes[] = {"octet", "netascii", "mail"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (ascii_equal(text, modes[i]))
            return modes[i];
    return "other";
}

/* --- options --- */

static struct number decimal(struct span text)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.at[i]) || i >= 18)
            return (struct number){0};
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    return text.len > 0 ? number(value) : (struct number){0};
}

static void note_option(struct tftp_options *options, struct span name, struct span value)
{
    if (ascii_equal(name, "blksize"))
        options->blksize = decimal(value);
    else if (ascii_equal(name, "timeout"))
        options->timeout = decimal(value);
    else if (ascii_equal(name, "tsize"))
        options->tsize = decimal(value);
    else if (ascii_equal(name, "windowsize"))
        options->windowsize = decimal(value);
    else if (ascii_equal(name, "multicast"))
        options->multicast = TRUTH_YES;
    else
        options->others = TRUTH_YES;
}

/* What is behind the last pair is padding, if it is zeros: clients send it. */
static struct tftp_options read_options(struct reader *r)
{
    struct tftp_options options = {0};
    struct reader peek = *r;
    const struct span whole = reader_rest(&peek);
    uint64_t num = 0;
    for (;;) {
        struct reader padding = *r;
        reader_skip_zeros(&padding);
        if (reader_wire_left(&padding) == 0)
            break;
        struct span name = read_text(r), value = read_text(r);
        if (!reader_ok(r))
            break;
        note_option(&options, name, value);
        size_t len = whole.len - reader_left(r);
        if (len <= TFTP_MAX_OPTIONS)
            options.list = span_of(whole.at, len);
        num++;
    }
    options.num = number(num);
    if (num == 0)
        return (struct tftp_options){.num = number(0)};
    options.multicast = truth(options.multicast == TRUTH_YES);
    options.others = truth(options.others == TRUTH_YES);
    return options;
}

/* --- packets --- */

bool tftp_packet_read(struct reader datagram, struct tftp_packet *packet, enum reader_fault *fault)
{
    *packet = (struct tftp_packet){.opcode = (enum tftp_opcode)reader_u16(&datagram)};
    *fault = READER_OK;
    switch (packet->opcode) {
    case TFTP_RRQ:
    case TFTP_WRQ:
        packet->file = read_text(&datagram);
        packet->mode = mode_of(read_text(&datagram));
        if (!reader_ok(&datagram))
            return false;
        packet->options = read_options(&datagram);
        *fault = datagram.fault;
        return true;
    case TFTP_DATA:
        packet->block = reader_u16(&datagram);
        packet->data = datagram;
        return reader_ok(&datagram);
    case TFTP_ACK: /* some send more bytes, which say nothing */
        packet->block = reader_u16(&datagram);
        return reader_ok(&datagram);
    case TFTP_ERROR:
        packet->error = reader_u16(&datagram);
        if (!reader_ok(&datagram))
            return false;
        packet->message_len = read_text(&datagram).len; /* some leave the NUL out, or all of it */
        return true;
    case TFTP_OACK:
        packet->options = read_options(&datagram);
        *fault = datagram.fault;
        return reader_ok(&datagram) || packet->options.num.value > 0;
    }
    return false;
}

/* Sizes of full blocks that clients ask for: those of the specification and of what fits a frame, with which
 * boot loaders, ROMs and servers come. */
static bool usual_blksize(size_t len)
{
    switch (len) {
    case 512:
    case 1024:
    case 1400:
    case 1408:
    case 1428:
    case 1432:
    case 1448:
    case 1450:
    case 1456:
    case 1468:
    case 2048:
    case 4096:
    case 8192:
    case 16384:
    case 32768:
    case 65464:
        return true;
    default:
        return false;
    }
}

enum recognise tftp_packet_recognises(struct reader datagram)
{
    uint16_t opcode = reader_u16(&datagram);
    if (opcode == TFTP_DATA) {
        uint16_t block = reader_u16(&datagram);
        return block != 0 && usual_blksize(reader_wire_left(&datagram)) ? RECOGNISE_YES
                                                                        : RECOGNISE_NO;
    }
    if (opcode != TFTP_RRQ && opcode != TFTP_WRQ)
        return RECOGNISE_NO;
    (void)read_text(&datagram);
    struct span mode = read_text(&datagram);
    return reader_ok(&datagram) && strcmp(mode_of(mode), "other") != 0 ? RECOGNISE_YES
                                                                       : RECOGNISE_NO;
}

const char *tftp_error_class(uint16_t code)
{
    static const char *const classes[] = {"undefined",   "not found", "access",  "full",  "illegal",
                                          "unknown tid", "exists",    "no user", "option"};
    return code < sizeof classes / sizeof *classes ? classes[code] : "other";
}
