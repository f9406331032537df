/* sentence.c: a sentence that is put together from parts. */
#include "reports/sentence.h"

#include <stdarg.h>
#include <stdio.h>

void sentence_add(struct sentence *sentence, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int wrote = vsnprintf(sentence->text + sentence->len, sizeof sentence->text - sentence->len,
                          format, args);
    va_end(args);
    if (wrote > 0 && (size_t)wrote < sizeof sentence->text - sentence->len)
        sentence->len += (size_t)wrote;
    else
        sentence->text[sentence->len] = '\0';
}
