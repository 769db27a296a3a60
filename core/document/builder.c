#include "core/document/builder.h"

#include "core/base/buffer.h"
#include "core/base/text.h"
#include "core/document/draft.h"
#include "core/document/names.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t ml_hash(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

ml_document_draft *ml_draft_new(ml_arena *arena, const char *plugin, const ml_model *model,
                                ml_error *error)
{
    ml_document_draft *draft = ml_arena_alloc(arena, sizeof(*draft));

    if (draft != NULL) {
        draft->arena = arena;
        draft->plugin = plugin;
        draft->model = model;
        draft->error = error;
        draft->builder.draft = draft;
    }
    return draft;
}

void ml_draft_refuse_findings(ml_document_draft *draft)
{
    draft->refuses_findings = 1;
}

void ml_draft_watch(ml_document_draft *draft, void (*kept)(void *context, const ml_block *block),
                    void *context)
{
    draft->kept = kept;
    draft->context = context;
}

size_t ml_draft_refused(const ml_document_draft *draft)
{
    return draft->refused + (draft->builder.open != 0);
}

/* ---- failures ---- */

int ml_builder_is_live(const ml_builder *builder)
{
    return builder->open && builder->status == ML_OK;
}

void ml_builder_refuse(ml_builder *builder, ml_status status, const char *format, ...)
{
    ml_error *error = builder->draft->error;
    char sentence[512];
    va_list arguments;

    if (builder->status < 0) {
        return;
    }
    builder->status = status;
    if (error->text[0] != '\0') {
        return;
    }
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (builder->block == NULL) {
        ml_error_set(error, status, "a block was refused: %s", sentence);
    } else {
        ml_error_set(error, status, "%s \"%s\" was refused: %s", ml_name_kind(builder->block->kind),
                     builder->block->key, sentence);
    }
}

/* ---- memory ---- */

/* The most bytes up to `limit` that end between two characters; `limit` itself in what is not
 * UTF-8. */
static size_t cut(const char *text, size_t limit)
{
    for (size_t back = 0; back < 4 && back < limit; back++) {
        if (((unsigned char)text[limit - back] & 0xc0) != 0x80) {
            return limit - back;
        }
    }
    return limit;
}

/* A copy that ends with an ellipsis if it had to be cut. */
static const char *copy_cut(ml_arena *arena, const char *text, size_t length)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    size_t keep;
    char *copy;

    if (length <= ML_TEXT_MAX) {
        return ml_arena_copy(arena, text, length);
    }
    keep = cut(text, ML_TEXT_MAX - (sizeof(ellipsis) - 1));
    copy = ml_arena_alloc(arena, keep + sizeof(ellipsis));
    if (copy != NULL) {
        memcpy(copy, text, keep);
        memcpy(copy + keep, ellipsis, sizeof(ellipsis));
    }
    return copy;
}

static const char *copy_repaired(ml_arena *arena, const char *text, size_t length)
{
    ml_buffer repaired;
    const char *copy = NULL;

    ml_buffer_init(&repaired, SIZE_MAX / 2);
    ml_text_repair(&repaired, text, length);
    if (repaired.status == ML_OK) {
        /* The byte behind the end is looked at when the text is cut. */
        ml_buffer_put_u8(&repaired, 0);
        copy = repaired.status < 0
                   ? NULL
                   : copy_cut(arena, (const char *)repaired.data, repaired.length - 1);
    }
    ml_buffer_release(&repaired);
    return copy;
}

const char *ml_builder_text(ml_builder *builder, const char *text)
{
    enum {
        LOOK = ML_TEXT_MAX + 8
    }; /* enough to see that it is too long, and to end between characters */
    size_t length = strnlen(text, LOOK);
    const char *copy;

    if (length == LOOK) {
        length = cut(text, LOOK - 1);
    }
    copy = ml_text_is_valid(text, length) ? copy_cut(builder->draft->arena, text, length)
                                          : copy_repaired(builder->draft->arena, text, length);
    if (copy == NULL) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory for a text of %zu bytes", length);
        return "";
    }
    return copy;
}

