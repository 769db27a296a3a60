#include "core/model/build.h"

#include <string.h>

/* A run as it was recorded, with rows of the model in place of the member's ids. */
typedef struct raw_run {
    uint32_t thread, stack, state, taken;
    uint64_t first, ticks, cpu; /* first and ticks in slots */
} raw_run;

typedef struct run_list {
    raw_run *items;
    size_t count, capacity;
} run_list;

/* ---- gathering ---- */

static ml_status gather_runs(ml_build *build, const ml_member *member, const ml_runs *runs,
                             run_list *list)
{
    ML_TRY(ml_arena_grow(&build->arena, &list->items, &list->capacity, list->count + runs->count,
                         sizeof(*list->items)));
    for (size_t i = 0; i < runs->count; i++) {
        list->items[list->count++] = (raw_run){.thread = member->first_thread + runs->thread[i],
                                               .stack = member->stack_row[runs->node[i]],
                                               .state = runs->state[i],
                                               .taken = runs->samples[i],
                                               .first = runs->first_tick[i],
                                               .ticks = runs->ticks[i],
                                               .cpu = runs->cpu[i]};
    }
    return ML_OK;
}

static ml_status gather_chunk(ml_build *build, ml_member *member, size_t chunk, run_list *list)
{
    ml_error cause = {.status = ML_OK};
    ml_arena arena;
    ml_runs runs;
    ml_status status;

    ml_arena_init(&arena, 0);
    status = ml_read_runs(member->reader, member->recording, chunk, &arena, &runs, &cause);
    if (status < 0) {
        status = ml_build_unreadable(build, member, &cause);
    } else {
        build->facts.ticks += member->recording->chunks[chunk].ticks;
        status = gather_runs(build, member, &runs, list);
    }
    ml_arena_release(&arena);
    return status;
}

/* Slots between the first and the last block count whether they have a tick or not. */
static ml_status gather_member(ml_build *build, ml_member *member, run_list *list)
{
    uint64_t ticks_before = build->facts.ticks;
    uint64_t end_ns = ml_build_time(build, member, member->recording->end_ns);
    uint64_t first = UINT64_MAX;
    uint64_t end = 0;

    for (size_t i = 0; i < member->recording->chunk_count; i++) {
        const ml_chunk_info *info = &member->recording->chunks[i];
        if (strcmp(info->type, "SAMP") == 0) {
            ML_TRY(gather_chunk(build, member, i, list));
            first = info->first_tick < first ? info->first_tick : first;
            end = info->first_tick + info->slots;
        }
    }
    if (end != 0) {
        build->facts.ticks_missed += end - first - (build->facts.ticks - ticks_before);
        member->end_ns = ml_build_slot_time(build, member, end);
    }
    member->end_ns = end_ns > member->end_ns ? end_ns : member->end_ns;
    return ML_OK;
}

/* The places of the runs in order of their threads, recorded order within a thread. first[t] to first[t + 1]
 * are the runs of thread t. */
static size_t *order_by_thread(ml_build *build, const run_list *list, size_t **first)
{
    size_t *order = ml_build_array(build, list->count, sizeof(*order), "samples");
    size_t *start =
        ml_build_array(build, (uint64_t)build->thread_count + 2, sizeof(*start), "threads");

    if (order == NULL || start == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        start[list->items[i].thread + 2]++;
    }
    for (uint32_t thread = 1; thread <= build->thread_count; thread++) {
        start[thread + 1] += start[thread];
    }
    for (size_t i = 0; i < list->count; i++) {
        order[start[list->items[i].thread + 1]++] = i;
    }
    *first = start;
    return order;
}

/* ---- joining ---- */

/* The columns of samples and, per thread, what they say about it. */
typedef struct sample_columns {
    uint32_t *thread, *stack, *state, *taken;
    uint64_t *start_ns, *wall_ns, *cpu_ns;
    uint64_t count;
    uint64_t *thread_start, *thread_end, *thread_cpu, *sample_first, *sample_count;
} sample_columns;

/* Nothing was seen of the thread: before its first sample and after its last, it did not live. */
static int is_fill(uint32_t stack, uint32_t state, uint64_t cpu_ns)
{
    return stack == 0 && state == ML_STATE_UNKNOWN && cpu_ns == 0;
}

static int joins(const raw_run *open, const raw_run *next)
{
    return open->stack == next->stack && open->state == next->state &&
           open->first + open->ticks == next->first && open->taken <= UINT32_MAX - next->taken;
}

static void put_run(ml_build *build, const ml_member *member, sample_columns *columns,
                    const raw_run *run)
{
    uint64_t row = columns->count++;
    uint64_t start = ml_build_slot_time(build, member, run->first);
    uint64_t end = ml_build_slot_time(build, member, run->first + run->ticks);

    columns->thread[row] = run->thread;
    columns->stack[row] = run->stack;
    columns->state[row] = run->state;
    columns->taken[row] = run->taken;
    columns->start_ns[row] = start;
    columns->wall_ns[row] = end - start;
    columns->cpu_ns[row] = run->cpu;
    columns->thread_cpu[run->thread] = ml_sum(columns->thread_cpu[run->thread], run->cpu);
}

