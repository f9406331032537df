/* finding_place.c: in which input a finding's packet is. */
#include "reports/finding_place.h"

static bool has_packet(const struct input_info *input, const struct finding *finding)
{
    return finding->packet <= input->frames;
}

static bool has_first(const struct input_info *input, const struct finding *finding)
{
    return has_packet(input, finding) && finding->first_ns >= input->first_ns &&
           finding->first_ns <= input->last_ns;
}

/* The packet is that of the evidence, which was read first; inputs that were read later may be older. */
static bool has_some(const struct input_info *input, const struct finding *finding)
{
    return has_packet(input, finding) && finding->last_ns >= input->first_ns &&
           finding->first_ns <= input->last_ns;
}

static const struct input_info *first_of(const struct result *result, const struct finding *finding,
                                         bool (*fits)(const struct input_info *input,
                                                      const struct finding *finding),
                                         size_t *others)
{
    const struct input_info *first = NULL;
    *others = 0;
    for (size_t i = 0; i < result->num_inputs; i++) {
        if (!fits(&result->inputs[i], finding))
            continue;
        *others += first != NULL;
        first = first != NULL ? first : &result->inputs[i];
    }
    return first;
}

const struct input_info *finding_place(const struct result *result, const struct finding *finding,
                                       size_t *others)
{
    const struct input_info *place = first_of(result, finding, has_first, others);
    if (place == NULL)
        place = first_of(result, finding, has_some, others);
    if (place == NULL)
        place = first_of(result, finding, has_packet, others);
    return place;
}
