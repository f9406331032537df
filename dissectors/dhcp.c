/* dhcp.c: BOOTP, RFC 951, and DHCPv4, RFC 2131: the header, and where the options are: behind the magic cookie and, if
 * option 52 says so, in the fields file and sname; those that come several times are put together, RFC 3396. Of BOOTP
 * without the cookie the vendor's area is left unread. What the options say is in dhcp_options.c. */
#include "dissectors/dhcp.h"

#include "core/common_observations.h"
#include "dissectors/dhcp_message.h"

enum {
    MAGIC_COOKIE = 0x63825363,
    OP_REQUEST = 1,
    OP_REPLY = 2,
    ADDRESS_LEN = 16, /* of chaddr */
    SNAME_LEN = 64,
    FILE_LEN = 128,
    COOKIE_AT = 236,
    BOOTP_LEN = 300,
    MAX_HOPS = 16,
    OPTION_PAD = 0,
    OPTION_OVERLOAD = 52,
    OPTION_END = 255,
    OVERLOAD_FILE = 1,
    OVERLOAD_SNAME = 2,
    NUM_CODES = 256,
    ROOM_PER_BYTE = 6, /* of what is made of a message: see dhcp_list.h */
    ROOM_ALWAYS = 28 << 10
};

/* --- is it one? --- */

/* An Ethernet client of BOOTP, or a message that was cut before its cookie: by the fields that are fixed. */
static bool has_bootp_form(struct reader message)
{
    if (reader_wire_left(&message) < BOOTP_LEN)
        return false;
    struct span head = reader_view(&message, 44);
    static const uint8_t zeros[10];
    return view_u8(head, 1) == 1 && view_u8(head, 2) == 6 && view_u8(head, 3) <= MAX_HOPS &&
           (view_u16(head, 10) & 0x7fff) == 0 && memcmp(view_part(head, 28, 6).at, zeros, 6) != 0 &&
           memcmp(view_part(head, 34, 10).at, zeros, 10) == 0;
}

static enum recognise dhcp_recognises(struct reader message)
{
    struct reader head = message;
    uint8_t op = reader_u8(&head);
    if ((op != OP_REQUEST && op != OP_REPLY) || reader_wire_left(&head) < COOKIE_AT)
        return RECOGNISE_NO;
    reader_skip(&head, COOKIE_AT - 1);
    if (reader_u32(&head) == MAGIC_COOKIE)
        return RECOGNISE_YES;
    return has_bootp_form(message) ? RECOGNISE_YES : RECOGNISE_NO;
}

/* --- where the options are --- */

struct areas {
    struct reader options, file, sname;
};

struct reading {
    struct dhcp_message *message;
    struct dhcp_list options;
    size_t pads;
    struct dhcp_faults faults;
};

/* Adds the options of an area to the list; what is left in |area| is behind the end option. */
static void read_area(struct reading *reading, struct reader *area, const char *name)
{
    size_t pads = 0;
    while (reader_more(area)) {
        uint8_t code = reader_u8(area);
        if (code == OPTION_END)
            break;
        if (code == OPTION_PAD) {
            pads++;
            continue;
        }
        struct span value = reader_span_vec8(area);
        if (!reader_ok(area) || !dhcp_list_fits(&reading->options, value.len + 2))
            break;
        reading->pads += pads;
        pads = 0;
        dhcp_list_u8(&reading->options, code);
        dhcp_list_u8(&reading->options, value.len);
        dhcp_list_bytes(&reading->options, value);
    }
    dhcp_note_fault(&reading->faults, area, name);
}

static struct span slack_of(struct reader *area)
{
    struct span slack = reader_rest(area);
    return slack.len > 0 ? slack : (struct span){0};
}

/* Option 52 counts where it may be: behind the cookie. In the fields that it opens it is an option like others. */
static unsigned find_overload(struct reading *reading)
{
    struct reader r = reader_of(span_of(reading->options.at, reading->options.len));
    while (reader_left(&r) > 0) {
        uint8_t code = reader_u8(&r);
        struct span value = reader_span_vec8(&r);
        if (code != OPTION_OVERLOAD)
            continue;
        if (value.len == 1 && value.at[0] >= 1 && value.at[0] <= 3)
            return value.at[0];
        reading->faults.malformed = "option 52";
        return 0;
    }
    return 0;
}

static struct span up_to_nul(struct reader *area)
{
    struct reader from = *area;
    size_t len = 0;
    while (reader_left(area) > 0 && reader_u8(area) != 0)
        len++;
    if (len == 0 || (reader_left(area) == 0 && area->cut > 0))
        return (struct span){0};
    return reader_bytes(&from, len);
}

