// Numbers the selected lines, in C. `wit-bindgen c --world command wit` makes command.h.
#include <stdlib.h>

#include "command.h"

void exports_command_name(command_string_t *ret) { command_string_dup(ret, "number"); }

void exports_command_description(command_string_t *ret) {
    command_string_dup(ret, "numbers the selected lines; `number 7` begins with 7");
}

// The number that the user typed, or 1 where that is nothing. False where it is something else.
static bool first_number(const command_string_t *argument, uint32_t *first) {
    *first = argument->len == 0;
    for (size_t i = 0; i < argument->len; i++) {
        uint8_t digit = argument->ptr[i] - '0';
        if (digit > 9 || *first > 99999999) return false;
        *first = *first * 10 + digit;
    }
    return true;
}

// The line behind its number, in the place of the line.
static bool put_number(command_string_t *line, uint32_t number) {
    uint8_t *longer = malloc(line->len + 12);
    if (!longer) return false;
    size_t at = 0, width = 10;
    uint8_t digits[10];
    do digits[--width] = '0' + number % 10; while (number /= 10);
    while (width < 10) longer[at++] = digits[width++];
    longer[at++] = ' ';
    for (size_t i = 0; i < line->len; i++) longer[at++] = line->ptr[i];
    command_string_free(line);
    *line = (command_string_t){longer, at};
    return true;
}

bool exports_command_run(command_string_t *argument, command_string_t *err) {
    uint32_t number;
    acme_editor_buffer_span_t selected;
    command_list_string_t lines;
    if (!first_number(argument, &number)) {
        command_string_dup(err, "it begins with a number");
        return false;
    }
    acme_editor_buffer_selection(&selected);
    if (!acme_editor_buffer_lines(&selected, &lines, err)) return false;
    for (size_t i = 0; i < lines.len; i++) {
        if (!put_number(&lines.ptr[i], number + i)) abort();
    }
    bool done = acme_editor_buffer_replace(&selected, &lines, err);
    command_list_string_free(&lines);
    return done;
}
