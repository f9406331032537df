/* event_pieces.c: an event step by step, and piece by piece. A piece is looked for where it was written last, since
 * events of one conversation follow each other, then among all that are remembered. */
#include "reports/event_pieces.h"

#include "core/digits.h"
#include "core/flow.h"
#include "reports/event_values.h"

#include <assert.h>

/* What is kept of a piece beside its text. */
enum { IS_PSEUDONYM, BEGUN, KEPT, DEPTH, COMMON };

static void key_of_end(const struct event *event, const struct event_piece *piece,
                       struct text_memo_key *key)
{
    const bool server = piece->source == FROM_SERVER;
    const struct endpoint *end = server ? event->server.end : event->client.end;
    static const char end_pieces[] = "end";
    text_memo_key_begin(key, end_pieces);
    text_memo_key_add_number(key, piece->fields);
    text_memo_key_add_number(key, (uint64_t)event->ip_version << 1 | (event->flow != NULL));
    text_memo_key_add(key, end->address, sizeof end->address);
    if (event->flow != NULL)
        text_memo_key_add(key, event->flow->mac[event->flow->client ^ server],
                          sizeof event->flow->mac[0]);
}

static void key_of_way(const struct event *event, const struct event_piece *piece,
                       struct text_memo_key *key)
{
    const struct encapsulation *around = event->around;
    text_memo_key_begin(key, piece);
    text_memo_key_add_number(
        key, (uint64_t)event->ip_version << 16 | (uint64_t)event->protocol << 8 |
                 (uint64_t)event->client.is_pseudonym << 1 | event->server.is_pseudonym);
    text_memo_key_add_number(key, (uint64_t)around->tunnel_id << 32 | (uint64_t)around->vlan << 16 |
                                      (uint64_t)around->num_vlans << 8 | around->num_tunnels);
    text_memo_key_add_number(key, around->tunnel);
    text_memo_key_add_span(key, event->protocol_name != NULL ? span_text(event->protocol_name)
                                                             : (struct span){0});
}

static void keep_last(struct event_last *last, const struct text_memo_key *key, const char *text,
                      size_t len, struct text_memo_note note)
{
    last->key_len = 0;
    if (key->too_long || key->len > sizeof last->key || len > sizeof last->text)
        return;
    memcpy(last->key, key->bytes, key->len);
    if (len != 0)
        memcpy(last->text, text, len);
    last->key_len = key->len;
    last->len = len;
    last->note = note;
}

static bool is_last(const struct event_last *last, const struct text_memo_key *key)
{
    return last->key_len == key->len && memcmp(last->key, key->bytes, key->len) == 0;
}

/* Whether the piece that |key| is of is known; then |last| has it. */
static bool find(const struct event *event, const struct text_memo_key *key,
                 struct event_last *last)
{
    struct text_memo_found found;
    if (is_last(last, key))
        return true;
    if (!text_memo_find(event->memo, key, &found))
        return false;
    keep_last(last, key, found.text, found.len, found.note);
    return last->key_len != 0;
}

/* Tells whether an end is shown as a pseudonym, before anything is written. */
static void find_end(struct event *event, const struct event_piece *piece, struct event_end *end)
{
    struct text_memo_key key;
    if (piece != NULL) {
        key_of_end(event, piece, &key);
        if (find(event, &key, end->last)) {
            end->is_pseudonym = end->last->note.what[IS_PSEUDONYM];
            return;
        }
    }
    event_prepare_end(event, end);
}

static void put_truth(struct event *event, const struct event_step *step)
{
    const uint8_t *data = event->observation->data;
    const enum truth truth = *(const enum truth *)(const void *)(data + step->member);
    if (truth != TRUTH_UNKNOWN)
        event_put_truth(event, truth == TRUTH_YES);
}

static void put_number(struct event *event, const struct event_step *step)
{
    const uint8_t *data = event->observation->data;
    const struct number *number = (const void *)(data + step->member);
    if (number->seen)
        event_put_number(event, number->value);
}

