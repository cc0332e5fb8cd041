/* What the packings of the arch headers share. */
#ifndef HEAPLINE_ARCH_FITS_H
#define HEAPLINE_ARCH_FITS_H

#include <stdint.h>

/* Does `value` fit `bits` bits, signed, counted in units of `unit` bytes? */
static inline int hl_arch_fits(int32_t value, unsigned bits, int32_t unit)
{
    int32_t limit = (int32_t)(UINT32_C(1) << (bits - 1));
    return value % unit == 0 && value / unit >= -limit && value / unit < limit;
}

#endif
