/* crc32c: the checksum of `.mlog` (Castagnoli polynomial, reflected, initial and final value all ones;
 * RFC 3720 appendix B.4). Uses the processor's instruction where there is one. */
#ifndef ML_BASE_CRC32C_H
#define ML_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `length` bytes that follow bytes whose checksum is `previous` (0 for none). */
uint32_t ml_crc32c(uint32_t previous, const void *bytes, size_t length);

#endif
