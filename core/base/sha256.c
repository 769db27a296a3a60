#include "core/base/sha256.h"

#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, LENGTH_SIZE = 8 };

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

/* The sixteen words of a block and the 48 that are made of them. */
static void expand(const uint8_t *block, uint32_t words[ROUNDS])
{
    for (unsigned i = 0; i < 16; i++) {
        const uint8_t *at = block + (size_t)i * 4;
        words[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    for (unsigned i = 16; i < ROUNDS; i++) {
        uint32_t near = words[i - 2];
        uint32_t far = words[i - 15];
        words[i] = words[i - 16] + words[i - 7] + (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) +
                   (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10);
    }
}

/* The letters are the standard's. */
static void mix(ml_sha256 *hash, const uint8_t *block)
{
    uint32_t words[ROUNDS];
    const uint32_t *s = hash->state;
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];

    expand(block, words);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                       constants[i] + words[i];
        uint32_t two =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + one;
        d = c;
        c = b;
        b = a;
        a = one + two;
    }
    for (unsigned i = 0; i < 8; i++) {
        hash->state[i] += (uint32_t[]){a, b, c, d, e, f, g, h}[i];
    }
}

void ml_sha256_start(ml_sha256 *hash)
{
    /* The same of the square roots of the first eight primes. */
    *hash = (ml_sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                  0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void ml_sha256_add(ml_sha256 *hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    size_t waiting = (size_t)(hash->length % BLOCK);

    hash->length += length;
    while (length > 0) {
        size_t step = BLOCK - waiting < length ? BLOCK - waiting : length;
        if (step == BLOCK) {
            mix(hash, at);
        } else {
            memcpy(hash->block + waiting, at, step);
            waiting += step;
            if (waiting == BLOCK) {
                mix(hash, hash->block);
            }
        }
        waiting %= BLOCK;
        at += step;
        length -= step;
    }
}

void ml_sha256_finish(ml_sha256 *hash, uint8_t digest[ML_SHA256_SIZE])
{
    static const uint8_t padding[BLOCK] = {0x80};
    uint8_t bits[LENGTH_SIZE];
    size_t waiting = (size_t)(hash->length % BLOCK);
    size_t room = waiting < BLOCK - LENGTH_SIZE ? BLOCK - LENGTH_SIZE : 2 * BLOCK - LENGTH_SIZE;

    for (unsigned i = 0; i < LENGTH_SIZE; i++) {
        bits[i] = (uint8_t)(hash->length * 8 >> (8 * (LENGTH_SIZE - 1 - i)));
    }
    ml_sha256_add(hash, padding, room - waiting);
    ml_sha256_add(hash, bits, sizeof(bits));
    for (unsigned i = 0; i < ML_SHA256_SIZE; i++) {
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}
