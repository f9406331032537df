/* secret_memory.c: memory that is kept out of swap and dumps. */
#include "core/secret_memory.h"

#include "core/crypto.h"

#include <sys/mman.h>

void *secret_memory(size_t len)
{
    void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* Best effort: the limit of locked memory may be 0, and old kernels know no MADV_DONTDUMP. */
    (void)mlock(memory, len);
    (void)madvise(memory, len, MADV_DONTDUMP);
    return memory;
}

void secret_memory_free(void *memory, size_t len)
{
    if (memory == NULL)
        return;
    crypto_wipe(memory, len);
    munmap(memory, len);
}
