/* wire: the bytes in which documents and their like cross from one process of the tool to another.
 *
 * A text is its length, its bytes and a NUL, so that whoever reads may point into the bytes instead
 * of copying them. Whole numbers are unsigned LEB128, real ones their eight bytes. It is spoken
 * between processes of one build and never stored, so it has no versions. What is read may come
 * from a broken process: the reader is bounded and its failure sticky. encode.h and decode.h say
 * documents with it.
 */
#ifndef ML_DOCUMENT_WIRE_H
#define ML_DOCUMENT_WIRE_H

#include "core/base/arena.h"
#include "core/base/buffer.h"

/* How a member of a struct is stored. */
enum { ML_WIRE_TEXT, ML_WIRE_U32, ML_WIRE_U64, ML_WIRE_REAL, ML_WIRE_REAL_ANY }; /* REAL: finite */

typedef struct ml_wire_member {
    int storage;
    size_t offset;
    uint32_t minimum, maximum; /* of U32 */
} ml_wire_member;

/* The members of a struct of the plugin contract, lists left out. */
typedef struct ml_wire_shape {
    const ml_wire_member *members;
    size_t count, size; /* size: of the struct */
} ml_wire_shape;

extern const ml_wire_shape ml_wire_block, ml_wire_finding, ml_wire_location, ml_wire_metric,
    ml_wire_table, ml_wire_column, ml_wire_chart, ml_wire_graph, ml_wire_node, ml_wire_edge,
    ml_wire_span, ml_wire_attachment, ml_wire_document;

/* ---- writing: the buffer keeps the first failure ---- */

void ml_wire_put_text(ml_buffer *out, const char *text);
void ml_wire_put_real(ml_buffer *out, double value);
void ml_wire_put_struct(ml_buffer *out, const ml_wire_shape *shape, const void *from);

/* ---- reading ---- */

typedef struct ml_wire_reader {
    const uint8_t *at, *end;
    ml_arena *arena;
    ml_status status; /* ML_OK, or the first failure; later calls give 0, "" and NULL */
} ml_wire_reader;

ml_wire_reader ml_wire_open(ml_arena *arena, const void *bytes, size_t length);

/* ML_OK if everything was read, and read well. */
ml_status ml_wire_close(const ml_wire_reader *reader);

void ml_wire_fail(ml_wire_reader *reader, ml_status status);
uint64_t ml_wire_number(ml_wire_reader *reader, uint64_t maximum);
double ml_wire_real(ml_wire_reader *reader);

/* A text that points into the bytes: valid UTF-8; `raw` any bytes but NUL. */
const char *ml_wire_text(ml_wire_reader *reader);
const char *ml_wire_raw_text(ml_wire_reader *reader);

/* `length` bytes that are left where they are, or NULL. */
const uint8_t *ml_wire_bytes(ml_wire_reader *reader, size_t length);

/* How many items follow: at most `limit`, and no more than there are bytes for, at `least` each. */
size_t ml_wire_count(ml_wire_reader *reader, size_t limit, size_t least);

/* Zeroed room for `count` things, or NULL and failed. */
void *ml_wire_room(ml_wire_reader *reader, size_t count, size_t size);

void ml_wire_struct(ml_wire_reader *reader, const ml_wire_shape *shape, void *to);

/* The fewest bytes that a struct of the shape takes. */
size_t ml_wire_least(const ml_wire_shape *shape);

#endif