void *ml_builder_item(ml_builder *builder, uint32_t list, size_t size, size_t limit)
{
    ml_list *items = &builder->list[list];

    if (items->count >= limit) {
        ml_builder_refuse(builder, ML_ERROR_TOO_LARGE, "a list has more than %zu items", limit);
        return NULL;
    }
    if (ml_arena_grow(builder->draft->arena, &items->items, &items->capacity, items->count + 1,
                      size) < 0) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory for %zu items", items->count + 1);
        return NULL;
    }
    return (char *)items->items + size * items->count++;
}

/* ---- begin ---- */

/* The struct of a kind, its target, and where the block points to it. */
typedef struct kind_rule {
    int target;
    size_t size, offset;
} kind_rule;

static const kind_rule kinds[] = {
    [ML_BLOCK_FINDING] = {TARGET_FINDING, sizeof(ml_finding), offsetof(ml_block, finding)},
    [ML_BLOCK_METRIC] = {TARGET_METRIC, sizeof(ml_metric), offsetof(ml_block, metric)},
    [ML_BLOCK_TABLE] = {TARGET_TABLE, sizeof(ml_table), offsetof(ml_block, table)},
    [ML_BLOCK_CHART] = {TARGET_CHART, sizeof(ml_chart), offsetof(ml_block, chart)},
    [ML_BLOCK_GRAPH] = {TARGET_GRAPH, sizeof(ml_graph), offsetof(ml_block, graph)},
    [ML_BLOCK_TIMELINE] = {TARGET_TIMELINE, sizeof(ml_timeline), offsetof(ml_block, timeline)},
    [ML_BLOCK_TEXT] = {TARGET_BLOCK, 0, 0},
    [ML_BLOCK_ATTACHMENT] = {TARGET_ATTACHMENT, sizeof(ml_attachment),
                             offsetof(ml_block, attachment)},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static void set_defaults(ml_builder *builder)
{
    ml_finding *finding = builder->target[TARGET_FINDING];
    ml_metric *metric = builder->target[TARGET_METRIC];
    ml_table *table = builder->target[TARGET_TABLE];
    ml_chart *chart = builder->target[TARGET_CHART];

    if (finding != NULL) {
        finding->handle = "";
        finding->confidence = ML_CONFIDENCE_MEDIUM;
    }
    if (metric != NULL) {
        metric->type = ML_TYPE_REAL;
        metric->value = (double)NAN;
    }
    if (table != NULL) {
        table->order_by = ML_NONE;
    }
    if (chart != NULL) {
        chart->shape = ML_CHART_LINE;
    }
}

/* Makes the struct of the block's kind and opens it for fields. */
static void open_kind(ml_builder *builder)
{
    const kind_rule *rule = &kinds[builder->block->kind];
    void *item;

    if (rule->size == 0) {
        return;
    }
    item = ml_arena_alloc(builder->draft->arena, rule->size);
    if (item == NULL) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory");
        return;
    }
    ml_fields_clear(rule->target, item);
    memcpy((char *)builder->block + rule->offset, &item, sizeof(item));
    builder->target[rule->target] = item;
    set_defaults(builder);
}

static int has_key(const ml_document_draft *draft, const char *key, uint64_t hash)
{
    for (size_t i = 0; i < draft->block_count; i++) {
        if (draft->key_hashes[i] == hash && strcmp(draft->blocks[i]->key, key) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Sets key and title, and checks what can be checked at the beginning. */
static void open_block(ml_builder *builder, uint32_t kind, const char *key, const char *title)
{
    ml_document_draft *draft = builder->draft;
    ml_block *block = ml_arena_alloc(draft->arena, sizeof(*block));

    if (block == NULL) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory");
        return;
    }
    *block = (ml_block){.struct_size = sizeof(*block),
                        .kind = kind,
                        .importance = 50,
                        .key = "",
                        .title = "",
                        .text = ""};
    builder->block = block;
    builder->target[TARGET_BLOCK] = block;
    block->key = ml_builder_text(builder, key == NULL ? "" : key);
    block->title = ml_builder_text(builder, title == NULL ? "" : title);
    if (kind == 0 || kind >= KIND_COUNT) {
        ml_builder_refuse(builder, ML_ERROR_UNSUPPORTED, "there is no kind of block %u", kind);
    } else if (block->key[0] == '\0' || strlen(block->key) > ML_KEY_MAX) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "a key has 1 to %d bytes", ML_KEY_MAX);
    } else if (block->title[0] == '\0') {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "it has no title");
    } else if (has_key(draft, block->key, ml_hash(ML_HASH_START, block->key, strlen(block->key)))) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT,
                          "the document has a block with that key already");
    } else if (draft->block_count >= ML_BLOCKS_MAX) {
        ml_builder_refuse(builder, ML_ERROR_TOO_LARGE, "a document has at most %d blocks",
                          ML_BLOCKS_MAX);
    } else if (kind == ML_BLOCK_FINDING && draft->refuses_findings) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT,
                          "an explainer puts no findings: they are numbered before it runs");
    }
}

