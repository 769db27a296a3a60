/* check: which numbers and handles of an answer are not in the facts that it was asked about.
 *
 * A number is in the facts if one of theirs is the same, or is the same when rounded to as many decimals, and if it
 * has the same unit, where the answer gives one. Numbers that are part of a word (utf8) or count the items of a list are passed over. */
#ifndef MICROLOG_ANALYZERS_LLM_CHECK_H
#define MICROLOG_ANALYZERS_LLM_CHECK_H

#include "common/prose.h"

enum { CHECK_MOST = 40 }; /* so many are listed */

/* Writes what is not in the facts, separated by commas, each once, in order; returns how many. */
size_t check_answer(const ml_host *host, const char *facts, const char *text, prose *to);

#endif
