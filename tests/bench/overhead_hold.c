/* overhead_hold: stands before the C library (LD_PRELOAD) and holds the recorder's thread where it sleeps, for
 * overhead_slices.py: asleep, or waking once in each period by the recorder's kind of schedule and doing nothing. What
 * the recorder knows by then it keeps, so that slices with and without its work differ in that work alone. The recorder
 * does not know it. The library is driven through ctypes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum mode { WORKING, WAKING, ASLEEP };

typedef int wait_function(sem_t *semaphore, clockid_t clock, const struct timespec *until);

static _Atomic int mode = WORKING;
static _Atomic uint64_t ticks; /* of WORKING and of WAKING */
static uint64_t period_ns, seed;
static sem_t awake;

void overhead_hold_open(double rate)
{
    period_ns = (uint64_t)(1e9 / rate);
    sem_init(&awake, 0, 0);
}

/* From its next sleep on the thread does that. Returns how many ticks there have been since the last call. */
uint64_t overhead_hold(int next)
{
    if (atomic_exchange(&mode, next) == ASLEEP && next != ASLEEP) {
        sem_post(&awake);
    }
    return atomic_exchange(&ticks, 0);
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* The next tick: a random place within the period after the one at hand. */
static struct timespec next_tick(void)
{
    struct timespec now;
    uint64_t at;

    clock_gettime(CLOCK_MONOTONIC, &now);
    at = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
    at = (at / period_ns + 1) * period_ns + (((mix(seed++) >> 32) * period_ns) >> 32);
    return (struct timespec){.tv_sec = (time_t)(at / UINT64_C(1000000000)),
                             .tv_nsec = (long)(at % UINT64_C(1000000000))};
}

static int is_recorder(void)
{
    static _Thread_local char name[16];

    if (name[0] == '\0') {
        prctl(PR_GET_NAME, name);
    }
    return strcmp(name, "microlog") == 0;
}

int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
    static wait_function *original;
    struct timespec due = *until;
    int result;

    if (original == NULL) {
        original = (wait_function *)dlsym(RTLD_NEXT, "sem_clockwait");
    }
    result = original(semaphore, clock, &due);
    while (is_recorder() && result != 0 && errno == ETIMEDOUT && atomic_load(&mode) != WORKING) {
        if (atomic_load(&mode) == ASLEEP) {
            sem_wait(&awake);
        } else {
            atomic_fetch_add_explicit(&ticks, 1, memory_order_relaxed);
        }
        due = next_tick();
        result = original(semaphore, clock, &due);
    }
    if (is_recorder()) {
        atomic_fetch_add_explicit(&ticks, 1, memory_order_relaxed);
    }
    return result;
}
