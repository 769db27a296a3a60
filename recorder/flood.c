#include "flood.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { NS_EACH = 1000000000 / FLOOD_PER_SECOND };

/* A bucket that fills with time; each that is admitted takes one share out. */
static struct bucket {
    uint64_t empty_ns; /* when it was empty, or would have been */
    atomic_uint_fast64_t left_out;
} buckets[FLOOD_CLASSES];

void flood_reset(void)
{
    for (int i = 0; i < FLOOD_CLASSES; i++) {
        buckets[i].empty_ns = 0;
        atomic_store(&buckets[i].left_out, 0);
    }
}

bool flood_admits(flood_class which, uint64_t now_ns)
{
    struct bucket *bucket = &buckets[which];
    uint64_t full_ns = (uint64_t)FLOOD_AT_ONCE * NS_EACH;

    if (bucket->empty_ns + full_ns < now_ns) {
        bucket->empty_ns = now_ns - full_ns;
    }
    if (bucket->empty_ns + NS_EACH > now_ns) {
        atomic_fetch_add_explicit(&bucket->left_out, 1, memory_order_relaxed);
        return false;
    }
    bucket->empty_ns += NS_EACH;
    return true;
}

bool flood_left_out(char *text, size_t size)
{
    static const char *const words[FLOOD_CLASSES] = {
        "printed lines", "log records", "warnings and errors", "marks", "raised exceptions"};
    uint64_t all = 0;
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < FLOOD_CLASSES; i++) {
        uint64_t count = atomic_exchange(&buckets[i].left_out, 0);
        if (count != 0 && used < size) {
            used += (size_t)snprintf(text + used, size - used, "%s%llu %s", all == 0 ? "" : ", ",
                                     (unsigned long long)count, words[i]);
        }
        all += count;
    }
    if (all != 0 && used < size) {
        snprintf(text + used, size - used, " left out: more than %d a second", FLOOD_PER_SECOND);
    }
    return all != 0;
}