/* Puts the runs of one thread, joined, without the fill before its first and after its last. */
static void join_thread(ml_build *build, const ml_member *member, sample_columns *columns,
                        const run_list *list, const size_t *order, size_t count)
{
    uint64_t first_row = columns->count;
    raw_run open = {.ticks = 0};

    for (size_t i = 0; i < count; i++) {
        raw_run run = list->items[order[i]];
        if (open.ticks == 0) {
            open = is_fill(run.stack, run.state, run.cpu) ? open : run;
        } else if (joins(&open, &run)) {
            open.ticks += run.ticks;
            open.taken += run.taken;
            open.cpu = ml_sum(open.cpu, run.cpu);
        } else {
            put_run(build, member, columns, &open);
            open = run;
        }
    }
    if (open.ticks != 0) {
        put_run(build, member, columns, &open);
    }
    while (columns->count > first_row) {
        uint64_t last = columns->count - 1;
        if (!is_fill(columns->stack[last], columns->state[last], columns->cpu_ns[last])) {
            break;
        }
        columns->count = last;
    }
}

/* The times of a thread, from its rows; of one that was never seen alive, when it was first known. */
static void finish_thread(ml_build *build, const ml_member *member, sample_columns *columns,
                          uint32_t thread, uint64_t first_row)
{
    uint64_t rows = columns->count - first_row;
    uint64_t known = member->recording->tables.thread_first_tick[thread - member->first_thread];

    columns->sample_first[thread] = first_row;
    columns->sample_count[thread] = rows;
    if (rows == 0) {
        columns->thread_start[thread] = ml_build_slot_time(build, member, known);
        columns->thread_end[thread] = columns->thread_start[thread];
    } else {
        uint64_t last = columns->count - 1;
        columns->thread_start[thread] = columns->start_ns[first_row];
        columns->thread_end[thread] = columns->start_ns[last] + columns->wall_ns[last];
    }
}

static ml_status make_room(ml_build *build, sample_columns *columns, size_t runs)
{
    uint32_t **const narrow[] = {&columns->thread, &columns->stack, &columns->state,
                                 &columns->taken, NULL};
    uint64_t **const wide[] = {&columns->start_ns, &columns->wall_ns, &columns->cpu_ns, NULL};
    uint64_t **const of_threads[] = {&columns->thread_start, &columns->thread_end,
                                     &columns->thread_cpu,   &columns->sample_first,
                                     &columns->sample_count, NULL};

    ML_TRY(ml_build_narrow(build, runs, "samples", narrow));
    ML_TRY(ml_build_wide(build, runs, "samples", wide));
    return ml_build_wide(build, build->thread_count, "threads", of_threads);
}

static void publish(ml_build *build, const sample_columns *columns)
{
    ml_threads *threads = &build->tables.threads;

    build->tables.samples = (ml_samples){.thread = columns->thread,
                                         .stack = columns->stack,
                                         .state = columns->state,
                                         .taken = columns->taken,
                                         .start_ns = columns->start_ns,
                                         .wall_ns = columns->wall_ns,
                                         .cpu_ns = columns->cpu_ns};
    build->rows[ML_EXTENT_SAMPLES] = columns->count;
    threads->start_ns = columns->thread_start;
    threads->end_ns = columns->thread_end;
    threads->cpu_ns = columns->thread_cpu;
    threads->sample_first = columns->sample_first;
    threads->sample_count = columns->sample_count;
}

/* Room for what the chunks say that they hold, so that the list is not copied while it grows. It is only said: no
 * more than ROOM_MAX is believed, and what is not used costs nothing. */
static ml_status make_room_for_runs(ml_build *build, run_list *list)
{
    enum { ROOM_MAX = 1 << 20 };
    uint64_t runs = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        const ml_recording *recording = build->members[i].recording;
        for (size_t chunk = 0; chunk < recording->chunk_count && runs < ROOM_MAX; chunk++) {
            runs = ml_sum(runs, recording->chunks[chunk].runs);
        }
    }
    return ml_arena_grow(&build->arena, &list->items, &list->capacity,
                         runs < ROOM_MAX ? (size_t)runs : ROOM_MAX, sizeof(*list->items));
}

ml_status ml_build_samples(ml_build *build)
{
    run_list list = {.count = 0};
    sample_columns columns = {.count = 0};
    size_t *first = NULL;
    size_t *order;

    ML_TRY(make_room_for_runs(build, &list));
    for (uint32_t i = 0; i < build->member_count; i++) {
        ML_TRY(gather_member(build, &build->members[i], &list));
    }
    order = order_by_thread(build, &list, &first);
    if (order == NULL) {
        return ML_ERROR_MEMORY;
    }
    ML_TRY(make_room(build, &columns, list.count));
    for (uint32_t thread = 0; thread < build->thread_count; thread++) {
        const ml_member *member = &build->members[build->tables.threads.process[thread]];
        uint64_t first_row = columns.count;
        join_thread(build, member, &columns, &list, order + first[thread],
                    first[thread + 1] - first[thread]);
        finish_thread(build, member, &columns, thread, first_row);
    }
    publish(build, &columns);
    return ML_OK;
}