static void read_options(struct reading *reading, struct areas *areas)
{
    struct dhcp_message *message = reading->message;
    unsigned overload = 0;
    if (message->bootp_only == TRUTH_NO) {
        read_area(reading, &areas->options, "options");
        message->options_slack = slack_of(&areas->options);
        overload = find_overload(reading);
        message->num_pads = number(reading->pads);
    }
    if (overload != 0)
        message->overload = number(overload);
    if (overload & OVERLOAD_FILE)
        read_area(reading, &areas->file, "file");
    else
        message->file = up_to_nul(&areas->file);
    if (overload & OVERLOAD_SNAME)
        read_area(reading, &areas->sname, "sname");
    else
        message->sname = up_to_nul(&areas->sname);
    message->file_slack = slack_of(&areas->file);
    message->sname_slack = slack_of(&areas->sname);
}

/* --- options that come several times --- */

/* RFC 3396 section 7: parts in the order options, file, sname, which is that of the list. */
static struct span merge(struct span options, struct dhcp_list *room)
{
    size_t lens[NUM_CODES] = {0}, ends[NUM_CODES];
    bool seen[NUM_CODES] = {false};
    uint8_t order[NUM_CODES];
    size_t num = 0;
    for (struct reader r = reader_of(options); reader_left(&r) > 0;) {
        uint8_t code = reader_u8(&r);
        lens[code] += reader_span_vec8(&r).len;
        if (!seen[code])
            order[num++] = code;
        seen[code] = true;
    }
    struct dhcp_list list = dhcp_list_open(room, options.len + num);
    if (list.room < options.len + num)
        return dhcp_list_close(room, &list);
    for (size_t i = 0; i < num; i++) {
        dhcp_list_u8(&list, order[i]);
        dhcp_list_u16(&list, lens[order[i]]);
        ends[order[i]] = list.len;
        list.len += lens[order[i]];
    }
    for (struct reader r = reader_of(options); reader_left(&r) > 0;) {
        uint8_t code = reader_u8(&r);
        struct span part = reader_span_vec8(&r);
        memcpy(list.at + ends[code], part.at, part.len);
        ends[code] += part.len;
    }
    return dhcp_list_close(room, &list);
}

struct span dhcp_option(const struct dhcp_message *message, uint8_t code)
{
    if (!span_seen(message->merged))
        return (struct span){0};
    for (struct reader r = reader_of(message->merged); reader_left(&r) > 0;) {
        uint8_t at = reader_u8(&r);
        struct span value = reader_span_vec16(&r);
        if (at == code)
            return value;
    }
    return (struct span){0};
}

/* --- the header --- */

static struct span read_address(struct reader *r)
{
    struct span address = reader_bytes(r, 4);
    struct reader bytes = reader_of(address);
    return reader_ok(r) && reader_u32(&bytes) != 0 ? address : (struct span){0};
}

static void read_hardware_address(struct dhcp_message *message, size_t len, struct reader *r)
{
    struct span field = reader_bytes(r, ADDRESS_LEN);
    struct reader bytes = reader_of(field);
    if (!reader_ok(r) || len > ADDRESS_LEN)
        return;
    message->client_mac = dhcp_hardware_address(reader_bytes(&bytes, len));
    message->hardware_slack = slack_of(&bytes);
}

/* False: not even the client is told. */
static bool read_header(struct dhcp_message *message, struct reader *r)
{
    message->op = number(reader_u8(r));
    message->hardware = number(reader_u8(r));
    uint8_t len = reader_u8(r);
    message->hops = number(reader_u8(r));
    message->xid = number(reader_u32(r));
    message->secs = number(reader_u16(r));
    message->flags = number(reader_u16(r));
    message->client_address = read_address(r);
    message->your_address = read_address(r);
    message->next_server = read_address(r);
    message->relay = read_address(r);
    read_hardware_address(message, len, r);
    return reader_ok(r) && (message->op.value == OP_REQUEST || message->op.value == OP_REPLY);
}

static void find_areas(struct reading *reading, struct reader *r, struct areas *areas)
{
    areas->sname = reader_child(r, SNAME_LEN);
    areas->file = reader_child(r, FILE_LEN);
    struct reader behind = *r;
    if (reader_ok(r) && reader_wire_left(r) >= 4) {
        bool cookie = reader_u32(&behind) == MAGIC_COOKIE;
        if (reader_ok(&behind))
            reading->message->bootp_only = truth(!cookie);
    } else if (reader_ok(r)) {
        reading->message->bootp_only = TRUTH_YES;
    }
    areas->options = behind;
    dhcp_note_fault(&reading->faults, &behind, "header");
}

