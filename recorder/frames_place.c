#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "frames_pieces.h"

#include <string.h>

/* How far from its upper end an address is taken for a stack's. The first thread's has nothing below it for 128 MiB: the
 * kernel keeps that gap. Others are as long as the system's usual limit; whoever asked for more and uses it is read by
 * copies. *_SURE is mapped whatever the chain was: of the first stack, which the system makes larger when it is touched,
 * what any usual limit allows; of others what the smallest one has that Python makes (32 KiB). */
enum {
    FIRST_SPAN = 128 << 20,
    FIRST_SURE = 4 << 20,
    OTHER_SPAN = 8 << 20,
    OTHER_SURE = 24 << 10,
    JOIN_SPAN = 256,
    PREFETCHED = 6
};

extern void *__libc_stack_end;

static bool is_below(uintptr_t end, uintptr_t address, uintptr_t span)
{
    return address < end && end - address < span;
}

/* The upper end of a thread's own stack: the C library keeps there what its identity is the address of. Only the first
 * thread's identity lies elsewhere, among what objects and generators are made in. */
static uintptr_t stack_end(const frames_reader *reader, const frames_thread *thread)
{
    bool is_first = thread->native_id == (uint64_t)reader->copier->pid;

    return is_first ? 0 : (uintptr_t)thread->ident;
}

/* True for what may be an address on the thread's own C stack. What a thread has once used of it stays mapped while it
 * lives. */
static bool is_on_stack(const frames_reader *reader, const frames_thread *thread, uintptr_t address)
{
    return is_below(stack_end(reader, thread), address, OTHER_SPAN) ||
           is_below((uintptr_t)__libc_stack_end, address, FIRST_SPAN);
}

static bool is_surely_on_stack(const frames_reader *reader, const frames_thread *thread,
                               uintptr_t address)
{
    return is_below(stack_end(reader, thread), address, OTHER_SURE) ||
           is_below((uintptr_t)__libc_stack_end, address, FIRST_SURE);
}

/* True for the mark that chains end with, which is part of the thread's state. */
static bool is_base(const layout *source, const frames_thread *thread, uintptr_t address)
{
    return source->thread.base != LAYOUT_NONE &&
           frames_load(thread->state + source->thread.base) == address;
}

static uintptr_t newest_piece(const layout *source, uintptr_t state)
{
    return source->thread.chunk == LAYOUT_NONE ? 0 : frames_load(state + source->thread.chunk);
}

/* The frame's fixed part where it lies. */
static int fetch_in_place(frames_reader *reader, const frames_thread *thread, uintptr_t address,
                          layout_frame *out)
{
    _Alignas(uintptr_t) char bytes[LAYOUT_FRAME_MAX];
    bool found;

    if (address % sizeof(void *) != 0 || address < 4096) {
        return FRAMES_TORN;
    }
    found = pieces_find(reader, address, bytes);
    if (!found &&
        (is_surely_on_stack(reader, thread, address) || is_base(reader->layout, thread, address))) {
        pieces_copy_words(bytes, (const char *)address, reader->layout->frame.size);
        found = true;
    }
    if (!found && !reader->through && !is_on_stack(reader, thread, address)) {
        return newest_piece(reader->layout, thread->state) == reader->newest ? FRAMES_FOREIGN
                                                                             : FRAMES_TORN;
    }
    /* What a chain that is being changed leads to may be any memory, or none. */
    if (!found && !copier_read(reader->copier, address, bytes, reader->layout->frame.size)) {
        return FRAMES_TORN;
    }
    layout_decode(reader->layout, bytes, out);
    return 0;
}

/* Where the same frame is in `known`; `count` when it is not there or has changed. */
static size_t find_join(const frames_entry *known, size_t count, const frames_entry *entry)
{
    for (size_t i = 0; i < count && i < JOIN_SPAN; i++) {
        if (known[i].frame == entry->frame) {
            return memcmp(&known[i], entry, sizeof(*entry)) == 0 ? i : count;
        }
    }
    return count;
}

