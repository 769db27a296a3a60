/* sha256: published vectors of FIPS 180-4's examples, lengths around a block, and the ways to cut one message into pieces. */
#include "core/base/sha256.h"
#include "tests/unit/runner.h"

#include <stdio.h>
#include <string.h>

static void hash_of(const void *bytes, size_t length, char text[65])
{
    uint8_t digest[ML_SHA256_SIZE];
    ml_sha256 hash;

    ml_sha256_start(&hash);
    ml_sha256_add(&hash, bytes, length);
    ml_sha256_finish(&hash, digest);
    for (unsigned i = 0; i < ML_SHA256_SIZE; i++) {
        snprintf(text + (size_t)i * 2, 3, "%02x", digest[i]);
    }
}

ML_TEST(published_vectors)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char million[1000000];
    char text[65];

    hash_of("abc", 3, text);
    ML_CHECK_TEXT(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_of("", 0, text);
    ML_CHECK_TEXT(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_of(two_blocks, strlen(two_blocks), text);
    ML_CHECK_TEXT(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof(million));
    hash_of(million, sizeof(million), text);
    ML_CHECK_TEXT(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

ML_TEST(any_cut_gives_the_same_hash)
{
    uint8_t bytes[150];
    uint8_t whole[ML_SHA256_SIZE];
    uint8_t pieces[ML_SHA256_SIZE];
    ml_sha256 hash;

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        ml_sha256_start(&hash);
        ml_sha256_add(&hash, bytes, length);
        ml_sha256_finish(&hash, whole);
        for (size_t cut = 0; cut <= length; cut += 1 + cut / 8) {
            ml_sha256_start(&hash);
            ml_sha256_add(&hash, bytes, cut);
            ml_sha256_add(&hash, bytes + cut, length - cut);
            ml_sha256_finish(&hash, pieces);
            ML_CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
        }
    }
}
