#include "editor.h"

typedef struct known {
    const char *word;
    editor is;
} known;

static const known all[] = {
    {"vscode", {"VS Code", "vscode://file%f:%l"}},
    {"vscodium", {"VSCodium", "vscodium://file%f:%l"}},
    {"cursor", {"Cursor", "cursor://file%f:%l"}},
    {"pycharm", {"PyCharm", "pycharm://open?file=%f&line=%l"}},
    {"idea", {"IntelliJ IDEA", "idea://open?file=%f&line=%l"}},
    {"sublime", {"Sublime Text", "subl://open?url=file://%f&line=%l"}},
    {"emacs", {"Emacs", "emacs://open?url=file://%f&line=%l"}},
    {"none", {"", ""}},
};

/* "name:" (RFC 3986, section 3.1) of something that is not the browser's own business. */
static int is_harmless_scheme(const char *address)
{
    static const char *const own[] = {"javascript:", "data:", "vbscript:", "blob:", "about:"};
    size_t length = strspn(address, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
    if (!length || address[length] != ':' || strspn(address, "0123456789+-."))
        return 0;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strncmp(address, own[i], length + 1) == 0)
            return 0;
    return 1;
}

ml_status editor_choose(const ml_host *host, editor *chosen)
{
    const char *wanted = ml_option_as_text(host, "editor");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(wanted, all[i].word) == 0) {
            *chosen = all[i].is;
            return ML_OK;
        }
    if (is_harmless_scheme(wanted) && strstr(wanted, "%f")) {
        chosen->name = "the editor";
        chosen->template = wanted;
        return ML_OK;
    }
    return ml_fail(host, ML_ERROR_ARGUMENT,
                   "editor=%s is none that is known; name one of those that `microlog-analyze info "
                   "html` lists, or an address such as myeditor://open?file=%%f&line=%%l",
                   wanted);
}