static int walk_from(frames_reader *reader, const frames_thread *thread, uintptr_t at,
                     const frames_entry *known, size_t known_count, frames_entry *out, size_t room,
                     size_t *join)
{
    uintptr_t remembered = 0;
    size_t count = 0;

    *join = known_count;
    for (size_t steps = 0; at != 0 && count < room && steps < 2 * room; steps++) {
        layout_frame frame;
        int failed = fetch_in_place(reader, thread, at, &frame);
        if (failed != 0 || frames_is_circle(&remembered, steps, at)) {
            return failed != 0 ? failed : FRAMES_TORN;
        }
        if (!frame.shim && frame.code == 0 && !(reader->through && count == 0)) {
            return FRAMES_TORN;
        }
        if (!frame.shim && frame.code != 0) {
            out[count] = frames_entry_of(at, &frame);
            if (count >= FRAMES_INNERMOST) {
                *join = find_join(known, known_count, &out[count]);
            }
            if (*join < known_count) {
                return (int)count;
            }
            count++;
        }
        at = frame.previous;
        if (at == 0 && (frame.generator || !frame.outermost)) {
            return FRAMES_TORN;
        }
    }
    return (int)count;
}

static void begin_in_place(frames_reader *reader, uintptr_t state)
{
    reader->pieces = reader->used = reader->batch_count = 0;
    reader->in_place = true;
    reader->through = false;
    reader->newest = reader->older = newest_piece(reader->layout, state);
}

/* Has the innermost frames on their way before the first of them is read: fetched one after the other from the
 * processor that writes them, they would take as long as some programs take for a whole cycle of calls. */
static void prefetch(const frames_entry *known, size_t count)
{
    for (size_t i = 0; i < count && i < PREFETCHED; i++) {
        __builtin_prefetch((const void *)known[i].frame);
        __builtin_prefetch((const char *)known[i].frame + 64);
    }
}

/* Where the thread says that it stands; FRAMES_FOREIGN if that cannot be read in place. */
static int find_current(const frames_reader *reader, const frames_thread *thread, uintptr_t *at)
{
    const layout *source = reader->layout;
    uintptr_t linkage = thread->state;

    if (source->thread.linkage != LAYOUT_NONE) {
        linkage = frames_load(thread->state + source->thread.linkage);
        if (linkage % sizeof(void *) != 0 || (!is_on_stack(reader, thread, linkage) &&
                                              linkage - thread->state >= sizeof(PyThreadState))) {
            return FRAMES_FOREIGN;
        }
    }
    *at = frames_load(linkage + source->thread.frame);
    return 0;
}

static int walk_in_place(frames_reader *reader, const frames_thread *thread,
                         const frames_entry *known, size_t known_count, frames_entry *out,
                         size_t room, size_t *join)
{
    uintptr_t at;
    int failed = find_current(reader, thread, &at);

    *join = known_count;
    return failed != 0 ? failed
                       : walk_from(reader, thread, at, known, known_count, out, room, join);
}

int frames_walk_in_place(frames_reader *reader, const frames_thread *thread,
                         const frames_entry *known, size_t known_count, frames_entry *out,
                         size_t room, size_t *join)
{
    prefetch(known, known_count);
    begin_in_place(reader, thread->state);
    return walk_in_place(reader, thread, known, known_count, out, room, join);
}

int frames_walk_through(frames_reader *reader, const frames_thread *thread, frames_entry *out,
                        size_t room)
{
    size_t join;

    begin_in_place(reader, thread->state);
    reader->through = true;
    return walk_in_place(reader, thread, NULL, 0, out, room, &join);
}

static bool is_called_by(frames_reader *reader, const frames_thread *thread,
                         const layout_frame *callee, const frames_entry *caller)
{
    layout_frame frame = *callee;

    do {
        uintptr_t at = frame.previous;
        if (at == caller->frame) {
            return true;
        }
        if (at == 0 || fetch_in_place(reader, thread, at, &frame) != 0) {
            return false;
        }
    } while (frame.shim);
    return false;
}

