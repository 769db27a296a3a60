#include "sampler.h"

#include "census.h"
#include "counts.h"
#include "flood.h"
#include "isolate.h"
#include "output.h"
#include "soon.h"

#include "core/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXEC_WAITS = 10, EXEC_WAIT_NS = 20000000, STATUS_STEP_NS = 10000000 };

uint64_t sampler_now(const sampler *source)
{
    uint64_t now = ml_clock_monotonic();

    return now > source->options.anchor_ns ? now - source->options.anchor_ns : 0;
}

/* ---- the schedule ---- */

/* Sleeps until `due` after the anchor; false when it is time to end. */
static bool sleep_until(sampler *target, uint64_t due)
{
    uint64_t at = target->options.anchor_ns + due;
    struct timespec time = {.tv_sec = (time_t)(at / ML_SECOND), .tv_nsec = (long)(at % ML_SECOND)};
    int result;

    do {
        result = sem_clockwait(&target->end, CLOCK_MONOTONIC, &time);
    } while (result != 0 && errno == EINTR);
    return result != 0;
}

/* ---- a tick ---- */

void sampler_say(sampler *target, const char *text)
{
    static const char name[] = "microlog";

    ml_writer_event(target->writer, ML_KIND_MARK, sampler_now(target), 0, 0);
    ml_writer_field_number(target->writer, 30);
    ml_writer_field_string(target->writer,
                           ml_writer_string(target->writer, name, sizeof(name) - 1));
    ml_writer_field_bytes(target->writer, text, strlen(text));
    ml_writer_event_end(target->writer);
}

static void say_what_was_left_out(sampler *target)
{
    char text[200];

    if (flood_left_out(text, sizeof(text))) {
        sampler_say(target, text);
    }
}

static uint32_t node_of(sampler *target, const tick_sample *sample, uint32_t *callers)
{
    *callers = 0;
    if (sample->count == 0) {
        return sample->moving ? names_unread(&target->names) : names_no_frame(&target->names);
    }
    return names_node(&target->names, target->pool + sample->first, sample->count, sample->cut,
                      callers);
}

/* Most stacks are those of the tick before, or all but their leaf is. */
static void set_node(sampler *target, const tick_sample *sample)
{
    thread_slot *slot = sample->slot;
    const frames_entry *entries = target->pool + sample->first;
    uint64_t unknowns = target->names.unknowns;
    names_mark mark = {0};

    if (slot->complete && !sample->cut) {
        mark = names_fingerprint(&target->names, entries, sample->count);
    }
    if (mark.whole != 0 && mark.whole == slot->mark.whole) {
        return;
    }
    if (mark.callers != 0 && mark.callers == slot->mark.callers) {
        slot->node = names_leaf(&target->names, slot->callers, entries, sample->count);
    } else {
        slot->node = node_of(target, sample, &slot->callers);
    }
    slot->mark = target->names.unknowns == unknowns ? mark : (names_mark){0};
}

static void write_samples(sampler *target, uint64_t tick, size_t count)
{
    ml_writer_tick(target->writer, tick);
    for (size_t i = 0; i < count; i++) {
        tick_sample *sample = &target->samples[i];
        thread_slot *slot = sample->slot;
        if (sample->walked) {
            slot->complete = sample->count != 0 && !sample->moving;
            set_node(target, sample);
        }
        ml_writer_sample(target->writer, slot->thread, slot->node, sample->cpu_ns, sample->state);
    }
}

/* In steps like those of the status, and only when it has changed. */
static void write_collector(sampler *target, uint64_t now, int64_t tracked)
{
    int64_t pause_us = counts_collector_pause();

    tracked -= tracked > 0 ? tracked % 256 : 0;
    pause_us -= pause_us > 0 ? pause_us % 1000 : 0;
    if (tracked == target->tracked && pause_us == target->pause_us) {
        return;
    }
    target->tracked = tracked;
    target->pause_us = pause_us;
    ml_writer_event(target->writer, ML_KIND_COLLECTOR, now, 0, 0);
    ml_writer_field_number(target->writer, tracked);
    ml_writer_field_number(target->writer, pause_us);
    ml_writer_event_end(target->writer);
}

/* Its time is told in steps: a gauge that is read once a second needs no finer one, and on a calm machine the
 * distances are then all the same, which costs nothing. */
