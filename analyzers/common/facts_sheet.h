/* facts_sheet: the facts of a run as Markdown, one to a line, each with its handle and exact numbers. */
#ifndef MICROLOG_ANALYZERS_COMMON_FACTS_SHEET_H
#define MICROLOG_ANALYZERS_COMMON_FACTS_SHEET_H

#include "common/facts.h"
#include "common/prose.h"

enum { FACT_CODE_MAX = 120, FACT_FINDINGS = 40 };

static const double FACT_SHARE_LEAST = 0.05; /* of a phase, to be named */

/* ---------------------------------------------------------------- words */

static inline const char *fact_state_word(uint32_t state)
{
    static const char *const words[FACT_STATES] = {
        "in a state that is not known", "running",    "for the interpreter's lock",  "for a lock",
        "for input or output",          "in a sleep", "off the CPU, cause not known"};
    return words[state < FACT_STATES ? state : 0];
}

static inline const char *fact_level_word(uint32_t level)
{
    static const char *const words[] = {"finding", "note", "warning", "error"};
    return words[level <= ML_LEVEL_ERROR ? level : 0];
}

static inline const char *fact_confidence_word(uint32_t confidence)
{
    static const char *const words[] = {"unknown", "low", "medium", "high"};
    return words[confidence <= ML_CONFIDENCE_HIGH ? confidence : 0];
}

static inline void fact_put_duration(prose *to, uint64_t ns)
{
    char number[ML_NUMBER_MAX];
    prose_put(to, "%s", ml_format_duration(number, ns));
}

static inline void fact_put_time(prose *to, uint64_t ns)
{
    char number[ML_NUMBER_MAX];
    prose_put(to, "%s", ml_format_time(number, ns));
}

static inline void fact_put_ratio(prose *to, double part, double whole)
{
    char number[ML_NUMBER_MAX];
    prose_put(to, "%s", ml_format_ratio(number, whole > 0 ? part / whole : 0));
}

/* "1.20 s (34 %)" */
static inline void fact_put_part(prose *to, uint64_t part, uint64_t whole)
{
    fact_put_duration(to, part);
    prose_put(to, " (");
    fact_put_ratio(to, (double)part, (double)whole);
    prose_put(to, ")");
}

static inline void fact_put_code(prose *to, const char *text)
{
    prose_put_code(to, text, FACT_CODE_MAX);
}

/* "`Cart.total` (`shop.py:12`)" */
static inline void fact_put_function(prose *to, const facts *of, uint32_t function)
{
    char place[FACT_CODE_MAX + 24];
    fact_put_code(to, ml_function_name(of->model, function));
    if (!function_is_real(of->model, function))
        return;
    ml_format(place, sizeof place, "%s:%u", ml_base_name(ml_function_file(of->model, function)),
              (unsigned)of->model->functions->line[function]);
    prose_put(to, " (");
    fact_put_code(to, place);
    prose_put(to, ")");
}

/* The first word of sys.version. */
static inline void fact_put_python(prose *to, const facts *of)
{
    size_t length = strcspn(of->model->python, " ");
    prose_put(to, "%.*s", (int)(length < 32 ? length : 32), of->model->python);
}

/* What was done in a phase, most first: "`load` 80 %, waiting 20 %". */
static inline void fact_put_doing(prose *to, const facts *of, const phase *during)
{
    static const char *const words[DOES_NAMED] = {"waiting", "imports",
                                                  "library code outside of the program's functions",
                                                  "other functions of the program"};
    uint8_t said[PHASE_KINDS] = {0};
    for (int i = 0;; i++) {
        size_t best = PHASE_KINDS;
        for (size_t kind = 0; kind < PHASE_KINDS; kind++)
            if (!said[kind] && during->share[kind] >= (i ? FACT_SHARE_LEAST : 0) &&
                (best == PHASE_KINDS || during->share[kind] > during->share[best]))
                best = kind;
        if (best == PHASE_KINDS || i == PHASE_KINDS)
            return;
        said[best] = 1;
        prose_put(to, "%s", i ? ", " : "");
        if (best < DOES_NAMED)
            prose_put(to, "%s", words[best]);
        else
            fact_put_code(to, ml_function_name(of->model, of->phases.functions[best - DOES_NAMED]));
        prose_put(to, " ");
        fact_put_ratio(to, during->share[best], 1);
    }
}

/* ---------------------------------------------------------------- sections */

