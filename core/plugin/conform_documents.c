#include "core/plugin/conform_parts.h"

#include "core/document/builder.h"
#include "core/document/rank.h"

/* Documents with a block of every kind, as analyzers would have written them. */

#define HOSTILE ML_CONFORM_MARKUP ML_CONFORM_ESCAPE "</script><!-- ]]> &amp; '\"`| \r\n\t\xff"

enum { UNKNOWN_KIND = 99 };

/* A document in the making, and the words that it is made of. */
typedef struct scribe {
    ml_document_draft *draft;
    const char *words;
} scribe;

static ml_builder *begin(const scribe *self, uint32_t kind, const char *key)
{
    return ml_draft_begin(self->draft, kind, key, self->words);
}

static void put_finding(const scribe *self)
{
    ml_builder *block = begin(self, ML_BLOCK_FINDING, "finding");

    ml_builder_set_text(block, ML_FIELD_RULE, "some-rule");
    ml_builder_set_number(block, ML_FIELD_LEVEL, ML_LEVEL_WARNING);
    ml_builder_set_number(block, ML_FIELD_CONFIDENCE, ML_CONFIDENCE_HIGH);
    ml_builder_set_number(block, ML_FIELD_IMPACT_NS, 1500000000);
    ml_builder_set_text(block, ML_FIELD_MESSAGE, self->words);
    ml_builder_set_text(block, ML_FIELD_WHY, self->words);
    ml_builder_set_text(block, ML_FIELD_LIMITS, self->words);
    ml_builder_add(block, ML_LIST_EVIDENCE, self->words);
    ml_builder_add(block, ML_LIST_NEXT, self->words);
    ml_builder_add(block, ML_LIST_LOCATION, "");
    ml_builder_set_text(block, ML_FIELD_FUNCTION, self->words);
    ml_builder_set_text(block, ML_FIELD_MODULE, self->words);
    ml_builder_set_text(block, ML_FIELD_FILE, self->words);
    ml_builder_set_text(block, ML_FIELD_THREAD, self->words);
    ml_builder_set_number(block, ML_FIELD_LINE, 41);
    ml_builder_end(block, self->words);
}

static void put_metric(const scribe *self)
{
    ml_builder *block = begin(self, ML_BLOCK_METRIC, "metric");

    ml_builder_set_number(block, ML_FIELD_TYPE, ML_TYPE_REAL);
    ml_builder_set_real(block, ML_FIELD_VALUE, 0.25);
    ml_builder_set_text(block, ML_FIELD_UNIT, self->words);
    ml_builder_end(block, self->words);
}

static void put_table_and_chart(const scribe *self)
{
    static const uint32_t types[] = {ML_TYPE_TEXT, ML_TYPE_INT, ML_TYPE_DURATION, ML_TYPE_RATIO};
    static const char *const names[] = {"name", "count", "time", "share"};
    ml_builder *block = begin(self, ML_BLOCK_TABLE, "table");

    for (int i = 0; i < 4; i++) {
        ml_builder_add(block, ML_LIST_COLUMN, names[i]);
        ml_builder_set_number(block, ML_FIELD_TYPE, types[i]);
    }
    for (int64_t row = 0; row < 3; row++) {
        ml_builder_put_text(block, self->words);
        ml_builder_put_int(block, -row);
        ml_builder_put_number(block, (uint64_t)row * 1000);
        ml_builder_put_null(block);
    }
    ml_builder_end(block, self->words);
    block = begin(self, ML_BLOCK_CHART, "chart");
    ml_builder_set_number(block, ML_FIELD_SHAPE, ML_CHART_LINE);
    ml_builder_set_text(block, ML_FIELD_TABLE, "table");
    ml_builder_set_text(block, ML_FIELD_X, "name");
    ml_builder_add(block, ML_LIST_Y, "time");
    ml_builder_end(block, self->words);
}

static void put_graph(const scribe *self)
{
    ml_builder *block = begin(self, ML_BLOCK_GRAPH, "graph");

    for (int i = 0; i < 2; i++) {
        ml_builder_add(block, ML_LIST_NODE, "");
        ml_builder_set_text(block, ML_FIELD_ID, i == 0 ? "a" : "b");
        ml_builder_set_text(block, ML_FIELD_LABEL, self->words);
        ml_builder_set_text(block, ML_FIELD_GROUP, self->words);
        ml_builder_set_real(block, ML_FIELD_WEIGHT, 1);
    }
    ml_builder_add(block, ML_LIST_EDGE, "");
    ml_builder_set_number(block, ML_FIELD_FROM, 0);
    ml_builder_set_number(block, ML_FIELD_TO, 1);
    ml_builder_set_text(block, ML_FIELD_LABEL, self->words);
    ml_builder_end(block, self->words);
}