static void write_status(sampler *target, uint64_t now)
{
    int64_t values[STATUS_COUNT];
    int64_t gc[FRAMES_GC_COUNTS] = {-1, -1, -1, -1};
    uint64_t time = now - now % STATUS_STEP_NS;

    for (int i = 0; i < STATUS_COUNT; i++) {
        values[i] = -1;
    }
    status_read(&target->status, values);
    openfiles_scan(&target->openfiles, now, sampler_drain, target);
    openfiles_release(&target->openfiles, now, false);
    values[STATUS_DESCRIPTORS] = target->openfiles.count;
    values[STATUS_THREADS] = 0;
    for (uint32_t i = 0; i < target->slot_count; i++) {
        values[STATUS_THREADS] += target->slots[i].seen_ns + 2 * ML_SECOND > now;
    }
    if (!frames_finalizing(target->reader.layout)) {
        frames_counts(target->reader.layout, &target->copier, &values[STATUS_MODULES], gc);
        memcpy(&values[STATUS_GC_COLLECTIONS], gc, 3 * sizeof(*gc));
    }
    ml_writer_event(target->writer, ML_KIND_STATUS, time, 0, 0);
    for (int i = 0; i < STATUS_COUNT; i++) {
        ml_writer_field_number(target->writer, values[i]);
    }
    ml_writer_event_end(target->writer);
    write_collector(target, time, gc[FRAMES_GC_TRACKED]);
    say_what_was_left_out(target);
    target->last_status_ns = time;
    if (!frames_finalizing(target->reader.layout)) {
        soon_ask();
    }
    if (now > 2 * ML_SECOND) {
        sampler_forget_waiting(target, now - 2 * ML_SECOND);
    }
}

static void write_cost(sampler *target, uint64_t now)
{
    ml_writer_statistics statistics;

    target->own_cpu_ns = ml_clock_thread();
    ml_writer_statistics_get(target->writer, &statistics);
    ml_writer_event(target->writer, ML_KIND_COST, now - now % STATUS_STEP_NS, 0, 0);
    ml_writer_field_number(target->writer, (int64_t)(target->own_cpu_ns / 1000));
    ml_writer_field_number(target->writer, (int64_t)statistics.bytes);
    ml_writer_field_number(target->writer, (int64_t)target->late);
    ml_writer_field_number(target->writer, (int64_t)target->missed);
    ml_writer_field_number(target->writer,
                           (int64_t)(statistics.dropped + atomic_load(&target->ring->dropped)));
    ml_writer_field_number(target->writer, (int64_t)target->left_out);
    ml_writer_event_end(target->writer);
    target->last_cost_ns = now;
}

/* True if every thread stands where it stood at the last look, and waits as it did. */
static bool is_idle(const sampler *target)
{
    return target->all_wait && target->noted && !frames_running(target->reader.layout) &&
           idle_nothing_ran(&target->idle);
}

static void repeat_samples(sampler *target, uint64_t now)
{
    for (size_t i = 0; i < target->sample_count; i++) {
        target->samples[i].walked = false;
        target->samples[i].cpu_ns = 0;
        target->samples[i].slot->seen_ns = now;
    }
}

/* Has samples[0 … sample_count) say where every thread stands. */
static bool look(sampler *target, uint64_t now)
{
    size_t count = 0;
    bool looked;

    if (is_idle(target)) {
        repeat_samples(target, now);
        return true;
    }
    names_snapshot(&target->names);
    target->noted = target->all_wait;
    if (target->noted) {
        idle_note(&target->idle);
    }
    looked = target->method == ML_MLOG_METHOD_GIL ? sampler_look_public(target, &count)
                                                  : sampler_look(target, &count);
    if (looked) {
        target->sample_count = count;
        sampler_drain(target);
    }
    target->noted = target->noted && looked;
    return looked;
}

/* Has the writer do what is due; says once when nothing can be written any more. */
static void advance(sampler *target, uint64_t now)
{
    bool paused = ml_writer_advance(target->writer, now, ml_clock_wall()) < 0;
    char text[128];
    int number;

    if (paused && !target->paused && ml_writer_status(target->writer, &number) < 0) {
        snprintf(text, sizeof(text), "recording paused: %s; trying again every 10 s",
                 strerror(number));
        output_complain(text);
    }
    target->paused = paused;
}

static void run_tick(sampler *target, uint64_t tick)
{
    uint64_t now = sampler_now(target);

    sampler_drain(target);
    sampler_write_growth(target);
    if (look(target, now)) {
        write_samples(target, tick, target->sample_count);
        target->tick = tick;
        target->has_ticked = true;
    } else {
        target->missed++;
    }
    if (now - target->last_status_ns >= ML_SECOND) {
        write_status(target, now);
    }
    if (now - target->last_cost_ns >= 60 * ML_SECOND) {
        write_cost(target, now);
    }
    advance(target, now);
}

