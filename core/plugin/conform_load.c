#include "core/plugin/conform_parts.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/text.h"
#include "core/document/names.h"
#include "core/plugin/load.h"
#include "core/plugin/options.h"
#include "core/plugin/version.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 30)
#define FAST_NS UINT64_C(100000000)

enum { STRUCT_MAX = 4096, OPTIONS_MAX = 256 };

typedef const ml_plugin *(*entry_function)(const ml_host *host);

#define FAIL(trial, ...) ml_error_set(&(trial)->error, ML_ERROR_FAILED, __VA_ARGS__)

/* ---- loading ---- */

static const void *offer_nothing(const ml_host *host, const char *id)
{
    (void)host;
    (void)id;
    return NULL;
}

static const ml_host bare_host = {.struct_size = sizeof(bare_host),
                                  .abi_minor = ML_ABI_MINOR,
                                  .abi_draft = ML_ABI_DRAFT,
                                  .name = ML_TOOL_NAME,
                                  .version = ML_TOOL_VERSION,
                                  .get_interface = offer_nothing};

static ml_status load(ml_trial *trial)
{
    if (dlopen(trial->file.path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) == NULL) {
        const char *why = dlerror();
        return FAIL(trial,
                    "the loader says: %s; link with -Wl,-z,defs to find what is missing, and with "
                    "the libraries that it needs",
                    why == NULL ? "nothing" : why);
    }
    return ML_OK;
}

