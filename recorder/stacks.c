/* Map: in place, by copies, a stack.
 *
 * What a walk in place reads can be torn: the innermost frames move on while the walk goes down. They are read again
 * until two readings in a row agree, and only they: a walk ends where it meets what is known. Then the rest must be what it
 * was and still go on, and last the innermost ones are read again, from where the thread stands. What does not stand still
 * leaves its root part: that which goes on, and the function that it calls, wherever that stands. */
#include "sampler.h"

#include <string.h>

/* Frames that all lie in the heap have to be gathered from many places: more looks must agree. */
enum { TRIES = 48, RELAXED_TRIES = 12, LOOKS = 2, HEAP_LOOKS = 8 };
/* A chain that is being changed may lead anywhere once. */
enum { FOREIGN_LOOKS = 2 };
/* In place each try takes the innermost frames' cache lines from the processor that writes them: that, not the reader's
 * own time, is what a program pays that does nothing but call and return. A thread whose stacks would not stand still is
 * tried less often, until one did. */
enum { FEWEST_IN_PLACE = 3, MOST_IN_PLACE = 24 };

/* True if two walks saw the same: every frame, and every position but the leaf's, which may move on within
 * its function between the two. */
static bool agree(const frames_entry *a, const frames_entry *b, size_t count)
{
    if (count == 0) {
        return true;
    }
    return a[0].frame == b[0].frame && a[0].code == b[0].code &&
           memcmp(a + 1, b + 1, (count - 1) * sizeof(*a)) == 0;
}

/* How much of a stack's root part, which ends at `end`, goes on. Looked at twice: a look that the system holds up at the wrong
 * moment may see what is there no more, and come back in time. */
static size_t part_that_goes_on(sampler *target, const frames_thread *view, const frames_entry *end,
                                size_t count)
{
    count = frames_go_on(&target->reader, view, end - count, count);
    return frames_go_on(&target->reader, view, end - count, count);
}

enum { WITHIN_LOOKS = 4, WITHIN_CALLERS = 8 };

/* Whether the thread is within `callee` for a while, called from what goes on, `callers` of them known. A program that does the same
 * again and again may look the same to one that looks as often: what goes on is looked at in between. */
static bool stays_within(sampler *target, const frames_thread *view, frames_entry *callee,
                         size_t callers)
{
    frames_entry *caller = callers == 0 ? NULL : callee + 1;
    size_t known = callers < WITHIN_CALLERS ? callers : WITHIN_CALLERS;
    bool stays = true;

    for (int look = 0; look < WITHIN_LOOKS && stays; look++) {
        stays = frames_are_within(&target->reader, view, callee, caller) &&
                frames_go_on(&target->reader, view, callee + 1, known) == known;
    }
    return stays;
}

/* How much of a stack's root part goes on, of which `certain` did at one look, and, if that is not all `count`, the function that
 * it calls from there, wherever that may be. The innermost one is looked at in that way in any case. */
static size_t part_with_moved(sampler *target, const frames_thread *view, frames_entry *end,
                              size_t certain, size_t count)
{
    certain = frames_go_on(&target->reader, view, end - certain, certain);
    if (certain < count && stays_within(target, view, end - certain - 1, certain)) {
        return certain + 1;
    }
    return certain > 0 && !stays_within(target, view, end - certain, certain - 1) ? certain - 1
                                                                                  : certain;
}

enum { ROOT_TRIES = 4 };

/* What would not stand still: the root part of it in the thread's own memory, up to the function that the thread is within
 * for as long as that takes. Puts the longest of several at `out`, where `best` frames are known; returns its length. */
static size_t read_root_part(sampler *target, const frames_thread *view, frames_entry *out,
                             size_t best, size_t room)
{
    for (int attempt = 0; attempt < ROOT_TRIES; attempt++) {
        int walked = frames_walk_through(&target->reader, view, target->second, room);
        size_t read = walked < 0 ? 0 : (size_t)walked;
        size_t own = frames_own_part(&target->reader, view, target->second, read);
        frames_entry *end = target->second + read;
        size_t certain = frames_go_on(&target->reader, view, end - own, own);
        if (certain < best) {
            continue; /* a closer look could make it one longer at most */
        }
        certain = part_with_moved(target, view, end, certain, own);
        if (certain > best) {
            memcpy(out, end - certain, certain * sizeof(*out));
            best = certain;
        }
    }
    return best;
}

/* ---- in place ---- */

