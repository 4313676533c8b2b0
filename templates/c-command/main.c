/* Counts lines, words and bytes of its standard input, or of the files that are named. */
#include "count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int tell(const char *name, FILE *file) {
    struct counts counts = {0};
    char text[65536];
    size_t size;
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return 1;
    }
    while ((size = fread(text, 1, sizeof text, file)) > 0) {
        count(&counts, text, size);
    }
    printf("%8zu%8zu%8zu %s\n", counts.lines, counts.words, counts.bytes, name);
    return ferror(file) != 0;
}

int main(int argc, char **argv) {
    int failed = 0;
    if (argc < 2) {
        return tell("standard input", stdin);
    }
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        failed |= tell(argv[i], file);
        if (file != NULL) {
            fclose(file);
        }
    }
    return failed;
}
