/* editor: by which address the page opens a line of a file in the reader's editor.
 *
 * An address is a template: %f is the path, percent-encoded (RFC 3986, section 2.1), %l the line; the page's script puts them
 * in. What it is not for: knowing whether the reader has that editor, or the file. */
#ifndef MICROLOG_RENDERERS_HTML_EDITOR_H
#define MICROLOG_RENDERERS_HTML_EDITOR_H

#include <microlog/sdk.h>

#define EDITOR_OPTION                                                                              \
    ML_OPTION("editor", ML_OPTION_STRING, "vscode", 0, 0,                                          \
              "what opens places of code: vscode, vscodium, cursor, pycharm, idea, sublime, "      \
              "emacs, an address with %f and %l, or none (for a report to share)")

typedef struct editor {
    const char *name;     /* for people */
    const char *template; /* "": places do not lead to an editor */
} editor;

/* What the option asks for; borrowed for the job. Fails for a name that is not known, and for an address that is no
 * address, could run something in the page, or has no %f. */
ml_status editor_choose(const ml_host *host, editor *chosen);

#endif
