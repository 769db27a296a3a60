/* tables: the definitions of a recording being written: strings, code objects, frames, nodes,
 * threads, kinds.
 *
 * Equal content gets the equal id through open-addressing hash tables of fixed size. `count` grows
 * with each definition; `sealed` follows when the definition is in the file, `journaled` when it is in the
 * journal. Definitions are never taken back.
 */
#ifndef ML_FORMAT_TABLES_H
#define ML_FORMAT_TABLES_H

#include "core/format/chunk.h"
#include "core/format/kinds.h"
#include "core/format/memory.h"
#include "core/format/write.h"

/* A hash set of ids: slots hold id + 1, 0 is free; at most half are ever used. It begins small and
 * doubles within its address space, so that few entries touch few pages. */
typedef struct ml_table_index {
    uint32_t *slots;
    uint32_t mask, most_mask; /* of the slots in use; of all there is room for */
} ml_table_index;

typedef struct ml_table_code {
    uint32_t file, name, first_line, module, flags;
} ml_table_code;

typedef struct ml_table_frame {
    uint32_t code, line;
} ml_table_frame;

typedef struct ml_table_node {
    uint32_t parent, frame;
} ml_table_node;

typedef struct ml_table_thread {
    uint64_t ident, native_id, interpreter, first_tick;
    uint32_t name;
    uint64_t number; /* plus one, for the 00 byte in the name; 0: the name is as it is */
} ml_table_thread;

/* The strings of a kind in the file. */
typedef struct ml_table_kind {
    uint32_t name, kind; /* string; which of the registry */
    uint32_t field_name[ML_KIND_FIELDS_WRITTEN], field_unit[ML_KIND_FIELDS_WRITTEN];
} ml_table_kind;

typedef struct ml_writer_tables {
    uint32_t count[ML_TABLE_COUNT], limit[ML_TABLE_COUNT];
    uint32_t sealed[ML_TABLE_COUNT], journaled[ML_TABLE_COUNT];
    uint64_t seed; /* of the hashes */
    uint64_t dropped;
    uint8_t *string_bytes;
    uint32_t string_bytes_used, string_bytes_limit;
    uint32_t *string_start, *string_length, *string_hash;
    uint8_t *string_is_file; /* of a code object that came from one */
    ml_table_code *codes;
    ml_table_frame *frames;
    ml_table_node *nodes;
    ml_table_thread *threads;
    ml_table_index index[ML_TABLE_NODES + 1]; /* of strings, codes, frames, nodes */
    uint32_t overflow_node;                   /* roots that found no room; 0 until needed */
    ml_kind_spec registry[ML_KIND_COUNT];
    ml_table_kind kinds[ML_KIND_COUNT]; /* by id in the file */
    uint32_t kind_id[ML_KIND_COUNT];    /* of a registered kind, plus one; 0 when not yet used */
} ml_writer_tables;

void ml_tables_carve(ml_writer_tables *tables, ml_memory *memory, const ml_writer_options *options);

/* Sets up the ids that every recording has: string 0 and node 0. */
ml_status ml_tables_start(ml_writer_tables *tables, uint64_t seed);

/* The next string after `previous` that is a file of code; 0: none. */
uint32_t ml_tables_next_file(const ml_writer_tables *tables, uint32_t previous);

uint32_t ml_tables_string(ml_writer_tables *tables, const void *bytes, size_t length);
uint32_t ml_tables_code(ml_writer_tables *tables, const ml_table_code *code);
uint32_t ml_tables_node(ml_writer_tables *tables, uint32_t parent, uint32_t code, uint32_t line);
uint32_t ml_tables_thread(ml_writer_tables *tables, const ml_table_thread *thread);

/* The id in the file of a registered kind, defining it at its first use. */
uint32_t ml_tables_kind(ml_writer_tables *tables, uint32_t kind);

/* About how many bytes the definitions not yet sealed make before compression. */
uint64_t ml_tables_size(const ml_writer_tables *tables);

/* The share of one chunk that pending definitions fill, in percent. */
unsigned ml_tables_fill(const ml_writer_tables *tables);

/* Puts the next part of what is pending into `chunk` as the preamble and columns of DEFS, and where
 * that part ends into `upto`. `from` is where it begins. */
void ml_tables_encode(const ml_writer_tables *tables, ml_chunk_writer *chunk,
                      const uint32_t from[ML_TABLE_COUNT], uint32_t upto[ML_TABLE_COUNT]);

#endif
