/* kitchen_sink: documents with everything a renderer may meet, and text that must never come out as it is.
 *
 * Every kind of block, one from the future, tables of no row, one row and truncated, NaN, right-to-left text,
 * control characters, a label of 100,000 characters, and HOSTILE in every string. */
#ifndef MICROLOG_TESTS_KITCHEN_SINK_H
#define MICROLOG_TESTS_KITCHEN_SINK_H

#include <microlog/plugin.h>

/* Ends elements, attributes and comments, and would load and run if it were taken for HTML. */
#define HOSTILE                                                                                    \
    "</script></style></title><img src=x onerror=pwned()>\"'`-->&lt;]]>\033[31m\342\200\256"

const ml_documents *kitchen_sink(void);

/* Nothing was found, no plugin ran. */
const ml_documents *kitchen_empty(void);

#endif
