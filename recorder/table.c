#include "table.h"

#include <string.h>

enum { FIRST_SIZE = 256 };

void table_init(table *target, table_slot *room, uint32_t most)
{
    uint32_t size = most < FIRST_SIZE ? most : FIRST_SIZE;

    *target = (table){.room = room, .slots = room + size, .size = size, .most = most};
}

void table_clear(table *target)
{
    memset(target->slots, 0, target->size * sizeof(*target->slots));
    target->used = 0;
}

/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4). */
static uint32_t home(const table *target, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (target->size - 1);
}

/* The slot that holds the key, or the free one where it would go. */
static uint32_t find(const table *target, uint64_t key)
{
    uint32_t at = home(target, key);

    while (target->slots[at].key != 0 && target->slots[at].key != key) {
        at = (at + 1) & (target->size - 1);
    }
    return at;
}

bool table_get(const table *target, uint64_t key, uint64_t *value)
{
    const table_slot *slot = &target->slots[find(target, key)];

    *value = slot->value;
    return slot->key == key;
}

/* The slots of the old size lie before those of the new one, which nothing has used. */
static void grow(table *target)
{
    const table_slot *old = target->slots;
    uint32_t size = target->size;

    target->size = 2 * size;
    target->slots = target->room + target->size;
    for (uint32_t i = 0; i < size; i++) {
        if (old[i].key != 0) {
            target->slots[find(target, old[i].key)] = old[i];
        }
    }
}

void table_put(table *target, uint64_t key, uint64_t value)
{
    table_slot *slot = &target->slots[find(target, key)];

    if (slot->key != key) {
        if (target->used >= target->size / 4 * 3) {
            target->size < target->most ? grow(target) : table_clear(target);
            slot = &target->slots[find(target, key)];
        }
        target->used++;
    }
    *slot = (table_slot){.key = key, .value = value};
}

void table_remove(table *target, uint64_t key)
{
    uint32_t mask = target->size - 1;
    uint32_t hole = find(target, key);

    if (target->slots[hole].key != key) {
        return;
    }
    /* Close the hole: move back whatever would not be found over it (Knuth, algorithm 6.4R). */
    for (uint32_t at = (hole + 1) & mask; target->slots[at].key != 0; at = (at + 1) & mask) {
        uint32_t wanted = home(target, target->slots[at].key);
        if (((at - wanted) & mask) >= ((at - hole) & mask)) {
            target->slots[hole] = target->slots[at];
            hole = at;
        }
    }
    target->slots[hole] = (table_slot){0};
    target->used--;
}