/* True if entries[first … end) are what they were, each called by the next, as far as they are in the thread's own memory. */
static bool are_same(frames_reader *reader, const frames_thread *thread,
                     const frames_entry *entries, size_t count, size_t first, size_t end)
{
    for (size_t i = end; i-- > first;) {
        layout_frame frame;
        frames_entry now;
        int failed = fetch_in_place(reader, thread, entries[i].frame, &frame);
        if (failed == FRAMES_FOREIGN) {
            continue;
        }
        now = frames_entry_of(entries[i].frame, &frame);
        if (failed != 0 || memcmp(&now, &entries[i], sizeof(now)) != 0 ||
            (i + 1 < count && !is_called_by(reader, thread, &frame, &entries[i + 1]))) {
            return false;
        }
    }
    return true;
}

/* The first in the thread's own memory; `count` if there is none. */
static size_t innermost_own(frames_reader *reader, const frames_entry *entries, size_t count)
{
    size_t i = 0;

    while (i < count && pieces_place(reader, entries[i].frame) == NULL) {
        i++;
    }
    return i;
}

/* True if entries[first … end) go on: what says the same before and after a look at the top was not read while the thread had
 * returned, since it takes longer to call as deep again, and to come back. */
static bool do_go_on(frames_reader *reader, const frames_thread *thread,
                     const frames_entry *entries, size_t count, size_t first, size_t end)
{
    size_t own = first + innermost_own(reader, entries + first, end - first);

    return own == end || (are_same(reader, thread, entries, count, first, end) &&
                          pieces_in_use(reader->layout, thread->state, entries[own].frame) &&
                          are_same(reader, thread, entries, count, first, end));
}

/* How many frames are looked at between two looks at the top: fewer, from the first that does not go on. */
enum { BATCH = 4 };

size_t frames_go_on(frames_reader *reader, const frames_thread *thread, const frames_entry *entries,
                    size_t count)
{
    size_t begin = count, batch = BATCH;

    begin_in_place(reader, thread->state);
    while (begin > 0 && batch > 0) {
        size_t first = begin > batch ? begin - batch : 0;
        size_t end = begin < count ? begin + 1 : count; /* with the caller of what is looked at */
        if (do_go_on(reader, thread, entries, count, first, end)) {
            begin = first;
        } else {
            batch /= 2;
        }
    }
    return count - begin;
}

/* Whether `callee` is in its function, wherever there, called from where `caller` stands. */
static bool is_within(frames_reader *reader, const frames_thread *thread, frames_entry *callee,
                      const frames_entry *caller)
{
    layout_frame frame;

    if (fetch_in_place(reader, thread, callee->frame, &frame) != 0 || frame.code != callee->code) {
        return false;
    }
    if (caller != NULL && (!is_called_by(reader, thread, &frame, caller) ||
                           !are_same(reader, thread, caller, 1, 0, 1))) {
        return false;
    }
    callee->position = frame.position;
    return true;
}

/* True if the chain from where the thread stands leads to that frame. */
static bool is_linked(frames_reader *reader, const frames_thread *thread, uintptr_t frame)
{
    layout_frame next;
    uintptr_t at;
    bool goes_on = find_current(reader, thread, &at) == 0;

    for (int i = 0; goes_on && at != frame && i < FRAMES_DEPTH; i++) {
        goes_on = fetch_in_place(reader, thread, at, &next) == 0;
        at = next.previous;
    }
    return goes_on && at == frame;
}

bool frames_are_within(frames_reader *reader, const frames_thread *thread, frames_entry *callee,
                       const frames_entry *caller)
{
    frames_entry again = *callee;

    begin_in_place(reader, thread->state);
    reader->through = true;
    return innermost_own(reader, callee, 1) == 0 && is_within(reader, thread, callee, caller) &&
           is_linked(reader, thread, callee->frame) && is_within(reader, thread, &again, caller);
}

size_t frames_own_part(frames_reader *reader, const frames_thread *thread,
                       const frames_entry *entries, size_t count)
{
    size_t own = 0;

    begin_in_place(reader, thread->state);
    while (own < count && innermost_own(reader, entries + (count - 1 - own), 1) == 0) {
        own++;
    }
    return own;
}
