/* fuzz: three ways to feed the reader, for libFuzzer, for AFL++ and for a replay without either.
 *
 *     file      a whole file of recordings
 *     payload   one chunk's preamble and payload, behind checksums and compression, after sound definitions
 *     journal   a journal beside a sound recording that was not ended
 *
 * Each reads, shows and rewrites whatever can be read, and aborts when a promise of read.h does not hold.
 */
#ifndef MICROLOG_TESTS_FUZZ_H
#define MICROLOG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

void fuzz_file(const uint8_t *data, size_t size);
void fuzz_payload(const uint8_t *data, size_t size);
void fuzz_journal(const uint8_t *data, size_t size);

/* Writes a journal as fuzz_journal takes it. */
void fuzz_seed_journal(const char *path);

/* Makes the checksums of header and chunks right, and lengths fit, from the beginning on as far as there is anything
 * like a chunk. A journal's are chained. */
void fuzz_repair(uint8_t *data, size_t size, int is_journal);

/* If a whole chunk with a compressed payload stands at `offset`, puts the file into `out` (of `room` bytes) with that
 * payload stored instead; returns the new size, or 0. */
size_t fuzz_unpack(const uint8_t *data, size_t size, size_t offset, uint8_t *out, size_t room);

/* The offset of the `number`-th chunk, or of the last one before. */
size_t fuzz_chunk(const uint8_t *data, size_t size, unsigned number);

#endif
