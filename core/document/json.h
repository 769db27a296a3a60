/* json: the one JSON serializer: a report, or a block of it, as text.
 *
 * Deterministic: keys have a fixed order, numbers do not depend on the locale, and the same
 * documents give the same bytes. Whole numbers are exact whatever their size; what identifies
 * (session, fingerprint) and wall-clock time are strings; NaN and infinity are null; '<' is always
 * escaped, so the text may stand inside a script element. A report has a line for each finding and
 * block, so that two can be compared.
 */
#ifndef ML_DOCUMENT_JSON_H
#define ML_DOCUMENT_JSON_H

#include "core/base/buffer.h"

#include <microlog/plugin.h>

#define ML_JSON_FORMAT 1 /* of the report object; rises when a reader would misunderstand */

/* {"microlog":…, "recording":…, "verdict":…, "findings":[…], "documents":[…]} and a newline.
 * `model` may be NULL: "recording" is null then. */
ml_status ml_json_report(ml_buffer *out, const char *version, const ml_model *model,
                         const ml_documents *documents);

/* The object of a recording, or null without a model. */
ml_status ml_json_recording(ml_buffer *out, const ml_model *model);

/* The object of a block. */
ml_status ml_json_block(ml_buffer *out, const ml_document *document, const ml_block *block);

/* A string, quoted; a number, null if it is none. */
ml_status ml_json_text(ml_buffer *out, const char *text);
ml_status ml_json_number(ml_buffer *out, double value);

#endif
