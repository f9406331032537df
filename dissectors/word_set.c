/* word_set.c: an automaton over all words: a state is a beginning of a word, and where the text does not go on as the
 * word does, the longest of its ends that is a beginning, too, takes over. */
#include "dissectors/word_set.h"

#include <stdlib.h>

enum { MAX_STATES = 8192, MAX_CLASSES = 96, NO_WORD = 0, FOUND = 0x8000 };

struct state {
    uint16_t next[MAX_CLASSES];
    uint16_t word;    /* number + 1 of the word that ends here */
    uint16_t shorter; /* the next state, of those that end here, in which a word ends; 0: none */
    uint16_t fail;
};

/* What ends in a state: a word, or none; and the next such state. As in struct state. */
struct ending {
    uint16_t word, shorter;
};

/* While words are added; |steps| is what is needed to find them. */
struct word_set {
    uint8_t class_of[256]; /* 0: in no word */
    unsigned num_classes, num_states, num_words;
    struct state *states;   /* the first is where nothing has matched */
    unsigned shift;         /* there is room for so many bits of a class in a row of |steps| */
    uint16_t *steps;        /* the next state, a row each; FOUND when words end in it */
    struct ending *endings; /* of each state */
};

struct word_set *word_set_new(void)
{
    struct word_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return NULL;
    set->states = calloc(MAX_STATES, sizeof *set->states);
    set->num_classes = set->num_states = 1;
    if (set->states != NULL)
        return set;
    free(set);
    return NULL;
}

void word_set_free(struct word_set *set)
{
    if (set == NULL)
        return;
    free(set->states);
    free(set->steps);
    free(set->endings);
    free(set);
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static unsigned class_of(struct word_set *set, uint8_t c)
{
    enum { OTHER_CASE = 0x20 };
    if (set->class_of[c] != 0)
        return set->class_of[c];
    if (set->num_classes == MAX_CLASSES)
        return 0;
    set->class_of[c] = (uint8_t)set->num_classes++;
    if (is_letter(c))
        set->class_of[c ^ OTHER_CASE] = set->class_of[c];
    return set->class_of[c];
}

int word_set_add(struct word_set *set, struct span word)
{
    unsigned at = 0;
    if (word.len == 0 || set->num_words == WORD_SET_MAX)
        return -1;
    for (size_t i = 0; i < word.len; i++) {
        unsigned class = class_of(set, word.at[i]);
        if (class == 0)
            return -1;
        if (set->states[at].next[class] == 0) {
            if (set->num_states == MAX_STATES)
                return -1;
            set->states[at].next[class] = (uint16_t)set->num_states++;
        }
        at = set->states[at].next[class];
    }
    if (set->states[at].word == NO_WORD)
        set->states[at].word = (uint16_t)++set->num_words;
    return set->states[at].word - 1;
}

/* Takes up the state |child|, one step of |class| behind |parent|. */
static void link_state(struct word_set *set, unsigned parent, unsigned class, unsigned child)
{
    struct state *state = &set->states[child];
    state->fail = parent == 0 ? 0 : set->states[set->states[parent].fail].next[class];
    const struct state *fail = &set->states[state->fail];
    state->shorter = fail->word != NO_WORD ? state->fail : fail->shorter;
}

/* By breadth, so that all shorter states are complete: then a missing step is that of the state to fall back to. */
static void complete(struct word_set *set, uint16_t *queue)
{
    size_t tail = 1;
    for (size_t head = 0; head < tail; head++) {
        unsigned at = queue[head];
        for (unsigned class = 1; class < set->num_classes; class ++) {
            unsigned next = set->states[at].next[class];
            if (next != 0) {
                link_state(set, at, class, next);
                queue[tail++] = (uint16_t)next;
            } else if (at != 0) {
                set->states[at].next[class] = set->states[set->states[at].fail].next[class];
            }
        }
    }
}

static unsigned step_to(const struct word_set *set, unsigned state)
{
    bool found = set->states[state].word != NO_WORD || set->states[state].shorter != 0;
    return found ? state | FOUND : state;
}

/* The states without what only making them needed, so that more of them are near to the processor. */
static bool make_steps(struct word_set *set)
{
    while (1u << set->shift < set->num_classes)
        set->shift++;
    set->steps = calloc((size_t)set->num_states << set->shift, sizeof *set->steps);
    set->endings = calloc(set->num_states, sizeof *set->endings);
    if (set->steps == NULL || set->endings == NULL)
        return false;
    for (unsigned at = 0; at < set->num_states; at++) {
        set->endings[at] = (struct ending){set->states[at].word, set->states[at].shorter};
        for (unsigned class = 1; class < set->num_classes; class ++)
            set->steps[(at << set->shift) + class] =
                (uint16_t)step_to(set, set->states[at].next[class]);
    }
    free(set->states);
    set->states = NULL;
    return true;
}

bool word_set_ready(struct word_set *set)
{
    uint16_t *queue = calloc(set->num_states, sizeof *queue);
    if (queue == NULL)
        return false;
    complete(set, queue);
    free(queue);
    return make_steps(set);
}

static void add_words(const struct word_set *set, unsigned state, struct words *found)
{
    const struct ending *endings = set->endings;
    unsigned ending = endings[state].word != NO_WORD ? state : endings[state].shorter;
    for (; ending != 0; ending = endings[ending].shorter) {
        unsigned word = endings[ending].word - 1U;
        found->bits[word / 64] |= UINT64_C(1) << (word % 64);
    }
}

static unsigned take_step(const struct word_set *set, unsigned at, uint8_t c)
{
    return set->steps[((at & ~(unsigned)FOUND) << set->shift) + set->class_of[c]];
}

bool word_set_find(const struct word_set *set, struct span text, struct words *found)
{
    unsigned at = take_step(set, 0, ' '), any = 0;
    *found = (struct words){{0}};
    for (size_t i = 0; i < text.len; i++) {
        at = take_step(set, at, text.at[i]);
        any |= at;
        if (at & FOUND)
            add_words(set, at & ~(unsigned)FOUND, found);
    }
    at = take_step(set, at, ' ');
    if (at & FOUND)
        add_words(set, at & ~(unsigned)FOUND, found);
    return ((any | at) & FOUND) != 0;
}