static inline void sheet_put_run(prose *to, const facts *of)
{
    const ml_model *model = of->model;
    char number[ML_NUMBER_MAX];
    int64_t code = model->processes->count ? model->processes->exit_code[0] : INT64_MIN;
    prose_put(to, "## Run\n\n- command: ");
    prose_put_code(to, model->command[0] ? model->command : model->name, 300);
    prose_put(to, "\n- Python ");
    fact_put_python(to, of);
    prose_put(to, "\n- duration ");
    fact_put_duration(to, model->duration_ns);
    prose_put(to, ", ");
    prose_put_count(to, model->processes->count, "process");
    prose_put(to, ", ");
    prose_put_count(to, model->threads->count, "thread");
    prose_put(to, "\n- CPU used: ");
    fact_put_part(to, of->cpu_ns, model->duration_ns);
    prose_put(to, " of one core\n");
    if (of->peak_rss > 0)
        prose_put(to, "- peak memory: %s\n", ml_format_bytes(number, (uint64_t)of->peak_rss));
    if (code != INT64_MIN)
        prose_put(to, "- exit code: %lld\n", (long long)code);
    prose_put(to, "- sampled every ");
    fact_put_duration(to, model->period_ns);
    prose_put(to, ", %s times\n", ml_format_count(number, model->ticks));
    prose_put(to, "- all threads together: running ");
    fact_put_duration(to, of->times.all_ns);
    prose_put(to, ", waiting ");
    fact_put_duration(to, of->times.all_waiting_ns);
    prose_put(to, "\n- of the running time: imports ");
    fact_put_part(to, of->times.imports_ns, of->times.all_ns);
    prose_put(to, ", the program's own code ");
    fact_put_part(to, of->own_self_ns, of->times.all_ns);
    prose_put(to, ", libraries ");
    fact_put_part(to, of->library_self_ns, of->times.all_ns);
    prose_put(to, "\n");
}

static inline void sheet_put_threads(prose *to, const facts *of)
{
    prose_put(to, "\n## Threads\n\n");
    for (size_t i = 0; i < of->thread_count; i++) {
        const fact_thread *one = &of->threads[i];
        prose_put(to, "- [t%zu] ", i + 1);
        fact_put_code(to, one->name);
        if (one->count > 1)
            prose_put(to, ", %u threads", (unsigned)one->count);
        prose_put(to, "%s: running ", one->is_main ? ", main" : "");
        fact_put_duration(to, one->running_ns);
        prose_put(to, ", waiting ");
        fact_put_duration(to, one->waiting_ns);
        if (one->function != ML_NONE) {
            prose_put(to, ", mostly in ");
            fact_put_function(to, of, one->function);
        }
        prose_put(to, "\n");
    }
}

static inline void sheet_put_phases(prose *to, const facts *of)
{
    prose_put(to, "\n## Phases\n\n");
    for (size_t i = 0; i < of->phases.count; i++) {
        prose_put(to, "- [p%zu] ", i + 1);
        fact_put_time(to, of->phases.list[i].start_ns);
        prose_put(to, " to ");
        fact_put_time(to, of->phases.list[i].end_ns);
        prose_put(to, ": ");
        fact_put_doing(to, of, &of->phases.list[i]);
        prose_put(to, "\n");
    }
    if (!of->phases.count)
        prose_put(to, "- the run is too short to tell phases apart\n");
}

static inline void sheet_put_functions(prose *to, const facts *of)
{
    prose_put(to, "\n## Functions of the program\n\n");
    for (size_t i = 0; i < of->function_count; i++) {
        const fact_function *one = &of->functions[i];
        prose_put(to, "- [f%zu] ", i + 1);
        fact_put_function(to, of, one->function);
        prose_put(to, ": running ");
        fact_put_part(to, one->charged_ns, of->times.all_ns);
        prose_put(to, " with the library code that it calls, ");
        fact_put_duration(to, one->self_ns);
        prose_put(to, " in its own lines, ");
        fact_put_duration(to, one->under_ns);
        prose_put(to, " with everything below it, waiting ");
        fact_put_duration(to, one->waiting_ns);
        prose_put(to, "\n");
    }
    if (!of->function_count)
        prose_put(to, "- none was seen running\n");
}

static inline void sheet_put_libraries(prose *to, const facts *of)
{
    prose_put(to, "\n## Libraries\n\n");
    for (size_t i = 0; i < of->library_count; i++) {
        char name[FACT_NAME_MAX];
        size_t length = top_part(of->libraries[i].name);
        ml_format(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
                  of->libraries[i].name);
        prose_put(to, "- ");
        fact_put_code(to, name);
        prose_put(to, " (%s): ", ml_origin_word(of->libraries[i].origin));
        fact_put_part(to, of->libraries[i].self_ns, of->times.all_ns);
        prose_put(to, "\n");
    }
    if (!of->library_count)
        prose_put(to, "- none was seen running\n");
}

