/* The interface words of wit/words.wit. What is given is ours to free, what is returned is the caller's. */
#include "library.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef exports_example_words_words_count_t count_t;

static void *allocated(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static int by_times(const void *left, const void *right) {
    const count_t *a = left, *b = right;
    if (a->times != b->times) {
        return a->times > b->times ? -1 : 1;
    }
    size_t shared = a->word.len < b->word.len ? a->word.len : b->word.len;
    int order = memcmp(a->word.ptr, b->word.ptr, shared);
    return order != 0 ? order : (a->word.len > b->word.len) - (a->word.len < b->word.len);
}

/* Counts one more of this word, which becomes one of the words where it was not. */
static void add(exports_example_words_words_list_count_t *counts, const uint8_t *word, size_t length) {
    for (size_t i = 0; i < counts->len; i++) {
        count_t *count = &counts->ptr[i];
        if (count->word.len == length && memcmp(count->word.ptr, word, length) == 0) {
            count->times++;
            return;
        }
    }
    count_t *count = &counts->ptr[counts->len++];
    library_string_dup_n(&count->word, (const char *)word, length);
    count->times = 1;
}

void exports_example_words_words_frequent(
    library_string_t *text, uint32_t most, exports_example_words_words_list_count_t *counts) {
    /* No text has more words than half of its bytes. */
    counts->ptr = allocated((text->len / 2 + 1) * sizeof(count_t));
    counts->len = 0;
    for (size_t start = 0, end = 0; end <= text->len; end++) {
        if (end < text->len && isalnum(text->ptr[end])) {
            text->ptr[end] = (uint8_t)tolower(text->ptr[end]);
            continue;
        }
        if (end > start) {
            add(counts, text->ptr + start, end - start);
        }
        start = end + 1;
    }
    qsort(counts->ptr, counts->len, sizeof(count_t), by_times);
    while (counts->len > most) {
        exports_example_words_words_count_free(&counts->ptr[--counts->len]);
    }
    library_string_free(text);
}

bool exports_example_words_words_palindrome(library_string_t *text, bool *found, library_string_t *error) {
    size_t letters = 0;
    for (size_t i = 0; i < text->len; i++) {
        if (isalnum(text->ptr[i])) {
            text->ptr[letters++] = (uint8_t)tolower(text->ptr[i]);
        }
    }
    *found = true;
    for (size_t i = 0; i < letters / 2; i++) {
        *found = *found && text->ptr[i] == text->ptr[letters - 1 - i];
    }
    library_string_free(text);
    if (letters == 0) {
        library_string_dup(error, "there is no letter in it");
    }
    return letters > 0;
}
