/* tips: for the modules that took time in this run: what to do, why, and the page that says more; then the
 * documentation of the other modules that were seen.
 *
 * A tip of the catalogue (catalogue.tsv: data, not code) fires when the functions that it names take the share of
 * time that it names, in at least five samples, under a version of Python that it is about. Nothing is random and
 * nothing is fetched. Tips are advice from a list, not findings: what they cost is measured, that they help is not.
 */
#include "common/own_code.h"
#include "common/prose.h"
#include "usage.h"

#include <stdlib.h>

enum { URL_MAX = 300, WHY_MAX = 700, TIP_TEXT_MAX = 2000, ROWS_SHOWN = 20 };

/* ---------------------------------------------------------------- why a tip fired */

static const char *module_of(const ml_model *model, const fired *one)
{
    return ml_module_name(model, ml_function_module(model, one->function));
}

/* "json.decoder was on the stack for 350 ms of 8.10 s of running time (4.3 %, 39 samples)…" */
static const char *why_fired(char *text, const ml_model *model, const usage *found,
                             const fired *one)
{
    char time[ML_NUMBER_MAX], whole[ML_NUMBER_MAX], share[ML_NUMBER_MAX], count[ML_NUMBER_MAX];
    static const char *const verbs[] = {"was on the stack for", "itself ran for",
                                        "held a thread for"};
    int is_wall = one->about->measure == MEASURE_WALL;
    size_t used;
    ml_format(text, WHY_MAX - 300, "%s %s %s of %s of %s (%s, %s samples), %s %.120s",
              module_of(model, one), verbs[one->about->measure], ml_format_duration(time, one->ns),
              ml_format_duration(whole, is_wall ? model->duration_ns : found->running_ns),
              is_wall ? "the run" : "running time", ml_format_ratio(share, one->share),
              ml_format_count(count, one->samples),
              one->about->measure == MEASURE_SELF ? "mostly in" : "through",
              ml_function_name(model, one->function));
    used = strlen(text);
    if (one->caller != ML_NONE)
        ml_format(text + used, WHY_MAX - used, ", called at %.100s:%u in %.120s",
                  ml_base_name(ml_function_file(model, one->caller)), (unsigned)one->caller_line,
                  ml_function_name(model, one->caller));
    return text;
}

/* ---------------------------------------------------------------- Markdown */

static void put_tip(prose *to, const ml_model *model, const usage *found, const fired *one)
{
    char url[URL_MAX], why[WHY_MAX];
    prose_put(to, "* **%s.** %s *Here:* ", one->about->title, one->about->why);
    prose_put_plain(to, why_fired(why, model, found, one));
    prose_put(to, ". <%s>\n",
              catalogue_url(url, sizeof url, one->about->url, catalogue_minor_of(model->python)));
}

static ml_status put_list(const ml_host *host, const catalogue *from, const usage *found)
{
    prose text;
    ml_draft block;
    if (!prose_open(&text, host, 400 + (size_t)found->count * TIP_TEXT_MAX))
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the text of %u tips",
                       (unsigned)found->count);
    prose_put(&text,
              found->count ? "%u of %u tips fit this run, by the time they are about. The time is "
                             "measured; that the advice helps is not.\n\n"
                           : "%u of %u tips fit this run: no module that has one took the share "
                             "of time that it asks for.\n",
              (unsigned)found->count, (unsigned)from->tip_count);
    for (uint32_t i = 0; i < found->count; i++)
        put_tip(&text, ml_get_model(host), found, &found->all[i]);
    block = ml_block_begin(host, ML_BLOCK_TEXT, "tips", "Tips for this run");
    ml_set_number(block, ML_FIELD_IMPORTANCE, 60);
    return ml_end(block, text.bytes);
}

/* ---------------------------------------------------------------- tables */

static ml_status put_table(const ml_host *host, const usage *found)
{
    const ml_model *model = ml_get_model(host);
    char why[WHY_MAX], url[URL_MAX];
    ml_draft table = ml_table_begin(host, "fired", "Why each tip is shown");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 40);
    ml_table_column(table, "tip", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "module", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "share", ML_TYPE_RATIO, ML_REDUCE_MAX);
    ml_table_column(table, "time", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "why", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_column(table, "page", ML_TYPE_TEXT, ML_REDUCE_NONE);
    ml_table_show(table, 3, ROWS_SHOWN);
    for (uint32_t i = 0; i < found->count; i++) {
        const fired *one = &found->all[i];
        ml_cell_text(table, one->about->id);
        ml_cell_text(table, module_of(model, one));
        ml_cell_real(table, one->share);
        ml_cell_number(table, one->ns);
        ml_cell_text(table, why_fired(why, model, found, one));
        ml_cell_text(table, catalogue_url(url, sizeof url, one->about->url,
                                          catalogue_minor_of(model->python)));
    }
    return ml_end(table, "The tips above with what was measured.");
}

