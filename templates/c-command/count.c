#include "count.h"

#include <ctype.h>

void count(struct counts *counts, const char *text, size_t size) {
    counts->bytes += size;
    for (size_t i = 0; i < size; i++) {
        int is_space = isspace((unsigned char)text[i]);
        counts->lines += text[i] == '\n';
        counts->words += !is_space && !counts->in_word;
        counts->in_word = !is_space;
    }
}
