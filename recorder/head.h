/* head: which recording this is, and what it says of the process at its beginning. */
#ifndef RECORDER_HEAD_H
#define RECORDER_HEAD_H

#include "settings.h"

#include "core/format/write.h"

enum { HEAD_HEX = 33 /* a uuid in hexadecimal, and a NUL */ };

/* Who it is and when it began; made when recording is decided, which may be before there is a file. */
typedef struct head_identity {
    uint8_t uuid[16], session[16], parent[16];
    uint64_t anchor_ns, uncertainty_ns;
    int64_t wall_ns, utc_offset_s;
    uint64_t seed; /* of the schedule */
} head_identity;

/* A new recording, which begins now. One without a session begins its own, named after it. */
void head_identify(const recorder_options *options, head_identity *out);

/* In the child of a fork: a recording of the same session, whose parent is the one that `identity` was. Takes no lock that
 * another thread may have held at the fork. */
void head_identify_child(head_identity *identity);

void head_hex(const uint8_t uuid[16], char out[HEAD_HEX]);
/* False if `text` does not begin with 32 hexadecimal digits. */
bool head_read_hex(const char *text, uint8_t uuid[16]);

/* Room for texts that ml_head borrows. */
typedef struct head_texts {
    char system[512], host[256];
} head_texts;

/* All that HEAD says but how stacks are read. Borrows from all three. */
void head_fill(const head_identity *identity, const recorder_options *options, head_texts *texts,
               ml_head *out);

#endif
