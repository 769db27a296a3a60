/* microlog/sdk.h: plugin.h with less typing. Inline helpers, nothing to link, C99 and C++11.
 *
 * Everything here is written with plugin.h alone, so a plugin may mix both, or use none of it. It is for
 * whoever writes an analyzer or a renderer; it is not a library of statistics or of layout.
 *
 * An analyzer is one function and one line:
 *
 *     static ml_status run(const ml_host *host, void *self)
 *     {
 *         const ml_model *model = ml_get_model(host);
 *         ml_draft finding = ml_finding_begin(host, ML_LEVEL_NOTE, "rule", "key", "Title");
 *         ml_message(finding, "%u functions were seen", model->functions->count);
 *         return ml_end(finding, "the same in plain text");
 *     }
 *     ML_DEFINE_ANALYZER("com.example.count", "1.0", "Count", "how many functions ran", run)
 *
 * The macros check, before `run`, that the interfaces which such a plugin cannot do without are offered.
 * Builders keep their first failure until ml_end, so only the last call of a block needs a look. Errors are
 * reported by `return ml_fail(host, ML_ERROR_…, "what and the remedy")`. All functions belong to the job's
 * thread. Text that they return is borrowed for the job, or lies in the caller's buffer.
 */
#ifndef MICROLOG_SDK_H
#define MICROLOG_SDK_H

#include <microlog/numbers.h>
#include <microlog/plugin.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__GNUC__)
#define ML_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define ML_PRINTF(text, first)
#endif

/* ---------------------------------------------------------------- interfaces
 *
 * NULL where the host does not offer one for this job. In `run` of a plugin that was defined by a macro below,
 * job is there, and so are: analyzer: model, writer; explainer: writer, documents; renderer: documents,
 * output. */

static inline const ml_job *ml_get_job(const ml_host *host)
{
    return (const ml_job *)host->get_interface(host, ML_JOB_ID);
}

static inline const ml_model *ml_get_model(const ml_host *host)
{
    return (const ml_model *)host->get_interface(host, ML_MODEL_ID);
}

static inline const ml_document_writer *ml_get_writer(const ml_host *host)
{
    return (const ml_document_writer *)host->get_interface(host, ML_DOCUMENT_ID);
}

static inline const ml_documents *ml_get_documents(const ml_host *host)
{
    return (const ml_documents *)host->get_interface(host, ML_DOCUMENTS_ID);
}

static inline const ml_output *ml_get_output(const ml_host *host)
{
    return (const ml_output *)host->get_interface(host, ML_OUTPUT_ID);
}

static inline const ml_json *ml_get_json(const ml_host *host)
{
    return (const ml_json *)host->get_interface(host, ML_JSON_ID);
}

/* ---------------------------------------------------------------- text, failing, memory, options */

#define ML_SENTENCE_MAX                                                                            \
    2048 /* longest text that the printf-like helpers make; more is cut with "..." */

/* printf into `buffer`, cut between two characters. Returns `buffer`. */
static inline const char *ml_formatv(char *buffer, size_t size, const char *format,
                                     va_list arguments)
{
    int wanted = vsnprintf(buffer, size, format, arguments);
    if (wanted < 0)
        buffer[0] = '\0';
    if (wanted >= 0 && (size_t)wanted >= size && size > 4) {
        size_t end = size - 4;
        while (end > 0 && ((unsigned char)buffer[end] & 0xC0u) == 0x80u)
            end--;
        memcpy(buffer + end, "...", 4);
    }
    return buffer;
}

static inline const char *ml_format(char *buffer, size_t size, const char *format, ...)
    ML_PRINTF(3, 4);
static inline const char *ml_format(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ml_formatv(buffer, size, format, arguments);
    va_end(arguments);
    return buffer;
}

/* Adds a sentence to the cause chain and returns `status`. */
static inline ml_status ml_fail(const ml_host *host, ml_status status, const char *format, ...)
    ML_PRINTF(3, 4);
