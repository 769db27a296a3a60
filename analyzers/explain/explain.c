/* explain: what the program did and where its time went, in words, from the recording alone.
 *
 * Two text blocks: the explanation, and the sheet of facts that it was made from. Templates over numbers: the same
 * recording gives the same text. No network, no model of language; llm is for that. */
#include "common/facts_sheet.h"

enum { SHEET_MAX = 1 << 16, NAMED = 3 };

static const double NAMED_SHARE = 0.02;

static void say_what_ran(prose *to, const facts *of)
{
    const ml_model *model = of->model;
    char number[ML_NUMBER_MAX];
    int64_t code = model->processes->count ? model->processes->exit_code[0] : INT64_MIN;
    prose_put(to, "**What ran.** ");
    prose_put_code(to, model->command[0] ? model->command : model->name, 300);
    prose_put(to, " ran for ");
    fact_put_duration(to, model->duration_ns);
    prose_put(to, " under Python ");
    fact_put_python(to, of);
    if (model->processes->count > 1) {
        prose_put(to, " in ");
        prose_put_count(to, model->processes->count, "process");
    }
    prose_put(to, ". It used ");
    fact_put_duration(to, of->cpu_ns);
    prose_put(to, " of CPU, ");
    fact_put_ratio(to, (double)of->cpu_ns, (double)model->duration_ns);
    prose_put(to, " of one core");
    if (of->peak_rss > 0)
        prose_put(to, ", and at most %s of memory",
                  ml_format_bytes(number, (uint64_t)of->peak_rss));
    if (code != INT64_MIN)
        prose_put(to, ". Its exit code was %lld", (long long)code);
    prose_put(to, ".\n\n");
}

static void say_threads(prose *to, const facts *of)
{
    char number[ML_NUMBER_MAX];
    prose_put(to, "**Its threads.** %s in all.\n\n",
              ml_format_count(number, of->model->threads->count));
    for (size_t i = 0; i < of->thread_count; i++) {
        const fact_thread *one = &of->threads[i];
        prose_put(to, "- ");
        fact_put_code(to, one->name);
        if (one->count > 1)
            prose_put(to, " (%s threads)", ml_format_count(number, one->count));
        prose_put(to, " was running for ");
        fact_put_duration(to, one->running_ns);
        prose_put(to, " and waiting for ");
        fact_put_duration(to, one->waiting_ns);
        if (one->function != ML_NONE) {
            prose_put(to, ", mostly in ");
            fact_put_function(to, of, one->function);
        } else {
            prose_put(to, ", outside of the program's own code");
        }
        prose_put(to, ".\n");
    }
    if (of->thread_count < of->thread_kinds)
        prose_put(to, "- Others are in the table of threads.\n");
    prose_put(to, "\n");
}

static void say_phases(prose *to, const facts *of)
{
    if (!of->phases.count)
        return;
    prose_put(to, "**Over time.** ");
    prose_put_count(to, of->phases.count, "phase");
    prose_put(to, ", told apart by what took the time:\n\n");
    for (size_t i = 0; i < of->phases.count; i++) {
        prose_put(to, "%zu. ", i + 1);
        fact_put_time(to, of->phases.list[i].start_ns);
        prose_put(to, " to ");
        fact_put_time(to, of->phases.list[i].end_ns);
        prose_put(to, ": ");
        fact_put_doing(to, of, &of->phases.list[i]);
        prose_put(to, ".\n");
    }
    prose_put(to, "\n");
}

static void say_functions(prose *to, const facts *of)
{
    for (size_t i = 0; i < of->function_count && i < NAMED; i++) {
        const fact_function *one = &of->functions[i];
        prose_put(to, i == 0                                        ? " The largest parts were in "
                      : i + 1 < of->function_count && i + 1 < NAMED ? ", "
                                                                    : " and ");
        fact_put_function(to, of, one->function);
        prose_put(to, ": ");
        fact_put_part(to, one->charged_ns, of->times.all_ns);
    }
    if (of->function_count)
        prose_put(to, ", each with the library code that it calls.");
}

static void say_libraries(prose *to, const facts *of)
{
    prose_put(to, " Libraries were running for ");
    fact_put_part(to, of->library_self_ns, of->times.all_ns);
    for (size_t i = 0; i < of->library_count && i < 2 * NAMED; i++) {
        char name[FACT_NAME_MAX];
        size_t length = top_part(of->libraries[i].name);
        if ((double)of->libraries[i].self_ns < NAMED_SHARE * (double)of->times.all_ns)
            break;
        ml_format(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
                  of->libraries[i].name);
        prose_put(to, i == 0 ? ": " : ", ");
        fact_put_code(to, name);
        prose_put(to, " ");
        fact_put_ratio(to, (double)of->libraries[i].self_ns, (double)of->times.all_ns);
    }
    prose_put(to, ".\n\n");
}

