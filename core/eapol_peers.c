/* eapol_peers.c: IEEE 802.1X, who talks to whom. Reads the header of the frame, and code, identifier and type of the EAP
 * packet in it. Frames that carry keys, start and end of a session, and announcements are left unread. */
#include "core/eapol_peers.h"

#include <string.h>

enum {
    EAP_REQUEST = 1,
    EAP_RESPONSE = 2,
    EAP_FAILURE = 4,
    EAP_IDENTITY = 1,
    EAPOL_MAX_VERSION = 3
};

struct eapol_frame {
    const uint8_t *from, *to; /* |to| NULL: not captured */
    bool to_group, by_device;
    uint8_t code, identifier, type;
};

/* version(1), type(1) 0, length(2), EAP packet: code(1), identifier(1), length(2), type(1) */
static bool read_frame(struct packet *packet, struct eapol_frame *frame)
{
    struct reader r = packet->payload;
    const uint8_t version = reader_u8(&r), kind = reader_u8(&r);
    const uint16_t len = reader_u16(&r);
    if (version == 0 || version > EAPOL_MAX_VERSION || kind != 0 || len < 4 ||
        len > reader_wire_left(&r) || !span_seen(packet->mac))
        return false;
    reader_limit(&packet->payload, 4u + len);
    frame->code = reader_u8(&r);
    frame->identifier = reader_u8(&r);
    (void)reader_u16(&r);
    frame->type = frame->code <= EAP_RESPONSE ? reader_u8(&r) : 0;
    const bool both = packet->mac.len == 2 * EAPOL_MAC_LEN;
    frame->to = both ? packet->mac.at : NULL;
    frame->from = both ? packet->mac.at + EAPOL_MAC_LEN : packet->mac.at;
    frame->to_group = !both || (frame->to[0] & 0x01) != 0;
    frame->by_device = frame->code == EAP_RESPONSE;
    return reader_ok(&r) && frame->code >= EAP_REQUEST && frame->code <= EAP_FAILURE;
}

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, EAPOL_MAC_LEN) == 0;
}

/* Finds a pair, or the question of an authenticator where |device| is NULL. */
static struct eapol_pair *find(struct eapol_peers *peers, const uint8_t *authenticator,
                               const uint8_t *device)
{
    for (unsigned i = 0; i < EAPOL_MAX_PAIRS; i++) {
        struct eapol_pair *pair = &peers->pairs[i];
        if (pair->used != 0 && pair->has_device == (device != NULL) &&
            same(pair->authenticator, authenticator) &&
            (device == NULL || same(pair->device, device)))
            return pair;
    }
    return NULL;
}

static struct eapol_pair *find_or_add(struct eapol_peers *peers, const uint8_t *authenticator,
                                      const uint8_t *device)
{
    struct eapol_pair *pair = find(peers, authenticator, device);
    if (pair == NULL) {
        pair = &peers->pairs[0];
        for (unsigned i = 1; i < EAPOL_MAX_PAIRS; i++)
            if (peers->pairs[i].used < pair->used)
                pair = &peers->pairs[i];
        *pair = (struct eapol_pair){.has_device = device != NULL};
        memcpy(pair->authenticator, authenticator, EAPOL_MAC_LEN);
        if (device != NULL)
            memcpy(pair->device, device, EAPOL_MAC_LEN);
    }
    pair->used = ++peers->clock;
    return pair;
}

/* Prefers what fits, then what was seen later. */
static struct eapol_pair *better(struct eapol_pair *best, bool *best_fits, struct eapol_pair *pair,
                                 bool fits)
{
    if (best != NULL && (*best_fits != fits ? *best_fits : best->used > pair->used))
        return best;
    *best_fits = fits;
    return pair;
}

/* A request goes on from the answer before it, mostly with the next number; without one it comes again. */
static struct eapol_pair *pair_of_request(struct eapol_peers *peers,
                                          const struct eapol_frame *frame)
{
    struct eapol_pair *best = NULL;
    bool best_fits = false;
    for (unsigned i = 0; i < EAPOL_MAX_PAIRS; i++) {
        struct eapol_pair *pair = &peers->pairs[i];
        const uint8_t step = (uint8_t)(frame->identifier - pair->identifier);
        if (pair->used != 0 && pair->has_device && same(pair->authenticator, frame->from))
            best = better(best, &best_fits, pair, step <= 1);
    }
    return best;
}

/* Whose request an answer is for: that of the authenticator that this device answered before, if it asked so, or of the
 * one that did last. NULL: no request was seen. */
static struct eapol_pair *pair_of_answer(struct eapol_peers *peers, const struct eapol_frame *frame)
{
    struct eapol_pair *known = NULL, *question = NULL;
    bool known_fits = false, question_fits = true;
    for (unsigned i = 0; i < EAPOL_MAX_PAIRS; i++) {
        struct eapol_pair *pair = &peers->pairs[i];
        if (pair->used != 0 && !pair->has_device && pair->identifier == frame->identifier)
            question = better(question, &question_fits, pair, true);
        if (pair->used == 0 || !pair->has_device || !same(pair->device, frame->from))
            continue;
        const struct eapol_pair *asked = find(peers, pair->authenticator, NULL);
        const bool fits = pair->identifier == frame->identifier ||
                          (asked != NULL && asked->identifier == frame->identifier);
        known = better(known, &known_fits, pair, fits);
    }
    if (question == NULL || known_fits)
        return known;
    return find_or_add(peers, question->authenticator, frame->from);
}

/* The pair that a frame belongs to, and what is certain then about its identifier. */
static struct eapol_pair *find_pair(struct eapol_peers *peers, const struct eapol_frame *frame)
{
    struct eapol_pair *pair;
    if (!frame->to_group)
        pair = find_or_add(peers, frame->by_device ? frame->to : frame->from,
                           frame->by_device ? frame->from : frame->to);
    else if (frame->by_device)
        pair = pair_of_answer(peers, frame);
    else
        pair = pair_of_request(peers, frame);
    if (pair != NULL)
        pair->used = ++peers->clock;
    if (frame->to_group && frame->code == EAP_REQUEST)
        find_or_add(peers, frame->from, NULL)->identifier = frame->identifier;
    else if (pair != NULL)
        pair->identifier = frame->identifier;
    return pair;
}

static void set_ends(struct packet *packet, const uint8_t *from, const uint8_t *to)
{
    memset(packet->ends, 0, sizeof packet->ends);
    memcpy(packet->ends[0].address, from, EAPOL_MAC_LEN);
    if (to != NULL)
        memcpy(packet->ends[1].address, to, EAPOL_MAC_LEN);
    packet->ip_version = 0;
    packet->protocol = PROTO_EAPOL;
    packet->ip_header = packet->l4_header = (struct span){.at = NULL, .len = 0};
}

bool eapol_peers_join(struct eapol_peers *peers, struct packet *packet)
{
    struct eapol_frame frame;
    if (!read_frame(packet, &frame))
        return false;
    const struct eapol_pair *pair = find_pair(peers, &frame);
    if (pair == NULL && frame.code == EAP_REQUEST && frame.type == EAP_IDENTITY)
        return false;
    if (pair != NULL)
        set_ends(packet, frame.from, frame.by_device ? pair->authenticator : pair->device);
    else
        set_ends(packet, frame.from, frame.to);
    return true;
}
