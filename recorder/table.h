/* table: a bounded map from a number to a number, preallocated, open addressing. For pointers and ids that come
 * and go: removal leaves no trace that a look-up would have to pass. It begins small and doubles within its room, so
 * that few entries touch few pages. Key 0 is not a key. Not thread-safe. */
#ifndef RECORDER_TABLE_H
#define RECORDER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct table_slot {
    uint64_t key, value;
} table_slot;

typedef struct table {
    table_slot *room;    /* zeroed; the caller owns it */
    table_slot *slots;   /* `size` of them are in use: within the room, at as many as there are */
    uint32_t size, most; /* powers of two */
    uint32_t used;
} table;

/* Slots that a table of `most` slots needs: the smaller ones that it grows out of lie before it. */
#define TABLE_ROOM(most) (2 * (size_t)(most))

/* `room` is for TABLE_ROOM(most) slots. */
void table_init(table *table, table_slot *room, uint32_t most);
void table_clear(table *table);

/* False if the key is not there. */
bool table_get(const table *table, uint64_t key, uint64_t *value);

/* Sets or replaces. When it cannot grow and is three quarters full, it forgets everything first: callers treat it as a
 * cache. */
void table_put(table *table, uint64_t key, uint64_t value);
void table_remove(table *table, uint64_t key);

#endif
