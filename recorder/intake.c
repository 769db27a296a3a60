#include "sampler.h"

#include "core/base/clock.h"

#include <string.h>

/* The fields behind an event's frames go to the writer as they come; the kinds' layouts are the program side's
 * business. */
static void write_fields(ml_writer *writer, const uint8_t *at, const uint8_t *end)
{
    while ((size_t)(end - at) >= sizeof(record_field)) {
        record_field field;
        memcpy(&field, at, sizeof(field));
        at += sizeof(field);
        if (field.type == FIELD_NUMBER) {
            ml_writer_field_number(writer, field.number);
        } else if (field.type == FIELD_NAME) {
            ml_writer_field_string(writer, ml_writer_string(writer, at, field.length));
        } else {
            ml_writer_field_bytes(writer, at, field.length);
        }
        at += field.length;
    }
}

static uint32_t thread_of(void *owner, const record_header *record)
{
    thread_slot *slot =
        sampler_slot(owner, record->thread, record->ident, record->native_id, 0, NULL, 0);

    return slot == NULL ? 0 : slot->thread;
}

static record_field take_field(const uint8_t **at)
{
    record_field field;

    memcpy(&field, *at, sizeof(field));
    *at += sizeof(field) + field.length;
    return field;
}

/* fd.open: number, what, label, inherited. */
static void take_open(sampler *target, held_open *open, const uint8_t *fields)
{
    const uint8_t *label;

    open->number = take_field(&fields).number;
    open->what = take_field(&fields).number;
    label = fields + sizeof(record_field);
    openfiles_opened(&target->openfiles, open, (const char *)label, take_field(&fields).length);
}

/* Closes of what nobody knew to be open are not, nor those of what was open for a moment only. */
static bool is_worth_writing(sampler *target, const uint8_t *fields, uint64_t time_ns)
{
    return openfiles_closed(&target->openfiles, take_field(&fields).number, time_ns);
}

static void take_event(sampler *target, const record_header *record)
{
    const record_frame *frames = (const record_frame *)(record + 1);
    const uint8_t *fields = (const uint8_t *)(frames + record->frames);
    uint64_t anchor = target->options.anchor_ns;
    uint64_t time_ns = record->time_ns > anchor ? record->time_ns - anchor : 0;
    thread_slot *slot =
        sampler_slot(target, record->thread, record->ident, record->native_id, 0, NULL, 0);
    uint32_t node = names_record_node(&target->names, frames, record->frames);

    uint32_t thread = slot == NULL ? 0 : slot->thread;

    if (record->kind == ML_KIND_FD_OPEN) {
        held_open open = {.time_ns = time_ns, .thread = thread, .node = node};
        take_open(target, &open, fields);
        return;
    }
    if (record->kind == ML_KIND_FD_CLOSE && !is_worth_writing(target, fields, time_ns)) {
        return;
    }
    ml_writer_event(target->writer, record->kind, time_ns, thread, node);
    write_fields(target->writer, fields, (const uint8_t *)record + record->size);
    ml_writer_event_end(target->writer);
}

static void take(sampler *target, const record_header *record)
{
    switch (record->type) {
    case RECORD_CODE: names_define(&target->names, record); break;
    case RECORD_DEATH: names_forget(&target->names, record->address, record->time_ns); break;
    case RECORD_TASK:
        names_task(&target->names, record->address, (const char *)(record + 1),
                   record->size - sizeof(*record));
        break;
    case RECORD_GROWTH: growth_take(&target->growth, record); break;
    case RECORD_THREAD:
        sampler_slot(target, record->thread, record->ident, record->native_id, 0,
                     (const char *)(record + 1), record->size - sizeof(*record));
        break;
    default: take_event(target, record); break;
    }
}

void sampler_write_growth(sampler *target)
{
    growth_write(&target->growth, &target->names, target->options.anchor_ns, thread_of, target);
}

void sampler_drain(void *owner)
{
    sampler *target = owner;

    while (ring_take(target->ring, target->record)) {
        take(target, target->record);
        /* A flood of messages must not overrun the block between two ticks. */
        if (ml_writer_fill(target->writer) >= 90) {
            ml_writer_seal(target->writer, sampler_now(target), ml_clock_wall());
        }
    }
    if (atomic_exchange(target->deaths_lost, false)) {
        names_forget_all(&target->names);
    }
}