static void keep_budget(sampler *target)
{
    uint64_t now = sampler_now(target);
    char text[200];

    if (!schedule_is_due(&target->schedule, now)) {
        return;
    }
    pthread_mutex_lock(&target->tick_mutex);
    if (schedule_keep_budget(&target->schedule, now, ml_clock_thread(), text, sizeof(text))) {
        sampler_say(target, text);
        write_cost(target, now);
    }
    pthread_mutex_unlock(&target->tick_mutex);
}

static void locked_tick(sampler *target, uint64_t tick)
{
    bool is_public = target->method == ML_MLOG_METHOD_GIL;
    int gil = 0;

    if (frames_finalizing(target->reader.layout)) {
        return;
    }
    if (is_public) {
        gil = sampler_enter_public();
    }
    pthread_mutex_lock(&target->tick_mutex);
    run_tick(target, tick);
    pthread_mutex_unlock(&target->tick_mutex);
    if (is_public) {
        sampler_leave_public(gil);
    }
}

/* ---- the thread ---- */

static void close_files(sampler *target)
{
    status_close(&target->status);
    openfiles_close(&target->openfiles);
    copier_close(&target->copier);
}

/* Leaves the program's table of descriptors, if that can be had, and lets sampler_start go on. */
static void settle(sampler *target)
{
    openfiles *files = &target->openfiles;

    target->moved_count = files->own_count + 1;
    memcpy(target->moved, files->own, (size_t)files->own_count * sizeof(*files->own));
    target->moved[files->own_count] = files->directory;
    target->isolated = isolate_descriptors(target->moved, target->moved_count);
    if (target->isolated) {
        files->own_count = 0; /* these numbers are the program's from now on */
    }
    sem_post(&target->settled);
}

/* What is left in the ring, the last numbers, the last block, the files behind it all, and the end. */
static void finish(sampler *target)
{
    uint64_t now;

    sampler_drain(target);
    sampler_write_growth(target);
    write_status(target, sampler_now(target));
    openfiles_release(&target->openfiles, sampler_now(target), true);
    write_cost(target, sampler_now(target));
    now = sampler_now(target);
    ml_writer_seal(target->writer, now, ml_clock_wall());
    sources_write(target->writer, target->options.directory, target->sources);
    target->result.duration_ns = now;
    ml_writer_status(target->writer, &target->result.system_error);
    ml_writer_statistics_get(target->writer, &target->result.statistics);
    if (ml_writer_close(target->writer, now, ml_clock_wall()) < 0 &&
        target->result.system_error == 0) {
        target->result.system_error = EIO;
    }
    close_files(target);
}

static void *sampler_main(void *argument)
{
    sampler *target = argument;
    uint64_t tick = target->tick + 1;

    prctl(PR_SET_NAME, "microlog");
    prctl(PR_SET_TIMERSLACK, 1);
    settle(target);
    while (sleep_until(target, schedule_due(&target->schedule, tick))) {
        uint64_t current = sampler_now(target) / target->options.period_ns;
        if (current > tick) {
            target->late++;
            target->missed += current - tick;
            tick = current;
        }
        locked_tick(target, tick);
        keep_budget(target);
        if (!frames_finalizing(target->reader.layout)) {
            census_ask(sampler_now(target));
        }
        tick += target->schedule.stride;
        target->left_out += target->schedule.stride - 1;
    }
    pthread_mutex_lock(&target->tick_mutex);
    finish(target);
    pthread_mutex_unlock(&target->tick_mutex);
    return NULL;
}

/* ---- life ---- */

/* The room for everything, in one mapping that costs memory only where it is touched. */
static ml_status take_room(sampler *target, ml_error *error)
{
    struct {
        void *pointer;
        size_t size;
    } parts[] = {
        {&target->slots, SAMPLER_SLOTS * sizeof(thread_slot)},
        {&target->slot_of.room, TABLE_ROOM(2 * SAMPLER_SLOTS) * sizeof(table_slot)},
        {&target->views, FRAMES_THREADS * sizeof(frames_thread)},
        {&target->samples, FRAMES_THREADS * sizeof(tick_sample)},
        {&target->pool, SAMPLER_POOL * sizeof(frames_entry)},
        {&target->second, SAMPLER_WALK * sizeof(frames_entry)},
        {&target->reader.bytes, FRAMES_SCRATCH},
        {&target->record, RING_RECORD},
        {&target->names.codes.room, NAMES_ROOM * sizeof(table_slot)},
        {&target->names.line_table, CODES_LINES},
        {&target->openfiles.state, OPENFILES_MAX},
        {&target->openfiles.stamp, OPENFILES_MAX * sizeof(uint64_t)},
        {&target->sources, SOURCES_FILES * sizeof(ml_source)},
        {&target->growth.records, (size_t)GROWTH_WAITING * RING_RECORD},
        {&target->openfiles.held.place, HELD_NUMBERS * sizeof(uint16_t)},
        {&target->openfiles.held.opens, HELD_OPENS * sizeof(held_open)},
        {&target->openfiles.held.briefs, HELD_BRIEFS * sizeof(held_brief)},
    };
    char *at;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        target->room_size += (parts[i].size + 63) & ~(size_t)63;
    }
    at = mmap(NULL, target->room_size, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no address space for the sampler (%zu MiB)",
                            target->room_size >> 20);
    }
    target->room = at;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(parts[i].pointer, &at, sizeof(at));
        at += (parts[i].size + 63) & ~(size_t)63;
    }
    return ML_OK;
}