static ml_status find_entry(ml_trial *trial, entry_function *entry)
{
    void *library = dlopen(trial->file.path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = library == NULL ? NULL : dlsym(library, "microlog_plugin_1");

    if (symbol == NULL) {
        return FAIL(trial, "it does not export microlog_plugin_1; define it with a macro of sdk.h, "
                           "such as ML_DEFINE_ANALYZER");
    }
    memcpy(entry, &symbol, sizeof(*entry));
    return ML_OK;
}

/* The description as the plugin gives it. */
static ml_status describe(ml_trial *trial, const ml_plugin **plugin)
{
    entry_function entry = NULL;

    ML_TRY(find_entry(trial, &entry));
    *plugin = entry(&bare_host);
    if (*plugin == NULL) {
        return FAIL(trial, "microlog_plugin_1 returned NULL; it returns a pointer to something "
                           "static, whatever the host is");
    }
    return ML_OK;
}

static ml_status load_entry(ml_trial *trial)
{
    const ml_plugin *first;
    const ml_plugin *second;

    ML_TRY(describe(trial, &first));
    ML_TRY(describe(trial, &second));
    return first == second ? ML_OK
                           : FAIL(trial, "microlog_plugin_1 returned two different pointers; make "
                                         "what it points to static");
}

static ml_status load_fast(ml_trial *trial)
{
    uint64_t start = ml_clock_process();
    const ml_plugin *plugin;
    uint64_t used;

    ML_TRY(describe(trial, &plugin));
    used = ml_clock_process() - start;
    return used <= FAST_NS ? ML_OK
                           : FAIL(trial,
                                  "loading took %.0f ms of CPU time, and the limit is %.0f; do "
                                  "the work in create or run",
                                  (double)used / 1e6, (double)FAST_NS / 1e6);
}

static ml_status load_no_output(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    fflush(NULL);
    if (lseek(STDOUT_FILENO, 0, SEEK_END) > 0 || lseek(STDERR_FILENO, 0, SEEK_END) > 0) {
        return FAIL(trial, "it printed something while it was loaded; messages go to log() of the "
                           "job, and only while it runs");
    }
    return ML_OK;
}

static ml_status load_no_thread(ml_trial *trial)
{
    const ml_plugin *plugin;
    size_t before = ml_conform_count("/proc/self/task");

    ML_TRY(describe(trial, &plugin));
    return ml_conform_count("/proc/self/task") == before
               ? ML_OK
               : FAIL(trial, "it started a thread while it was loaded; start threads in run, and "
                             "end them there");
}

/* ---- symbols: the dynamic symbol table, read from the file with every offset checked ---- */

typedef struct elf_file {
    const uint8_t *bytes;
    size_t length;
} elf_file;

static int get(const elf_file *file, uint64_t offset, void *out, size_t size)
{
    if (offset > file->length || size > file->length - offset) {
        return 0;
    }
    memcpy(out, file->bytes + offset, size);
    return 1;
}

static int get_section(const elf_file *file, const Elf64_Ehdr *header, uint64_t index,
                       Elf64_Shdr *out)
{
    return index < header->e_shnum && header->e_shentsize == sizeof(*out) &&
           header->e_shoff < file->length &&
           get(file, header->e_shoff + index * sizeof(*out), out, sizeof(*out));
}

/* What linkers define of themselves, and what C++ shares among libraries, is nobody's export. */
static int is_export(const Elf64_Sym *symbol, const char *name)
{
    static const char *const linkers[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    int visibility = ELF64_ST_VISIBILITY(symbol->st_other);

    for (size_t i = 0; i < sizeof(linkers) / sizeof(linkers[0]); i++) {
        if (strcmp(name, linkers[i]) == 0) {
            return 0;
        }
    }
    return ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL && symbol->st_shndx != SHN_UNDEF &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* Counts the exports and remembers one that is not the entry; false if the table makes no sense. */
static int read_exports(const elf_file *file, const Elf64_Shdr *symbols, const Elf64_Shdr *strings,
                        size_t *count, char other[64])
{
    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols->sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        char name[64] = "";
        uint64_t start;
        if (symbols->sh_offset > file->length ||
            !get(file, symbols->sh_offset + at, &symbol, sizeof(symbol)) ||
            strings->sh_offset > file->length || symbol.st_name >= strings->sh_size) {
            return 0;
        }
        start = strings->sh_offset + symbol.st_name;
        for (size_t i = 0; i + 1 < sizeof(name) && get(file, start + i, &name[i], 1); i++) {
            if (name[i] == '\0') {
                break;
            }
        }
        name[sizeof(name) - 1] = '\0';
        if (is_export(&symbol, name)) {
            ++*count;
            if (strcmp(name, "microlog_plugin_1") != 0) {
                memcpy(other, name, sizeof(name));
            }
        }
    }
    return 1;
}

static int count_exports(const elf_file *file, size_t *count, char other[64])
{
    Elf64_Ehdr header;
    Elf64_Shdr section;
    Elf64_Shdr strings;

    if (!get(file, 0, &header, sizeof(header)) || header.e_ident[EI_CLASS] != ELFCLASS64) {
        return 0;
    }
    for (uint64_t i = 0; get_section(file, &header, i, &section); i++) {
        if (section.sh_type == SHT_DYNSYM) {
            return get_section(file, &header, section.sh_link, &strings) &&
                   read_exports(file, &section, &strings, count, other);
        }
    }
    return 0;
}

static ml_status load_one_symbol(ml_trial *trial)
{
    char other[64] = "";
    elf_file file;
    uint8_t *bytes;
    size_t count = 0;
    int readable;

    ML_TRY(ml_os_read(trial->file.path, FILE_MAX, &bytes, &file.length, &trial->error));
    file.bytes = bytes;
    readable = count_exports(&file, &count, other);
    ml_os_free(bytes);
    if (!readable) {
        return FAIL(trial, "its dynamic symbol table cannot be read; do not strip its sections");
    }
    if (other[0] != '\0') {
        return FAIL(trial,
                    "it exports %zu symbols, one of them %s; compile with -fvisibility=hidden so "
                    "that microlog_plugin_1 is the only one",
                    count, other);
    }
    return count == 1 ? ML_OK
                      : FAIL(trial, "it exports no microlog_plugin_1; define it with a macro of "
                                    "sdk.h, such as ML_DEFINE_ANALYZER");
}

/* ---- the description ---- */

static ml_status descriptor_size(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    return plugin->struct_size >= sizeof(ml_plugin) && plugin->struct_size <= STRUCT_MAX
               ? ML_OK
               : FAIL(trial,
                      "struct_size is %u, and this host needs %zu or more; set it to "
                      "sizeof(ml_plugin)",
                      plugin->struct_size, sizeof(ml_plugin));
}

static ml_status descriptor_draft(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    return plugin->abi_draft == ML_ABI_DRAFT
               ? ML_OK
               : FAIL(trial,
                      "it is built for draft %u of the plugin ABI, and this is draft %d; "
                      "build it again with this SDK",
                      plugin->abi_draft, ML_ABI_DRAFT);
}

static ml_status descriptor_minor(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    return plugin->abi_minor <= ML_ABI_MINOR
               ? ML_OK
               : FAIL(trial,
                      "it needs plugin ABI %d.%u, and this is %d.%d; set abi_minor to the "
                      "lowest that it can live with",
                      ML_ABI_MAJOR, plugin->abi_minor, ML_ABI_MAJOR, ML_ABI_MINOR);
}

static ml_status descriptor_kind(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    trial->kind = plugin->kind;
    if (plugin->kind < ML_ANALYZER || plugin->kind > ML_RENDERER) {
        return FAIL(trial, "its kind is %u; it is ML_ANALYZER, ML_EXPLAINER or ML_RENDERER",
                    plugin->kind);
    }
    return plugin->run != NULL
               ? ML_OK
               : FAIL(trial, "its run is NULL; set the function that does its work");
}

static ml_status descriptor_id(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    return plugin->id != NULL && ml_discover_is_id(plugin->id)
               ? ML_OK
               : FAIL(trial,
                      "\"%s\" is no id; it has at most 64 letters, digits, '.', '-' and "
                      "'_', and begins with a letter or digit",
                      plugin->id == NULL ? "NULL" : plugin->id);
}

/* A file of another name can be used by its path; it is not found by its id then. */
static ml_status descriptor_file_name(ml_trial *trial)
{
    const ml_plugin *plugin;
    const char *slash = strrchr(trial->file.path, '/');
    const char *name = slash == NULL ? trial->file.path : slash + 1;
    char wanted[128];

    ML_TRY(describe(trial, &plugin));
    snprintf(wanted, sizeof(wanted), "microlog-%s-%s.so", ml_name_plugin(plugin->kind), plugin->id);
    if (strcmp(name, wanted) == 0) {
        return ML_OK;
    }
    snprintf(wanted, sizeof(wanted), "%s.so", plugin->id);
    if (trial->file.kind == 0 && strcmp(name, wanted) == 0) {
        return ML_OK;
    }
    return FAIL(trial,
                "its file is %s, and it says to be the %s \"%s\"; name it "
                "microlog-%s-%s.so, or %s while you work on it",
                name, ml_name_plugin(plugin->kind), plugin->id, ml_name_plugin(plugin->kind),
                plugin->id, wanted);
}

static ml_status check_text(ml_trial *trial, const char *field, const char *text)
{
    if (text == NULL || text[0] == '\0' || !ml_text_is_valid(text, strlen(text))) {
        return FAIL(trial, "%s is %s; set it to a text in UTF-8", field,
                    text == NULL      ? "NULL"
                    : text[0] == '\0' ? "empty"
                                      : "not valid UTF-8");
    }
    return ML_OK;
}

static ml_status descriptor_texts(ml_trial *trial)
{
    const ml_plugin *plugin;

    ML_TRY(describe(trial, &plugin));
    ML_TRY(check_text(trial, "version", plugin->version));
    ML_TRY(check_text(trial, "title", plugin->title));
    ML_TRY(check_text(trial, "summary", plugin->summary));
    ML_TRY(check_text(trial, "license", plugin->license));
    if (plugin->kind == ML_RENDERER) {
        ML_TRY(check_text(trial, "media_type", plugin->media_type));
        ML_TRY(check_text(trial, "suffix", plugin->suffix));
        if (!ml_discover_is_id(plugin->suffix)) {
            return FAIL(trial, "\"%s\" is no suffix; it has letters, digits, '.' and '-'",
                        plugin->suffix);
        }
    }
    return ML_OK;
}

static ml_status descriptor_options(ml_trial *trial)
{
    const ml_plugin *plugin;
    ml_plugin copy;
    ml_option_values values;

    ML_TRY(describe(trial, &plugin));
    copy = *plugin;
    if (plugin->option_count == 0) {
        return ML_OK;
    }
    if (plugin->option_count > OPTIONS_MAX || plugin->options == NULL ||
        plugin->options->struct_size != sizeof(ml_option)) {
        return FAIL(trial,
                    "its table of %zu options cannot be read; write its entries with "
                    "ML_OPTION, at most %d",
                    plugin->option_count, OPTIONS_MAX);
    }
    return ml_options_default(&trial->arena, &copy, &values, &trial->error);
}

/* What a run would do. */
static ml_status descriptor_accepted(ml_trial *trial)
{
    ml_loaded loaded;

    return ml_load(&trial->arena, &trial->file, &loaded, &trial->error);
}

const ml_test ml_conform_load_tests[] = {
    {"load/now-local", load, 0, 1, 0},
    {"load/one-symbol", load_one_symbol, 0, 0, 0},
    {"load/entry", load_entry, 0, 1, 0},
    {"load/fast", load_fast, 0, 0, 0},
    {"load/no-output", load_no_output, 0, 0, 0},
    {"load/no-thread", load_no_thread, 0, 0, 0},
    {"descriptor/size", descriptor_size, 0, 1, 0},
    {"descriptor/draft", descriptor_draft, 0, 1, 0},
    {"descriptor/minor", descriptor_minor, 0, 1, 0},
    {"descriptor/kind", descriptor_kind, 0, 1, 0},
    {"descriptor/id", descriptor_id, 0, 1, 0},
    {"descriptor/file-name", descriptor_file_name, 0, 0, 0},
    {"descriptor/texts", descriptor_texts, 0, 0, 0},
    {"descriptor/options", descriptor_options, 0, 0, 0},
    {"descriptor/accepted", descriptor_accepted, 0, 1, 0},
    {NULL, NULL, 0, 0, 0},
};