static void say_where(prose *to, const facts *of)
{
    prose_put(to, "**Where the time went.** ");
    if (!of->times.all_ns) {
        prose_put(to, "No thread was seen running.\n\n");
        return;
    }
    prose_put(to, "All threads together were running for ");
    fact_put_duration(to, of->times.all_ns);
    prose_put(to, ". Imports took ");
    fact_put_part(to, of->times.imports_ns, of->times.all_ns);
    prose_put(to, " of it, the lines of the program's own code ");
    fact_put_part(to, of->own_self_ns, of->times.all_ns);
    prose_put(to, ".");
    say_functions(to, of);
    say_libraries(to, of);
}

static void say_waits(prose *to, const facts *of)
{
    int said = 0;
    prose_put(to, "**What it waited for.** All threads together were waiting for ");
    fact_put_duration(to, of->times.all_waiting_ns);
    for (uint32_t state = ML_STATE_RUNNING + 1; state < FACT_STATES; state++)
        if (of->state_ns[state]) {
            prose_put(to, said++ ? ", " : ": ");
            prose_put(to, "%s ", fact_state_word(state));
            fact_put_part(to, of->state_ns[state], of->times.all_waiting_ns);
        }
    prose_put(to, ".");
    for (size_t i = 0; i < of->site_count && i < NAMED; i++) {
        prose_put(to, i == 0 ? " The longest waits were in " : ", ");
        fact_put_function(to, of, of->sites[i].function);
        prose_put(to, ": ");
        fact_put_duration(to, of->sites[i].ns);
    }
    prose_put(to, of->site_count ? ".\n\n" : "\n\n");
}

static void say_messages(prose *to, const facts *of)
{
    const ml_messages *messages = of->model->messages;
    prose_put(to, "**What it said.** ");
    if (!sheet_put_message_counts(to, of))
        prose_put(to, "Nothing");
    prose_put(to, ".");
    if (of->first_error != UINT64_MAX) {
        prose_put(to, " The first error came at ");
        fact_put_time(to, messages->time_ns[of->first_error]);
        prose_put(to, ": ");
        fact_put_code(to, ml_text_of(of->model, messages->text[of->first_error]));
        prose_put(to, ".");
    }
    prose_put(to, "\n\n");
}

static void say_findings(prose *to, const facts *of)
{
    size_t count = of->documents->finding_count;
    prose_put(to, "**What was found.** ");
    if (!count) {
        prose_put(to, "No finding.\n\n");
        return;
    }
    prose_put_count(to, count, "finding");
    prose_put(to, ":\n\n");
    for (size_t i = 0; i < count && i < FACT_FINDINGS; i++) {
        const ml_finding *one = of->documents->findings[i].block->finding;
        prose_put(to, "- %s, a%s %s: ", one->handle, one->level == ML_LEVEL_ERROR ? "n" : "",
                  fact_level_word(one->level));
        prose_put_plain(to, one->message);
        prose_put(to, ".\n");
    }
    prose_put(to, "\n");
}

static ml_status run(const ml_host *host, void *self)
{
    facts of;
    prose story, sheet;
    ml_status status = ml_require(host, ML_MODEL_ID);
    ml_draft block;
    (void)self;
    if (status == ML_OK)
        status = facts_gather(&of, host);
    if (status != ML_OK)
        return status;
    if (!prose_open(&story, host, SHEET_MAX) || !prose_open(&sheet, host, SHEET_MAX))
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the explanation");
    say_what_ran(&story, &of);
    say_threads(&story, &of);
    say_phases(&story, &of);
    say_where(&story, &of);
    say_waits(&story, &of);
    say_messages(&story, &of);
    say_findings(&story, &of);
    prose_put(&story, "**What is not known.**\n\n");
    facts_put_unknown(&story, &of);
    facts_put_sheet(&sheet, &of);
    block = ml_block_begin(host, ML_BLOCK_TEXT, "explanation", "In words");
    ml_set_number(block, ML_FIELD_IMPORTANCE, 90);
    status = ml_end(block, story.bytes);
    if (status != ML_OK)
        return status;
    block = ml_block_begin(host, ML_BLOCK_TEXT, "facts", "The facts behind it");
    ml_set_number(block, ML_FIELD_IMPORTANCE, 10);
    return ml_end(block, sheet.bytes);
}

ML_DEFINE_EXPLAINER("explain", "1.0", "Explanation",
                    "what the program did and where its time went, in words, offline", run)
