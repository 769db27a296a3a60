#include "core/format/memory.h"

#include <sys/mman.h>

enum { CARVE_ALIGNMENT = 64 };

void *ml_memory_carve(ml_memory *memory, size_t count, size_t size)
{
    size_t at = memory->used;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, CARVE_ALIGNMENT - 1, &bytes) ||
        __builtin_add_overflow(at, bytes / CARVE_ALIGNMENT * CARVE_ALIGNMENT, &memory->used)) {
        memory->used = SIZE_MAX / 2;
        return NULL;
    }
    return memory->base == NULL ? NULL : memory->base + at;
}

void ml_memory_carve_buffer(ml_memory *memory, ml_buffer *buffer, size_t size)
{
    void *data = ml_memory_carve(memory, size, 1);

    *buffer = (ml_buffer){.data = data, .capacity = size, .limit = size};
}

ml_status ml_memory_map(ml_memory *memory)
{
    void *base = mmap(NULL, memory->used, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base == MAP_FAILED) {
        return ML_ERROR_MEMORY;
    }
    /* Hash tables are touched here and there: huge pages would make every touch cost 2 MiB. */
    madvise(base, memory->used, MADV_NOHUGEPAGE);
    *memory = (ml_memory){.base = base, .used = 0, .size = memory->used};
    return ML_OK;
}

void ml_memory_unmap(ml_memory *memory)
{
    if (memory->base != NULL) {
        munmap(memory->base, memory->size);
    }
}
