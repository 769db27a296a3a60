#include "markup.h"

#include <md4c.h>
#include <strings.h>

enum { LENGTH_MAX = 1 << 20 };

/* What is inside of a link that was refused or of an image is plain text. */
typedef struct writer {
    sink *to;
    int images; /* depth */
} writer;

static void heading(writer *out, const void *detail, const char *slash)
{
    unsigned level = ((const MD_BLOCK_H_DETAIL *)detail)->level + 3;
    sink_format(out->to, "<%sh%u>", slash, level > 6 ? 6 : level);
}

static void block(writer *out, MD_BLOCKTYPE type, const void *detail, const char *slash)
{
    static const struct {
        MD_BLOCKTYPE type;
        const char *tag;
    } tags[] = {{MD_BLOCK_QUOTE, "blockquote"},
                {MD_BLOCK_UL, "ul"},
                {MD_BLOCK_OL, "ol"},
                {MD_BLOCK_LI, "li"},
                {MD_BLOCK_P, "p"},
                {MD_BLOCK_TABLE, "table"},
                {MD_BLOCK_THEAD, "thead"},
                {MD_BLOCK_TBODY, "tbody"},
                {MD_BLOCK_TR, "tr"},
                {MD_BLOCK_TH, "th"},
                {MD_BLOCK_TD, "td"}};
    if (type == MD_BLOCK_H)
        heading(out, detail, slash);
    else if (type == MD_BLOCK_CODE)
        sink_text(out->to, slash[0] ? "</code></pre>\n" : "<pre><code>");
    else if (type == MD_BLOCK_HR && !slash[0])
        sink_text(out->to, "<hr>\n");
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (tags[i].type == type)
            sink_format(out->to, "<%s%s>%s", slash, tags[i].tag, slash[0] ? "\n" : "");
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *out)
{
    block((writer *)out, type, detail, "");
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *out)
{
    block((writer *)out, type, detail, "/");
    return 0;
}

/* Only where a click can do nothing but open a page or a letter. */
static int is_harmless(const MD_ATTRIBUTE *target)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t length = strlen(schemes[i]);
        if (target->size > length && strncasecmp(target->text, schemes[i], length) == 0)
            return 1;
    }
    return 0;
}

static void open_link(writer *out, const MD_ATTRIBUTE *target)
{
    if (!is_harmless(target)) {
        sink_text(out->to, "<span class=\"refused\">");
        return;
    }
    sink_text(out->to, "<a rel=\"noopener noreferrer\" href=\"");
    markup_bytes(out->to, target->text, target->size);
    sink_text(out->to, "\">");
}

static void close_link(writer *out, const MD_ATTRIBUTE *target)
{
    sink_text(out->to, is_harmless(target) ? "</a>" : "</span>");
}

static const char *tag_of_span(MD_SPANTYPE type)
{
    return type == MD_SPAN_EM       ? "em"
           : type == MD_SPAN_STRONG ? "strong"
           : type == MD_SPAN_CODE   ? "code"
           : type == MD_SPAN_DEL    ? "del"
                                    : NULL;
}

/* No link inside of another one: an image within a link, or a link within an image, is its text alone. */
static int enter_span(MD_SPANTYPE type, void *detail, void *state)
{
    writer *out = (writer *)state;
    if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
        if (out->images++ == 0)
            open_link(out, type == MD_SPAN_A ? &((MD_SPAN_A_DETAIL *)detail)->href
                                             : &((MD_SPAN_IMG_DETAIL *)detail)->src);
    } else if (tag_of_span(type)) {
        sink_format(out->to, "<%s>", tag_of_span(type));
    }
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *state)
{
    writer *out = (writer *)state;
    if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
        if (--out->images == 0)
            close_link(out, type == MD_SPAN_A ? &((MD_SPAN_A_DETAIL *)detail)->href
                                              : &((MD_SPAN_IMG_DETAIL *)detail)->src);
    } else if (tag_of_span(type)) {
        sink_format(out->to, "</%s>", tag_of_span(type));
    }
    return 0;
}

static int put_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *state)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&nbsp;"};
    sink *to = ((writer *)state)->to;
    if (type == MD_TEXT_BR)
        sink_text(to, "<br>\n");
    else if (type == MD_TEXT_SOFTBR)
        sink_char(to, '\n');
    else if (type == MD_TEXT_ENTITY) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strlen(known[i]) == size && memcmp(known[i], text, size) == 0) {
                sink_text(to, known[i]);
                return 0;
            }
        markup_bytes(to, text, size);
    } else {
        markup_bytes(to, text, size);
    }
    return 0;
}

void markup_markdown(sink *to, const char *markdown)
{
    MD_PARSER parser = {0};
    writer out = {to, 0};
    size_t length = strlen(markdown);
    parser.flags =
        MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML | MD_FLAG_PERMISSIVEURLAUTOLINKS;
    parser.enter_block = enter_block;
    parser.leave_block = leave_block;
    parser.enter_span = enter_span;
    parser.leave_span = leave_span;
    parser.text = put_text;
    sink_text(to, "<div class=\"markdown\">");
    if (length > LENGTH_MAX || md_parse(markdown, (MD_SIZE)length, &parser, &out) != 0) {
        sink_text(to, "<pre>");
        markup_clipped(to, markdown, LENGTH_MAX);
        sink_text(to, "</pre>");
    }
    sink_text(to, "</div>\n");
}
