#include "core/format/block.h"

#include <string.h>

enum { EVENT_ALIGNMENT = 8 };

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

void ml_block_carve(ml_block *block, ml_memory *memory, const ml_writer_options *options)
{
    block->tick_limit = at_most(options->ticks, 1u << 20);
    block->run_limit = options->runs;
    block->active_limit = at_most(options->threads, ML_BLOCK_THREADS_MAX);
    block->segments =
        ml_memory_carve(memory, (size_t)block->tick_limit + 1, sizeof(ml_block_segment));
    block->runs = ml_memory_carve(memory, options->runs, sizeof(ml_block_run));
    block->threads = ml_memory_carve(memory, options->threads, sizeof(ml_block_thread));
    block->active = ml_memory_carve(memory, block->active_limit, sizeof(uint32_t));
    block->listed = ml_memory_carve(memory, block->active_limit, sizeof(uint32_t));
    block->node_index = ml_memory_carve(memory, (size_t)options->nodes + 2, sizeof(uint32_t));
    block->node_list = ml_memory_carve(memory, (size_t)options->runs + 1, sizeof(uint32_t));
    ml_memory_carve_buffer(memory, &block->events, options->event_bytes);
}

void ml_block_start(ml_block *block, uint64_t period_ns)
{
    block->period_ns = period_ns;
    block->lost.first_ns = UINT64_MAX;
}

/* ---- what finds no room ---- */

static void lose_at(ml_block *block, uint64_t time_ns)
{
    ml_block_lost *lost = &block->lost;

    block->dropped++;
    lost->first_ns = time_ns < lost->first_ns ? time_ns : lost->first_ns;
    lost->last_ns = time_ns > lost->last_ns ? time_ns : lost->last_ns;
}

static void lose_tick(ml_block *block, uint64_t tick)
{
    block->lost.ticks++;
    block->lost.next_slot = tick + 1;
    lose_at(block, tick * block->period_ns);
}

/* ---- ticks and runs ---- */

/* Takes `count` ticks, one a slot from `slot` on. */
static inline void add_ticks(ml_block *block, uint64_t slot, uint32_t count)
{
    uint64_t skipped = slot - block->next_slot;

    if (block->ticks == 0) {
        block->first_slot = block->next_slot;
        block->segments[0] = (ml_block_segment){0, 0};
        block->segment_count = 1;
    }
    if (skipped != 0) {
        block->segments[block->segment_count - 1].skipped = skipped;
        block->segments[block->segment_count++] = (ml_block_segment){0, 0};
    }
    block->segments[block->segment_count - 1].ticks += count;
    block->ticks += count;
    block->next_slot = slot + count;
}

void ml_block_tick(ml_block *block, uint64_t tick)
{
    block->tick_is_open = 0;
    if (tick < block->next_slot || tick < block->lost.next_slot || tick >= ML_TICKS_MAX) {
        block->dropped++;
        return;
    }
    if (block->ticks == block->tick_limit || block->lost.ticks != 0 || block->lost.samples != 0) {
        lose_tick(block, tick);
        return;
    }
    add_ticks(block, tick, 1);
    block->tick_is_open = 1;
}

int ml_block_add_ticks(ml_block *block, uint64_t slot, uint32_t ticks)
{
    if (slot < block->next_slot || slot > ML_TICKS_MAX - ticks ||
        ticks > block->tick_limit - block->ticks) {
        return 0;
    }
    if (ticks != 0) {
        add_ticks(block, slot, ticks);
    }
    return 1;
}

static void add_run(ml_block *block, ml_block_thread *thread, uint32_t node, uint32_t state,
                    uint32_t ticks)
{
    uint32_t index = block->run_count++;

    block->runs[index] = (ml_block_run){.node = node, .state = state, .ticks = ticks};
    if (thread->first_run == 0) {
        thread->first_run = index + 1;
    } else {
        block->runs[thread->last_run - 1].next = index + 1;
    }
    thread->last_run = index + 1;
}

/* Covers `ticks` more ticks with this node and state, in the open run if that is the same. */
static void extend(ml_block *block, ml_block_thread *thread, uint32_t node, uint32_t state,
                   uint32_t ticks)
{
    ml_block_run *last = thread->first_run == 0 ? NULL : &block->runs[thread->last_run - 1];

    if (last != NULL && last->node == node && last->state == state) {
        last->ticks += ticks;
    } else {
        add_run(block, thread, node, state, ticks);
    }
}

