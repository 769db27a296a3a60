#include "core/model/module_names.h"

#include <ctype.h>
#include <string.h>

static int has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int has_suffix(const char *text, size_t length, const char *suffix)
{
    size_t suffix_length = strlen(suffix);

    return length >= suffix_length &&
           memcmp(text + length - suffix_length, suffix, suffix_length) == 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* ---- modules ---- */

/* What follows the last folder called `folder` ("/site-packages/"), or NULL. */
static const char *behind_last(const char *path, const char *folder)
{
    const char *found = NULL;

    for (const char *at = strstr(path, folder); at != NULL; at = strstr(at + 1, folder)) {
        found = at + strlen(folder);
    }
    return found;
}

/* What follows the folder of installed packages, or of the recorder where it is not one of them, or NULL. */
static const char *in_packages(const char *path)
{
    const char *site = behind_last(path, "/site-packages/");
    const char *dist = behind_last(path, "/dist-packages/");
    const char *recorder = behind_last(path, "/python/microlog/");

    if (site == NULL && dist == NULL) {
        return recorder == NULL ? NULL : recorder - strlen("microlog/");
    }
    return site == NULL || (dist != NULL && dist > site) ? dist : site;
}

/* What follows "pythonX.Y/", "pythonX.Yt/" or "pythonXY.zip/" at the start of `at`, or NULL. */
static const char *behind_version(const char *at)
{
    if (has_prefix(at, "python")) {
        at += strlen("python");
    } else if (has_prefix(at, "pypy")) {
        at += strlen("pypy");
    } else {
        return NULL;
    }
    if (!isdigit((unsigned char)*at)) {
        return NULL;
    }
    at += strspn(at, "0123456789.");
    at += has_prefix(at, "t/") ? 1 : has_prefix(at, "zip/") ? 3 : 0;
    return *at == '/' ? at + 1 : NULL;
}

/* What follows the folder of a standard library, or NULL: .../lib/python3.11/, .../lib64/python3.13t/. */
static const char *in_standard_library(const char *path)
{
    const char *found = NULL;

    for (const char *at = strstr(path, "/lib"); at != NULL; at = strstr(at + 1, "/lib")) {
        const char *folder = at + strlen("/lib");
        folder += has_prefix(folder, "64") ? 2 : has_prefix(folder, "32") ? 2 : 0;
        if (*folder == '/' && behind_version(folder + 1) != NULL) {
            found = behind_version(folder + 1);
        }
    }
    if (found != NULL && has_prefix(found, "lib-dynload/")) {
        found += strlen("lib-dynload/");
    }
    return found;
}

/* What follows the longest root that the path lies in, else its last part. */
static const char *in_project(const char *path, const char *const *roots, size_t root_count)
{
    const char *found = path[0] == '/' ? last_part(path) : path;
    size_t longest = 0;

    for (size_t i = 0; i < root_count; i++) {
        size_t length = roots[i] == NULL ? 0 : strlen(roots[i]);
        if (length > longest && strncmp(path, roots[i], length) == 0 && path[length] == '/') {
            longest = length;
            found = path + length + 1;
        }
    }
    while (has_prefix(found, "./") || has_prefix(found, "/")) {
        found += found[0] == '.' ? 2 : 1;
    }
    return has_prefix(found, "src/") ? found + strlen("src/") : found;
}

/* The length of a path without what its type adds: ".py", or ".cpython-311-x86_64-linux-gnu.so". */
static size_t without_suffix(const char *path)
{
    const char *part = last_part(path);
    size_t length = strlen(part);
    const char *dot = has_suffix(part, length, ".so") ? strchr(part, '.') : strrchr(part, '.');

    return dot == NULL || dot == part ? strlen(path) : (size_t)(dot - path);
}

static void put_dotted(ml_buffer *name, const char *path)
{
    size_t length = without_suffix(path);

    if (has_suffix(path, length, "/__init__")) {
        length -= strlen("/__init__");
    }
    for (size_t i = 0; i < length; i++) {
        ml_buffer_put_u8(name, path[i] == '/' ? '.' : (uint8_t)path[i]);
    }
}

/* Names in angle brackets: "<frozen os>" is a module; others are what programs make up for what they compile. */
static uint32_t name_special(ml_buffer *name, const char *file)
{
    size_t prefix = strlen("<frozen ");
    size_t length = strlen(file);

    if (has_prefix(file, "<frozen ") && file[length - 1] == '>') {
        ml_buffer_put(name, file + prefix, length - prefix - 1);
        return ML_MODULE_STDLIB;
    }
    ml_buffer_put_text(name, length == 0 ? "<recorder>" : file);
    return length == 0 ? ML_MODULE_SYNTHETIC : ML_MODULE_PROJECT;
}

static uint32_t name_by_path(ml_buffer *name, const char *file, const char *const *roots,
                             size_t root_count)
{
    const char *relative = in_packages(file);

    if (relative != NULL) {
        put_dotted(name, relative);
        return ML_MODULE_THIRD_PARTY;
    }
    relative = in_standard_library(file);
    if (relative != NULL) {
        put_dotted(name, relative);
        return ML_MODULE_STDLIB;
    }
    put_dotted(name, in_project(file, roots, root_count));
    return ML_MODULE_PROJECT;
}

uint32_t ml_name_module(ml_buffer *name, const char *file, const char *const *roots,
                        size_t root_count)
{
    size_t before = name->length;
    uint32_t flags = file[0] == '\0' || file[0] == '<'
                         ? name_special(name, file)
                         : name_by_path(name, file, roots, root_count);

    if (name->length == before) { /* a path of slashes only, or the like */
        ml_buffer_put_text(name, file);
    }
    return flags;
}

/* ---- programs ---- */

/* What a command line runs: a script (its index), or a module or "-c" as text. */
typedef struct target {
    uint32_t script; /* argc when there is none */
    const char *module;
} target;

/* Long options of the interpreter and of the recorder that take the next argument as their value. */
static int takes_next(const char *option)
{
    static const char *const names[] = {"--check-hash-based-pycs", "--output", "--rate", "--label"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(option, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Reads options from argv[at] on until a script, -m or -c; `with_value` are the letters of those that take a
 * value. Returns the index behind what it used. */
static uint32_t read_options(const char *const *argv, uint32_t argc, uint32_t at,
                             const char *with_value, target *found)
{
    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        const char *letter = argv[at] + 1;
        if (*letter == '-') {
            at += (uint32_t)takes_next(argv[at]);
            continue;
        }
        while (*letter != '\0' && strchr("mc", *letter) == NULL &&
               strchr(with_value, *letter) == NULL) {
            letter++;
        }
        if (*letter == 'c') {
            found->module = "-c";
            return argc;
        }
        if (*letter != '\0' && letter[1] == '\0') {
            at++; /* the value is the next argument */
        }
        if (*letter == 'm') {
            found->module = letter[1] != '\0' ? letter + 1 : at < argc ? argv[at] : "-m";
            return at + 1;
        }
    }
    found->script = at < argc ? at : argc;
    return at;
}

static int is_interpreter(const char *path)
{
    return has_prefix(last_part(path), "python") || has_prefix(last_part(path), "pypy");
}

static target find_target(const char *const *argv, uint32_t argc)
{
    target found = {.script = argc, .module = NULL};
    uint32_t next;

    if (argc == 0) {
        return found;
    }
    if (!is_interpreter(argv[0])) {
        int is_option = argv[0][0] == '-' || argv[0][0] == '\0';
        return (target){.script = is_option ? argc : 0, .module = is_option ? argv[0] : NULL};
    }
    next = read_options(argv, argc, 1, "XWQ", &found);
    if (found.module != NULL && strcmp(found.module, "microlog") == 0) {
        found.module = NULL;
        read_options(argv, argc, next, "o", &found);
    }
    return found;
}

uint32_t ml_name_script(const char *const *argv, uint32_t argc)
{
    return find_target(argv, argc).script;
}

/* The last part of a path; of ".../package/__main__.py" the package. */
static void put_script(ml_buffer *name, const char *path)
{
    const char *last = last_part(path);
    const char *start = last;

    if (strcmp(last, "__main__.py") != 0 || last - path < 2) {
        ml_buffer_put_text(name, last);
        return;
    }
    for (start = last - 1; start > path && start[-1] != '/';) {
        start--;
    }
    ml_buffer_put(name, start, (size_t)(last - 1 - start));
}

void ml_name_program(ml_buffer *name, const char *const *argv, uint32_t argc)
{
    target found = find_target(argv, argc);

    if (found.script < argc) {
        put_script(name, argv[found.script]);
    } else if (found.module != NULL && found.module[0] != '\0') {
        ml_buffer_put_text(name, found.module);
    } else {
        ml_buffer_put_text(name, "python");
    }
}
