/* fake_host: runs one plugin against plugin.h alone, without anything of the real host.
 *
 *   fake_host [--model FILE] [--empty] [--width N] [--color] [--option NAME=VALUE]... PLUGIN.so
 *
 * A renderer gets the kitchen sink (or, with --empty, nothing) and its file goes to standard output. An
 * analyzer's calls of the document writer go there, one a line: the function, its numbers, its text, where
 * backslashes and newlines are escaped. The cause chain goes to standard error; exit code 1: the job failed. */
#include "fake_model.h"
#include "kitchen_sink.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 8, ALLOCATIONS_MAX = 1 << 28 };

static const ml_plugin *plugin;
static const ml_model *model;
static const ml_documents *documents;
static const char *options[OPTIONS_MAX];
static int option_count;
static size_t allocated;

/* ---------------------------------------------------------------- job */

static void log_line(const ml_host *host, uint32_t level, const char *text)
{
    (void)host;
    fprintf(stderr, "log %u %s\n", (unsigned)level, text);
}

static void progress(const ml_host *host, uint64_t done, uint64_t total, const char *what)
{
    (void)host, (void)done, (void)total, (void)what;
}

static int32_t cancelled(const ml_host *host)
{
    (void)host;
    return 0;
}

static ml_status fail(const ml_host *host, ml_status status, const char *text)
{
    (void)host;
    fprintf(stderr, "failed: %s\n", text);
    return status;
}

static void *allocate(const ml_host *host, size_t size)
{
    (void)host;
    allocated += size;
    return allocated > ALLOCATIONS_MAX ? NULL : calloc(1, size);
}

static const char *option_string(const ml_host *host, const char *name)
{
    size_t length = strlen(name);
    (void)host;
    for (int i = 0; i < option_count; i++)
        if (strncmp(options[i], name, length) == 0 && options[i][length] == '=')
            return options[i] + length + 1;
    for (size_t i = 0; i < plugin->option_count; i++)
        if (strcmp(plugin->options[i].name, name) == 0)
            return plugin->options[i].default_value;
    return "";
}

static int64_t option_int(const ml_host *host, const char *name)
{
    return strtoll(option_string(host, name), NULL, 10);
}

static double option_real(const ml_host *host, const char *name)
{
    return strtod(option_string(host, name), NULL);
}

static const ml_job job = {sizeof(ml_job), 0,        log_line,      progress,   cancelled,
                           fail,           allocate, option_string, option_int, option_real};

/* ---------------------------------------------------------------- document writer, output */

static void put_call(const char *function, uint64_t first, const char *text)
{
    printf("%s %llu ", function, (unsigned long long)first);
    for (; *text; text++) {
        if (*text == '\\' || *text == '\n')
            putchar('\\');
        putchar(*text == '\n' ? 'n' : *text);
    }
    putchar('\n');
}

static ml_builder *begin(const ml_host *host, uint32_t kind, const char *key, const char *title)
{
    (void)host;
    put_call("begin", kind, key);
    put_call("title", 0, title);
    return (ml_builder *)&allocated; /* never looked into */
}

static void set_text(ml_builder *builder, uint32_t field, const char *text)
{
    (void)builder;
    put_call("set_text", field, text);
}

static void set_number(ml_builder *builder, uint32_t field, uint64_t value)
{
    char text[32];
    (void)builder;
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    put_call("set_number", field, text);
}

static void set_real(ml_builder *builder, uint32_t field, double value)
{
    char text[32];
    (void)builder;
    snprintf(text, sizeof text, "%.17g", value);
    put_call("set_real", field, text);
}

static void set_bytes(ml_builder *builder, const void *bytes, size_t length)
{
    (void)builder, (void)bytes;
    put_call("set_bytes", length, "");
}

static void add(ml_builder *builder, uint32_t list, const char *text)
{
    (void)builder;
    put_call("add", list, text);
}

static void put_null(ml_builder *builder)
{
    (void)builder;
    put_call("cell", 0, "");
}

static void put_text(ml_builder *builder, const char *text)
{
    (void)builder;
    put_call("cell", 1, text);
}

static void put_number(ml_builder *builder, uint64_t value)
{
    char text[32];
    (void)builder;
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    put_call("cell", 2, text);
}