/* A thread's CPU clock that only moves with the timer interrupt cannot prove that a thread stood still. */
static bool clock_is_fine(void)
{
    uint64_t start = ml_clock_thread(), now = start;

    for (int i = 0; i < 20000 && now == start; i++) {
        now = ml_clock_thread();
    }
    return now - start < 100000;
}

/* While another thread of the process is within execve(2) the kernel refuses new threads with EAGAIN (copy_process, of
 * fs->in_exec): waiting a little, the caller is gone with the old program, or the exec has failed. */
static int create_patiently(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*main)(void *), void *argument)
{
    struct timespec pause = {.tv_nsec = EXEC_WAIT_NS};
    int failed = pthread_create(thread, attributes, main, argument);

    for (int i = 0; failed == EAGAIN && i < EXEC_WAITS; i++) {
        nanosleep(&pause, NULL);
        failed = pthread_create(thread, attributes, main, argument);
    }
    return failed;
}

static ml_status start_thread(sampler *target, ml_error *error)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed;

    pthread_mutex_init(&target->tick_mutex, NULL);
    sem_init(&target->settled, 0, 0);
    sem_init(&target->end, 0, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SAMPLER_STACK);
    /* A new thread inherits the mask: signals must go to the program's threads only. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = create_patiently(&target->thread, &attributes, sampler_main, target);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed != 0) {
        return ml_error_set(error, ML_ERROR_IO, "no thread for the sampler: %s", strerror(failed));
    }
    return ML_OK;
}

/* Waits until the thread has settled. What it has taken with it is then closed on the program's side. */
static void wait_until_settled(sampler *target)
{
    while (sem_wait(&target->settled) != 0) {
    }
    for (int i = 0; target->isolated && i < target->moved_count; i++) {
        if (target->moved[i] >= 0) {
            close(target->moved[i]);
        }
    }
}

ml_status sampler_start(sampler *target, const sampler_options *options, ml_writer *writer,
                        ring *source, _Atomic bool *deaths_lost, const int *own, int own_count,
                        ml_error *error)
{
    int mine[OPENFILES_OWN];
    ml_status result;

    *target = (sampler){
        .options = *options, .writer = writer, .ring = source, .deaths_lost = deaths_lost};
    target->copier.memory = -1;
    ML_TRY(take_room(target, error));
    copier_open(&target->copier);
    table_init(&target->slot_of, target->slot_of.room, 2 * SAMPLER_SLOTS);
    names_init(&target->names, writer, &options->method->layout, &target->copier,
               target->names.codes.room, target->names.line_table, options->own);
    target->names.without_lines = options->without_lines;
    target->names.drain = sampler_drain;
    target->names.owner = target;
    target->fine_clock = clock_is_fine();
    schedule_open(&target->schedule, options->period_ns, options->seed, options->unlimited);
    target->method = options->method->kind;
    target->reader.layout = &options->method->layout;
    target->reader.copier = &target->copier;
    status_open(&target->status);
    memcpy(mine, own, (size_t)own_count * sizeof(*mine));
    memcpy(mine + own_count, target->status.file, sizeof(target->status.file));
    mine[own_count + STATUS_FILES] = target->copier.memory;
    openfiles_open(&target->openfiles, writer, mine, own_count + STATUS_FILES + 1,
                   sampler_now(target));
    write_status(target, sampler_now(target));
    target->tick = sampler_now(target) / options->period_ns;
    result = start_thread(target, error);
    if (result < 0) {
        close_files(target);
        munmap(target->room, target->room_size);
        return result;
    }
    wait_until_settled(target);
    return ML_OK;
}

void sampler_stop(sampler *target, sampler_result *result)
{
    sem_post(&target->end);
    pthread_join(target->thread, NULL);
    *result = target->result;
    munmap(target->room, target->room_size);
}

void sampler_abandon(sampler *target)
{
    if (!target->isolated) {
        close_files(target);
        ml_writer_abandon(target->writer);
    }
    munmap(target->room, target->room_size);
}
