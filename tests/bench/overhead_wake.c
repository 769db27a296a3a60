/* overhead_wake: the control of peers.py, an extension module for the measured interpreter.
 *
 * A native thread that sleeps and wakes by the recorder's kind of schedule (one wake in each period, at a random
 * place within it) and does nothing else: what a program loses to it, it loses to being interrupted at all. Not for
 * anything but the benchmarks; the recorder does not know it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

static struct waker {
    pthread_t thread;
    atomic_bool stopping;
    bool running;
    uint64_t period_ns;
    uint64_t seed;
    _Atomic uint64_t wakes;
} waker;

static uint64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static uint64_t planned(uint64_t tick)
{
    return tick * waker.period_ns + (((mix(waker.seed + tick) >> 32) * waker.period_ns) >> 32);
}

/* Sleeps once for each period; a period that has gone by unseen is left out, as the recorder does. */
static void *waker_main(void *argument)
{
    uint64_t start = now_ns();

    (void)argument;
    prctl(PR_SET_NAME, "wake-only");
    prctl(PR_SET_TIMERSLACK, 1);
    for (uint64_t tick = 1; !atomic_load(&waker.stopping); tick++) {
        uint64_t current = (now_ns() - start) / waker.period_ns;
        uint64_t due;
        struct timespec time;
        tick = current > tick ? current : tick;
        due = start + planned(tick);
        time = (struct timespec){.tv_sec = (time_t)(due / UINT64_C(1000000000)),
                                 .tv_nsec = (long)(due % UINT64_C(1000000000))};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        atomic_fetch_add_explicit(&waker.wakes, 1, memory_order_relaxed);
    }
    return NULL;
}

static PyObject *start(PyObject *module, PyObject *arguments)
{
    double rate;
    unsigned long long seed;
    sigset_t all, before;
    int failed;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "dK", &rate, &seed)) {
        return NULL;
    }
    if (waker.running || !(rate >= 1 && rate <= 1e6)) {
        return PyErr_Format(PyExc_ValueError, "already running, or not a rate");
    }
    waker.period_ns = (uint64_t)(1e9 / rate);
    waker.seed = seed;
    atomic_store(&waker.stopping, false);
    atomic_store(&waker.wakes, 0);
    /* The program's signals are for the program's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&waker.thread, NULL, waker_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return PyErr_Format(PyExc_OSError, "no thread");
    }
    waker.running = true;
    Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *unused)
{
    PyThreadState *saved;

    (void)module;
    (void)unused;
    if (!waker.running) {
        return PyErr_Format(PyExc_ValueError, "not running");
    }
    atomic_store(&waker.stopping, true);
    saved = PyEval_SaveThread();
    pthread_join(waker.thread, NULL);
    PyEval_RestoreThread(saved);
    waker.running = false;
    return PyLong_FromUnsignedLongLong(atomic_load(&waker.wakes));
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, "start(rate, seed)\n\nWake so many times a second."},
    {"stop", stop, METH_NOARGS, "stop() -> wakes\n\nEnd that; how often it has woken."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "overhead_wake",
                                        .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_overhead_wake(void)
{
    PyObject *module = PyModule_Create(&definition);

#ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    return module;
}