static void put_timeline(const scribe *self)
{
    ml_builder *block = begin(self, ML_BLOCK_TIMELINE, "timeline");

    ml_builder_add(block, ML_LIST_LANE, self->words);
    ml_builder_add(block, ML_LIST_SPAN, "");
    ml_builder_set_number(block, ML_FIELD_LANE, 0);
    ml_builder_set_number(block, ML_FIELD_START, 1000000000);
    ml_builder_set_number(block, ML_FIELD_END, 2000000000);
    ml_builder_set_text(block, ML_FIELD_LABEL, self->words);
    ml_builder_end(block, self->words);
}

static void put_text_and_attachment(const scribe *self)
{
    ml_builder *block = begin(self, ML_BLOCK_TEXT, "text");

    ml_builder_end(block, self->words);
    block = begin(self, ML_BLOCK_ATTACHMENT, "attachment");
    ml_builder_set_text(block, ML_FIELD_NAME, self->words);
    ml_builder_set_text(block, ML_FIELD_MEDIA_TYPE, "application/octet-stream");
    ml_builder_set_bytes(block, "\0\1\2\xff", 4);
    ml_builder_end(block, self->words);
}

/* A block of a kind that a later minor might have. */
static const ml_block *make_unknown(ml_arena *arena, const char *words)
{
    ml_block *block = ml_arena_alloc(arena, sizeof(*block));

    if (block != NULL) {
        *block = (ml_block){.struct_size = sizeof(*block),
                            .kind = UNKNOWN_KIND,
                            .key = "unknown",
                            .title = words,
                            .text = words};
    }
    return block;
}

static const ml_block **with_unknown(ml_arena *arena, const ml_block *const *blocks, size_t count,
                                     const char *words)
{
    const ml_block **all = ml_arena_array(arena, count + 1, sizeof(*all));

    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = blocks[i];
    }
    if (all != NULL) {
        all[count] = make_unknown(arena, words);
    }
    return all == NULL || all[count] == NULL ? NULL : all;
}

static ml_document *make_document(ml_arena *arena, int which, int unknown, const ml_model *model,
                                  ml_error *error)
{
    scribe self = {.draft = ml_draft_new(arena, "sample", model, error),
                   .words = which == ML_CONFORM_HOSTILE ? HOSTILE : "Something to show"};
    ml_document *document = ml_arena_alloc(arena, sizeof(*document));

    if (self.draft == NULL || document == NULL) {
        return NULL;
    }
    put_finding(&self);
    put_metric(&self);
    put_table_and_chart(&self);
    put_graph(&self);
    put_timeline(&self);
    put_text_and_attachment(&self);
    *document = (ml_document){.struct_size = sizeof(*document),
                              .plugin = "sample",
                              .version = "1.0",
                              .title = "Sample",
                              .summary = "made for a test",
                              .message = ""};
    document->blocks = ml_draft_blocks(self.draft, &document->block_count);
    if (unknown) {
        document->blocks =
            with_unknown(arena, document->blocks, document->block_count++, self.words);
    }
    return document->blocks == NULL || ml_draft_refused(self.draft) != 0 ? NULL : document;
}

ml_status ml_conform_documents(ml_arena *arena, int which, int unknown, const ml_model *model,
                               ml_documents *out, ml_error *error)
{
    const ml_document **documents = ml_arena_array(arena, 1, sizeof(*documents));
    size_t count = which == ML_CONFORM_EMPTY ? 0 : 1;

    if (documents == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for documents");
    }
    if (count != 0) {
        documents[0] = make_document(arena, which, unknown, model, error);
        if (documents[0] == NULL) {
            return ml_error_add(error, "the documents to try it on cannot be made");
        }
    }
    return ml_rank(arena, documents, count, model, out) < 0
               ? ml_error_set(error, ML_ERROR_MEMORY, "no memory for documents")
               : ML_OK;
}
