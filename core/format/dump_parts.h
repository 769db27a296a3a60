/* dump_parts: what the two forms of a dump share: where output goes, and what is shown when. */
#ifndef ML_FORMAT_DUMP_PARTS_H
#define ML_FORMAT_DUMP_PARTS_H

#include "core/base/buffer.h"
#include "core/format/dump.h"

typedef struct ml_dump_state {
    const ml_reader *reader;
    const ml_recording *recording;
    size_t recording_index;
    ml_buffer out; /* what waits for the sink */
    const ml_dump_sink *sink;
    ml_status status;    /* the first failure of memory or sink */
    uint32_t unreadable; /* chunks */
} ml_dump_state;

/* How a form shows each part. A chunk's runs and events are read before and gone afterwards. */
typedef struct ml_dump_form {
    void (*head)(ml_dump_state *dump); /* file header and HEAD */
    void (*diagnostics)(ml_dump_state *dump);
    void (*strings)(ml_dump_state *dump);
    void (*codes)(ml_dump_state *dump);
    void (*frames)(ml_dump_state *dump);
    void (*nodes)(ml_dump_state *dump);
    void (*threads)(ml_dump_state *dump);
    void (*kinds)(ml_dump_state *dump);
    void (*chunks)(ml_dump_state *dump);
    void (*gaps)(ml_dump_state *dump);
    void (*sources)(ml_dump_state *dump); /* nothing if there is no sRCe */
    void (*runs)(ml_dump_state *dump, size_t chunk, const ml_runs *runs);
    void (*events)(ml_dump_state *dump, size_t chunk, const ml_events *events);
    void (*unreadable)(ml_dump_state *dump, size_t chunk, const ml_error *error);
} ml_dump_form;

extern const ml_dump_form ml_dump_text_form, ml_dump_json_form;

/* Hands what was put so far to the sink when it is enough to be worth it; to be called once a line.
 */
void ml_dump_flush(ml_dump_state *dump);

#endif
