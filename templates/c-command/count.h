/* Counting, as `wc` does it. */
#include <stddef.h>

struct counts {
    size_t lines, words, bytes;
    int in_word;
};

/* Adds `size` bytes of a text, of which there may be more. */
void count(struct counts *counts, const char *text, size_t size);
