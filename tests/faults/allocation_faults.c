/* allocation_faults.c: a program with one allocation that fails, at one place of its code after the other. It is linked
 * with the code of perpass, and again with that of perpass-probe.
 *
 *     allocation_faults --folder DIR [--calls N] [--only PLACE:CALL] [--except PLACE,PLACE...] -- ARGS...
 *
 * Runs the program with ARGS once as it is, and notes every place of its own code that takes memory there, and how
 * often. Then runs it again for each place, in a process of its own, while one call there fails: the first one, and up
 * to N (2) in even steps to the last one; places behind --except are left out. Each run has a folder of its own,
 * DIR/clean or DIR/PLACE:CALL, in which it works and leaves "stdout" and "stderr". Prints two lines for each: the folder
 * and "process" with its number as it begins, the folder and the exit status or the signal as it ends; and a line for
 * each place, with its "calls".
 *
 * What takes memory is malloc and its kin, and what libraries make for perpass; what libraries take for themselves
 * does not fail here. */
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <netdb.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_PLACES = 4096, /* a power of two */
    SECONDS = 60       /* for one run */
};

/* A place of the code, by the address that a call there returns to. */
struct place {
    atomic_uintptr_t address;
    atomic_uint calls;
};

struct places {
    struct place at[MAX_PLACES];
};

static atomic_uint_fast64_t refused;

/* As in core/memory.c, which this stands for. */
uint64_t memory_refused(void)
{
    return atomic_load(&refused);
}

void memory_note_refused(void)
{
    atomic_fetch_add(&refused, 1);
}

/* What the process at hand counts, and the call in it that fails; 0: none. The calls that fail have no other way to
 * know. */
static struct places *counted;
static uintptr_t failing_address;
static unsigned failing_call;

static struct place *place_of(uintptr_t address)
{
    size_t i = (size_t)(address * 0x9e3779b97f4a7c15 >> 40) % MAX_PLACES;
    for (size_t tries = 0; tries < MAX_PLACES; tries++, i = (i + 1) % MAX_PLACES) {
        uintptr_t none = 0;
        if (atomic_compare_exchange_strong(&counted->at[i].address, &none, address) ||
            none == address)
            return &counted->at[i];
    }
    abort();
}

/* Whether the call that returns to |address| is to fail. */
static bool fails(void *address)
{
    if (counted == NULL)
        return false;
    const unsigned call = 1 + atomic_fetch_add(&place_of((uintptr_t)address)->calls, 1);
    if ((uintptr_t)address != failing_address || call != failing_call)
        return false;
    errno = ENOMEM;
    return true;
}

/* Of calls that core/memory.c counts. */
static bool is_refused(void *address)
{
    if (!fails(address))
        return false;
    memory_note_refused();
    return true;
}

/* --- what fails: the linker puts these in the place of the calls --- */

#define HERE __builtin_return_address(0)

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return is_refused(HERE) ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size)
{
    return is_refused(HERE) ? NULL : __real_calloc(num, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    return is_refused(HERE) ? NULL : __real_realloc(old, size);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return is_refused(HERE) ? NULL : __real_aligned_alloc(alignment, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return is_refused(HERE) ? NULL : __real_strdup(text);
}

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return is_refused(HERE) ? NULL : __real_open_memstream(text, size);
}

FILE *__real_fdopen(int descriptor, const char *mode);
FILE *__wrap_fdopen(int descriptor, const char *mode);
FILE *__wrap_fdopen(int descriptor, const char *mode)
{
    return fails(HERE) ? NULL : __real_fdopen(descriptor, mode);
}

FILE *__real_fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);
FILE *__wrap_fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);
FILE *__wrap_fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions)
{
    return fails(HERE) ? NULL : __real_fopencookie(cookie, mode, functions);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
    return fails(HERE) ? NULL : __real_fopen(path, mode);
}

EVP_CIPHER_CTX *__real_EVP_CIPHER_CTX_new(void);
EVP_CIPHER_CTX *__wrap_EVP_CIPHER_CTX_new(void);
EVP_CIPHER_CTX *__wrap_EVP_CIPHER_CTX_new(void)
{
    return fails(HERE) ? NULL : __real_EVP_CIPHER_CTX_new();
}

EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void)
{
    return fails(HERE) ? NULL : __real_EVP_MD_CTX_new();
}

EVP_MAC_CTX *__real_EVP_MAC_CTX_new(EVP_MAC *mac);
EVP_MAC_CTX *__wrap_EVP_MAC_CTX_new(EVP_MAC *mac);
EVP_MAC_CTX *__wrap_EVP_MAC_CTX_new(EVP_MAC *mac)
{
    return fails(HERE) ? NULL : __real_EVP_MAC_CTX_new(mac);
}

EVP_KDF_CTX *__real_EVP_KDF_CTX_new(EVP_KDF *kdf);
EVP_KDF_CTX *__wrap_EVP_KDF_CTX_new(EVP_KDF *kdf);
EVP_KDF_CTX *__wrap_EVP_KDF_CTX_new(EVP_KDF *kdf)
{
    return fails(HERE) ? NULL : __real_EVP_KDF_CTX_new(kdf);
}

EVP_PKEY *__real_EVP_PKEY_new(void);
EVP_PKEY *__wrap_EVP_PKEY_new(void);
EVP_PKEY *__wrap_EVP_PKEY_new(void)
{
    return fails(HERE) ? NULL : __real_EVP_PKEY_new();
}

EVP_PKEY_CTX *__real_EVP_PKEY_CTX_new_from_pkey(OSSL_LIB_CTX *library, EVP_PKEY *key,
                                                const char *properties);
EVP_PKEY_CTX *__wrap_EVP_PKEY_CTX_new_from_pkey(OSSL_LIB_CTX *library, EVP_PKEY *key,
                                                const char *properties);
EVP_PKEY_CTX *__wrap_EVP_PKEY_CTX_new_from_pkey(OSSL_LIB_CTX *library, EVP_PKEY *key,
                                                const char *properties)
{
    return fails(HERE) ? NULL : __real_EVP_PKEY_CTX_new_from_pkey(library, key, properties);
}

struct json_object *__real_json_object_new_object(void);
struct json_object *__wrap_json_object_new_object(void);
struct json_object *__wrap_json_object_new_object(void)
{
    return fails(HERE) ? NULL : __real_json_object_new_object();
}

struct json_object *__real_json_object_new_array(void);
struct json_object *__wrap_json_object_new_array(void);
struct json_object *__wrap_json_object_new_array(void)
{
    return fails(HERE) ? NULL : __real_json_object_new_array();
}

struct json_object *__real_json_object_new_string(const char *text);
struct json_object *__wrap_json_object_new_string(const char *text);
struct json_object *__wrap_json_object_new_string(const char *text)
{
    return fails(HERE) ? NULL : __real_json_object_new_string(text);
}

/* Names that cannot be resolved and threads that cannot be made are told by other numbers. */
int __real_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    return fails(HERE) ? EAI_MEMORY : __real_getaddrinfo(name, service, hints, found);
}

typedef void *thread_body(void *);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *how, thread_body *body,
                          void *to);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, thread_body *body,
                          void *to);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, thread_body *body, void *to)
{
    return fails(HERE) ? EAGAIN : __real_pthread_create(thread, how, body, to);
}

/* And memory that cannot be mapped is not NULL. */
void *__real_mmap(void *at, size_t len, int rights, int flags, int descriptor, off_t offset);
void *__wrap_mmap(void *at, size_t len, int rights, int flags, int descriptor, off_t offset);
void *__wrap_mmap(void *at, size_t len, int rights, int flags, int descriptor, off_t offset)
{
    return fails(HERE) ? MAP_FAILED : __real_mmap(at, len, rights, flags, descriptor, offset);
}

/* --- the runs --- */

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

