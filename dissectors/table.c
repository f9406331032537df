/* table.c: all dissectors, from table.def. */
#include "core/dissector.h"

#define DISSECTOR(symbol) extern const struct dissector symbol;
#include "dissectors/table.def"
#undef DISSECTOR

const struct dissector *const dissectors[] = {
#define DISSECTOR(symbol) &symbol,
#include "dissectors/table.def"
#undef DISSECTOR
    NULL};
