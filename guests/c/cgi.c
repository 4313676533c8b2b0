// A CGI program: says what was asked for.
#include <stdio.h>
#include <stdlib.h>

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value ? value : "(none)";
}

int main(void) {
    printf("Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n");
    printf("Hello from C! %s %s\n", variable("REQUEST_METHOD"), variable("PATH_INFO"));
    return 0;
}
