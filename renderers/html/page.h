/* page: what every part of the report has in hand, and the parts themselves.
 *
 * The page is complete without scripts: each part writes plain HTML and SVG, which the scripts then replace
 * (what has the class "static") or add to. Style attributes are not used,
 * because the page's policy allows only its own style sheet and script, by their hashes. */
#ifndef MICROLOG_RENDERERS_HTML_PAGE_H
#define MICROLOG_RENDERERS_HTML_PAGE_H

#include "common/sink.h"
#include "common/values.h"

typedef struct page {
    const ml_host *host;
    const ml_model *model; /* NULL in a report made from merged results */
    const ml_documents *documents;
    const ml_output *output;
    sink *out;
    unsigned graphs; /* drawn so far */
} page;

/* findings.c */
void page_findings(page *to);

/* blocks.c: metrics of all documents, and the section of each document. */
void page_metrics(page *to);
void page_document(page *to, const ml_document *document);

/* The documents that have a section, in the order of their sections: by their most important block, then by
 * title. The first `urgent` of them stand before the timeline. NULL when there is no memory. */
const ml_document **page_documents(page *to, size_t *count, size_t *urgent);

/* tables.c */
void page_table(page *to, const ml_table *table);

/* drawings.c */
void page_chart(page *to, const ml_document *document, const ml_chart *chart);
void page_graph(page *to, const ml_graph *graph);
void page_timeline(page *to, const ml_timeline *timeline);

/* overview.c, flame.c: pictures from the model. */
void page_overview(page *to);

/* The threads to be told first: the main ones, then those with most CPU; with `seen`, only of those that have samples. `out` has
 * room for `most`, which is more than 0; returns how many there are. */
uint32_t page_first_threads(const ml_threads *threads, int seen, uint32_t most, uint32_t *out);

void page_flame(page *to);

/* embed.c: the model's columns for the page's script. */
ml_status page_data(page *to);

/* log.c, about.c */
void page_log(page *to);
void page_threads(page *to);
void page_descriptors(page *to);
void page_about(page *to);

#endif
