#include "markup.h"
#include "page.h"

static void put_place(page *to, const ml_location *at)
{
    char start[ML_NUMBER_MAX], end[ML_NUMBER_MAX];
    markup_place(to->out, at->file, at->line, at->function);
    if (at->thread[0]) {
        sink_text(to->out, " in thread ");
        markup_clipped(to->out, at->thread, 80);
    }
    if (at->end_ns)
        sink_format(to->out, ", %s to %s", ml_format_time(start, at->start_ns),
                    ml_format_time(end, at->end_ns));
}

static void put_places(page *to, const ml_finding *finding)
{
    enum { MOST = 5 };
    const char *before = "<p class=\"where\"><b>Where</b> ";
    for (size_t i = 0; i < finding->location_count && i < MOST; i++) {
        const ml_location *at = &finding->locations[i];
        if (!at->file[0] && !at->function[0])
            continue;
        sink_text(to->out, before);
        put_place(to, at);
        before = "; ";
    }
    if (before[0] == ';')
        sink_text(to->out, "</p>\n");
}

static void put_sentences(page *to, const char *title, const char *name, const char *const *texts,
                          size_t count)
{
    if (!count)
        return;
    sink_format(to->out, "<div class=\"%s\"><b>%s</b><ul>", name, title);
    for (size_t i = 0; i < count && i < 50; i++) {
        sink_text(to->out, "<li>");
        markup_clipped(to->out, texts[i], 1000);
        sink_text(to->out, "</li>");
    }
    sink_text(to->out, "</ul></div>\n");
}

static void put_paragraph(page *to, const char *title, const char *name, const char *text)
{
    if (!text[0])
        return;
    sink_format(to->out, "<p class=\"%s\"><b>%s</b> ", name, title);
    markup_clipped(to->out, text, 2000);
    sink_text(to->out, "</p>\n");
}

static void put_footer(page *to, const ml_finding *finding)
{
    char number[ML_NUMBER_MAX];
    sink_text(to->out, "<p class=\"rule\">rule <code>");
    markup_text(to->out, finding->rule);
    sink_format(to->out, "</code> \xC2\xB7 confidence %s",
                value_confidence_word(finding->confidence));
    if (finding->impact_ns)
        sink_format(to->out, " \xC2\xB7 costs %s", ml_format_duration(number, finding->impact_ns));
    if (finding->impact_bytes)
        sink_format(to->out, " \xC2\xB7 %s", ml_format_bytes(number, finding->impact_bytes));
    if (finding->impact_count)
        sink_format(to->out, " \xC2\xB7 count %s", ml_format_count(number, finding->impact_count));
    sink_text(to->out, "</p>\n");
}

/* For the script: when, in ns. */
static void put_when(page *to, const ml_finding *finding)
{
    if (finding->location_count && finding->locations->end_ns)
        sink_format(to->out, " data-start=\"%llu\" data-end=\"%llu\"",
                    (unsigned long long)finding->locations->start_ns,
                    (unsigned long long)finding->locations->end_ns);
}

/* What convinces or gives pause, for who wants to know: so many findings fit on a screen. */
static void put_rest(page *to, const ml_finding *finding)
{
    sink_text(
        to->out,
        "<details class=\"rest\"><summary>More evidence, and what could be wrong</summary>\n");
    if (finding->evidence_count > 1)
        put_sentences(to, "Evidence", "evidence", finding->evidence + 1,
                      finding->evidence_count - 1);
    put_paragraph(to, "Why it matters", "why", finding->why);
    if (finding->next_count > 1)
        put_sentences(to, "Next", "next", finding->next + 1, finding->next_count - 1);
    put_paragraph(to, "Could be wrong", "limits", finding->limits);
    put_footer(to, finding);
    sink_text(to->out, "</details>\n");
}

static void put_finding(page *to, const ml_finding *finding)
{
    const char *word = value_level_word(finding->level);
    sink_format(to->out, "<article class=\"finding %s\" id=\"", word);
    markup_text(to->out, finding->handle);
    sink_text(to->out, "\"");
    put_when(to, finding);
    sink_text(to->out, ">\n<h3>");
    markup_level_icon(to->out, finding->level);
    sink_text(to->out, "<span class=\"handle\">");
    markup_text(to->out, finding->handle);
    sink_format(to->out, "</span> <span class=\"level\">%s</span> <span class=\"message\">", word);
    markup_clipped(to->out, finding->message, 600);
    sink_text(to->out, "</span></h3>\n");
    put_places(to, finding);
    put_paragraph(to, "Evidence", "evidence", finding->evidence_count ? finding->evidence[0] : "");
    put_paragraph(to, "Next", "next", finding->next_count ? finding->next[0] : "");
    put_rest(to, finding);
    sink_text(to->out, "</article>\n");
}

static void put_none(page *to)
{
    sink_text(to->out, "<p class=\"none\">Nothing is above a threshold. What was checked:</p><ul>");
    for (size_t i = 0; i < to->documents->document_count; i++) {
        sink_text(to->out, "<li>");
        markup_text(to->out, to->documents->documents[i]->title);
        sink_text(to->out, ": ");
        markup_text(to->out, to->documents->documents[i]->summary);
        sink_text(to->out, "</li>");
    }
    sink_text(to->out, "</ul>\n");
}

/* The first are open to see; the rest, and there may be thousands, is folded. */
void page_findings(page *to)
{
    enum { OPEN = 7, MOST = 500 };
    const ml_documents *documents = to->documents;
    char count[ML_NUMBER_MAX];
    sink_text(to->out, "<section id=\"findings\"><h2>Findings</h2>\n");
    for (size_t i = 0; i < documents->finding_count && i < MOST; i++) {
        if (i == OPEN)
            sink_format(to->out, "<details><summary>%s more findings</summary>\n",
                        ml_format_count(count, documents->finding_count - OPEN));
        put_finding(to, documents->findings[i].block->finding);
    }
    if (documents->finding_count > MOST)
        sink_format(to->out, "<p>The first %d are shown.</p>", (int)MOST);
    if (documents->finding_count > OPEN)
        sink_text(to->out, "</details>\n");
    if (documents->finding_count == 0)
        put_none(to);
    sink_text(to->out, "</section>\n");
}
