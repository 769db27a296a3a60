/* rank: puts the documents of a report in order, numbers the findings F1, F2, … over all of them,
 * and says the run in one sentence. Renderers show this order and never make their own.
 *
 * Order of findings: level; then impact times confidence; then project code before libraries; then
 * rule, fingerprint and key, which no two findings share. Impact is the largest of: time as a part
 * of the run, bytes as a part of the largest resident memory seen (of 1 GiB where that was not
 * recorded), and a thousandth of the count up to a tenth; each at most 1. Confidence weighs high 3,
 * medium 2, low 1.
 */
#ifndef ML_DOCUMENT_RANK_H
#define ML_DOCUMENT_RANK_H

#include "core/base/arena.h"
#include "core/base/status.h"

#include <microlog/plugin.h>

/* Sorts `documents` by plugin id and fills `out`, which points into the arena; sets the handles of
 * the findings. `model` may be NULL. May be called again with more documents: with the same
 * findings it gives the same numbers. */
ml_status ml_rank(ml_arena *arena, const ml_document **documents, size_t count,
                  const ml_model *model, ml_documents *out);

/* "2 findings: 1 error, 1 warning; mostly running, 62 % of the time in load_rates (rates.py:38)".
 */
const char *ml_verdict(ml_arena *arena, const ml_documents *documents, const ml_model *model);

#endif
