/* names: the words for the numbers of the plugin contract, and the texts of a model. They are the
 * words of the JSON output and of messages, so they never change.
 */
#ifndef ML_DOCUMENT_NAMES_H
#define ML_DOCUMENT_NAMES_H

#include "core/base/arena.h"

#include <microlog/plugin.h>

/* Each answers "unknown" for a number without a name. */
const char *ml_name_kind(uint32_t kind);             /* ML_BLOCK_…: "finding" */
const char *ml_name_level(uint32_t level);           /* ML_LEVEL_…: "warning" */
const char *ml_name_confidence(uint32_t confidence); /* ML_CONFIDENCE_…: "high" */
const char *ml_name_type(uint32_t type);             /* ML_TYPE_…: "duration" */
const char *ml_name_reduce(uint32_t reduce);         /* ML_REDUCE_…: "sum" */
const char *ml_name_better(uint32_t better);         /* ml_metric.better: "lower" */
const char *ml_name_shape(uint32_t shape);           /* ML_CHART_…: "line" */
const char *ml_name_status(uint32_t status);         /* ML_DOCUMENT_…: "ok" */
const char *ml_name_plugin(uint32_t kind);           /* ML_ANALYZER…: "analyzer" */
const char *ml_name_state(uint32_t state);           /* ML_STATE_… without flags: "running" */

/* The level of that name, or 0. */
uint32_t ml_level_named(const char *name);

/* A text of the model, borrowed; "" for ML_NONE and ids it does not have. */
const char *ml_model_text(const ml_model *model, uint32_t string);

/* "load_rates (rates.py:38)", as FUNCTION cells show a row of functions; the file is its last part,
 * with the folder before it when the last part alone says nothing. NULL when out of memory or out
 * of range. */
const char *ml_model_function(ml_arena *arena, const ml_model *model, uint32_t function);

#endif
