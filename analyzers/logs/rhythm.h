/* rhythm: how the messages of one template lie in time: floods and silences. */
#ifndef MICROLOG_ANALYZERS_LOGS_RHYTHM_H
#define MICROLOG_ANALYZERS_LOGS_RHYTHM_H

#include "templates.h"

/* A flood: at least FLOOD_RATE messages in each of FLOOD_SECONDS or more seconds of the run on end. */
enum { FLOOD_RATE = 100, FLOOD_SECONDS = 2 };

typedef struct flood {
    uint64_t start_ns, end_ns; /* whole seconds; both 0: none. The one with the most messages */
    uint32_t count;            /* messages in it */
} flood;

flood rhythm_flood(const ml_model *model, const message_templates *from,
                   const message_template *one);

/* A silence: of at least SILENCE_LEAST messages that come regularly (median gap 0.1 s or more, half of the gaps
 * within a half of it) one gap is SILENCE_TIMES the median and SILENCE_SECONDS or longer, while the thread
 * that said the one before it lives on. Of a message that comes like a clock (BEATS_LEAST times, half of the gaps
 * within an eighth of the median) and comes back, BEAT_SECONDS are enough: work does not beat so regularly. */
enum {
    SILENCE_LEAST = 10,
    SILENCE_TIMES = 10,
    SILENCE_SECONDS = 5,
    BEATS_LEAST = 20,
    BEAT_SECONDS = 2
};

typedef struct silence {
    uint64_t start_ns, end_ns; /* both 0: none. The longest */
    uint64_t median_ns;        /* gap, without the silence */
    uint32_t before;           /* row of messages */
    int32_t is_last;           /* it lasts until the thread ends */
    int32_t is_broken;         /* the message came like a clock, and came back */
} silence;

/* ML_ERROR_MEMORY with a cause when there is no memory. */
ml_status rhythm_silence(const ml_host *host, const message_templates *from,
                         const message_template *one, silence *out);

#endif