typedef enum outcome { STOOD_STILL, MOVED, NOT_ITS_OWN } outcome;

/* What is known of a stack: first[0 … count), of which the innermost frames are read again and again. */
typedef struct knowledge {
    frames_entry *first;
    size_t count, room;
    bool any;
} knowledge;

/* Puts what a walk has read above the part of the known stack that begins at `join`. */
static void replace_innermost(knowledge *known, const frames_entry *read, size_t count, size_t join)
{
    size_t rest = known->any ? known->count - join : 0;

    if (count + rest > known->room) {
        rest = known->room - count;
    }
    memmove(known->first + count, known->first + join, rest * sizeof(*read));
    memcpy(known->first, read, count * sizeof(*read));
    known->count = count + rest;
    known->any = true;
}

/* True if the innermost frame is where the thread stands, called from where its caller stood before and after that. Walks in one
 * direction can all be torn alike by a loop that takes as long as they do; this one looks the other way as well. */
static bool call_goes_on(sampler *target, const frames_thread *view, const knowledge *known)
{
    frames_entry callee = known->first[0];

    return known->count < 2 || frames_own_part(&target->reader, view, known->first, 2) < 2 ||
           frames_are_within(&target->reader, view, &callee, &known->first[1]);
}

/* True if the innermost frames are still those that are known, however often one looks. */
static bool stands_still(sampler *target, const frames_thread *view, const knowledge *known)
{
    bool same = true;

    for (int look = 0; look < LOOKS && same; look++) {
        size_t join;
        int read = frames_walk_in_place(&target->reader, view, known->first, known->count,
                                        target->second, known->room, &join);
        same = read >= 0 && (size_t)read == join && agree(known->first, target->second, join);
    }
    return same;
}

/* Forgets all but the root part. */
static void keep_root(knowledge *known, size_t count)
{
    memmove(known->first, known->first + (known->count - count), count * sizeof(*known->first));
    known->count = count;
    known->any = count > 0;
}

/* What is known in the end is a root part that can be believed, and all if the stack stood still. */
static outcome read_in_place(sampler *target, const frames_thread *view, int tries,
                             knowledge *known)
{
    int foreign = 0;

    for (int attempt = 0; attempt < tries; attempt++) {
        size_t join;
        int read =
            frames_walk_in_place(&target->reader, view, known->first, known->any ? known->count : 0,
                                 target->second, known->room, &join);
        foreign = read == FRAMES_FOREIGN ? foreign + 1 : 0;
        if (foreign == FOREIGN_LOOKS) {
            return NOT_ITS_OWN;
        }
        if (read < 0) {
            continue;
        }
        if (known->any && (size_t)read == join && agree(known->first, target->second, join)) {
            size_t rest = known->count - join;
            size_t certain = part_that_goes_on(target, view, known->first + known->count, rest);
            if (certain == rest && stands_still(target, view, known) &&
                call_goes_on(target, view, known)) {
                return STOOD_STILL;
            }
            if (certain < rest) {
                keep_root(known, certain);
            }
            continue;
        }
        replace_innermost(known, target->second, (size_t)read, join);
    }
    known->count = read_root_part(target, view, known->first, 0, known->room);
    return MOVED;
}

/* ---- by copies ---- */

/* Length of the root-side part that two walks have in common; leaf first, so it is at the ends. */
static size_t common_root(const frames_entry *a, size_t a_count, const frames_entry *b,
                          size_t b_count)
{
    size_t count = 0;

    while (count < a_count && count < b_count &&
           memcmp(&a[a_count - 1 - count], &b[b_count - 1 - count], sizeof(*a)) == 0) {
        count++;
    }
    return count;
}

/* Walks until enough in a row agree with the one before, or `tries` is used up; then `*common` is the length of the root
 * part that the last two valid ones have in common. The stack is at pool[sample->first …], `*count` long. */
static bool walk(sampler *target, const frames_thread *view, const tick_sample *sample, int tries,
                 bool strict, size_t room, size_t *count, size_t *common)
{
    frames_entry *first = target->pool + sample->first;
    int looks = target->method == ML_MLOG_METHOD_DIRECT ? LOOKS : HEAP_LOOKS;
    bool have = false;
    int agreed = 0;

    *count = *common = 0;
    for (int attempt = 0; attempt < tries; attempt++) {
        int walked = frames_walk(&target->reader, view, strict, target->second, room);
        size_t now = (size_t)walked;
        if (walked < 0) {
            continue;
        }
        if (have && now == *count && agree(first, target->second, now)) {
            if (++agreed == looks) {
                return true;
            }
            continue;
        }
        agreed = 0;
        *common = have ? common_root(first, *count, target->second, now) : 0;
        memcpy(first, target->second, now * sizeof(*first));
        *count = now;
        have = true;
    }
    return false;
}