struct run {
    const char *folder;
    unsigned calls;     /* of a place that fail, one a run */
    const char *only;   /* NULL: all */
    const char *except; /* NULL: none */
    int argc;
    char **argv; /* of the program, its name included */
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "allocation_faults: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *shared(size_t size)
{
    void *memory =
        __real_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        give_up("no memory to share");
    return memory;
}

static void stream_to(const char *name, int stream)
{
    int descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (descriptor < 0 || dup2(descriptor, stream) < 0)
        give_up(name);
    close(descriptor);
}

/* Runs the program in a folder of its own, and tells how it ended. */
static void run_in(const struct run *run, const char *name, struct places *places)
{
    char path[4096];
    int status;
    snprintf(path, sizeof path, "%s/%s", run->folder, name);
    if (mkdir(path, 0700) != 0)
        give_up(path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (chdir(path) != 0)
            give_up(path);
        stream_to("stdout", STDOUT_FILENO);
        stream_to("stderr", STDERR_FILENO);
        alarm(SECONDS);
        counted = places;
        exit(
            __real_main(run->argc, run->argv)); /* with a look for leaks, where the build has one */
    }
    if (child < 0)
        give_up("no process");
    printf("%s process %ld\n", name, (long)child);
    fflush(stdout);
    if (waitpid(child, &status, 0) != child)
        give_up("no process");
    if (WIFSIGNALED(status))
        printf("%s signal %d\n", name, WTERMSIG(status));
    else
        printf("%s status %d\n", name, WEXITSTATUS(status));
}

/* Whether |place| is one of the list |except|. */
static bool is_left_out(const char *except, const char *place)
{
    const size_t len = strlen(place);
    for (const char *at = except; at != NULL && *at != '\0'; at += strspn(at, ",")) {
        const size_t word = strcspn(at, ",");
        if (word == len && memcmp(at, place, len) == 0)
            return true;
        at += word;
    }
    return false;
}

/* Runs it while the |call|-th call of |address|, which is |place|, fails. */
static void run_failing(const struct run *run, const char *place, uintptr_t address, unsigned call)
{
    struct places *places = shared(sizeof *places);
    char name[64];
    snprintf(name, sizeof name, "%s:%u", place, call);
    if (run->only == NULL || strcmp(run->only, name) == 0) {
        failing_address = address;
        failing_call = call;
        run_in(run, name, places);
    }
    munmap(places, sizeof *places);
}

/* Runs it while some of the calls of a place fail. */
static void try_place(const struct run *run, const struct place *at)
{
    extern const char __executable_start[];
    const uintptr_t address = atomic_load(&at->address);
    const unsigned calls = atomic_load(&at->calls), tries = calls < run->calls ? calls : run->calls;
    char place[32];
    snprintf(place, sizeof place, "%zx", (size_t)(address - (uintptr_t)__executable_start));
    printf("%s calls %u\n", place, calls);
    for (unsigned n = 0; n < tries && !is_left_out(run->except, place); n++)
        run_failing(run, place, address, tries == 1 ? 1 : 1 + n * (calls - 1) / (tries - 1));
}

static void run_all(const struct run *run)
{
    struct places *clean = shared(sizeof *clean);
    run_in(run, "clean", clean);
    for (size_t i = 0; i < MAX_PLACES; i++)
        if (atomic_load(&clean->at[i].address) != 0)
            try_place(run, &clean->at[i]);
    munmap(clean, sizeof *clean);
}

/* The linker puts it in the place of the program's own. */
int __wrap_main(int argc, char **argv)
{
    struct run run = {.calls = 2};
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--folder") == 0)
            run.folder = argv[i + 1];
        else if (strcmp(argv[i], "--calls") == 0)
            run.calls = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0)
            run.only = argv[i + 1];
        else if (strcmp(argv[i], "--except") == 0)
            run.except = argv[i + 1];
    }
    if (run.folder == NULL || i >= argc) {
        fprintf(stderr, "allocation_faults --folder DIR [--calls N] [--only PLACE:CALL] "
                        "[--except PLACE,PLACE...] -- ARGS\n");
        return 2;
    }
    run.argc = argc - i;
    run.argv = argv + i;
    run.argv[0] = argv[0];
    run_all(&run);
    return 0;
}
