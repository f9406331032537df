/* eapol.c: IEEE 802.1X as a carrier of EAP, between a device and the port or access point it wants to use: one
 * authentication after the other. Reads frames of type 0, EAP-Packet; the engine lets no others through. */
#include "dissectors/eapol.h"

#include "dissectors/eap.h"

enum { EAPOL_EAP_PACKET = 0, EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_IDENTITY = 1 };

struct eapol {
    struct eap_session eap;
    uint32_t num_sessions; /* so far */
};

/* version(1), type(1), length(2), then the EAP packet, and padding behind it */
static bool read_header(struct reader *frame)
{
    (void)reader_u8(frame);
    const uint8_t type = reader_u8(frame);
    const uint16_t len = reader_u16(frame);
    if (type != EAPOL_EAP_PACKET || len > reader_wire_left(frame))
        return false;
    reader_limit(frame, len);
    struct reader peek = *frame;
    (void)reader_u16(&peek);
    const uint16_t eap_len = reader_u16(&peek);
    if (!reader_ok(&peek) || eap_len > len)
        return false;
    reader_limit(frame, eap_len);
    return true;
}

static enum recognise eapol_recognises(struct reader frame)
{
    return read_header(&frame) && eap_recognise(frame) ? RECOGNISE_YES : RECOGNISE_NO;
}

static void end_session(struct eapol *eapol, struct dissect_context *context)
{
    eap_end(&eapol->eap, context);
    eapol->eap = (struct eap_session){.method = 0};
}

/* Who is asked for its name again begins again; the same question may only come again. */
static bool begins_again(const struct eapol *eapol, uint8_t code, uint8_t type)
{
    return code == EAP_REQUEST && type == EAP_IDENTITY && eapol->eap.method != 0;
}

static enum dissect eapol_dissect(struct reader *payload, void *state,
                                  struct dissect_context *context)
{
    struct eapol *eapol = state;
    struct reader packet = *payload;
    if (!read_header(&packet) || !eap_recognise(packet))
        return DISSECT_MORE;
    struct reader peek = packet;
    const uint8_t code = reader_u8(&peek);
    reader_skip(&peek, 3);
    const uint8_t type = code <= EAP_RESPONSE ? reader_u8(&peek) : 0;
    context->flow->client = (uint8_t)(code == EAP_RESPONSE ? context->side : !context->side);
    context->flow->client_certain = true;
    if (begins_again(eapol, code, type))
        end_session(eapol, context);
    if (eapol->eap.number == 0)
        eapol->eap.number = ++eapol->num_sessions;
    if (!eap_read(&eapol->eap, packet, context))
        end_session(eapol, context);
    return DISSECT_MORE;
}

static void eapol_end(void *state, struct dissect_context *context)
{
    struct eapol *eapol = state;
    eap_end(&eapol->eap, context);
}

/* It makes those of EAP and TLS, which are listed where these are. */
static const struct observation_type *const observations[] = {NULL};

const struct dissector dissector_eapol = {
    .name = "eapol",
    .spec = "IEEE 802.1X-2010, RFC 3748, RFC 5216, RFC 5281, RFC 7170",
    .protocol = PROTO_EAPOL,
    .state_size = sizeof(struct eapol),
    .recognises = eapol_recognises,
    .dissect = eapol_dissect,
    .end = eapol_end,
    .observations = observations,
};
