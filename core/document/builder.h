/* builder: turns the calls of a plugin into the blocks of one document.
 *
 * It checks every rule of the contract (microlog/plugin.h, "microlog.document/1"): that a field
 * belongs to the kind of block, that cells have their column's type, that rows are whole, that
 * references lead somewhere, and the limits below. It repairs text into valid UTF-8. Errors are
 * sticky: the first one makes the block refused, and everything until `end` is ignored.
 *
 * The blocks are plain data in the arena that the draft was given, and live as long as it. Not
 * thread-safe. It does not rank findings (rank.h) and knows nothing of shared objects
 * (core/plugin).
 */
#ifndef ML_DOCUMENT_BUILDER_H
#define ML_DOCUMENT_BUILDER_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

#define ML_TEXT_MAX 65536          /* bytes of one text; longer ones are cut between characters */
#define ML_KEY_MAX 256             /* bytes of a key */
#define ML_BLOCKS_MAX 10000        /* of a document */
#define ML_COLUMNS_MAX 64          /* of a table */
#define ML_ITEMS_MAX 100000        /* of any other list */
#define ML_ATTACHMENT_MAX 16777216 /* bytes of an attachment */

/* A document in the making. */
typedef struct ml_document_draft ml_document_draft;

/* A draft for plugin `plugin` over `model`, which turns FUNCTION cells into text (NULL: there are
 * none). The first failure starts the chain in `error`. All three are borrowed until the arena
 * goes. NULL when there is no memory. */
ml_document_draft *ml_draft_new(ml_arena *arena, const char *plugin, const ml_model *model,
                                ml_error *error);

/* Refuses findings from now on: for explainers, which run when findings are already numbered. */
void ml_draft_refuse_findings(ml_document_draft *draft);

/* Calls `kept` with every block as it is ended and kept. */
void ml_draft_watch(ml_document_draft *draft, void (*kept)(void *context, const ml_block *block),
                    void *context);

/* The members of ml_document_writer; begin takes the draft for its host. */
ml_builder *ml_draft_begin(ml_document_draft *draft, uint32_t kind, const char *key,
                           const char *title);
void ml_builder_set_text(ml_builder *builder, uint32_t field, const char *text);
void ml_builder_set_number(ml_builder *builder, uint32_t field, uint64_t value);
void ml_builder_set_real(ml_builder *builder, uint32_t field, double value);
void ml_builder_set_bytes(ml_builder *builder, const void *bytes, size_t length);
void ml_builder_add(ml_builder *builder, uint32_t list, const char *text);
void ml_builder_put_null(ml_builder *builder);
void ml_builder_put_text(ml_builder *builder, const char *text);
void ml_builder_put_number(ml_builder *builder, uint64_t value);
void ml_builder_put_int(ml_builder *builder, int64_t value);
void ml_builder_put_real(ml_builder *builder, double value);
ml_status ml_builder_end(ml_builder *builder, const char *text);

/* How many blocks were refused; a block that was begun and never ended counts. */
size_t ml_draft_refused(const ml_document_draft *draft);

/* The blocks, in their order. Ends the draft. */
const ml_block *const *ml_draft_blocks(ml_document_draft *draft, size_t *count);

/* Highest importance first, else as they were put. */
void ml_blocks_order(const ml_block **blocks, size_t count);

#endif
