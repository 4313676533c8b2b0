// Prints one line; with an argument, greets it.
#include <stdio.h>

int main(int count, char **arguments) {
    printf("Hello from %s!\n", count > 1 ? arguments[1] : "C");
    return 0;
}
