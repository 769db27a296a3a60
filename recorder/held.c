#include "held.h"

#include "peers.h"

#include "core/base/clock.h"

#include <string.h>

static const uint64_t HOLD_NS = ML_SECOND / 2, WRITE_NS = 5 * ML_SECOND;

/* Counts over seconds are told from a multiple of this on. */
static const uint64_t STEP_NS = ML_SECOND / 100;

/* Labels of one opener and kind that are told apart: names of temporary files are all different. */
enum { LABELS = 4 };

void held_init(held *target, ml_writer *writer, uint16_t *place, held_open *opens,
               held_brief *briefs)
{
    *target = (held){.writer = writer, .place = place, .opens = opens, .briefs = briefs};
}

void held_write_open(ml_writer *writer, const held_open *open, const char *label, size_t length)
{
    ml_writer_event(writer, ML_KIND_FD_OPEN, open->time_ns, open->thread, open->node);
    ml_writer_field_number(writer, open->number);
    ml_writer_field_number(writer, open->what);
    ml_writer_field_bytes(writer, label, length);
    ml_writer_field_number(writer, open->inherited);
    ml_writer_event_end(writer);
}

/* ---- the queue ---- */

static void take_first(held *target)
{
    held_open *open = &target->opens[target->first];

    if (open->taken) {
        held_write_open(target->writer, open, open->label, open->length);
        target->place[open->number] = 0;
        open->taken = false;
    }
    target->first = (target->first + 1) % HELD_OPENS;
    target->used--;
}

void held_add(held *target, const held_open *open, const char *label, size_t length)
{
    held_open *place;
    uint32_t at;

    if (open->number < 0 || open->number >= HELD_NUMBERS || length > HELD_LABEL) {
        held_write_open(target->writer, open, label, length);
        return;
    }
    if (target->used == HELD_OPENS) {
        take_first(target);
    }
    at = (target->first + target->used++) % HELD_OPENS;
    place = &target->opens[at];
    *place = *open;
    place->taken = true;
    place->length = (uint16_t)length;
    memcpy(place->label, label, length);
    target->place[open->number] = (uint16_t)(at + 1);
}

/* ---- counts ---- */

static void write_briefs(held *target, uint64_t now_ns)
{
    for (uint32_t i = 0; i < target->brief_count; i++) {
        const held_brief *brief = &target->briefs[i];
        uint64_t from_ns = brief->first_ns - brief->first_ns % STEP_NS;
        ml_writer_event(target->writer, ML_KIND_FD_BRIEF, from_ns, 0, brief->node);
        ml_writer_field_number(target->writer, brief->what);
        ml_writer_field_bytes(target->writer, brief->label, brief->length);
        ml_writer_field_number(target->writer, (int64_t)brief->count);
        ml_writer_field_number(target->writer, (int64_t)((brief->last_ns - from_ns) / 1000000));
        ml_writer_event_end(target->writer);
    }
    target->brief_count = 0;
    target->written_ns = now_ns;
}

static bool is_alike(const held_brief *brief, const held_open *open, size_t length)
{
    return brief->node == open->node && brief->what == open->what && brief->length == length &&
           memcmp(brief->label, open->label, length) == 0;
}

/* The row that an open counts to, made if need be. */
static held_brief *brief_of(held *target, const held_open *open, uint64_t time_ns)
{
    uint16_t length = open->length;
    uint32_t labels = 0;
    held_brief *brief;

    for (uint32_t i = 0; i < target->brief_count; i++) {
        brief = &target->briefs[i];
        if (is_alike(brief, open, length)) {
            return brief;
        }
        labels += brief->node == open->node && brief->what == open->what && brief->length != 0;
        length = labels == LABELS ? 0 : length;
    }
    for (uint32_t i = 0; length == 0 && i < target->brief_count; i++) {
        if (is_alike(&target->briefs[i], open, 0)) {
            return &target->briefs[i];
        }
    }
    if (target->brief_count == HELD_BRIEFS) {
        write_briefs(target, time_ns);
    }
    brief = &target->briefs[target->brief_count++];
    *brief = (held_brief){.what = open->what,
                          .node = open->node,
                          .length = length,
                          .first_ns = open->time_ns,
                          .last_ns = open->time_ns};
    memcpy(brief->label, open->label, length);
    return brief;
}

bool held_closed(held *target, int64_t number, uint64_t time_ns)
{
    held_open *open;
    held_brief *brief;

    if (number < 0 || number >= HELD_NUMBERS || target->place[number] == 0) {
        return false;
    }
    open = &target->opens[target->place[number] - 1];
    brief = brief_of(target, open, time_ns);
    brief->count++;
    brief->first_ns = open->time_ns < brief->first_ns ? open->time_ns : brief->first_ns;
    brief->last_ns = time_ns > brief->last_ns ? time_ns : brief->last_ns;
    open->taken = false;
    target->place[number] = 0;
    return true;
}

static bool is_due(const held_open *open, uint64_t now_ns, bool all)
{
    return all || !open->taken || open->time_ns + HOLD_NS <= now_ns;
}

/* Says of sockets that are to be written whom they are connected to. */
static void name_peers(held *target, uint64_t now_ns, bool all)
{
    peer peers[PEERS_MAX];
    size_t count = 0;

    for (uint32_t i = 0; i < target->used && count < PEERS_MAX; i++) {
        const held_open *open = &target->opens[(target->first + i) % HELD_OPENS];
        if (!is_due(open, now_ns, all)) {
            break;
        }
        if (open->taken && open->what == ML_FD_SOCKET && open->length == 0) {
            peers[count++].number = (int)open->number;
        }
    }
    peers_find(peers, count);
    for (size_t i = 0; i < count; i++) {
        held_open *open = &target->opens[target->place[peers[i].number] - 1];
        open->length = (uint16_t)strlen(peers[i].label);
        memcpy(open->label, peers[i].label, open->length);
    }
}

void held_release(held *target, uint64_t now_ns, bool all)
{
    if (target->may_open) {
        name_peers(target, now_ns, all);
    }
    while (target->used != 0 && is_due(&target->opens[target->first], now_ns, all)) {
        take_first(target);
    }
    if (target->brief_count != 0 && (all || now_ns - target->written_ns >= WRITE_NS)) {
        write_briefs(target, now_ns);
    }
}
