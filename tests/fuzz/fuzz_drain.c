/* The collector reads arbitrary shared memory: it never crashes, hangs or reads outside of the segment. */
#include "drain_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    drain_input(data, size);
    return 0;
}
