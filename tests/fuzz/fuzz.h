/* fuzz.h: what a fuzz target is: libFuzzer calls it, or replay_main.c does for every file it is given. */
#ifndef PERPASS_TESTS_FUZZ_FUZZ_H
#define PERPASS_TESTS_FUZZ_FUZZ_H

#include "core/observation.h"

/* What is shown of a code point is its name. */
static inline void fuzz_name(const struct field *field, const struct value *value)
{
    if (field->name_of != NULL && value->type == VALUE_NUMBER)
        (void)field->name_of(value->number);
}

/* fuzz_walk reads every member of an observation by its row, and every item of its lists. */
static inline void fuzz_walk(const struct observation *observation)
{
    for (size_t i = 0; i < observation->type->num_fields; i++) {
        const struct field *field = &observation->type->fields[i];
        if (field->type == FIELD_DERIVED) {
            struct derived room;
            (void)field_derived(field, observation->data, &room);
            continue;
        }
        if (field->type != FIELD_LIST) {
            const struct value value = field_value(field, observation->data);
            fuzz_name(field, &value);
            continue;
        }
        struct reader list = field_list_begin(field, observation->data);
        struct value item;
        while (field_list_next(field, &list, &item))
            fuzz_name(field, &item);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target may bring a mutator of its own: it changes the |size| bytes in |data|, which has room for |max_size|, gives
 * the new length, and what it makes follows from |seed|. LLVMFuzzerMutate is the fuzzer's own, for bytes that are just
 * bytes. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