static inline void write_step(struct event *event, const struct event_step *step)
{
    event->step = event_step_text(step);
    json_path_pass(&event->path, event->step);
    switch ((enum event_way)step->way) {
    case WAY_WHOLE:
        json_path_write(&event->path, event->step);
        return;
    case WAY_COMMON:
        ((const struct event_common *)step->what)->write(event);
        return;
    case WAY_FIELD:
        event_put_field(event, step->what, event->observation->data);
        return;
    case WAY_TRUTH:
        put_truth(event, step);
        return;
    case WAY_NUMBER:
        put_number(event, step);
        return;
    case WAY_PIECE: /* has steps of its own */
        break;
    }
    assert(0 && "a piece within a piece");
}

/* Writes what is known; false when it was written where other objects had begun. */
static bool write_again(struct event *event, const struct event_last *last)
{
    struct json_path *path = &event->path;
    const uint8_t *note = last->note.what;
    if (note[BEGUN] != path->common)
        return false;
    if (last->len != 0) {
        json_writer_made(path->json, (unsigned)(path->depth - note[KEPT]), last->text, last->len,
                         false);
        path->depth = note[DEPTH];
    }
    path->common = note[COMMON];
    return true;
}

/* Writes a piece step by step, and remembers the text. */
static void write_piece(struct event *event, const struct event_step *first,
                        const struct event_step *behind, bool is_pseudonym,
                        const struct text_memo_key *key)
{
    struct json_path *path = &event->path;
    const uint8_t begun = path->common, depth = path->depth;
    const uint64_t mark = json_writer_mark(path->json);
    size_t len, ends = 0;
    for (const struct event_step *step = first; step != behind; step = event_step_next(step))
        write_step(event, step);
    const char *text = json_writer_since(path->json, mark, &len);
    if (text == NULL)
        return;
    while (ends < len && text[ends] == '}')
        ends++;
    if (len != 0 && text[ends] != ',') /* the first member of all */
        return;
    const size_t before = len != 0 ? ends + 1 : 0;
    const struct text_memo_note note = {.what = {[IS_PSEUDONYM] = is_pseudonym,
                                                 [BEGUN] = begun,
                                                 [KEPT] = (uint8_t)(depth - ends),
                                                 [DEPTH] = path->depth,
                                                 [COMMON] = path->common}};
    text_memo_add(event->memo, key, text + before, len - before, note);
}

static void put_end(struct event *event, const struct event_piece *piece,
                    const struct event_step *first)
{
    struct event_end *end = piece->source == FROM_SERVER ? &event->server : &event->client;
    struct text_memo_key key;
    key_of_end(event, piece, &key);
    if (find(event, &key, end->last) && write_again(event, end->last))
        return;
    event_prepare_end(event, end);
    write_piece(event, first, piece->behind, end->is_pseudonym, &key);
}

static void put_way(struct event *event, struct event_piece *piece, const struct event_step *first)
{
    struct text_memo_key key;
    key_of_way(event, piece, &key);
    if (!find(event, &key, &piece->last) || !write_again(event, &piece->last))
        write_piece(event, first, piece->behind, false, &key);
}

/* Gives the step behind the piece that |step| leads to. */
static const struct event_step *put_piece(struct event *event, struct event_steps *steps,
                                          const struct event_step *step)
{
    struct event_piece *piece = &steps->pieces[step->member];
    const struct event_step *first = event_step_next(step);
    json_path_pass(&event->path, event_step_text(first));
    if (piece->source == FROM_WAY)
        put_way(event, piece, first);
    else
        put_end(event, piece, first);
    return piece->behind;
}

void event_steps_write(struct event_steps *steps, struct event *event)
{
    if (event->client.end != NULL) {
        find_end(event, steps->ends[0], &event->client);
        find_end(event, steps->ends[1], &event->server);
    }
    for (const struct event_step *step = steps->first; step != steps->behind;) {
        if (step->way == WAY_PIECE) {
            step = put_piece(event, steps, step);
        } else {
            write_step(event, step);
            step = event_step_next(step);
        }
    }
}
