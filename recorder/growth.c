#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "growth.h"

#include "arena.h"

#include "core/base/clock.h"
#include "core/format/mlog.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t APART_NS = 20000000;

typedef struct growth_record {
    record_header header;
    frames_entry frames[FRAMES_DEPTH];
} growth_record;

_Static_assert(sizeof(growth_record) <= RING_RECORD, "a stack fits into a record");

/* The allocator belongs to the process, and so does this. */
static struct {
    ring *ring;
    const layout *layout;
    uint64_t last_ns;
    size_t bytes;     /* that were not reported yet */
    atomic_flag busy; /* another interpreter's thread may come, too */
    growth_record record;
} reporter = {.busy = ATOMIC_FLAG_INIT};

static bool has_thread_state(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked() != NULL;
#else
    return _PyThreadState_UncheckedGet() != NULL;
#endif
}

static void report(void)
{
    growth_record *record = &reporter.record;
    size_t count = frames_own(reporter.layout, record->frames, FRAMES_DEPTH);

    record->header =
        (record_header){.size = (uint32_t)(sizeof(record->header) + count * sizeof(frames_entry)),
                        .type = RECORD_GROWTH,
                        .kind = ML_KIND_HEAP_GROWTH,
                        .time_ns = reporter.last_ns,
                        .thread = frames_own_id(),
                        .ident = PyThread_get_thread_ident(),
                        .native_id = (uint32_t)syscall(SYS_gettid),
                        .address = reporter.bytes,
                        .frames = (uint32_t)count};
    ring_put(reporter.ring, &record->header);
    reporter.bytes = 0;
}

static void heap_grown(size_t bytes)
{
    uint64_t now = ml_clock_monotonic();

    if (!has_thread_state() || atomic_flag_test_and_set(&reporter.busy)) {
        return;
    }
    reporter.bytes += bytes;
    if (reporter.ring != NULL && now - reporter.last_ns >= APART_NS) {
        reporter.last_ns = now;
        report();
    }
    atomic_flag_clear(&reporter.busy);
}

void growth_open(ring *target, const layout *source)
{
    reporter.ring = target;
    reporter.layout = source;
    reporter.last_ns = 0;
    reporter.bytes = 0;
    arena_watch(heap_grown);
}

void growth_close(void)
{
    arena_watch(NULL);
    reporter.ring = NULL;
}

/* ---- the sampler's side ---- */

static growth_record *record_at(const growth *source, uint32_t index)
{
    return (growth_record *)(void *)(source->records + (size_t)index * RING_RECORD);
}

void growth_take(growth *target, const record_header *record)
{
    if (target->count < GROWTH_WAITING) {
        memcpy(record_at(target, target->count++), record, record->size);
    }
}

void growth_write(growth *target, names *namer, uint64_t anchor_ns,
                  uint32_t (*thread_of)(void *owner, const record_header *record), void *owner)
{
    /* Naming takes from the ring, so that more may come. */
    for (uint32_t i = 0; i < target->count; i++) {
        const growth_record *record = record_at(target, i);
        const record_header *header = &record->header;
        uint32_t callers, node = names_node(namer, record->frames, header->frames, false, &callers);
        ml_writer_event(namer->writer, header->kind,
                        header->time_ns > anchor_ns ? header->time_ns - anchor_ns : 0,
                        thread_of(owner, header), node);
        ml_writer_field_number(namer->writer, (int64_t)header->address);
        ml_writer_event_end(namer->writer);
    }
    target->count = 0;
}
