/* program: the style sheets and scripts of the page, and the policy (Content Security Policy Level 3) that allows
 * them, by their hashes, and nothing else. */
#ifndef MICROLOG_RENDERERS_HTML_PROGRAM_H
#define MICROLOG_RENDERERS_HTML_PROGRAM_H

#include "common/sink.h"

void program_policy(sink *to);
void program_styles(sink *to);
void program_scripts(sink *to);

#endif
