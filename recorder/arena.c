#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "arena.h"

#include <stdatomic.h>
#include <stddef.h>

/* A block that waits to be unmapped. It lies at the block's own end, which no frame's fixed part reaches: a thread may
 * still stand in the first frame of a block that it has just given back. */
typedef struct put_aside {
    struct put_aside *next;
    void *block;
    size_t size;
} put_aside;

static PyObjectArenaAllocator original;
static atomic_bool reading;
static _Atomic(put_aside *) waiting;

/* Who wants to know of growth; bytes that are mapped, and were at most, since it wants to. */
static _Atomic(void (*)(size_t)) watcher;
static atomic_llong mapped, peak;

static void *allocate(void *context, size_t size)
{
    void *block = original.alloc(context, size);
    void (*grown)(size_t) = atomic_load_explicit(&watcher, memory_order_relaxed);
    long long now = atomic_fetch_add(&mapped, (long long)size) + (long long)size;
    long long most = atomic_load_explicit(&peak, memory_order_relaxed);

    if (block != NULL && grown != NULL && now > most) {
        atomic_store_explicit(&peak, now, memory_order_relaxed);
        grown((size_t)(now - most));
    }
    return block;
}

void arena_watch(void (*grown)(size_t bytes))
{
    atomic_store(&mapped, 0);
    atomic_store(&peak, 0);
    atomic_store(&watcher, grown);
}

/* Half of a handshake as Dekker's: the program has stored that the block is not used any more before it comes here, the
 * sampler stores `reading` before it loads what is used. With a full fence between store and load on both sides, either
 * we see that it reads, or it sees that the block is gone. */
static void give_back(void *context, void *block, size_t size)
{
    put_aside *entry;

    atomic_fetch_sub_explicit(&mapped, (long long)size, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    /* An interpreter that ends gives back arenas that it never had, at address 0. */
    if (block == NULL || size < sizeof(*entry) ||
        !atomic_load_explicit(&reading, memory_order_relaxed)) {
        original.free(context, block, size);
        return;
    }
    entry = (put_aside *)(void *)((char *)block + (size - sizeof(*entry)));
    entry->block = block;
    entry->size = size;
    entry->next = atomic_load_explicit(&waiting, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&waiting, &entry->next, entry,
                                                  memory_order_release, memory_order_relaxed)) {
    }
}

static void unmap_waiting(void)
{
    put_aside *entry = atomic_exchange_explicit(&waiting, NULL, memory_order_acquire);

    while (entry != NULL) {
        put_aside taken = *entry;
        original.free(original.ctx, taken.block, taken.size);
        entry = taken.next;
    }
}

bool arena_is_ours(void)
{
    PyObjectArenaAllocator current;

    PyObject_GetArenaAllocator(&current);
    return current.free == give_back;
}

void arena_install(void)
{
    PyObjectArenaAllocator wrapped;

    PyObject_GetArenaAllocator(&wrapped);
    if (wrapped.free != give_back) {
        original = wrapped;
        wrapped.alloc = allocate;
        wrapped.free = give_back;
        PyObject_SetArenaAllocator(&wrapped);
    }
}

void arena_restore(void)
{
    if (arena_is_ours()) {
        PyObject_SetArenaAllocator(&original);
    }
    unmap_waiting();
}

void arena_enter(void)
{
    atomic_store_explicit(&reading, true, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

void arena_leave(void)
{
    atomic_store_explicit(&reading, false, memory_order_release);
    unmap_waiting();
}
