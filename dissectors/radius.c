/* radius.c: RADIUS, RFC 2865, as a carrier of EAP, RFC 3579: the authentications that one access point and one server
 * have at the same time are told apart by State, and by the identifier of request and answer. Reads the attributes
 * EAP-Message and State; all others are left unread. */
#include "dissectors/radius.h"

#include "dissectors/eap.h"

#include <stdlib.h>

enum radius_code {
    ACCESS_REQUEST = 1,
    ACCESS_ACCEPT = 2,
    ACCESS_REJECT = 3,
    ACCESS_CHALLENGE = 11
};

enum {
    ATTRIBUTE_STATE = 24,
    ATTRIBUTE_EAP_MESSAGE = 79,
    HEADER_LEN = 20,
    MAX_PACKET = 4096,
    MAX_SESSIONS = 16,
    STATE_LEN = 32 /* bytes of a State that are compared */
};

struct exchange {
    struct eap_session eap;
    uint8_t state[STATE_LEN]; /* of its last challenge, or request */
    size_t state_len;         /* the whole one's; 0: none yet */
    uint8_t identifier;       /* of the last request */
    uint64_t used;            /* when, in packets of this flow */
};

struct radius {
    struct exchange *exchanges[MAX_SESSIONS];
    uint32_t num_exchanges; /* so far */
    uint64_t clock;
};

struct radius_packet {
    uint8_t code, identifier;
    struct span state;
    struct span eap; /* all its parts, in the scratch */
};

static bool is_known(uint8_t code)
{
    return code == ACCESS_REQUEST || code == ACCESS_ACCEPT || code == ACCESS_REJECT ||
           code == ACCESS_CHALLENGE;
}

static struct reader read_attribute(struct reader *packet, uint8_t *type)
{
    *type = reader_u8(packet);
    uint8_t len = reader_u8(packet);
    if (len < 2)
        reader_fail(packet, READER_MALFORMED, "attribute");
    return reader_child(packet, len < 2 ? 0 : len - 2u);
}

static enum recognise radius_recognises(struct reader packet)
{
    size_t len = reader_wire_left(&packet);
    uint8_t code = reader_u8(&packet);
    (void)reader_u8(&packet);
    if (!is_known(code) || reader_u16(&packet) != len || len <= HEADER_LEN || len > MAX_PACKET)
        return RECOGNISE_NO;
    reader_skip(&packet, 16);
    while (reader_more(&packet)) {
        uint8_t type;
        struct reader value = read_attribute(&packet, &type);
        bool eap = type == ATTRIBUTE_EAP_MESSAGE && reader_ok(&packet);
        uint8_t eap_code = reader_u8(&value);
        if (eap && (eap_code < 1 || eap_code > 4))
            return RECOGNISE_NO;
    }
    return packet.fault == READER_OK ? RECOGNISE_YES : RECOGNISE_NO;
}

/* RFC 3579 section 3.1: the parts of an EAP packet are in attributes one after the other. */
static bool read_packet(struct reader bytes, struct radius_packet *packet,
                        struct dissect_context *context)
{
    uint8_t *eap = scratch_get(context->scratch, MAX_PACKET);
    size_t eap_len = 0;
    *packet = (struct radius_packet){.code = reader_u8(&bytes), .identifier = reader_u8(&bytes)};
    uint16_t len = reader_u16(&bytes);
    if (eap == NULL || !is_known(packet->code) || len < HEADER_LEN || len > MAX_PACKET)
        return false;
    reader_limit(&bytes, len - 4u);
    reader_skip(&bytes, 16);
    while (reader_left(&bytes) > 0) {
        uint8_t type;
        struct reader value = read_attribute(&bytes, &type);
        struct span text = reader_rest(&value);
        if (type == ATTRIBUTE_STATE)
            packet->state = text;
        if (type == ATTRIBUTE_EAP_MESSAGE) {
            memcpy(eap + eap_len, text.at, text.len);
            eap_len += text.len;
        }
    }
    packet->eap = span_of(eap, eap_len);
    return reader_ok(&bytes) && bytes.cut == 0;
}

/* --- who is who --- */

static bool has_state(const struct exchange *exchange, struct span state)
{
    size_t len = state.len < STATE_LEN ? state.len : STATE_LEN;
    return state.len > 0 && exchange->state_len == state.len &&
           memcmp(exchange->state, state.at, len) == 0;
}