/* The capture ends in a field: what is behind it is not there either. */
static void note_cut_field(struct reading *reading, const struct reader *field, const char *name)
{
    struct reader r = *field;
    reader_skip(&r, reader_left(&r));
    if (r.fault == READER_OK && r.cut > 0 && reading->faults.cut == NULL)
        reading->faults.cut = name;
}

void dhcp_emit_faults(const struct dhcp_faults *faults, const char *protocol,
                      struct dissect_context *context)
{
    struct fault_observation fault = {.protocol = protocol, .field = faults->malformed};
    fault.reason = "a length does not fit its block, or its option";
    if (faults->malformed != NULL)
        dissect_emit(context, &observation_malformed, &fault);
    fault.field = faults->cut;
    fault.reason = "the capture does not have all of it";
    if (faults->cut != NULL)
        dissect_emit(context, &observation_cut, &fault);
}

static struct dhcp_list take_room(size_t message_len, struct dissect_context *context)
{
    size_t len = message_len * ROOM_PER_BYTE + ROOM_ALWAYS;
    if (len > SCRATCH_MAX_LEN)
        len = SCRATCH_MAX_LEN;
    struct dhcp_list room = {.at = scratch_get(context->scratch, len), .room = len};
    return room.at != NULL ? room : (struct dhcp_list){0};
}

static void read_behind_header(struct reading *reading, struct reader *r,
                               struct dissect_context *context)
{
    struct dhcp_list room = take_room(reader_left(r), context);
    struct areas areas;
    find_areas(reading, r, &areas);
    note_cut_field(reading, &areas.sname, "sname");
    note_cut_field(reading, &areas.file, "file");
    reading->options = dhcp_list_open(&room, reader_left(r) + SNAME_LEN + FILE_LEN);
    read_options(reading, &areas);
    reading->message->options = dhcp_list_close(&room, &reading->options);
    if (span_seen(reading->message->options))
        reading->message->merged = merge(reading->message->options, &room);
    dhcp_options_read(reading->message, &room, &reading->faults);
}

/* Blanks the credentials of URLs in the list of options: of an option that comes in parts, what is behind the mark of
 * a URL in one, and all parts after it. The list is the reading's own. */
static void blank_credentials(struct reading *reading)
{
    bool blank[256] = {false};
    struct reader list = reader_of(dhcp_list_span(&reading->options));
    while (reader_more(&list)) {
        uint8_t code = reader_u8(&list);
        struct span value = reader_span_vec8(&list);
        size_t shown = blank[code] ? 0 : dhcp_boot_url_mark(value);
        blank[code] = blank[code] || shown < value.len;
        size_t end = reading->options.len - reader_left(&list);
        memset(reading->options.at + end - (value.len - shown), '*', value.len - shown);
    }
}

void dhcp_read_message(struct reader bytes, enum truth in_dhcpv6, struct dissect_context *context)
{
    struct dhcp_message message = {.in_dhcpv6 = in_dhcpv6};
    struct reading reading = {.message = &message};
    if (read_header(&message, &bytes)) {
        read_behind_header(&reading, &bytes, context);
        message.vendor_options = dhcp_boot_shown(message.vendor_options);
        if (message.boot.credentials == TRUTH_YES)
            blank_credentials(&reading);
        dissect_emit(context, &observation_dhcp_message, &message);
        dhcp_boot_expect(&message.boot,
                         span_seen(message.your_address) ? message.your_address
                                                         : message.client_address,
                         context);
    } else if (bytes.fault == READER_CUT) {
        reading.faults.cut = "header";
    } else {
        reading.faults.malformed = "header";
    }
    dhcp_emit_faults(&reading.faults, "dhcp", context);
}

/* --- the dissector --- */

/* The client's side is the one of the requests, be they a relay's. */
static void note_client(struct reader message, struct dissect_context *context)
{
    uint8_t op = reader_u8(&message);
    if (context->flow->client_certain || (op != OP_REQUEST && op != OP_REPLY))
        return;
    context->flow->client = (uint8_t)(op == OP_REQUEST ? context->side : !context->side);
    context->flow->client_certain = true;
}

static enum dissect dhcp_dissect(struct reader *payload, void *state,
                                 struct dissect_context *context)
{
    (void)state; /* every message stands alone */
    note_client(*payload, context);
    dhcp_read_message(*payload, TRUTH_NO, context);
    return DISSECT_MORE;
}

static const struct observation_type *const observations[] = {&observation_dhcp_message, NULL};

const struct dissector dissector_dhcp = {
    .name = "dhcp",
    .spec = "RFC 951, RFC 2131, RFC 2132, RFC 3396",
    .protocol = PROTO_UDP,
    .state_size = 1,
    .recognises = dhcp_recognises,
    .dissect = dhcp_dissect,
    .observations = observations,
};
