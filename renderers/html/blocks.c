#include "base64.h"
#include "markup.h"
#include "page.h"

/* ---------------------------------------------------------------- metrics */

void page_metrics(page *to)
{
    char value[VALUE_MAX];
    size_t count;
    const ml_block **blocks =
        value_blocks_of_kind(to->host, to->documents, ML_BLOCK_METRIC, &count);
    if (!count)
        return;
    sink_text(to->out, "<ul class=\"metrics\">");
    for (size_t i = 0; i < count; i++) {
        if (!blocks[i]->metric)
            continue;
        sink_text(to->out, "<li><b>");
        markup_clipped(to->out, value_of_metric(value, blocks[i]->metric), 60);
        sink_text(to->out, "</b> <span>");
        markup_clipped(to->out, blocks[i]->title, 120);
        sink_text(to->out, "</span></li>");
    }
    sink_text(to->out, "</ul>\n");
}

/* ---------------------------------------------------------------- attachments */

static int is_image(const ml_attachment *attachment)
{
    return strcmp(attachment->media_type, "image/png") == 0 ||
           strcmp(attachment->media_type, "image/jpeg") == 0 ||
           strcmp(attachment->media_type, "image/svg+xml") == 0;
}

static int is_text(const ml_attachment *attachment)
{
    return strncmp(attachment->media_type, "text/", 5) == 0;
}

/* Bytes that claim to be text need not end with NUL. */
static void put_text(page *to, const ml_attachment *attachment)
{
    char *text = (char *)ml_alloc(to->host, attachment->length + 1, 1);
    if (!text)
        return;
    memcpy(text, attachment->bytes, attachment->length);
    sink_text(to->out, "<details><summary>Show the text</summary><pre>");
    markup_text(to->out, text);
    sink_text(to->out, "</pre></details>\n");
}

/* Images stand in the page as data; in an <img> even an SVG cannot run anything. */
static void put_attachment(page *to, const ml_attachment *attachment)
{
    enum { LARGEST = 1 << 20 };
    char size[ML_NUMBER_MAX];
    sink_text(to->out, "<p><code>");
    markup_clipped(to->out, attachment->name, 200);
    sink_format(to->out, "</code> %s, ", ml_format_bytes(size, attachment->length));
    markup_clipped(to->out, attachment->media_type, 100);
    sink_text(to->out, "</p>\n");
    if (is_text(attachment) && attachment->length <= LARGEST)
        put_text(to, attachment);
    if (is_image(attachment) && attachment->length <= LARGEST) {
        char *data = (char *)ml_alloc(to->host, attachment->length / 3 * 4 + 8, 1);
        if (!data)
            return;
        base64_encode(data, attachment->bytes, attachment->length);
        sink_text(to->out, "<img alt=\"\" src=\"data:");
        markup_text(to->out, attachment->media_type);
        sink_format(to->out, ";base64,");
        sink_text(to->out, data);
        sink_text(to->out, "\">\n");
    }
}

/* ---------------------------------------------------------------- a document */

/* Findings and metrics have their places further up. */
static int is_shown_here(const ml_block *block)
{
    return block->kind != ML_BLOCK_FINDING && block->kind != ML_BLOCK_METRIC;
}

/* What was skipped and says nothing is named at the page's end only. */
static int is_section(const ml_document *document)
{
    for (size_t i = 0; i < document->block_count; i++)
        if (is_shown_here(document->blocks[i]))
            return 1;
    return document->status != ML_DOCUMENT_OK && document->status != ML_DOCUMENT_SKIPPED;
}

/* Of its most important block; what has none comes last. */
static uint32_t importance_of(const ml_document *document)
{
    uint32_t most = 0;
    for (size_t i = 0; i < document->block_count; i++)
        if (is_shown_here(document->blocks[i]) && document->blocks[i]->importance > most)
            most = document->blocks[i]->importance;
    return most;
}

static int comes_before(const ml_document *one, const ml_document *other)
{
    uint32_t a = importance_of(one), b = importance_of(other);
    return a != b ? a > b : strcmp(one->title, other->title) < 0;
}

const ml_document **page_documents(page *to, size_t *count, size_t *urgent)
{
    enum { URGENT_FROM = 100 };
    size_t all = to->documents->document_count;
    const ml_document **found = (const ml_document **)ml_alloc(to->host, all, sizeof *found);
    *count = *urgent = 0;
    for (size_t i = 0; found && i < all; i++) {
        const ml_document *document = to->documents->documents[i];
        size_t at = *count;
        if (!is_section(document))
            continue;
        for (; at > 0 && comes_before(document, found[at - 1]); at--)
            found[at] = found[at - 1];
        found[at] = document;
        ++*count;
        *urgent += importance_of(document) >= URGENT_FROM;
    }
    return found;
}

static void put_content(page *to, const ml_document *document, const ml_block *block)
{
    if (block->table)
        page_table(to, block->table);
    else if (block->chart)
        page_chart(to, document, block->chart);
    else if (block->graph)
        page_graph(to, block->graph);
    else if (block->timeline)
        page_timeline(to, block->timeline);
    else if (block->attachment)
        put_attachment(to, block->attachment);
}

/* Text that its plugin holds for less important than the rest is there for those who ask. */
enum { FOLDED_BELOW = 40 };

static void put_block(page *to, const ml_document *document, const ml_block *block)
{
    sink_text(to->out, "<div class=\"block\"><h3>");
    markup_clipped(to->out, block->title, 300);
    sink_text(to->out, "</h3>\n");
    if (block->kind == ML_BLOCK_TEXT && block->importance < FOLDED_BELOW) {
        sink_text(to->out, "<details><summary>Show</summary>\n");
        markup_markdown(to->out, block->text);
        sink_text(to->out, "</details>\n");
    } else if (block->kind == ML_BLOCK_TEXT) {
        markup_markdown(to->out, block->text);
    } else {
        sink_text(to->out, "<p class=\"remark\">");
        markup_clipped(to->out, block->text, 4000);
        sink_text(to->out, "</p>\n");
    }
    put_content(to, document, block);
    sink_text(to->out, "</div>\n");
}

/* Blocks by importance; equal ones in the plugin's order. */
void page_document(page *to, const ml_document *document)
{
    sink_text(to->out, "<section id=\"d-");
    markup_text(to->out, document->plugin);
    sink_text(to->out, "\"><h2>");
    markup_clipped(to->out, document->title, 200);
    sink_text(to->out, "</h2>\n");
    if (document->status == ML_DOCUMENT_SKIPPED) {
        sink_text(to->out, "<p class=\"remark\">Skipped: ");
        markup_clipped(to->out, document->message, 2000);
        sink_text(to->out, "</p>\n");
    } else if (document->status != ML_DOCUMENT_OK) {
        sink_format(to->out, "<p class=\"problem\">This part is not complete: the plugin %s. ",
                    value_status_word(document->status));
        markup_clipped(to->out, document->message, 2000);
        sink_text(to->out, "</p>\n");
    }
    for (uint32_t importance = 101; importance-- > 0;)
        for (size_t i = 0; i < document->block_count; i++)
            if (is_shown_here(document->blocks[i]) && document->blocks[i]->importance == importance)
                put_block(to, document, document->blocks[i]);
    sink_text(to->out, "</section>\n");
}