/* A top-level module with the time of its own functions. */
typedef struct used_module {
    const char *name; /* its first part counts */
    uint32_t flags;
    uint64_t ns, samples;
} used_module;

static int compare_modules(const void *left, const void *right)
{
    const used_module *a = (const used_module *)left, *b = (const used_module *)right;
    int order = compare_top_parts(a->name, b->name);
    return order ? order : (a->flags > b->flags) - (a->flags < b->flags);
}

/* Standard and installed modules by their first part; returns how many. */
static size_t collect_modules(const ml_model *model, used_module *modules)
{
    const ml_functions *functions = model->functions;
    size_t count = model->modules->count, kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        modules[i].name = ml_module_name(model, i);
        modules[i].flags = model->modules->flags[i];
    }
    for (uint32_t i = 0; i < functions->count; i++)
        if (functions->module[i] < count) {
            modules[functions->module[i]].ns += functions->self_ns[i];
            modules[functions->module[i]].samples += functions->self_samples[i];
        }
    qsort(modules, count, sizeof *modules, compare_modules);
    for (size_t i = 0; i < count; i++) {
        if (!(modules[i].flags & (ML_MODULE_STDLIB | ML_MODULE_THIRD_PARTY)))
            continue;
        if (kept && compare_modules(&modules[kept - 1], &modules[i]) == 0) {
            modules[kept - 1].ns += modules[i].ns;
            modules[kept - 1].samples += modules[i].samples;
        } else {
            modules[kept++] = modules[i];
        }
    }
    return kept;
}

static int has_tip(const ml_model *model, const usage *found, const char *name)
{
    for (uint32_t i = 0; i < found->count; i++)
        if (strncmp(module_of(model, &found->all[i]), name, strlen(name)) == 0)
            return 1;
    return 0;
}

static ml_status put_pages(const ml_host *host, const catalogue *from, const usage *found)
{
    const ml_model *model = ml_get_model(host);
    used_module *modules = (used_module *)ml_alloc(host, model->modules->count, sizeof *modules);
    char url[URL_MAX], name[128];
    ml_draft table;
    size_t count;
    if (!modules)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %u modules",
                       (unsigned)model->modules->count);
    count = collect_modules(model, modules);
    table = ml_table_begin(host, "pages", "Documentation of the other modules that were seen");
    ml_set_number(table, ML_FIELD_IMPORTANCE, 30);
    ml_table_column(table, "module", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "origin", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_column(table, "time in it", ML_TYPE_DURATION, ML_REDUCE_SUM);
    ml_table_column(table, "page", ML_TYPE_TEXT, ML_REDUCE_KEY);
    ml_table_show(table, 2, ROWS_SHOWN);
    for (size_t i = 0; i < count; i++) {
        ml_format(name, sizeof name, "%.*s", (int)top_part(modules[i].name), modules[i].name);
        catalogue_page(from, url, sizeof url, name, modules[i].flags,
                       catalogue_minor_of(model->python));
        if (!modules[i].samples || !url[0] || has_tip(model, found, name))
            continue;
        ml_cell_text(table, name);
        ml_cell_text(table, ml_origin_word(modules[i].flags));
        ml_cell_number(table, modules[i].ns);
        ml_cell_text(table, url);
    }
    return ml_end(table, "Running or waiting, with a function of the module innermost.");
}

static ml_status run(const ml_host *host, void *self)
{
    catalogue known;
    usage found;
    ml_status status = catalogue_read(host, &known);
    (void)self;
    if (status == ML_OK)
        status = usage_find(host, &known, &found);
    if (status == ML_OK)
        status = put_list(host, &known, &found);
    if (status == ML_OK && found.count)
        status = put_table(host, &found);
    return status == ML_OK ? put_pages(host, &known, &found) : status;
}

ML_DEFINE_ANALYZER("tips", "1.0", "Tips", "advice and documentation for the modules used", run)
