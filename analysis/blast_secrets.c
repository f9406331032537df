/* blast_secrets.c: secrets in a table, from which those that open least give way. */
#include "analysis/blast_secrets.h"

#include <stdlib.h>

static uint64_t weight_of(const void *room)
{
    const struct blast_secret *secret = room;
    return secret->sessions.num;
}

static void drop(void *secrets, void *room)
{
    (void)secrets;
    struct blast_secret *secret = room;
    if (secret->name == NULL)
        return;
    budget_give(secret->budget, secret->name_len);
    free(secret->name);
}

static struct bounded_table *make_table(void)
{
    struct bounded_table *table =
        bounded_table_new(BLAST_MOST_SECRETS, sizeof(struct blast_secret));
    if (table != NULL) {
        bounded_table_weigh(table, weight_of);
        bounded_table_leaves(table, NULL, drop);
    }
    return table;
}

static bool tables_make(struct blast_secrets *secrets)
{
    secrets->names.limit = BLAST_NAME_BYTES;
    if (secrets->table == NULL)
        secrets->table = make_table();
    if (secrets->values == NULL)
        secrets->values = bounded_table_new(BLAST_MOST_VALUES, sizeof(struct blast_value));
    return secrets->table != NULL && secrets->values != NULL;
}

void blast_secrets_free(struct blast_secrets *secrets)
{
    bounded_table_free(secrets->table);
    bounded_table_free(secrets->values);
    *secrets = (struct blast_secrets){.table = NULL};
}

struct blast_secret *blast_secrets_find(const struct blast_secrets *secrets, uint64_t name)
{
    return secrets->table != NULL && name != 0 ? bounded_table_find(secrets->table, name) : NULL;
}

/* A copy of |shown|, NULL when it is too long, or there is no room for more. */
static uint8_t *copy_name(struct blast_secrets *secrets, struct span shown)
{
    if (shown.len > BLAST_LONGEST_NAME || !budget_take(&secrets->names, shown.len))
        return NULL;
    uint8_t *copy = malloc(shown.len + 1);
    if (copy == NULL)
        budget_give(&secrets->names, shown.len);
    else if (shown.len > 0)
        memcpy(copy, shown.at, shown.len);
    return copy;
}

struct blast_secret *blast_secrets_place(struct blast_secrets *secrets,
                                         struct analyze_context *context, uint64_t name,
                                         enum blast_kind kind, struct span shown)
{
    struct blast_secret *known = blast_secrets_find(secrets, name);
    if (known != NULL)
        return known;
    uint8_t *copy = tables_make(secrets) ? copy_name(secrets, shown) : NULL;
    if (copy == NULL) {
        analysis_totals(context)->table_evictions++;
        return NULL;
    }
    struct bounded_place place = bounded_table_place(secrets->table, name);
    struct blast_secret *secret = place.room;
    analysis_totals(context)->table_evictions += place.pushed_out;
    *secret = (struct blast_secret){.kind = kind,
                                    .confidence = CONFIDENCE_CERTAIN,
                                    .name = copy,
                                    .name_len = shown.len,
                                    .budget = &secrets->names};
    return secret;
}

void blast_secrets_rename(struct blast_secrets *secrets, struct blast_secret *secret,
                          struct span shown)
{
    uint8_t *copy = secret->name_len == 0 ? copy_name(secrets, shown) : NULL;
    if (copy == NULL)
        return;
    free(secret->name);
    secret->name = copy;
    secret->name_len = shown.len;
}

/* Where and when: of the sessions that are opened, or as long as there are none, of those that are not. */
static void span(struct blast_sessions *all, const struct blast_session *session, bool opens)
{
    const bool first = all->first_ns == 0 || (opens && all->num == 0);
    if (!opens && all->num > 0)
        return;
    if (first || session->packet < all->packet) {
        all->packet = session->packet;
        memcpy(all->ends, session->ends, sizeof all->ends);
        all->ip_version = session->ip_version;
        all->protocol = session->protocol;
        all->key_exchange = session->key_exchange;
    }
    if (first || session->first_ns < all->first_ns)
        all->first_ns = session->first_ns;
    if (first || session->last_ns > all->last_ns)
        all->last_ns = session->last_ns;
}

static void add(struct blast_secret *secret, const struct blast_session *session, bool opens,
                bool authenticates)
{
    struct blast_sessions *all = &secret->sessions;
    if (!seen_ring_add(&secret->handshakes, session->handshake))
        return;
    span(all, session, opens);
    secret->authenticated += authenticates;
    if (!opens)
        return;
    all->num++;
    all->bytes += session->bytes;
    host_set_add(&all->clients, session->ip_version, session->client);
    host_set_add(&all->servers, session->ip_version, session->server);
}

void blast_secrets_value(struct blast_secrets *secrets, struct analyze_context *context,
                         uint64_t name, enum blast_kind kind, struct span shown, uint64_t random)
{
    if (!tables_make(secrets)) {
        analysis_totals(context)->table_evictions++;
        return;
    }
    struct bounded_place place = bounded_table_place(secrets->values, name);
    struct blast_value *value = place.room;
    analysis_totals(context)->table_evictions += place.pushed_out;
    if (value->opened || (place.known && value->random == random))
        return;
    if (!place.known) {
        value->random = random;
        return;
    }
    struct blast_secret *secret = blast_secrets_place(secrets, context, name, kind, shown);
    value->opened = secret != NULL;
    if (secret != NULL && value->seen)
        add(secret, &value->session, true, false);
}

static void note(struct blast_secrets *secrets, uint64_t name, const struct blast_session *session)
{
    struct blast_value *value =
        secrets->values != NULL ? bounded_table_find(secrets->values, name) : NULL;
    if (value == NULL || value->opened)
        return;
    value->session = *session;
    value->seen = true;
}

void blast_secrets_session(struct blast_secrets *secrets, const struct blast_session *session)
{
    bool authenticated = session->authenticated_by == 0;
    for (size_t i = 0; i < BLAST_MOST_OPENERS; i++) {
        const uint64_t name = session->opened_by[i];
        struct blast_secret *secret = blast_secrets_find(secrets, name);
        const bool same = name == session->authenticated_by;
        if (secret != NULL)
            add(secret, session, true, same && !authenticated);
        else if (name != 0)
            note(secrets, name, session);
        authenticated = authenticated || same;
    }
    struct blast_secret *key = blast_secrets_find(secrets, session->authenticated_by);
    if (key != NULL && !authenticated)
        add(key, session, false, true);
}
