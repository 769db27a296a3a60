/* frame: the pieces in which a worker and the tool talk over their socket.
 *
 *     0  u32  bytes of the payload, at most ML_FRAME_MAX
 *     4  u8   type        5  u8  flags        6  u16  0
 *     8  u32  sequence: 0, 1, 2, … in each direction
 *    12  u32  CRC32C of the twelve bytes before and the payload
 *
 * Little-endian, since both ends are one program. A payload that is longer goes in several frames,
 * all but the last with ML_FRAME_MORE. The checks are there because a plugin may write into the
 * worker's descriptor: what is not exactly the next frame ends the worker.
 */
#ifndef ML_WORKER_FRAME_H
#define ML_WORKER_FRAME_H

#include "core/base/buffer.h"
#include "core/base/status.h"

#define ML_FRAME_HEADER 16
#define ML_FRAME_MAX ((size_t)16 << 20)

#define ML_FRAME_MORE 1u /* flag: the next frame continues this payload */

enum {
    ML_FRAME_HELLO = 1, /* worker: what the plugin is, or why it cannot be loaded; see hello.h */
    ML_FRAME_JOB,       /* tool: a job, with descriptors; see order.h */
    ML_FRAME_LOG,       /* worker: u8 level, text */
    ML_FRAME_BLOCK,     /* worker: a block as it was put; core/document/encode.h */
    ML_FRAME_BYTES,     /* worker: what a renderer writes */
    ML_FRAME_DONE       /* worker: how the job ended; see order.h */
};

typedef struct ml_frame {
    uint8_t type, flags;
    const uint8_t *payload;
    size_t length;
} ml_frame;

/* The header of a frame with that payload, of at most ML_FRAME_MAX bytes. */
void ml_frame_head(uint8_t out[ML_FRAME_HEADER], const ml_frame *frame, uint32_t sequence);

/* The frame at the beginning of `bytes`: its whole size, 0 when more bytes are needed, ML_ERROR_FORMAT
 * when this is not frame `sequence`. The payload points into `bytes`. */
int64_t ml_frame_parse(const uint8_t *bytes, size_t length, uint32_t sequence, ml_frame *out);

/* Writes frames to a socket, waiting as long as it takes. For the worker's end. */
ml_status ml_frame_send(int socket, uint8_t type, const void *payload, size_t length,
                        uint32_t *sequence);

#endif
