/* The targets for libFuzzer, one a program: -DTARGET=fuzz_file, fuzz_payload or fuzz_journal. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define NAME(target) #target
#define TEXT(target) NAME(target)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TARGET(data, size);
    return 0;
}

/* Mutates everything from a random chunk's body on, after its payload was unpacked; then nothing but checksums would
 * stand in the way, and those are made right. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    static uint8_t unpacked[1 << 20];
    int is_journal = strcmp(TEXT(TARGET), "fuzz_journal") == 0;
    size_t offset, length;

    if (strcmp(TEXT(TARGET), "fuzz_payload") == 0 || size < 96 || seed % 16 == 0) {
        return LLVMFuzzerMutate(data, size, room);
    }
    offset = fuzz_chunk(data, size, seed / 16 % 12);
    length = fuzz_unpack(data, size, offset, unpacked,
                         room < sizeof(unpacked) ? room : sizeof(unpacked));
    if (length != 0) {
        memcpy(data, unpacked, length);
        size = length;
    }
    offset += seed % 3 == 0 ? 4 : 32; /* now and then the chunk's header, too */
    offset = offset < size ? offset : size - 1;
    size = offset + LLVMFuzzerMutate(data + offset, size - offset, room - offset);
    if (seed % 32 != 1) {
        fuzz_repair(data, size, is_journal);
    }
    return size;
}
