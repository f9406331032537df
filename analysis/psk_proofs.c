/* psk_proofs.c: an array of proofs, and an index by identity and server. */
#include "analysis/psk_proofs.h"

#include "analysis/bounded_table.h"

#include <stdlib.h>

/* What the index has of an identity and a server. */
struct identity_at {
    uint32_t numbers[PSK_PROOFS_EACH]; /* from 1 */
    uint8_t num, next;
    bool accepted;
};

struct psk_proofs {
    struct psk_kept *items;
    size_t num, room, identity_bytes;
    struct bounded_table *index;
};

struct psk_proofs *psk_proofs_new(void)
{
    struct psk_proofs *proofs = calloc(1, sizeof *proofs);
    if (proofs == NULL)
        return NULL;
    proofs->index = bounded_table_new(PSK_PROOFS_IDENTITIES, sizeof(struct identity_at));
    if (proofs->index == NULL) {
        free(proofs);
        return NULL;
    }
    return proofs;
}

void psk_proofs_free(struct psk_proofs *proofs)
{
    if (proofs == NULL)
        return;
    for (size_t i = 0; i < proofs->num; i++)
        free((void *)(uintptr_t)proofs->items[i].identity.at);
    free(proofs->items);
    bounded_table_free(proofs->index);
    free(proofs);
}

/* Makes room for one more; 0: there is none. */
static uint32_t add_place(struct psk_proofs *proofs, struct span identity)
{
    if (proofs->num == PSK_PROOFS_MAX ||
        proofs->identity_bytes + identity.len > PSK_PROOFS_IDENTITY_BYTES)
        return 0;
    if (proofs->num == proofs->room) {
        size_t room = proofs->room != 0 ? 2 * proofs->room : 64;
        struct psk_kept *more = realloc(proofs->items, room * sizeof *more);
        if (more == NULL)
            return 0;
        proofs->items = more;
        proofs->room = room;
    }
    uint8_t *copy = malloc(identity.len + 1);
    if (copy == NULL)
        return 0;
    if (identity.len > 0)
        memcpy(copy, identity.at, identity.len);
    memset(&proofs->items[proofs->num], 0, sizeof proofs->items[0]);
    proofs->items[proofs->num++].identity = span_of(copy, identity.len);
    proofs->identity_bytes += identity.len;
    return (uint32_t)proofs->num;
}

enum psk_place psk_proofs_place(struct psk_proofs *proofs, uint64_t name, const struct flow *flow,
                                struct span identity, enum psk_proof_kind kind, struct psk_ref *ref,
                                bool *forgot)
{
    const struct bounded_place place = bounded_table_place(proofs->index, name);
    struct identity_at *at = place.room;
    const bool taken = at->num == PSK_PROOFS_EACH;
    *forgot = place.pushed_out;
    if (at->accepted)
        return PSK_PLACE_KNOWN;
    if (at->num < PSK_PROOFS_EACH) {
        uint32_t number = add_place(proofs, identity);
        if (number == 0)
            return PSK_PLACE_FULL;
        at->next = at->num;
        at->numbers[at->num++] = number;
    }
    const uint32_t number = at->numbers[at->next];
    at->next = (uint8_t)((at->next + 1) % PSK_PROOFS_EACH);
    struct psk_kept *kept = &proofs->items[number - 1];
    const struct span own = kept->identity;
    const uint32_t turn = kept->turn + 1;
    *kept = (struct psk_kept){.proof = {.kind = kind},
                              .identity = own,
                              .ends = {flow->ends[0], flow->ends[1]},
                              .ip_version = flow->ip_version,
                              .protocol = flow->protocol,
                              .client = flow->client,
                              .around = flow->around,
                              .name = name,
                              .turn = turn};
    *ref = (struct psk_ref){.number = number, .turn = turn};
    return taken ? PSK_PLACE_TAKEN : PSK_PLACE_GIVEN;
}

struct psk_kept *psk_proofs_get(struct psk_proofs *proofs, struct psk_ref ref)
{
    if (ref.number == 0 || ref.number > proofs->num)
        return NULL;
    struct psk_kept *kept = &proofs->items[ref.number - 1];
    return kept->turn == ref.turn ? kept : NULL;
}

void psk_proofs_accept(struct psk_proofs *proofs, struct psk_ref ref)
{
    struct psk_kept *kept = psk_proofs_get(proofs, ref);
    if (kept == NULL || !kept->complete)
        return;
    kept->accepted = true;
    struct identity_at *at = bounded_table_find(proofs->index, kept->name);
    if (at != NULL)
        at->accepted = true;
}

struct psk_kept *psk_proofs_all(struct psk_proofs *proofs, size_t *num)
{
    *num = proofs->num;
    return proofs->items;
}
