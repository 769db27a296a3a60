#include "core/model/build.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- order and time axis ---- */

static int by_identity(const ml_recording *left, const ml_recording *right)
{
    if (left->head.pid != right->head.pid) {
        return left->head.pid < right->head.pid ? -1 : 1;
    }
    return memcmp(left->head.uuid, right->head.uuid, sizeof(left->head.uuid));
}

static int by_start(const void *left, const void *right)
{
    const ml_member *one = left;
    const ml_member *other = right;

    if (one->offset_ns != other->offset_ns) {
        return one->offset_ns < other->offset_ns ? -1 : 1;
    }
    return by_identity(one->recording, other->recording);
}

/* True if all ran in one known boot, so that their monotonic clocks are one. */
static int share_boot(const ml_build *build)
{
    static const uint8_t unknown[16];
    const uint8_t *boot = build->members[0].recording->head.boot;

    if (memcmp(boot, unknown, sizeof(unknown)) == 0) {
        return 0;
    }
    for (uint32_t i = 1; i < build->member_count; i++) {
        if (memcmp(build->members[i].recording->head.boot, boot, sizeof(unknown)) != 0) {
            return 0;
        }
    }
    return 1;
}

/* When a member began, on a clock that all members have. Flipping the sign bit keeps the order of times
 * before 1970. */
static uint64_t begin_of(const ml_member *member, int by_anchor)
{
    const ml_head *head = &member->recording->head;

    return by_anchor ? head->anchor_ns : (uint64_t)head->wall_ns ^ (UINT64_C(1) << 63);
}

/* Time 0 is the start of the member that began first; all are put in order of their start. */
static void align_members(ml_build *build)
{
    int by_anchor = share_boot(build);
    uint64_t first = UINT64_MAX;

    for (uint32_t i = 0; i < build->member_count; i++) {
        uint64_t begin = begin_of(&build->members[i], by_anchor);
        first = begin < first ? begin : first;
    }
    for (uint32_t i = 0; i < build->member_count; i++) {
        ml_member *member = &build->members[i];
        uint64_t offset = begin_of(member, by_anchor) - first;
        build->clamped |= offset > ML_TIME_LIMIT;
        member->offset_ns = offset > ML_TIME_LIMIT ? ML_TIME_LIMIT : offset;
        member->end_ns = member->offset_ns;
    }
    qsort(build->members, build->member_count, sizeof(*build->members), by_start);
}

uint64_t ml_build_time(ml_build *build, const ml_member *member, uint64_t ns)
{
    uint64_t time = ml_sum(member->offset_ns, ns);

    if (time > ML_TIME_LIMIT) {
        build->clamped = 1;
        return ML_TIME_LIMIT;
    }
    return time;
}

uint64_t ml_build_slot_time(ml_build *build, const ml_member *member, uint64_t slot)
{
    uint64_t ns;

    if (__builtin_mul_overflow(slot, member->period_ns, &ns)) {
        ns = UINT64_MAX;
    }
    return ml_build_time(build, member, ns);
}

/* ---- what stages share ---- */

void *ml_build_array(ml_build *build, uint64_t count, size_t size, const char *what)
{
    void *items = count > SIZE_MAX ? NULL : ml_arena_array(&build->arena, (size_t)count, size);

    if (items == NULL) {
        ml_error_set(build->error, ML_ERROR_MEMORY,
                     "no memory for %" PRIu64 " rows of %s: analyse a shorter recording", count,
                     what);
    }
    return items;
}

