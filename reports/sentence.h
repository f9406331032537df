/* sentence.h: a sentence that is put together from parts. */
#ifndef PERPASS_REPORTS_SENTENCE_H
#define PERPASS_REPORTS_SENTENCE_H

#include <stddef.h>

/* All-zero is empty. */
struct sentence {
    char text[4096];
    size_t len;
};

/* sentence_add adds a part, as printf does; one that does not fit is left out. */
__attribute__((format(printf, 2, 3))) void sentence_add(struct sentence *sentence,
                                                        const char *format, ...);

#endif