static inline ml_status ml_fail(const ml_host *host, ml_status status, const char *format, ...)
{
    const ml_job *job = ml_get_job(host);
    char text[ML_SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    ml_formatv(text, sizeof text, format, arguments);
    va_end(arguments);
    return job ? job->fail(host, status, text) : status;
}

/* `count` zeroed things of `size` bytes, gone when the job ends; NULL when there is no memory for them. */
static inline void *ml_alloc(const ml_host *host, size_t count, size_t size)
{
    const ml_job *job = ml_get_job(host);
    if (!job || (size && count > (size_t)-1 / size))
        return NULL;
    return job->alloc(host, count && size ? count * size : 1);
}

static inline int64_t ml_option_as_int(const ml_host *host, const char *name)
{
    const ml_job *job = ml_get_job(host);
    return job ? job->option_int(host, name) : 0;
}

static inline double ml_option_as_real(const ml_host *host, const char *name)
{
    const ml_job *job = ml_get_job(host);
    return job ? job->option_real(host, name) : 0.0;
}

static inline const char *ml_option_as_text(const ml_host *host, const char *name)
{
    const ml_job *job = ml_get_job(host);
    return job ? job->option_string(host, name) : "";
}

/* ---------------------------------------------------------------- reading the model */

/* The text of a string id; "" for ML_NONE. */
static inline const char *ml_text_of(const ml_model *model, uint32_t id)
{
    const ml_strings *strings = model->strings;
    return id < strings->count ? strings->bytes + strings->offset[id] : "";
}

static inline const char *ml_function_name(const ml_model *model, uint32_t function)
{
    const ml_functions *functions = model->functions;
    return function < functions->count ? ml_text_of(model, functions->name[function]) : "";
}

static inline uint32_t ml_function_module(const ml_model *model, uint32_t function)
{
    return function < model->functions->count ? model->functions->module[function] : ML_NONE;
}

static inline const char *ml_module_name(const ml_model *model, uint32_t module)
{
    return module < model->modules->count ? ml_text_of(model, model->modules->name[module]) : "";
}

static inline const char *ml_module_file(const ml_model *model, uint32_t module)
{
    return module < model->modules->count ? ml_text_of(model, model->modules->file[module]) : "";
}

/* ML_MODULE_… flags; 0 where nothing is known. */
static inline uint32_t ml_module_flags(const ml_model *model, uint32_t module)
{
    return module < model->modules->count ? model->modules->flags[module] : 0;
}

static inline const char *ml_function_file(const ml_model *model, uint32_t function)
{
    return ml_module_file(model, ml_function_module(model, function));
}

/* Flags of the module of a function. */
static inline uint32_t ml_function_origin(const ml_model *model, uint32_t function)
{
    return ml_module_flags(model, ml_function_module(model, function));
}

/* A line of a module's source file as it was when it ran; "" where that is not known (see ml_sources). */
static inline const char *ml_source_text(const ml_model *model, uint32_t module, uint32_t line)
{
    const ml_sources *sources =
        model->struct_size >= offsetof(ml_model, gaps) ? model->sources : NULL;
    uint32_t low = 0, high = sources ? sources->count : 0, count = high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sources->module[middle] < module ||
            (sources->module[middle] == module && sources->line[middle] < line))
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && sources->module[low] == module && sources->line[low] == line
               ? ml_text_of(model, sources->text[low])
               : "";
}

#define ML_FUNCTION_KEY_MAX 128

/* Name and hash of a function and a line in it, for keys of blocks: the same in every run of the same files.
 * The buffer has ML_FUNCTION_KEY_MAX bytes and is returned. */
static inline const char *ml_function_key(char *buffer, const ml_model *model, uint32_t function,
                                          uint32_t line)
{
    const char *parts[2];
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    size_t used;
    parts[0] = ml_function_file(model, function);
    parts[1] = ml_function_name(model, function);
    for (int i = 0; i < 2; i++)
        for (const char *at = parts[i];; at++) {
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
            if (!*at)
                break;
        }
    ml_format(buffer, ML_FUNCTION_KEY_MAX - 32, "%s", parts[1]);
    used = strlen(buffer);
    ml_format(buffer + used, ML_FUNCTION_KEY_MAX - used, ":%u:%08x", (unsigned)line,
              (unsigned)(hash ^ hash >> 32));
    return buffer;
}