static bool matches(const struct exchange *exchange, const struct radius_packet *packet)
{
    if (packet->code == ACCESS_REQUEST && packet->state.len > 0)
        return has_state(exchange, packet->state);
    if (packet->code == ACCESS_REQUEST) /* the same one again */
        return exchange->state_len == 0 && exchange->identifier == packet->identifier;
    return exchange->identifier == packet->identifier;
}

static void end_exchange(struct exchange **place, struct dissect_context *context)
{
    if (*place == NULL)
        return;
    eap_end(&(*place)->eap, context);
    budget_give(context->budget, sizeof **place);
    free(*place);
    *place = NULL;
}

static struct exchange **begin_exchange(struct radius *radius, struct dissect_context *context)
{
    struct exchange **oldest = &radius->exchanges[0];
    for (unsigned i = 0; i < MAX_SESSIONS && *oldest != NULL; i++) {
        struct exchange **place = &radius->exchanges[i];
        if (*place == NULL || (*place)->used < (*oldest)->used)
            oldest = place;
    }
    end_exchange(oldest, context);
    if (!budget_take(context->budget, sizeof **oldest))
        return NULL;
    *oldest = calloc(1, sizeof **oldest);
    if (*oldest == NULL) {
        budget_give(context->budget, sizeof **oldest);
        return NULL;
    }
    (*oldest)->eap.number = ++radius->num_exchanges;
    return oldest;
}

/* Of those that match the latest counts: identifiers come round again after 256 requests. */
static struct exchange **find_exchange(struct radius *radius, const struct radius_packet *packet)
{
    struct exchange **found = NULL;
    for (unsigned i = 0; i < MAX_SESSIONS; i++) {
        struct exchange **place = &radius->exchanges[i];
        if (*place != NULL && matches(*place, packet) &&
            (found == NULL || (*place)->used > (*found)->used))
            found = place;
    }
    return found;
}

static void note_packet(struct radius *radius, struct exchange *exchange,
                        const struct radius_packet *packet)
{
    exchange->used = ++radius->clock;
    if (packet->code == ACCESS_REQUEST)
        exchange->identifier = packet->identifier;
    if (packet->state.len == 0)
        return;
    exchange->state_len = packet->state.len;
    memcpy(exchange->state, packet->state.at,
           packet->state.len < STATE_LEN ? packet->state.len : STATE_LEN);
}

/* --- the dissector --- */

static void note_client(struct flow *flow, const struct radius_packet *packet, unsigned side)
{
    flow->client = (uint8_t)(packet->code == ACCESS_REQUEST ? side : !side);
    flow->client_certain = true;
}

static enum dissect radius_dissect(struct reader *payload, void *state,
                                   struct dissect_context *context)
{
    struct radius *radius = state;
    struct radius_packet packet;
    if (!read_packet(*payload, &packet, context) || packet.eap.len == 0)
        return DISSECT_MORE;
    if (!context->flow->client_certain)
        note_client(context->flow, &packet, context->side);
    if (!eap_recognise(reader_of(packet.eap)))
        return DISSECT_MORE;
    struct exchange **place = find_exchange(radius, &packet);
    if (place == NULL)
        place = begin_exchange(radius, context);
    if (place == NULL)
        return DISSECT_MORE;
    note_packet(radius, *place, &packet);
    if (!eap_read(&(*place)->eap, reader_of(packet.eap), context))
        end_exchange(place, context);
    return DISSECT_MORE;
}

static void radius_end(void *state, struct dissect_context *context)
{
    struct radius *radius = state;
    for (unsigned i = 0; i < MAX_SESSIONS; i++)
        end_exchange(&radius->exchanges[i], context);
}

/* Beside those of TLS, which that lists. */
static const struct observation_type *const observations[] = {&observation_eap_identity,
                                                              &observation_eap_method, NULL};

const struct dissector dissector_radius = {
    .name = "radius",
    .spec = "RFC 2865, RFC 3579, RFC 3748, RFC 5216, RFC 5281, RFC 7170",
    .protocol = PROTO_UDP,
    .state_size = sizeof(struct radius),
    .recognises = radius_recognises,
    .dissect = radius_dissect,
    .end = radius_end,
    .observations = observations,
};
