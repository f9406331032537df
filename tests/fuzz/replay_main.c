/* replay_main.c: runs a fuzz target over files: those named, and all in the folders named. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned replayed;

static bool replay_file(const char *path, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    FILE *file = fopen(path, "rb");
    bool read = bytes != NULL && file != NULL && fread(bytes, 1, size, file) == size;
    if (file != NULL)
        fclose(file);
    if (read) {
        LLVMFuzzerTestOneInput(bytes, size);
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
    printf("%u passed, %d failed\n", replayed, ok ? 0 : 1);
    return ok && replayed > 0 ? 0 : 1;
}
