#include "core/format/read_parts.h"

static ml_status damaged(ml_error *error, const char *what)
{
    return ml_error_set(error, ML_ERROR_FORMAT, "the preamble is damaged: %s", what);
}

/* The end of [start, start + span) on the monotonic clock must be a number. */
static int is_time(const ml_head *head, uint64_t start, uint64_t span)
{
    uint64_t end;

    return !__builtin_add_overflow(start, span, &end) &&
           !__builtin_add_overflow(end, head->anchor_ns, &end);
}

static ml_status samples_info(ml_chunk_info *info, const uint64_t *values, const ml_head *head,
                              const ml_limits *limits, ml_error *error)
{
    uint64_t start;

    info->start_ns = values[ML_SAMP_START];
    info->span_ns = values[ML_SAMP_SPAN];
    info->ticks = values[ML_SAMP_TICKS];
    info->samples = values[ML_SAMP_SAMPLES];
    info->runs = values[ML_SAMP_RUNS];
    info->first_tick = values[ML_SAMP_FIRST_SLOT];
    info->slots = info->span_ns / head->period_ns;
    if (info->ticks == 0 || info->ticks > limits->block_ticks) {
        return damaged(error, "a block without ticks, or with more than the limit allows");
    }
    if (info->first_tick > ML_TICKS_MAX || info->slots > ML_TICKS_MAX - info->first_tick ||
        info->slots < info->ticks || info->slots - info->ticks != values[ML_SAMP_LOST_TICKS]) {
        return damaged(error, "ticks taken and lost do not make the span");
    }
    if (__builtin_mul_overflow(info->first_tick, head->period_ns, &start) ||
        start != info->start_ns || info->span_ns % head->period_ns != 0 ||
        !is_time(head, start, info->span_ns)) {
        return damaged(error, "times and ticks disagree");
    }
    return ML_OK;
}

static ml_status events_info(ml_chunk_info *info, const uint64_t *values, const ml_head *head,
                             ml_error *error)
{
    info->start_ns = values[ML_EVNT_START];
    info->span_ns = values[ML_EVNT_SPAN];
    info->events = values[ML_EVNT_EVENTS];
    if (info->events == 0) {
        return damaged(error, "a block without events");
    }
    if (info->start_ns % head->event_unit_ns != 0 ||
        !is_time(head, info->start_ns, info->span_ns)) {
        return damaged(error, "times are not in the unit of HEAD, or too large");
    }
    return ML_OK;
}

ml_status ml_chunk_info_read(ml_chunk_info *info, const ml_chunk_view *view, const ml_head *head,
                             const ml_limits *limits, ml_error *error)
{
    int is_samples = strcmp(view->type, "SAMP") == 0;
    unsigned known = is_samples ? ML_SAMP_PREAMBLE : ML_EVNT_PREAMBLE;
    uint64_t values[ML_SAMP_PREAMBLE] = {0};
    ml_cursor preamble = view->preamble;

    /* Values that an older writer did not know are 0, those of a newer one are left alone. */
    for (unsigned i = 0; i < known && preamble.at != preamble.end; i++) {
        values[i] = ml_cursor_uv(&preamble);
    }
    if (preamble.bad) {
        return damaged(error, "a number is cut off");
    }
    memcpy(info->type, view->type, sizeof(info->type));
    info->sequence = view->sequence;
    info->drift_ns = ml_zigzag_decode(values[is_samples ? ML_SAMP_DRIFT : ML_EVNT_DRIFT]);
    return is_samples ? samples_info(info, values, head, limits, error)
                      : events_info(info, values, head, error);
}