static void put_int(ml_builder *builder, int64_t value)
{
    char text[32];
    (void)builder;
    snprintf(text, sizeof text, "%lld", (long long)value);
    put_call("cell", 3, text);
}

static void put_real(ml_builder *builder, double value)
{
    char text[32];
    (void)builder;
    snprintf(text, sizeof text, "%.17g", value);
    put_call("cell", 4, text);
}

static ml_status end(ml_builder *builder, const char *text)
{
    (void)builder;
    put_call("end", 0, text);
    return ML_OK;
}

static const ml_document_writer writer = {sizeof(ml_document_writer),
                                          0,
                                          begin,
                                          set_text,
                                          set_number,
                                          set_real,
                                          set_bytes,
                                          add,
                                          put_null,
                                          put_text,
                                          put_number,
                                          put_int,
                                          put_real,
                                          end};

static ml_status write_bytes(const ml_host *host, const void *bytes, size_t length)
{
    (void)host;
    return fwrite(bytes, 1, length, stdout) == length ? ML_OK : ML_ERROR_IO;
}

static ml_output output = {
    sizeof(ml_output), 0, 0, 0, write_bytes, "recordings/" HOSTILE ".mlog", "run.html\nrun.json\n"};

static const char *report(const ml_host *host)
{
    (void)host;
    return "{\"fake\":\"<\\u003c\"}\n";
}

static const char *one_block(const ml_host *host, const ml_document *document,
                             const ml_block *block)
{
    (void)host, (void)document, (void)block;
    return "{}";
}

static const char *recording(const ml_host *host)
{
    (void)host;
    return model ? "{\"name\":\"fake\"}" : "null";
}

static const ml_json json = {sizeof(ml_json), 0, report, one_block, recording};

/* ---------------------------------------------------------------- host */

static const void *get_interface(const ml_host *host, const char *id)
{
    int renders = plugin->kind == ML_RENDERER;
    (void)host;
    if (strcmp(id, ML_JOB_ID) == 0)
        return &job;
    if (strcmp(id, ML_MODEL_ID) == 0)
        return model;
    if (strcmp(id, ML_DOCUMENT_ID) == 0)
        return renders ? NULL : &writer;
    if (strcmp(id, ML_DOCUMENTS_ID) == 0)
        return plugin->kind == ML_ANALYZER ? NULL : documents;
    if (strcmp(id, ML_OUTPUT_ID) == 0)
        return renders ? &output : NULL;
    return strcmp(id, ML_JSON_ID) == 0 && renders ? &json : NULL;
}

static const ml_host host = {sizeof(ml_host), ML_ABI_MINOR, ML_ABI_DRAFT, 0,
                             "fake_host",     "0",          get_interface};

static int usage(void)
{
    fprintf(stderr, "fake_host: see the top of fake_host.c\n");
    return 2;
}

static const char *read_arguments(int argc, char **argv)
{
    const char *path = NULL;
    documents = kitchen_sink();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
            model = fake_model_read(argv[++i]);
        else if (strcmp(argv[i], "--width") == 0 && i + 1 < argc)
            output.width = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--option") == 0 && i + 1 < argc && option_count < OPTIONS_MAX)
            options[option_count++] = argv[++i];
        else if (strcmp(argv[i], "--color") == 0)
            output.color = 1;
        else if (strcmp(argv[i], "--empty") == 0)
            documents = kitchen_empty();
        else
            path = argv[i];
    }
    return path;
}

int main(int argc, char **argv)
{
    const ml_plugin *(*entry)(const ml_host *);
    const char *path = read_arguments(argc, argv);
    void *self = NULL, *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    ml_status status = ML_OK;
    if (!library) {
        fprintf(stderr, "fake_host: %s\n", path ? dlerror() : "no plugin");
        return usage();
    }
    *(void **)&entry = dlsym(library, "microlog_plugin_1");
    plugin = entry ? entry(&host) : NULL;
    if (!plugin || plugin->abi_draft != ML_ABI_DRAFT)
        return usage();
    if (plugin->create)
        status = plugin->create(&host, &self);
    if (status == ML_OK)
        status = plugin->run(&host, self);
    if (plugin->destroy)
        plugin->destroy(&host, self);
    return status == ML_OK ? 0 : 1;
}