/* Room for a gap, this sample, and at the end a run without a stack for every thread. */
static int has_room(const ml_block *block)
{
    return (uint64_t)block->run_count + block->active_count + 3 <= block->run_limit;
}

static inline void begin_thread(ml_block *block, uint32_t thread_id)
{
    ml_block_thread *thread = &block->threads[thread_id];

    block->active[block->active_count++] = thread_id;
    thread->next_tick = 0;
    thread->mark_run = block->run_count + 1;
    thread->mark_ticks = block->mark.ticks;
    thread->mark_cpu_ns = 0;
}

/* A run of `ticks` ticks from the block's tick `tick` on; before it, from its last run on, the thread was not alive. */
static inline void cover(ml_block *block, ml_block_thread *thread, uint32_t tick, uint32_t ticks,
                         uint32_t node, uint32_t state, uint64_t cpu_ns)
{
    if (thread->next_tick < tick) {
        extend(block, thread, ML_MLOG_NO_NODE, ML_MLOG_STATE_UNKNOWN, tick - thread->next_tick);
    }
    extend(block, thread, node, state, ticks);
    if (node != ML_MLOG_NO_NODE || state != ML_MLOG_STATE_UNKNOWN) {
        block->runs[thread->last_run - 1].cpu_ns += cpu_ns;
    }
    thread->next_tick = tick + ticks;
}

void ml_block_sample(ml_block *block, uint32_t thread_id, uint32_t node, uint64_t cpu_ns,
                     uint32_t state)
{
    ml_block_thread *thread = &block->threads[thread_id];
    uint32_t tick = block->ticks - 1;
    int is_new = thread->first_run == 0;

    if (!block->tick_is_open || (is_new && block->active_count == block->active_limit) ||
        (!is_new && thread->next_tick > tick)) {
        block->dropped++;
        return;
    }
    if (!has_room(block)) {
        block->lost.samples++;
        lose_at(block, (block->next_slot - 1) * block->period_ns);
        return;
    }
    if (is_new) {
        begin_thread(block, thread_id);
    }
    cover(block, thread, tick, 1, node, state, cpu_ns);
}

int ml_block_add_run(ml_block *block, uint32_t thread_id, uint32_t tick, const ml_block_run *run)
{
    ml_block_thread *thread = &block->threads[thread_id];
    int is_new = thread->first_run == 0;
    uint64_t sum;

    if (tick >= block->ticks || run->ticks == 0 || run->ticks > block->ticks - tick ||
        !has_room(block) || (is_new && block->active_count == block->active_limit) ||
        (!is_new &&
         (thread->next_tick > tick ||
          __builtin_add_overflow(block->runs[thread->last_run - 1].cpu_ns, run->cpu_ns, &sum)))) {
        return 0;
    }
    if (is_new) {
        begin_thread(block, thread_id);
    }
    cover(block, thread, tick, run->ticks, run->node, run->state, run->cpu_ns);
    return 1;
}

void ml_block_complete(ml_block *block)
{
    for (uint32_t i = 0; i < block->active_count; i++) {
        ml_block_thread *thread = &block->threads[block->active[i]];
        if (thread->next_tick < block->ticks) {
            extend(block, thread, ML_MLOG_NO_NODE, ML_MLOG_STATE_UNKNOWN,
                   block->ticks - thread->next_tick);
            thread->next_tick = block->ticks;
        }
    }
}

/* ---- events ---- */

static ml_block_event *event_at(const ml_block *block, size_t offset)
{
    return (ml_block_event *)(void *)(block->events.data + offset);
}

void ml_block_event_cancel(ml_block *block)
{
    if (block->open_event != 0) {
        block->events.length = block->open_event - 1;
        block->events.status = ML_OK;
        block->open_event = 0;
        block->dropped++;
    }
}

void ml_block_event_begin(ml_block *block, const ml_block_event *event)
{
    ml_block_event_cancel(block);
    block->open_event = block->events.length + 1;
    block->open_field = 0;
    block->open_failed = 0;
    block->open_time_ns = event->time_ns;
    ml_buffer_put(&block->events, event, sizeof(*event));
}

void ml_block_event_number(ml_block *block, uint64_t value)
{
    ml_buffer_put_uv(&block->events, value);
    block->open_field++;
}