/* The stack would not stand still: what did not move between two walks is certain, but for its innermost frame when
 * nothing vouches for the moment of the copies. */
static size_t certain_part(sampler *target, const frames_thread *view, const tick_sample *sample,
                           size_t room, size_t *count)
{
    size_t common;

    if (walk(target, view, sample, RELAXED_TRIES, false, room, count, &common)) {
        common = *count;
    }
    return common > 1 ? common - 1 : common;
}

enum { CALL_TRIES = 12, CALLS_CONFIRMED = 4 };

static bool call_stands(const sampler *target, const frames_entry *callee)
{
    bool stands = false;

    for (int attempt = 0; attempt < CALL_TRIES && !stands; attempt++) {
        stands = frames_confirm_call(&target->reader, callee, callee + 1);
    }
    return stands;
}

/* Walks can be torn alike where a thread does the same again and again: a caller read in one turn, what it called in
 * another, and that as often as one likes if the walks take as long as the turns. Of the innermost calls of what they have
 * in common, be it all, each is looked at by itself; what is above one that does not stand is left out. */
static size_t without_torn_calls(const sampler *target, const frames_entry *stack, size_t count)
{
    size_t leaf = 0;

    for (size_t i = 0; i + 1 < count && i < CALLS_CONFIRMED; i++) {
        leaf = call_stands(target, &stack[i]) ? leaf : i + 1;
    }
    return count - leaf;
}

/* ---- a stack ---- */

/* How often a thread is to be tried next, after it was tried so often. */
static int tries_after(int tries, outcome result)
{
    if (result != MOVED) {
        return MOST_IN_PLACE;
    }
    return tries / 2 > FEWEST_IN_PLACE ? tries / 2 : FEWEST_IN_PLACE;
}

static void read_by_copies(sampler *target, const frames_thread *view, tick_sample *sample,
                           size_t room)
{
    frames_entry *first = target->pool + sample->first;
    size_t count, certain;
    bool stood;

    frames_begin(&target->reader);
    stood = walk(target, view, sample, TRIES, true, room, &count, &certain);
    if (stood) {
        certain = count;
    } else if (certain == 0) {
        certain = certain_part(target, view, sample, room, &count);
    }
    certain = without_torn_calls(target, first + (count - certain), certain);
    if (target->method == ML_MLOG_METHOD_DIRECT) {
        certain = part_that_goes_on(target, view, first + count, certain);
    }
    sample->moving = !stood || certain != count;
    sample->cut = certain == room;
    sample->count = certain;
    memmove(first, first + (count - certain), certain * sizeof(*first));
    if (certain != count && target->method == ML_MLOG_METHOD_DIRECT) {
        sample->count = read_root_part(target, view, first, certain, room);
    }
}

static void read_stack(sampler *target, const frames_thread *view, tick_sample *sample,
                       size_t *used)
{
    size_t room = SAMPLER_POOL - *used < SAMPLER_WALK ? SAMPLER_POOL - *used : SAMPLER_WALK;
    knowledge known = {.first = target->pool + *used, .room = room};
    outcome result = NOT_ITS_OWN;

    sample->first = *used;
    if (target->method == ML_MLOG_METHOD_DIRECT) {
        int tries = sample->slot->tries != 0 ? sample->slot->tries : MOST_IN_PLACE;
        result = read_in_place(target, view, tries, &known);
        sample->slot->tries = tries_after(tries, result);
    }
    if (result == NOT_ITS_OWN) {
        read_by_copies(target, view, sample, room);
    } else {
        sample->moving = result == MOVED;
        sample->cut = known.count == room;
        sample->count = known.count;
    }
    *used += sample->count;
}

void sampler_read_stack(sampler *target, const frames_thread *view, tick_sample *sample,
                        size_t *used)
{
    uint64_t begin = sampler_now(target);
    bool is_in_place = target->method == ML_MLOG_METHOD_DIRECT;

    read_stack(target, view, sample, used);
    if (is_in_place) {
        schedule_note_reading(&target->schedule, sampler_now(target) - begin);
    }
}
