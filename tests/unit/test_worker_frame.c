/* Frames arrive whole and in order, or not at all. */
#include "core/worker/frame.h"
#include "tests/unit/runner.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t make_frame(uint8_t *out, uint8_t type, const char *payload, uint32_t sequence)
{
    const ml_frame frame = {type, 0, (const uint8_t *)payload, strlen(payload)};

    ml_frame_head(out, &frame, sequence);
    memcpy(out + ML_FRAME_HEADER, payload, frame.length);
    return ML_FRAME_HEADER + frame.length;
}

ML_TEST(a_frame_comes_back)
{
    uint8_t bytes[64];
    size_t length = make_frame(bytes, ML_FRAME_LOG, "hello", 7);
    ml_frame frame;

    ML_CHECK_EQUAL(ml_frame_parse(bytes, length, 7, &frame), (int64_t)length);
    ML_CHECK_EQUAL(frame.type, ML_FRAME_LOG);
    ML_CHECK_EQUAL(frame.length, 5);
    ML_CHECK(memcmp(frame.payload, "hello", 5) == 0);
}

ML_TEST(a_frame_that_is_not_whole_is_waited_for)
{
    uint8_t bytes[64];
    size_t length = make_frame(bytes, ML_FRAME_DONE, "hello", 0);
    ml_frame frame;

    for (size_t part = 0; part < length; part++) {
        ML_CHECK_EQUAL(ml_frame_parse(bytes, part, 0, &frame), 0);
    }
}

ML_TEST(every_turned_bit_is_seen)
{
    uint8_t bytes[64];
    size_t length = make_frame(bytes, ML_FRAME_BLOCK, "hello", 3);
    ml_frame frame;

    for (size_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        /* A length may have become larger: then more is waited for. */
        ML_CHECK(ml_frame_parse(bytes, length, 3, &frame) <= 0);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    ML_CHECK_EQUAL(ml_frame_parse(bytes, length, 3, &frame), (int64_t)length);
}

ML_TEST(the_sequence_and_the_limit_hold)
{
    uint8_t bytes[64];
    size_t length = make_frame(bytes, ML_FRAME_LOG, "", 1);
    uint32_t much = (uint32_t)ML_FRAME_MAX + 1;
    ml_frame frame;

    ML_CHECK_EQUAL(ml_frame_parse(bytes, length, 2, &frame), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(ml_frame_parse(bytes, length, 1, &frame), ML_FRAME_HEADER);
    memcpy(bytes, &much, sizeof(much));
    ML_CHECK_EQUAL(ml_frame_parse(bytes, length, 1, &frame), ML_ERROR_FORMAT);
}

/* Reads exactly `length` bytes. */
static void read_all(int socket, uint8_t *to, size_t length)
{
    while (length > 0) {
        ssize_t got = read(socket, to, length);
        ML_CHECK(got > 0);
        to += got;
        length -= (size_t)got;
    }
}

ML_TEST(a_long_payload_goes_in_parts)
{
    enum { REST = 1000 };
    static uint8_t payload[((size_t)16 << 20) + REST];
    static uint8_t bytes[2 * ML_FRAME_HEADER + sizeof(payload)];
    uint32_t sequence = 0;
    ml_frame frame;
    int64_t first;
    int sockets[2];

    payload[sizeof(payload) - 1] = 1;
    ML_CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    if (fork() == 0) {
        _exit(ml_frame_send(sockets[1], ML_FRAME_BLOCK, payload, sizeof(payload), &sequence) < 0);
    }
    read_all(sockets[0], bytes, sizeof(bytes));
    first = ml_frame_parse(bytes, sizeof(bytes), 0, &frame);
    ML_CHECK_EQUAL(first, ML_FRAME_HEADER + (int64_t)ML_FRAME_MAX);
    ML_CHECK_EQUAL(frame.flags, ML_FRAME_MORE);
    ML_CHECK_EQUAL(ml_frame_parse(bytes + first, sizeof(bytes) - (size_t)first, 1, &frame),
                   ML_FRAME_HEADER + REST);
    ML_CHECK_EQUAL(frame.flags, 0);
    ML_CHECK_EQUAL(frame.payload[REST - 1], 1);
    ML_CHECK(wait(NULL) > 0);
}

ML_TEST(sending_to_nobody_is_an_error_and_no_signal)
{
    uint32_t sequence = 0;
    int sockets[2];

    ML_CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    close(sockets[0]);
    ML_CHECK_EQUAL(ml_frame_send(sockets[1], ML_FRAME_LOG, "x", 1, &sequence), ML_ERROR_IO);
}