static inline void sheet_put_waits(prose *to, const facts *of)
{
    prose_put(to, "\n## Waiting, of all threads together\n\n");
    for (uint32_t state = ML_STATE_RUNNING + 1; state < FACT_STATES; state++)
        if (of->state_ns[state]) {
            prose_put(to, "- %s: ", fact_state_word(state));
            fact_put_part(to, of->state_ns[state], of->times.all_waiting_ns);
            prose_put(to, "\n");
        }
    for (size_t i = 0; i < of->site_count; i++) {
        prose_put(to, "- in ");
        fact_put_function(to, of, of->sites[i].function);
        prose_put(to, " or below: ");
        fact_put_duration(to, of->sites[i].ns);
        prose_put(to, ", %s\n", fact_state_word(of->sites[i].state));
    }
    if (!of->site_count)
        prose_put(to, "- no waiting was seen\n");
}

/* "2 errors, 1 warning, 40 lower log records, 3 prints, …"; false when nothing was said. */
static inline int sheet_put_message_counts(prose *to, const facts *of)
{
    const uint64_t counts[] = {of->levels[5],
                               of->levels[4],
                               of->levels[3],
                               of->levels[0] + of->levels[1] + of->levels[2],
                               of->kinds[ML_MESSAGE_PRINT],
                               of->kinds[ML_MESSAGE_MARK],
                               of->kinds[ML_MESSAGE_EXCEPTION],
                               of->kinds[ML_MESSAGE_WARNING]};
    static const char *const words[] = {"critical log record", "error log record",
                                        "warning log record",  "lower log record",
                                        "printed text",        "mark",
                                        "uncaught exception",  "warning"};
    int said = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i]) {
            prose_put(to, "%s", said ? ", " : "");
            prose_put_count(to, counts[i], words[i]);
            said = 1;
        }
    return said;
}

static inline void sheet_put_messages(prose *to, const facts *of)
{
    const ml_messages *messages = of->model->messages;
    prose_put(to, "\n## Messages\n\n- ");
    if (!sheet_put_message_counts(to, of))
        prose_put(to, "none");
    prose_put(to, "\n");
    if (of->first_error == UINT64_MAX)
        return;
    prose_put(to, "- first error at ");
    fact_put_time(to, messages->time_ns[of->first_error]);
    prose_put(to, ": ");
    fact_put_code(to, ml_text_of(of->model, messages->text[of->first_error]));
    prose_put(to, "\n");
}

static inline void sheet_put_findings(prose *to, const facts *of)
{
    prose_put(to, "\n## Findings\n\n");
    for (size_t i = 0; i < of->documents->finding_count && i < FACT_FINDINGS; i++) {
        const ml_finding *one = of->documents->findings[i].block->finding;
        prose_put(to, "- [%s] %s, confidence %s, %s: ", one->handle, fact_level_word(one->level),
                  fact_confidence_word(one->confidence), one->rule);
        prose_put_code(to, one->message, 400);
        for (size_t j = 0; j < one->evidence_count; j++) {
            prose_put(to, " ");
            prose_put_code(to, one->evidence[j], 300);
        }
        prose_put(to, "\n");
    }
    if (of->documents->finding_count > FACT_FINDINGS)
        prose_put(to, "- and %zu more\n", of->documents->finding_count - FACT_FINDINGS);
    if (!of->documents->finding_count)
        prose_put(to, "- none\n");
}

/* What this recording cannot tell, one to a line. */
static inline void facts_put_unknown(prose *to, const facts *of)
{
    const ml_model *model = of->model;
    char number[ML_NUMBER_MAX];
    prose_put(to, "- What happened between two samples: calls much shorter than ");
    fact_put_duration(to, model->period_ns);
    prose_put(to,
              " are seen by chance, and how often a function was called is not known.\n"
              "- What native code did: its time is that of the Python function that called it.\n");
    if (of->state_ns[ML_STATE_OTHER])
        prose_put(to, "- Why threads were off the CPU where no cause is given.\n");
    if (model->ticks_missed)
        prose_put(to, "- What happened in %s moments at which no sample could be taken.\n",
                  ml_format_count(number, model->ticks_missed));
    if (model->problem[0]) {
        prose_put(to, "- Parts of the recording could not be read: ");
        prose_put_code(to, model->problem, 300);
        prose_put(to, ".\n");
    }
    for (size_t i = 0; i < of->documents->document_count; i++) {
        const ml_document *one = of->documents->documents[i];
        if (one->status == ML_DOCUMENT_OK || one->status == ML_DOCUMENT_SKIPPED)
            continue;
        prose_put(to, "- What the analysis ");
        fact_put_code(to, one->plugin);
        prose_put(to, " would have found: it did not end in order.\n");
    }
}

static inline void facts_put_sheet(prose *to, const facts *of)
{
    sheet_put_run(to, of);
    sheet_put_threads(to, of);
    sheet_put_phases(to, of);
    sheet_put_functions(to, of);
    sheet_put_libraries(to, of);
    sheet_put_waits(to, of);
    sheet_put_messages(to, of);
    sheet_put_findings(to, of);
    prose_put(to, "\n## Not known\n\n");
    facts_put_unknown(to, of);
}

#endif
