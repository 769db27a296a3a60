#include "isolate.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;

    return (left > right) - (left < right);
}

/* close_range(2) is younger than some C libraries that are still in use, and than some kernels. */
static bool close_from_to(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) {
        return true;
    }
#endif
    return first > last;
}

bool isolate_descriptors(int *keep, int count)
{
    unsigned next = 0;

    /* Without close_range the copies of the program's descriptors could not be closed at once, and a pipe of it might
     * never see its end. Closing nothing tells whether it is there. */
    if (!close_from_to(INT_MAX - 1, INT_MAX - 1) || unshare(CLONE_FILES) != 0) {
        return false;
    }
    qsort(keep, (size_t)count, sizeof(*keep), compare);
    for (int i = 0; i < count; i++) {
        if (keep[i] >= 0) {
            if ((unsigned)keep[i] > next) {
                close_from_to(next, (unsigned)keep[i] - 1);
            }
            next = (unsigned)keep[i] + 1;
        }
    }
    return close_from_to(next, UINT_MAX);
}
