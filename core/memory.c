/* memory.c: stands between perpass and the allocator of the C library, to count what it refuses. */
#include "core/memory.h"

#include <stdatomic.h>
#include <stdio.h>

/* As errno is, it is the process's: whoever calls malloc has nothing to hand it to. */
static atomic_uint_fast64_t refused;

uint64_t memory_refused(void)
{
    return atomic_load_explicit(&refused, memory_order_relaxed);
}

void memory_note_refused(void)
{
    atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
}

/* Names and types are the linker's and the C library's. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);

void *__wrap_malloc(size_t size)
{
    return memory_made(__real_malloc(size));
}

void *__wrap_calloc(size_t num, size_t size)
{
    return memory_made(__real_calloc(num, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    return memory_made(__real_realloc(old, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return memory_made(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text)
{
    return memory_made(__real_strdup(text));
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return memory_made(__real_open_memstream(text, size));
}
