/* secret_memory.h: memory for keys: not swapped out, not in a core file, wiped when it is given back. */
#ifndef PERPASS_CORE_SECRET_MEMORY_H
#define PERPASS_CORE_SECRET_MEMORY_H

#include <stddef.h>

/* secret_memory gives zeroed memory that is neither swapped out nor dumped, as far as the system allows; NULL when
 * there is none. It has to be asked for before the sandbox is entered. secret_memory_free wipes it. */
void *secret_memory(size_t len);
void secret_memory_free(void *memory, size_t len);

#endif