void ml_block_event_bytes(ml_block *block, const void *bytes, size_t length)
{
    ml_buffer_put_uv(&block->events, length);
    ml_buffer_put(&block->events, bytes, length);
    block->open_field++;
}

/* Links the finished event to the others of its kind. */
static void link_event(ml_block *block, size_t offset)
{
    ml_block_event *event = event_at(block, offset);
    uint32_t link = (uint32_t)offset + 1;

    event->size = (uint32_t)(block->events.length - offset);
    event->cursor = (uint32_t)(offset + sizeof(*event));
    if (block->first_event[event->kind] == 0) {
        block->first_event[event->kind] = link;
    } else {
        event_at(block, block->last_event[event->kind] - 1)->next = link;
    }
    if (block->tail_event[event->kind] == 0) {
        block->tail_event[event->kind] = link;
    }
    block->last_event[event->kind] = link;
    block->event_count++;
}

void ml_block_event_end(ml_block *block, uint32_t field_count)
{
    static const uint8_t zeros[EVENT_ALIGNMENT];
    size_t offset = block->open_event - 1;

    if (block->open_event == 0) {
        return;
    }
    ml_buffer_put(&block->events, zeros,
                  (EVENT_ALIGNMENT - block->events.length % EVENT_ALIGNMENT) % EVENT_ALIGNMENT);
    if (block->events.status < 0) {
        block->lost.events++;
        lose_at(block, block->open_time_ns);
        block->dropped--; /* ml_block_event_cancel counts it */
    }
    if (block->events.status < 0 || block->open_failed || block->open_field != field_count) {
        ml_block_event_cancel(block);
        return;
    }
    block->open_event = 0;
    link_event(block, offset);
}

/* ---- the whole ---- */

unsigned ml_block_fill(const ml_block *block)
{
    uint64_t runs = ((uint64_t)block->run_count + block->active_count) * 100 / block->run_limit;
    uint64_t ticks = (uint64_t)block->ticks * 100 / block->tick_limit;
    uint64_t events = (uint64_t)block->events.length * 100 / block->events.limit;
    uint64_t most = runs > ticks ? runs : ticks;

    most = events > most ? events : most;
    return (unsigned)(most < 100 ? most : 100);
}

uint64_t ml_block_size(const ml_block *block)
{
    enum { RUN_BYTES = 6 };

    return (uint64_t)block->run_count * RUN_BYTES + block->events.length / 2;
}

void ml_block_set_mark(ml_block *block)
{
    const ml_block_segment *last =
        block->segment_count == 0 ? NULL : &block->segments[block->segment_count - 1];

    block->mark = (ml_block_mark){.slot = block->next_slot,
                                  .ticks = block->ticks,
                                  .segment = last == NULL ? 0 : block->segment_count - 1,
                                  .segment_ticks = last == NULL ? 0 : last->ticks,
                                  .event_count = block->event_count,
                                  .events = block->events.length};
    for (uint32_t i = 0; i < block->active_count; i++) {
        ml_block_thread *thread = &block->threads[block->active[i]];
        thread->mark_run = thread->last_run;
        thread->mark_ticks = block->runs[thread->last_run - 1].ticks;
        thread->mark_cpu_ns = block->runs[thread->last_run - 1].cpu_ns;
    }
    memset(block->tail_event, 0, sizeof(block->tail_event));
}

void ml_block_clear_samples(ml_block *block)
{
    for (uint32_t i = 0; i < block->active_count; i++) {
        ml_block_thread *thread = &block->threads[block->active[i]];
        thread->first_run = 0;
        thread->tail_rest_ns = thread->cpu_rest_ns;
    }
    block->active_count = 0;
    block->run_count = 0;
    block->ticks = 0;
    block->tick_is_open = 0;
    block->segment_count = 0;
    block->mark.ticks = block->mark.segment = block->mark.segment_ticks = 0;
}

void ml_block_clear_events(ml_block *block)
{
    ml_buffer_clear(&block->events);
    block->event_count = 0;
    block->open_event = 0;
    block->mark.events = 0;
    block->mark.event_count = 0;
    memset(block->first_event, 0, sizeof(block->first_event));
    memset(block->tail_event, 0, sizeof(block->tail_event));
}

void ml_block_clear_lost(ml_block *block)
{
    if (block->next_slot < block->lost.next_slot) {
        block->next_slot = block->lost.next_slot;
    }
    block->lost = (ml_block_lost){.first_ns = UINT64_MAX};
}
