/* address: where an object's address goes in a table of ours, of a power of two of places. Not for keys from elsewhere: nobody
 * chooses addresses so that they fall together.
 */
#ifndef RECORDER_ADDRESS_H
#define RECORDER_ADDRESS_H

#include <stdint.h>

/* A number below 2^bits. Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4) of what differs between
 * addresses of objects, which are multiples of 16. */
static inline uint64_t address_hash(const void *object, int bits)
{
    return ((uintptr_t)object >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - bits);
}

#endif