ml_builder *ml_draft_begin(ml_document_draft *draft, uint32_t kind, const char *key,
                           const char *title)
{
    ml_builder *builder = &draft->builder;
    int was_open = builder->open;

    draft->refused += was_open != 0;
    *builder = (ml_builder){.draft = draft, .open = 1, .rule = "", .fingerprint = ML_HASH_START};
    open_block(builder, kind, key, title);
    if (was_open) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "the block before it was not ended");
    }
    if (builder->status == ML_OK) {
        open_kind(builder);
    }
    return builder;
}

void ml_builder_set_bytes(ml_builder *builder, const void *bytes, size_t length)
{
    ml_attachment *attachment = builder->target[TARGET_ATTACHMENT];

    if (!ml_builder_is_live(builder)) {
        return;
    }
    if (attachment == NULL || (bytes == NULL && length != 0)) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "bytes without an attachment, or NULL");
    } else if (length > ML_ATTACHMENT_MAX) {
        ml_builder_refuse(builder, ML_ERROR_TOO_LARGE, "an attachment has at most %d bytes",
                          ML_ATTACHMENT_MAX);
    } else {
        attachment->bytes = (const uint8_t *)ml_arena_copy(builder->draft->arena, bytes, length);
        attachment->length = length;
        if (attachment->bytes == NULL) {
            ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory for %zu bytes", length);
        }
    }
}

/* ---- end ---- */

/* Appends the finished block to the document. */
static void keep(ml_builder *builder)
{
    ml_document_draft *draft = builder->draft;
    const char *key = builder->block->key;
    size_t needed = draft->block_count + 1;

    if (ml_arena_grow(draft->arena, &draft->blocks, &draft->block_capacity, needed,
                      sizeof(*draft->blocks)) < 0 ||
        ml_arena_grow(draft->arena, &draft->key_hashes, &draft->key_capacity, needed,
                      sizeof(*draft->key_hashes)) < 0) {
        ml_builder_refuse(builder, ML_ERROR_MEMORY, "no memory");
        return;
    }
    draft->key_hashes[draft->block_count] = ml_hash(ML_HASH_START, key, strlen(key));
    draft->blocks[draft->block_count++] = builder->block;
    if (draft->kept != NULL) {
        draft->kept(draft->context, builder->block);
    }
}

ml_status ml_builder_end(ml_builder *builder, const char *text)
{
    if (!builder->open) {
        return ML_ERROR_ARGUMENT;
    }
    if (builder->status == ML_OK && (text == NULL || text[0] == '\0')) {
        ml_builder_refuse(builder, ML_ERROR_ARGUMENT, "it has no text");
    }
    if (builder->status == ML_OK) {
        builder->block->text = ml_builder_text(builder, text);
        ml_builder_finish(builder);
    }
    if (builder->status == ML_OK) {
        keep(builder);
    }
    builder->open = 0;
    builder->draft->refused += builder->status < 0;
    return builder->status;
}

/* ---- the finished document ---- */

/* A stable sort; there are few blocks, mostly in order. */
void ml_blocks_order(const ml_block **blocks, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const ml_block *block = blocks[i];
        size_t at = i;
        while (at > 0 && blocks[at - 1]->importance < block->importance) {
            blocks[at] = blocks[at - 1];
            at--;
        }
        blocks[at] = block;
    }
}

const ml_block *const *ml_draft_blocks(ml_document_draft *draft, size_t *count)
{
    ml_blocks_order(draft->blocks, draft->block_count);
    *count = draft->block_count;
    return draft->blocks;
}
