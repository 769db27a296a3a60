/* draft: the insides of a document in the making, shared by the four files of the builder:
 * builder.c (begin and end), fields.c (fields and lists), cells.c (tables) and finish.c (rules of
 * whole blocks). Nobody else includes this.
 */
#ifndef ML_DOCUMENT_DRAFT_H
#define ML_DOCUMENT_DRAFT_H

#include "core/document/builder.h"

/* Where a field can go. Inner ones come later: a field goes to the innermost open target that has
 * it. */
enum {
    TARGET_BLOCK,
    TARGET_FINDING,
    TARGET_METRIC,
    TARGET_TABLE,
    TARGET_CHART,
    TARGET_GRAPH,
    TARGET_TIMELINE,
    TARGET_ATTACHMENT,
    TARGET_COLUMN, /* from here on: items of lists */
    TARGET_NODE,
    TARGET_EDGE,
    TARGET_SPAN,
    TARGET_LOCATION,
    TARGET_COUNT
};

/* The lists of the contract, and one more for the curve of the newest edge. */
enum { LIST_CURVE = ML_LIST_SPAN + 1, LIST_COUNT };

typedef struct ml_list {
    void *items;
    size_t count, capacity;
} ml_list;

struct ml_builder {
    ml_document_draft *draft;
    int open;
    ml_status status; /* sticky */
    ml_block *block;
    void *target[TARGET_COUNT]; /* NULL: not open */
    ml_list list[LIST_COUNT];
    const char *rule;     /* finding: without the plugin */
    uint64_t fingerprint; /* of the parts so far */
    size_t row_capacity;  /* of each column */
    uint64_t cell;        /* table: cells put so far, kept or not */
};

struct ml_document_draft {
    ml_arena *arena;
    const char *plugin;
    const ml_model *model;
    ml_error *error;
    int refuses_findings;
    size_t refused;
    const ml_block **blocks;
    size_t block_count, block_capacity;
    uint64_t *key_hashes; /* of each block, so that a second one with the same key is found fast */
    size_t key_capacity;
    void (*kept)(void *context, const ml_block *block); /* or NULL */
    void *context;
    const char **function_text; /* by row of functions, filled as needed */
    ml_builder builder;
};

/* Makes the block refused, with a sentence that names it; keeps the first failure. */
void ml_builder_refuse(ml_builder *builder, ml_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True if calls still count. */
int ml_builder_is_live(const ml_builder *builder);

/* A copy of `text` that is valid UTF-8 of at most ML_TEXT_MAX bytes; on failure refuses, and gives
 * "". */
const char *ml_builder_text(ml_builder *builder, const char *text);

/* One more zeroed item of `size` bytes at the end of a list, or NULL and refused. */
void *ml_builder_item(ml_builder *builder, uint32_t list, size_t size, size_t limit);

/* Sets the text fields of a fresh struct to "". */
void ml_fields_clear(int target, void *item);

/* Checks the rules that need the whole block, and completes its struct. */
void ml_builder_finish(ml_builder *builder);

/* FNV-1a 64 of `length` bytes, continuing from `hash`. */
#define ML_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t ml_hash(uint64_t hash, const void *bytes, size_t length);

#endif
