/* Run by test/run, as a program of this machine. */
#include "../count.h"

#undef NDEBUG
#include <assert.h>

int main(void) {
    struct counts counts = {0};
    count(&counts, "", 0);
    assert(counts.lines == 0 && counts.words == 0 && counts.bytes == 0);
    count(&counts, "to b", 4);
    count(&counts, "e\nor not\n", 9);
    assert(counts.lines == 2 && counts.words == 4 && counts.bytes == 13);
    return 0;
}
