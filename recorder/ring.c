#include "ring.h"

#include <string.h>

void ring_init(ring *target, uint8_t *bytes)
{
    atomic_store(&target->written, 0);
    atomic_store(&target->read, 0);
    atomic_store(&target->dropped, 0);
    atomic_flag_clear(&target->putting);
    target->bytes = bytes;
}

static void copy_in(ring *target, uint64_t at, const void *bytes, size_t size)
{
    size_t offset = (size_t)(at % RING_SIZE);
    size_t first = size < RING_SIZE - offset ? size : RING_SIZE - offset;

    memcpy(target->bytes + offset, bytes, first);
    memcpy(target->bytes, (const uint8_t *)bytes + first, size - first);
}

static void copy_out(const ring *source, uint64_t at, void *bytes, size_t size)
{
    size_t offset = (size_t)(at % RING_SIZE);
    size_t first = size < RING_SIZE - offset ? size : RING_SIZE - offset;

    memcpy(bytes, source->bytes + offset, first);
    memcpy((uint8_t *)bytes + first, source->bytes, size - first);
}

bool ring_put(ring *target, const record_header *record)
{
    uint64_t written, read;
    bool fits;

    while (atomic_flag_test_and_set_explicit(&target->putting, memory_order_acquire)) {
    }
    written = atomic_load_explicit(&target->written, memory_order_relaxed);
    read = atomic_load_explicit(&target->read, memory_order_acquire);
    fits = record->size <= RING_RECORD && record->size <= RING_SIZE - (written - read);
    if (fits) {
        copy_in(target, written, record, record->size);
        atomic_store_explicit(&target->written, written + record->size, memory_order_release);
    } else {
        atomic_fetch_add_explicit(&target->dropped, 1, memory_order_relaxed);
    }
    atomic_flag_clear_explicit(&target->putting, memory_order_release);
    return fits;
}

bool ring_take(ring *source, record_header *out)
{
    uint64_t read = atomic_load_explicit(&source->read, memory_order_relaxed);
    uint64_t written = atomic_load_explicit(&source->written, memory_order_acquire);

    if (read == written) {
        return false;
    }
    copy_out(source, read, out, sizeof(*out));
    copy_out(source, read + sizeof(*out), out + 1, out->size - sizeof(*out));
    atomic_store_explicit(&source->read, read + out->size, memory_order_release);
    return true;
}
