/* catalogue: the bundled advice and the pages of documentation, as data (catalogue.tsv, pages.tsv). */
#ifndef MICROLOG_ANALYZERS_TIPS_CATALOGUE_H
#define MICROLOG_ANALYZERS_TIPS_CATALOGUE_H

#include <microlog/sdk.h>

enum { TIPS_MAX = 128 };

/* In what time a share is counted; the words are those of the file. */
enum { MEASURE_TOTAL, MEASURE_SELF, MEASURE_WALL };

typedef struct tip {
    const char *id, *where, *title, *why, *url;
    int measure;
    double least;    /* share, 1.0 is 100 % */
    int from, until; /* minor version of Python 3; -1 and INT_MAX without limit */
} tip;

/* A page of documentation of a module. */
typedef struct page {
    const char *kind; /* "python" or "pypi" */
    const char *module, *name;
} page;

typedef struct catalogue {
    tip *tips;
    uint32_t tip_count;
    page *pages;
    uint32_t page_count;
} catalogue;

/* Reads both files. A line that is wrong fails with its number. */
ml_status catalogue_read(const ml_host *host, catalogue *out);

/* Does a `where` of the catalogue hold for that function? */
int catalogue_matches(const char *where, const char *module, const char *function);

/* Minor version of "3.11.7 (main, …)", or -1. */
int catalogue_minor_of(const char *python);

/* Writes the page with docs.python.org/3/ replaced by the version's own, where that is known to exist. */
const char *catalogue_url(char *buffer, size_t size, const char *url, int minor);

/* The documentation of a top-level module; "" where none is known. */
const char *catalogue_page(const catalogue *from, char *buffer, size_t size, const char *module,
                           uint32_t flags, int minor);

#endif
