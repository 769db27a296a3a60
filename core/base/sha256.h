/* sha256: the hash of FIPS 180-4, section 6.2, in pieces of any length. For saying whether two files are the same, not for
 * secrets: its time depends on nothing but lengths, its memory is not wiped. */
#ifndef ML_BASE_SHA256_H
#define ML_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { ML_SHA256_SIZE = 32 };

typedef struct ml_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
} ml_sha256;

void ml_sha256_start(ml_sha256 *hash);
void ml_sha256_add(ml_sha256 *hash, const void *bytes, size_t length);

/* Ends it; `hash` must be started again before it is used again. */
void ml_sha256_finish(ml_sha256 *hash, uint8_t digest[ML_SHA256_SIZE]);

#endif
