/* replay_main.c: runs a fuzz target over files: those named, and all in the folders named. Where the target has a mutator
 * of its own each file is also changed by it, the same way in every run. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_SIZE = 1 << 16, CHANGES = 12 /* of a file, each of the one before */ };

static unsigned replayed, changed;
static uint32_t random_bits = 2463534242u;

__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                                     unsigned seed);

static uint32_t draw(void)
{
    random_bits ^= random_bits << 13;
    random_bits ^= random_bits >> 17;
    random_bits ^= random_bits << 5;
    return random_bits;
}

/* Changes a few bytes, makes it longer or shorter. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    const size_t grown = size + draw() % 4, shrunk = size - (size > 3 ? draw() % 4 : 0);
    const size_t len = draw() % 2 != 0 && grown <= max_size ? grown : shrunk;
    for (size_t i = size; i < len; i++)
        data[i] = (uint8_t)draw();
    for (uint32_t left = draw() % 4; left > 0 && len > 0; left--)
        data[draw() % len] = (uint8_t)draw();
    return len;
}

static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size + 1);
    if (exact == NULL)
        abort();
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_changed(const uint8_t *bytes, size_t size)
{
    static uint8_t room[MAX_SIZE];
    if (LLVMFuzzerCustomMutator == NULL || size > MAX_SIZE)
        return;
    memcpy(room, bytes, size);
    for (unsigned seed = 1; seed <= CHANGES && size > 0; seed++) {
        size = LLVMFuzzerCustomMutator(room, size, MAX_SIZE, seed);
        run(room, size);
        changed++;
    }
}

static bool replay_file(const char *path, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    FILE *file = fopen(path, "rb");
    bool read = bytes != NULL && file != NULL && fread(bytes, 1, size, file) == size;
    if (file != NULL)
        fclose(file);
    if (read) {
        LLVMFuzzerTestOneInput(bytes, size);
        run_changed(bytes, size);
        replayed++;
    }
    free(bytes);
    return read;
}

static bool replay(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    if (!S_ISDIR(status.st_mode))
        return replay_file(path, (size_t)status.st_size);
    struct dirent **names;
    int num = scandir(path, &names, NULL, alphasort);
    bool ok = num >= 0;
    for (int i = 0; i < num; i++) {
        char inner[4096];
        int len = snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len < (int)sizeof inner)
            ok = replay(inner) && ok;
        free(names[i]);
    }
    if (num >= 0)
        free(names);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;
    for (int i = 1; i < argc; i++) {
        if (!replay(argv[i])) {
            fprintf(stderr, "%s could not be read\n", argv[i]);
            ok = false;
        }
    }
    if (changed > 0)
        printf("%u changed inputs\n", changed);
    printf("%u passed, %d failed\n", replayed, ok ? 0 : 1);
    return ok && replayed > 0 ? 0 : 1;
}