static inline const char *ml_origin_word(uint32_t flags)
{
    if (flags & ML_MODULE_SYNTHETIC)
        return "synthetic";
    if (flags & ML_MODULE_STDLIB)
        return "stdlib";
    if (flags & ML_MODULE_THIRD_PARTY)
        return "third party";
    return flags & ML_MODULE_PROJECT ? "project" : "unknown";
}

/* The last part of a path. */
static inline const char *ml_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* The frames of a stack, innermost first: `frame` is a row of stacks. */
#define ML_EACH_FRAME(model, stack, frame)                                                         \
    for (uint32_t frame = (stack) < (model)->stacks->count ? (stack) : 0; frame != 0;              \
         frame = (model)->stacks->parent[frame])

/* The runs of a thread in order of time: `row` is a row of samples. */
#define ML_EACH_SAMPLE(model, thread, row)                                                         \
    for (uint64_t row = (model)->threads->sample_first[thread],                                    \
                  row##_end = row + (model)->threads->sample_count[thread];                        \
         row < row##_end; row++)

/* The calls directly inside a call, in order of time: rows of calls. */
#define ML_EACH_CHILD(model, call, row)                                                            \
    for (uint64_t row = (call) + 1; row < (model)->calls->subtree_end[call];                       \
         row = (model)->calls->subtree_end[row])

/* The row of functions at the leaf of a stack; ML_NONE for "no stack". */
static inline uint32_t ml_stack_function(const ml_model *model, uint32_t stack)
{
    return stack < model->stacks->count ? model->stacks->function[stack] : ML_NONE;
}

static inline uint32_t ml_stack_line(const ml_model *model, uint32_t stack)
{
    return stack < model->stacks->count ? model->stacks->line[stack] : 0;
}

/* The different functions of a stack, innermost first; returns how many of the first `capacity`. */
static inline size_t ml_functions_of_stack(const ml_model *model, uint32_t stack, uint32_t *out,
                                           size_t capacity)
{
    size_t count = 0;
    ML_EACH_FRAME(model, stack, frame) {
        uint32_t function = model->stacks->function[frame];
        size_t i = 0;
        while (i < count && out[i] != function)
            i++;
        if (i == count && count < capacity)
            out[count++] = function;
    }
    return count;
}

/* The innermost frame whose module has one of `flags`; 0 if there is none. */
static inline uint32_t ml_stack_frame_in(const ml_model *model, uint32_t stack, uint32_t flags)
{
    ML_EACH_FRAME(model, stack, frame) {
        if (ml_function_origin(model, model->stacks->function[frame]) & flags)
            return frame;
    }
    return 0;
}

/* The frame that a reader would look at first: of the project, else of a library, else the leaf. */
static inline uint32_t ml_stack_own_frame(const ml_model *model, uint32_t stack)
{
    uint32_t frame = ml_stack_frame_in(model, stack, ML_MODULE_PROJECT);
    if (!frame)
        frame = ml_stack_frame_in(model, stack, ML_MODULE_THIRD_PARTY);
    return frame ? frame : stack;
}

/* ---------------------------------------------------------------- writing blocks
 *
 * A draft is a block being written: begin, fill, ml_end. One at a time. Drafts are passed by value. */

typedef struct ml_draft {
    const ml_host *host;
    const ml_document_writer *writer;
    ml_builder *builder;
} ml_draft;

static inline ml_draft ml_block_begin(const ml_host *host, uint32_t kind, const char *key,
                                      const char *title)
{
    ml_draft draft;
    draft.host = host;
    draft.writer = ml_get_writer(host);
    draft.builder = draft.writer->begin(host, kind, key, title);
    return draft;
}

/* Ends a block. The text is its plain fallback, or the Markdown of a text block. */
static inline ml_status ml_end(ml_draft draft, const char *text)
{
    return draft.writer->end(draft.builder, text);
}

static inline void ml_set_text(ml_draft draft, uint32_t field, const char *text)
{
    draft.writer->set_text(draft.builder, field, text);
}

static inline void ml_set_number(ml_draft draft, uint32_t field, uint64_t value)
{
    draft.writer->set_number(draft.builder, field, value);
}

static inline void ml_set_real(ml_draft draft, uint32_t field, double value)
{
    draft.writer->set_real(draft.builder, field, value);
}

static inline void ml_add(ml_draft draft, uint32_t list, const char *text)
{
    draft.writer->add(draft.builder, list, text);
}

/* ---------------------------------------------------------------- findings */

/* `rule` is the part behind "plugin/"; `key` tells this finding from others of the same rule. */
static inline ml_draft ml_finding_begin(const ml_host *host, uint32_t level, const char *rule,
                                        const char *key, const char *title)
{
    ml_draft draft = ml_block_begin(host, ML_BLOCK_FINDING, key, title);
    ml_set_text(draft, ML_FIELD_RULE, rule);
    ml_set_number(draft, ML_FIELD_LEVEL, level);
    return draft;
}

#define ML_SENTENCE(draft, format, act)                                                            \
    do {                                                                                           \
        char sentence[ML_SENTENCE_MAX];                                                            \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        ml_formatv(sentence, sizeof sentence, format, arguments);                                  \
        va_end(arguments);                                                                         \
        act;                                                                                       \
    } while (0)

/* Subject, measured cost and when, in one sentence. */
static inline void ml_message(ml_draft draft, const char *format, ...) ML_PRINTF(2, 3);
static inline void ml_message(ml_draft draft, const char *format, ...)
{
    ML_SENTENCE(draft, format, ml_set_text(draft, ML_FIELD_MESSAGE, sentence));
}

static inline void ml_why(ml_draft draft, const char *format, ...) ML_PRINTF(2, 3);
static inline void ml_why(ml_draft draft, const char *format, ...)
{
    ML_SENTENCE(draft, format, ml_set_text(draft, ML_FIELD_WHY, sentence));
}

/* What would make the finding wrong. */
static inline void ml_limits(ml_draft draft, const char *format, ...) ML_PRINTF(2, 3);
static inline void ml_limits(ml_draft draft, const char *format, ...)
{
    ML_SENTENCE(draft, format, ml_set_text(draft, ML_FIELD_LIMITS, sentence));
}

/* One sentence of evidence; call it once for each. */
static inline void ml_evidence(ml_draft draft, const char *format, ...) ML_PRINTF(2, 3);
static inline void ml_evidence(ml_draft draft, const char *format, ...)
{
    ML_SENTENCE(draft, format, ml_add(draft, ML_LIST_EVIDENCE, sentence));
}

/* What to do, in the imperative, naming a function, a line or a command; one to three. */
static inline void ml_next(ml_draft draft, const char *format, ...) ML_PRINTF(2, 3);
static inline void ml_next(ml_draft draft, const char *format, ...)
{
    ML_SENTENCE(draft, format, ml_add(draft, ML_LIST_NEXT, sentence));
}

/* A part of what the finding is about, stable over edits: no lines, times, counts, absolute paths. */
static inline void ml_fingerprint(ml_draft draft, const char *part)
{
    ml_set_text(draft, ML_FIELD_FINGERPRINT, part);
}

static inline void ml_confidence(ml_draft draft, uint32_t confidence)
{
    ml_set_number(draft, ML_FIELD_CONFIDENCE, confidence);
}

/* Where: a line of a function, without a thread or time. */
static inline void ml_location_of_function(ml_draft draft, uint32_t function, uint32_t line)
{
    const ml_model *model = ml_get_model(draft.host);
    ml_add(draft, ML_LIST_LOCATION, "");
    ml_set_text(draft, ML_FIELD_FUNCTION, ml_function_name(model, function));
    ml_set_text(draft, ML_FIELD_MODULE, ml_module_name(model, ml_function_module(model, function)));
    ml_set_text(draft, ML_FIELD_FILE, ml_function_file(model, function));
    ml_set_number(draft, ML_FIELD_LINE, line);
}

/* Where: the leaf of a stack. Does nothing for "no stack". */
static inline void ml_location_of_stack(ml_draft draft, uint32_t stack)
{
    const ml_model *model = ml_get_model(draft.host);
    if (ml_stack_function(model, stack) != ML_NONE)
        ml_location_of_function(draft, ml_stack_function(model, stack),
                                ml_stack_line(model, stack));
}

/* ---------------------------------------------------------------- tables, metrics, text */

static inline ml_draft ml_table_begin(const ml_host *host, const char *key, const char *title)
{
    return ml_block_begin(host, ML_BLOCK_TABLE, key, title);
}

/* All columns come before the first cell. `reduce` says how rows of several recordings become one. */
static inline void ml_table_column(ml_draft draft, const char *name, uint32_t type, uint32_t reduce)
{
    ml_add(draft, ML_LIST_COLUMN, name);
    ml_set_number(draft, ML_FIELD_TYPE, type);
    ml_set_number(draft, ML_FIELD_REDUCE, reduce);
}

/* A hint: order by that column, largest first, and show `limit` rows at first. Put all rows in. */
static inline void ml_table_show(ml_draft draft, uint32_t order_by, uint64_t limit)
{
    ml_set_number(draft, ML_FIELD_ORDER_BY, order_by);
    ml_set_number(draft, ML_FIELD_LIMIT, limit);
}

static inline void ml_cell_null(ml_draft draft)
{
    draft.writer->put_null(draft.builder);
}

static inline void ml_cell_text(ml_draft draft, const char *text)
{
    draft.writer->put_text(draft.builder, text);
}

/* DURATION and TIME (ns), BYTES. */
static inline void ml_cell_number(ml_draft draft, uint64_t value)
{
    draft.writer->put_number(draft.builder, value);
}

/* FUNCTION: a row of functions. */
static inline void ml_cell_function(ml_draft draft, uint32_t function)
{
    draft.writer->put_number(draft.builder, function);
}

static inline void ml_cell_int(ml_draft draft, int64_t value)
{
    draft.writer->put_int(draft.builder, value);
}

/* REAL, RATIO. */
static inline void ml_cell_real(ml_draft draft, double value)
{
    draft.writer->put_real(draft.builder, value);
}

/* A whole metric block; durations in ns, ratios as 1.0 for 100 %. `better`: 0 none, 1 lower, 2 higher. The
 * numbers of a report are ordered by `importance`, 0 to 100. */
static inline ml_status ml_put_metric(const ml_host *host, uint32_t importance, const char *key,
                                      const char *title, uint32_t type, double value,
                                      uint32_t better, uint32_t reduce)
{
    ml_draft draft = ml_block_begin(host, ML_BLOCK_METRIC, key, title);
    char number[ML_NUMBER_MAX];
    uint64_t whole = value >= 0 && value < 18e18 ? (uint64_t)value : 0;
    ml_set_number(draft, ML_FIELD_IMPORTANCE, importance);
    ml_set_number(draft, ML_FIELD_TYPE, type);
    ml_set_number(draft, ML_FIELD_BETTER, better);
    ml_set_number(draft, ML_FIELD_REDUCE, reduce);
    ml_set_real(draft, ML_FIELD_VALUE, value);
    switch (type) {
    case ML_TYPE_DURATION: ml_format_duration(number, whole); break;
    case ML_TYPE_TIME: ml_format_time(number, whole); break;
    case ML_TYPE_BYTES: ml_format_bytes(number, whole); break;
    case ML_TYPE_RATIO: ml_format_ratio(number, value); break;
    case ML_TYPE_INT: ml_format_count(number, whole); break;
    default: ml_format(number, sizeof number, "%.3g", value);
    }
    return ml_end(draft, number);
}

/* A whole text block in Markdown: headings, paragraphs, lists, code, links, tables; no HTML. */
static inline ml_status ml_put_text(const ml_host *host, const char *key, const char *title,
                                    const char *markdown)
{
    return ml_end(ml_block_begin(host, ML_BLOCK_TEXT, key, title), markdown);
}

/* ---------------------------------------------------------------- the plugin itself */

static inline ml_status ml_require(const ml_host *host, const char *id)
{
    if (host->get_interface(host, id))
        return ML_OK;
    return ml_fail(host, ML_ERROR_UNSUPPORTED, "the host does not offer %s for this job", id);
}

/* Does an analyzer (1, 2) or renderer (3) have what its helpers use without asking? */
static inline ml_status ml_require_all(const ml_host *host, uint32_t kind)
{
    ml_status status = ml_require(host, ML_JOB_ID);
    if (status == ML_OK)
        status = ml_require(host, kind == ML_RENDERER ? ML_OUTPUT_ID : ML_DOCUMENT_ID);
    if (status == ML_OK)
        status = ml_require(host, kind == ML_ANALYZER ? ML_MODEL_ID : ML_DOCUMENTS_ID);
    return status;
}

/* An entry of an array of ml_option. */
#define ML_OPTION(name, type, default_value, minimum, maximum, help)                               \
    {                                                                                              \
        (uint32_t)sizeof(ml_option), (type), (name), (default_value), (help), (minimum), (maximum) \
    }

/* Define it before the include to say another licence. */
#ifndef ML_PLUGIN_LICENSE
#define ML_PLUGIN_LICENSE "MIT"
#endif

#define ML_DEFINE_PLUGIN(kind, id, version, title, summary, media_type, suffix, options, count,    \
                         run)                                                                      \
    static ml_status ml_checked_run(const ml_host *host, void *self)                               \
    {                                                                                              \
        ml_status status = ml_require_all(host, (kind));                                           \
        return status == ML_OK ? run(host, self) : status;                                         \
    }                                                                                              \
    const ml_plugin *microlog_plugin_1(const ml_host *host)                                        \
    {                                                                                              \
        static const ml_plugin plugin = {(uint32_t)sizeof(ml_plugin),                              \
                                         ML_ABI_MINOR,                                             \
                                         ML_ABI_DRAFT,                                             \
                                         (kind),                                                   \
                                         0,                                                        \
                                         (id),                                                     \
                                         (version),                                                \
                                         (title),                                                  \
                                         (summary),                                                \
                                         ML_PLUGIN_LICENSE,                                        \
                                         (media_type),                                             \
                                         (suffix),                                                 \
                                         (options),                                                \
                                         (count),                                                  \
                                         NULL,                                                     \
                                         ml_checked_run,                                           \
                                         NULL};                                                    \
        (void)host;                                                                                \
        return &plugin;                                                                            \
    }

/* One of these, once in a plugin, outside of functions, without a semicolon. `options` is an array. */
#define ML_DEFINE_ANALYZER(id, version, title, summary, run)                                       \
    ML_DEFINE_PLUGIN(ML_ANALYZER, id, version, title, summary, NULL, NULL, NULL, 0, run)

#define ML_DEFINE_ANALYZER_WITH_OPTIONS(id, version, title, summary, options, run)                 \
    ML_DEFINE_PLUGIN(ML_ANALYZER, id, version, title, summary, NULL, NULL, options,                \
                     sizeof(options) / sizeof((options)[0]), run)

#define ML_DEFINE_EXPLAINER(id, version, title, summary, run)                                      \
    ML_DEFINE_PLUGIN(ML_EXPLAINER, id, version, title, summary, NULL, NULL, NULL, 0, run)

#define ML_DEFINE_RENDERER(id, version, title, summary, media_type, suffix, run)                   \
    ML_DEFINE_PLUGIN(ML_RENDERER, id, version, title, summary, media_type, suffix, NULL, 0, run)

#endif
