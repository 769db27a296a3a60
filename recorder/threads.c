#include "sampler.h"

#include "arena.h"
#include "waiting.h"

#include <time.h>
#include <unistd.h>

uint64_t sampler_thread_cpu(uint32_t native_id)
{
    /* The kernel's own encoding of "scheduler clock of that thread" (linux/posix-timers.h): unlike
     * pthread_getcpuclockid it needs no pthread_t that might be gone. */
    clockid_t clock = (clockid_t)((~(uint32_t)native_id << 3) | 6u);
    struct timespec time;

    if (native_id == 0 || clock_gettime(clock, &time) != 0) {
        return 0;
    }
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

thread_slot *sampler_slot(sampler *target, uint64_t id, uint64_t ident, uint32_t native_id,
                          uint64_t interpreter, const char *name, size_t name_length)
{
    thread_slot *slot;
    uint64_t index;

    if (table_get(&target->slot_of, id, &index)) {
        slot = &target->slots[index - 1];
        /* Before 3.11 only the thread itself can tell. */
        slot->native_id = slot->native_id == 0 ? native_id : slot->native_id;
    } else if (target->slot_count < SAMPLER_SLOTS) {
        slot = &target->slots[target->slot_count++];
        *slot = (thread_slot){.id = id, .native_id = native_id};
        slot->thread =
            ml_writer_thread(target->writer, ident, native_id, 0, interpreter, target->tick);
        table_put(&target->slot_of, id, target->slot_count);
    } else {
        return NULL;
    }
    if (name_length != 0) {
        ml_writer_thread_name(target->writer, slot->thread, name, name_length);
    }
    return slot->thread == 0 ? NULL : slot;
}

/* A thread's file stays open while there are not too many, and while the thread is seen. */
static uint32_t read_waiting(sampler *target, const frames_thread *view, thread_slot *slot)
{
    size_t gil_size = target->reader.layout->gil.size;
    int file = slot->waiting_file - 1;
    uint32_t state;

    if (file < 0) {
        file = waiting_open(slot->native_id);
    }
    if (file < 0) {
        return ML_MLOG_STATE_UNKNOWN;
    }
    state = waiting_state(file, view->gil, gil_size);
    if (slot->waiting_file == 0 && target->waiting_files < SAMPLER_WAITING) {
        slot->waiting_file = file + 1;
        target->waiting_files++;
    } else if (slot->waiting_file == 0) {
        close(file);
    }
    return state;
}

void sampler_forget_waiting(sampler *target, uint64_t before_ns)
{
    for (uint32_t i = 0; i < target->slot_count && target->waiting_files > 0; i++) {
        thread_slot *slot = &target->slots[i];
        if (slot->waiting_file != 0 && slot->seen_ns < before_ns) {
            close(slot->waiting_file - 1);
            slot->waiting_file = 0;
            target->waiting_files--;
        }
    }
}

/* What a thread that is off the CPU waits for: looked up once, since it cannot change before the thread runs. That it wanted a
 * processor is asked again: it may have had one for less than its clock shows. */
static uint32_t waiting_of(sampler *target, const frames_thread *view, thread_slot *slot,
                           bool has_run)
{
    if (!target->isolated) {
        return ML_MLOG_STATE_OTHER;
    }
    if (has_run || slot->waiting == ML_MLOG_STATE_UNKNOWN ||
        slot->waiting == ML_MLOG_STATE_RUNNING) {
        slot->waiting = read_waiting(target, view, slot);
    }
    return slot->waiting == ML_MLOG_STATE_UNKNOWN ? ML_MLOG_STATE_OTHER : slot->waiting;
}

/* Running, when it used most of the time since it was last seen, or it has the GIL and is only kept from a processor,
 * or its clock runs while we look. `cpu` is its clock before; it is not read again where it decides nothing. */
static bool is_running(const frames_thread *view, const tick_sample *sample, uint64_t cpu,
                       uint64_t elapsed)
{
    if (sample->cpu_ns != 0 && (view->holds_gil || sample->cpu_ns * 2 >= elapsed)) {
        return true;
    }
    return sample->walked && sampler_thread_cpu((uint32_t)view->native_id) != cpu;
}

static uint32_t state_flags(const frames_thread *view)
{
    if (!view->holds_gil) {
        return 0;
    }
    return ML_MLOG_STATE_HOLDS_GIL | (view->collecting ? ML_MLOG_STATE_GC : 0);
}

/* Reads one thread. A thread whose CPU clock has not moved has run no instruction, so it stands where it stood. */
static void look_at(sampler *target, const frames_thread *view, tick_sample *sample, size_t *used)
{
    thread_slot *slot = sample->slot;
    uint64_t now = sampler_now(target);
    uint64_t cpu = sampler_thread_cpu((uint32_t)view->native_id);
    bool is_new = slot->seen_ns == 0;

    /* A thread without a clock has ended and left its state behind: nothing of it may be read. */
    sample->walked =
        cpu != 0 && (is_new || !slot->complete || !target->fine_clock || cpu != slot->cpu_ns);
    /* A thread that is new since the last tick has used all its time since then. */
    sample->cpu_ns = cpu < slot->cpu_ns || (is_new && !target->has_ticked) ? 0 : cpu - slot->cpu_ns;
    if (sample->walked) {
        sampler_read_stack(target, view, sample, used);
    }
    if (is_running(view, sample, cpu, is_new ? target->options.period_ns : now - slot->seen_ns)) {
        sample->state = ML_MLOG_STATE_RUNNING;
        slot->waiting = ML_MLOG_STATE_UNKNOWN;
    } else {
        sample->state = waiting_of(target, view, slot, sample->walked);
    }
    sample->state |= state_flags(view);
    slot->cpu_ns = cpu;
    slot->seen_ns = now;
}

/* Somebody who sets an allocator of their own takes away what makes reading in place safe. */
static void check_arena(sampler *target)
{
    static const char text[] = "stacks are read by system calls from here on: "
                               "another allocator of arenas has been set";

    if (target->method == ML_MLOG_METHOD_DIRECT && !arena_is_ours()) {
        target->method = ML_MLOG_METHOD_SYSCALL;
        sampler_say(target, text);
    }
}

/* Before 3.11 a state does not know the system's number of its thread; the C library does. */
static void complete_view(const sampler *target, frames_thread *view)
{
    size_t offset = target->options.method->native_id_offset;
    uint64_t known;
    uint32_t native_id;

    if (offset == 0 || view->native_id != 0) {
        return;
    }
    if (table_get(&target->slot_of, view->id, &known)) {
        view->native_id = target->slots[known - 1].native_id;
    } else if (copier_read(&target->copier, view->ident + offset, &native_id, sizeof(native_id))) {
        view->native_id = native_id;
    }
}

/* Before a thread has started its state has the ids of the thread that made it, or none: nothing of it may be
 * believed. Only looked for at first sight. */
static bool is_being_made(const sampler *target, size_t views, size_t index)
{
    const frames_thread *view = &target->views[index];
    uint64_t known;

    if (view->native_id == 0) {
        return true;
    }
    if (table_get(&target->slot_of, view->id, &known)) {
        return false;
    }
    for (size_t i = 0; i < views; i++) {
        if (i != index && target->views[i].native_id == view->native_id &&
            target->views[i].interpreter == view->interpreter) {
            return true;
        }
    }
    return false;
}

bool sampler_look(sampler *target, size_t *count)
{
    size_t views, used = 0, taken = 0;
    bool all_wait = true;

    if (frames_finalizing(target->reader.layout) || !layout_lock_in_tick()) {
        return false;
    }
    check_arena(target);
    views = frames_threads(target->reader.layout, target->views, FRAMES_THREADS);
    for (size_t i = 0; i < views; i++) {
        complete_view(target, &target->views[i]);
    }
    if (target->method == ML_MLOG_METHOD_DIRECT) {
        arena_enter();
    }
    for (size_t i = 0; i < views; i++) {
        const frames_thread *view = &target->views[i];
        tick_sample *sample = &target->samples[taken];
        thread_slot *slot =
            is_being_made(target, views, i)
                ? NULL
                : sampler_slot(target, view->id, view->ident, (uint32_t)view->native_id,
                               view->interpreter, NULL, 0);
        if (slot != NULL && used < SAMPLER_POOL) {
            *sample = (tick_sample){.slot = slot};
            look_at(target, view, sample, &used);
            all_wait = all_wait && !sample->moving &&
                       (sample->state & ML_MLOG_STATE_MASK) != ML_MLOG_STATE_RUNNING;
            taken++;
        }
    }
    if (target->method == ML_MLOG_METHOD_DIRECT) {
        arena_leave();
    }
    layout_unlock();
    target->all_wait = all_wait && target->fine_clock;
    *count = taken;
    return true;
}
