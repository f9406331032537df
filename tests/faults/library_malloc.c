/* library_malloc.c: to be loaded before a program (LD_PRELOAD): one call of malloc, calloc or realloc that a library
 * makes for itself fails. Calls of the program's own code do not, allocation_faults.c has those.
 *
 * LIBRARY_MALLOC_CALL=N: the N-th call fails, and standard error is told whose it was; 0: none. LIBRARY_MALLOC_COUNT=FILE:
 * the number of calls is written to FILE at the end. Calls count from the time on when main() has begun. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t num, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_ulong calls;
static unsigned long failing;
static uintptr_t program_from, program_to; /* of the program's own code; 0: main() has not begun */
static char count_path[4096];

static int note_program(struct dl_phdr_info *info, size_t size, void *to)
{
    (void)size;
    (void)to;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            const uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            program_from = program_from == 0 || from < program_from ? from : program_from;
            program_to = from + info->dlpi_phdr[i].p_memsz;
        }
    return 1; /* the first object is the program */
}

__attribute__((constructor)) static void begin(void)
{
    const char *call = getenv("LIBRARY_MALLOC_CALL"), *path = getenv("LIBRARY_MALLOC_COUNT");
    failing = call != NULL ? strtoul(call, NULL, 10) : 0;
    if (path != NULL)
        snprintf(count_path, sizeof count_path, "%s", path);
    dl_iterate_phdr(note_program, NULL);
    void *frame;
    (void)backtrace(&frame, 1); /* the first time it takes memory */
}

__attribute__((destructor)) static void end(void)
{
    FILE *out = count_path[0] != '\0' ? fopen(count_path, "w") : NULL;
    if (out == NULL)
        return;
    fprintf(out, "%lu\n", atomic_load(&calls));
    fclose(out);
}

static bool is_program(uintptr_t address)
{
    return address >= program_from && address < program_to;
}

static const char *file_of(const void *address)
{
    Dl_info info;
    const char *name = dladdr(address, &info) != 0 ? info.dli_fname : "?";
    const char *slash = strrchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

/* Whose call it is: that of the first library that is not the C library, unless the program called that itself. */
static const char *library_of(void)
{
    enum { MOST = 16 };
    void *frames[MOST];
    const int num = backtrace(frames, MOST); /* the first ones are those of this file */
    for (int i = 0; i < num && !is_program((uintptr_t)frames[i]); i++)
        if (strncmp(file_of(frames[i]), "libc.so", 7) != 0 &&
            strncmp(file_of(frames[i]), "liblibrary_malloc", 17) != 0)
            return file_of(frames[i]);
    return "libc";
}

/* Nothing here may take memory. */
static void tell(void)
{
    char line[256];
    int len = snprintf(line, sizeof line, "library_malloc: in %.200s\n", library_of());
    if (write(STDERR_FILENO, line, (size_t)len) != len)
        _exit(125);
}

static bool fails(void *from)
{
    const uintptr_t address = (uintptr_t)from;
    if (program_to == 0 || is_program(address))
        return false;
    if (atomic_fetch_add(&calls, 1) + 1 != failing)
        return false;
    tell();
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t num, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(num, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
