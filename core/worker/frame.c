#include "core/worker/frame.h"

#include "core/base/crc32c.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static uint32_t checksum(const uint8_t head[12], const uint8_t *payload, size_t length)
{
    return ml_crc32c(ml_crc32c(0, head, 12), payload, length);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof(value));
}

static uint32_t get_u32(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

void ml_frame_head(uint8_t out[ML_FRAME_HEADER], const ml_frame *frame, uint32_t sequence)
{
    memset(out, 0, ML_FRAME_HEADER);
    put_u32(out, (uint32_t)frame->length);
    out[4] = frame->type;
    out[5] = frame->flags;
    put_u32(out + 8, sequence);
    put_u32(out + 12, checksum(out, frame->payload, frame->length));
}

int64_t ml_frame_parse(const uint8_t *bytes, size_t length, uint32_t sequence, ml_frame *out)
{
    if (length < ML_FRAME_HEADER) {
        return 0;
    }
    *out = (ml_frame){.type = bytes[4],
                      .flags = bytes[5],
                      .payload = bytes + ML_FRAME_HEADER,
                      .length = get_u32(bytes)};
    if (out->length > ML_FRAME_MAX || bytes[6] != 0 || bytes[7] != 0 ||
        get_u32(bytes + 8) != sequence || out->type < ML_FRAME_HELLO || out->type > ML_FRAME_DONE ||
        out->flags > ML_FRAME_MORE) {
        return ML_ERROR_FORMAT;
    }
    if (length - ML_FRAME_HEADER < out->length) {
        return 0;
    }
    if (get_u32(bytes + 12) != checksum(bytes, out->payload, out->length)) {
        return ML_ERROR_FORMAT;
    }
    return (int64_t)(ML_FRAME_HEADER + out->length);
}

/* Sends all of both parts. */
static ml_status send_parts(int socket, struct iovec parts[2])
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return ML_ERROR_IO;
        }
        for (int i = 0; i < 2; i++) {
            size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            sent -= (ssize_t)part;
        }
    }
    return ML_OK;
}

ml_status ml_frame_send(int socket, uint8_t type, const void *payload, size_t length,
                        uint32_t *sequence)
{
    const uint8_t *at = payload;
    uint8_t head[ML_FRAME_HEADER];
    struct iovec parts[2];

    do {
        size_t part = length < ML_FRAME_MAX ? length : ML_FRAME_MAX;
        ml_frame frame = {type, part < length ? ML_FRAME_MORE : 0, at, part};
        ml_frame_head(head, &frame, (*sequence)++);
        parts[0] = (struct iovec){head, sizeof(head)};
        parts[1] = (struct iovec){(void *)(uintptr_t)at, part};
        ML_TRY(send_parts(socket, parts));
        at = part == 0 ? at : at + part;
        length -= part;
    } while (length > 0);
    return ML_OK;
}