/* One piece of memory for all columns of a table: large ones cost less as one. */
ml_status ml_build_narrow(ml_build *build, uint64_t count, const char *what,
                          uint32_t **const columns[])
{
    size_t number = 0;
    uint32_t *room;

    while (columns[number] != NULL) {
        number++;
    }
    room = ml_build_array(build, count, number * sizeof(*room), what);
    for (size_t i = 0; room != NULL && i < number; i++) {
        *columns[i] = room + i * count;
    }
    return room == NULL ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_build_wide(ml_build *build, uint64_t count, const char *what,
                        uint64_t **const columns[])
{
    size_t number = 0;
    uint64_t *room;

    while (columns[number] != NULL) {
        number++;
    }
    room = ml_build_array(build, count, number * sizeof(*room), what);
    for (size_t i = 0; room != NULL && i < number; i++) {
        *columns[i] = room + i * count;
    }
    return room == NULL ? ML_ERROR_MEMORY : ML_OK;
}

uint32_t ml_build_string(ml_build *build, ml_member *member, uint64_t id)
{
    const ml_tables *tables = &member->recording->tables;

    if (id >= tables->string_count) {
        return 0;
    }
    if (member->string_row[id] == 0) {
        member->string_row[id] =
            ml_intern(&build->strings, tables->string[id], tables->string_length[id]) + 1;
    }
    return member->string_row[id] - 1;
}

ml_status ml_build_unreadable(ml_build *build, ml_member *member, const ml_error *cause)
{
    if (cause->status == ML_ERROR_MEMORY) {
        return ml_error_set(build->error, cause->status, "%s", cause->text);
    }
    if (member->unreadable++ == 0) {
        size_t length = strnlen(cause->text, sizeof(member->unreadable_first) - 1);
        memcpy(member->unreadable_first, cause->text, length);
        member->unreadable_first[length] = '\0';
    }
    return ML_OK;
}

/* ---- rows ---- */

static uint32_t thread_name(ml_build *build, ml_member *member, uint32_t id)
{
    const ml_tables *tables = &member->recording->tables;
    uint8_t room[ML_THREAD_NAME_ROOM];
    uint32_t length;
    const uint8_t *name = ml_thread_name(tables, id, room, &length);
    const char *made;

    if (length != 0) {
        return ml_intern(&build->strings, name, length);
    }
    if (tables->thread_native_id[id] == member->recording->head.pid) {
        return ml_intern_text(&build->strings, "MainThread");
    }
    made = ml_arena_format(&build->arena, "thread %" PRIu64, tables->thread_native_id[id]);
    return ml_intern_text(&build->strings, made);
}

/* The rows of all threads; their times and ranges come with the samples. */
static ml_status make_threads(ml_build *build)
{
    uint32_t *process = ml_build_array(build, build->thread_count, sizeof(*process), "threads");
    uint32_t *name = ml_build_array(build, build->thread_count, sizeof(*name), "threads");
    uint32_t *is_main = ml_build_array(build, build->thread_count, sizeof(*is_main), "threads");
    uint64_t *native_id = ml_build_array(build, build->thread_count, sizeof(*native_id), "threads");

    if (process == NULL || name == NULL || is_main == NULL || native_id == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < build->member_count; i++) {
        ml_member *member = &build->members[i];
        const ml_tables *tables = &member->recording->tables;
        int main_seen = 0;
        for (uint32_t id = 0; id < tables->thread_count; id++) {
            uint32_t row = member->first_thread + id;
            process[row] = i;
            name[row] = thread_name(build, member, id);
            native_id[row] = tables->thread_native_id[id];
            is_main[row] = !main_seen && native_id[row] == member->recording->head.pid;
            main_seen |= (int)is_main[row];
        }
    }
    build->tables.threads =
        (ml_threads){.process = process, .name = name, .native_id = native_id, .is_main = is_main};
    build->rows[ML_EXTENT_THREADS] = build->thread_count;
    return ML_OK;
}

static ml_status count_threads(ml_build *build)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < build->member_count; i++) {
        build->members[i].first_thread = (uint32_t)total;
        total += build->members[i].recording->tables.thread_count;
        if (total >= ML_NONE) {
            return ml_error_set(build->error, ML_ERROR_TOO_LARGE, "more than 2^32 - 2 threads");
        }
    }
    build->thread_count = (uint32_t)total;
    return ML_OK;
}

static ml_status make_member(ml_build *build, ml_member *member, const ml_image_source *source)
{
    const ml_tables *tables = &source->recording->tables;

    member->reader = source->reader;
    member->recording = source->recording;
    member->period_ns = source->recording->head.period_ns;
    member->string_row =
        ml_build_array(build, tables->string_count, sizeof(*member->string_row), "strings");
    return member->string_row == NULL ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_build_members(ml_build *build, const ml_image_source *sources, size_t count)
{
    if (count == 0 || count >= ML_NONE) {
        return ml_error_set(build->error, ML_ERROR_ARGUMENT, "a model of %zu recordings", count);
    }
    build->member_count = (uint32_t)count;
    build->members = ml_build_array(build, count, sizeof(*build->members), "processes");
    if (build->members == NULL) {
        return ML_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *session = sources[i].recording->head.session;
        if (memcmp(session, sources[0].recording->head.session, 16) != 0) {
            return ml_error_set(build->error, ML_ERROR_ARGUMENT,
                                "recordings of different sessions cannot be one model");
        }
        ML_TRY(make_member(build, &build->members[i], &sources[i]));
    }
    align_members(build);
    ML_TRY(count_threads(build));
    return make_threads(build);
}
