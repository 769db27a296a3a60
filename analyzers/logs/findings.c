#include "findings.h"

/* ---------------------------------------------------------------- what all findings say */

typedef struct subject {
    const ml_host *host;
    const ml_model *model;
    const message_templates *from;
    const message_template *one;
    uint32_t first, last; /* rows of messages */
    message_place place;
    char where[400]; /* " at app.py:12 in main", or "" */
} subject;

static void describe(subject *out, const ml_host *host, const message_templates *from,
                     const message_template *one)
{
    const char *name;
    memset(out, 0, sizeof *out);
    out->host = host;
    out->model = ml_get_model(host);
    out->from = from;
    out->one = one;
    out->first = template_row(from, one, 0);
    out->last = template_row(from, one, one->count - 1);
    out->place = template_place(out->model, out->first);
    name = ml_function_name(out->model, out->place.function);
    if (out->place.file[0])
        ml_format(out->where, sizeof out->where, " at %.150s:%u%s%.200s",
                  ml_base_name(out->place.file), (unsigned)out->place.line, name[0] ? " in " : "",
                  name);
}

static ml_draft begin_finding(const subject *about, uint32_t level, const char *rule,
                              const char *title)
{
    char key[128];
    ml_draft finding;
    ml_format(key, sizeof key, "%s:%016llx", rule, (unsigned long long)about->one->hash);
    finding = ml_finding_begin(about->host, level, rule, key, title);
    ml_fingerprint(finding, ml_text_of(about->model, about->one->source));
    ml_fingerprint(finding, about->one->pattern);
    return finding;
}

static void put_location(ml_draft finding, const subject *about, uint64_t start, uint64_t end)
{
    const ml_model *model = about->model;
    uint32_t thread = model->messages->thread[about->first];
    if (about->place.function != ML_NONE) {
        ml_location_of_function(finding, about->place.function, about->place.line);
    } else {
        ml_add(finding, ML_LIST_LOCATION, "");
        ml_set_text(finding, ML_FIELD_FILE, about->place.file);
        ml_set_number(finding, ML_FIELD_LINE, about->place.line);
    }
    if (thread < model->threads->count)
        ml_set_text(finding, ML_FIELD_THREAD, ml_text_of(model, model->threads->name[thread]));
    ml_set_number(finding, ML_FIELD_START, start);
    ml_set_number(finding, ML_FIELD_END, end);
}

static uint64_t time_of(const subject *about, uint32_t row)
{
    return about->model->messages->time_ns[row];
}

static const char *text_of(const subject *about, uint32_t row)
{
    return ml_text_of(about->model, about->model->messages->text[row]);
}

/* The first line, or what of it fits. */
static const char *first_line(char *buffer, size_t size, const char *text)
{
    size_t length = strcspn(text, "\r\n");
    ml_format(buffer, size, "%.*s", (int)(length < size * 2 ? length : size * 2), text);
    return buffer;
}

/* ---------------------------------------------------------------- errors */

int template_is_error(const message_template *one)
{
    return one->kind == ML_MESSAGE_EXCEPTION ||
           ((one->kind == ML_MESSAGE_LOG || one->kind == ML_MESSAGE_MARK) && one->level >= 40);
}

/* Raised where nobody can catch it, in a finalizer say: the interpreter writes it down and goes on. */
static int is_ignored(const subject *about)
{
    return about->one->kind == ML_MESSAGE_EXCEPTION && about->one->level < 40;
}

/* Stopping a program by the keyboard is no error of the program. */
static uint32_t level_of_error(const subject *about)
{
    if (about->one->kind != ML_MESSAGE_EXCEPTION)
        return ML_LEVEL_WARNING;
    if (strcmp(ml_text_of(about->model, about->one->source), "KeyboardInterrupt") == 0)
        return ML_LEVEL_NOTE;
    return is_ignored(about) ? ML_LEVEL_WARNING : ML_LEVEL_ERROR;
}

static void put_error_message(ml_draft finding, const subject *about)
{
    char line[300], count[ML_NUMBER_MAX], first[ML_NUMBER_MAX];
    uint32_t times = about->one->count;
    first_line(line, sizeof line, text_of(about, about->first));
    ml_format_time(first, time_of(about, about->first));
    if (about->one->kind == ML_MESSAGE_EXCEPTION)
        ml_message(finding, "%s %s%s, at %s",
                   is_ignored(about) ? "Nobody could catch" : "Nobody caught", line, about->where,
                   first);
    else if (times == 1)
        ml_message(finding, "Logged as %s at %s%s: %s", template_word(about->one), first,
                   about->where, line);
    else
        ml_message(finding, "Logged as %s %s times from %s on%s: %s", template_word(about->one),
                   ml_format_count(count, times), first, about->where, line);
}

static void put_error_evidence(ml_draft finding, const subject *about)
{
    char line[600], count[ML_NUMBER_MAX], first[ML_NUMBER_MAX], last[ML_NUMBER_MAX];
    const char *source = ml_text_of(about->model, about->one->source);
    uint32_t thread = about->model->messages->thread[about->first];
    ml_format_count(count, about->one->count);
    ml_format_time(first, time_of(about, about->first));
    if (about->one->count == 1)
        ml_evidence(finding, "Seen once, at %s.", first);
    else
        ml_evidence(finding, "Seen %s times, first at %s, last at %s.", count, first,
                    ml_format_time(last, time_of(about, about->last)));
    if (thread < about->model->threads->count)
        ml_evidence(finding, "The first came from thread %s%s%s.",
                    ml_text_of(about->model, about->model->threads->name[thread]),
                    about->one->kind == ML_MESSAGE_LOG ? ", logger " : "",
                    about->one->kind == ML_MESSAGE_LOG ? source : "");
    if (about->one->count > 1)
        ml_evidence(finding, "All of them: %s. The last one: %s", about->one->pattern,
                    first_line(line, sizeof line, text_of(about, about->last)));
}

static ml_status put_error(const subject *about)
{
    int uncaught = about->one->kind == ML_MESSAGE_EXCEPTION;
    char title[400];
    ml_draft finding;
    if (uncaught)
        ml_format(title, sizeof title, "Uncaught %s", ml_text_of(about->model, about->one->source));
    else
        ml_format(title, sizeof title, "Errors: %s", about->one->pattern);
    finding = begin_finding(about, level_of_error(about), "errors", title);
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 80);
    ml_confidence(finding, ML_CONFIDENCE_HIGH);
    ml_set_number(finding, ML_FIELD_IMPACT_COUNT, about->one->count);
    put_error_message(finding, about);
    put_error_evidence(finding, about);
    if (about->where[0])
        ml_next(finding, "Look at the code%s, and at what was logged before %s.", about->where,
                uncaught ? "the exception" : "the first of them");
    else
        ml_next(finding, "Look at the %s in the log, and at what came before it.",
                uncaught ? "traceback" : "record");
    if (!uncaught)
        ml_limits(finding, "What a program logs as an error may be handled and harmless.");
    put_location(finding, about, time_of(about, about->first), time_of(about, about->last));
    return ml_end(finding, text_of(about, about->first));
}

/* What would rank first is put if there are more than fit: exceptions, then by count. */
static int error_goes_before(const message_template *a, const message_template *b)
{
    int a_uncaught = a->kind == ML_MESSAGE_EXCEPTION, b_uncaught = b->kind == ML_MESSAGE_EXCEPTION;
    if (a_uncaught != b_uncaught)
        return a_uncaught;
    return a->count > b->count;
}

/* Inserts into the `kept` best of at most `room`; returns how many there are then. */
static uint32_t keep_best(const message_template **best, uint32_t kept, uint32_t room,
                          const message_template *one)
{
    uint32_t place = kept;
    while (place > 0 && error_goes_before(one, best[place - 1]))
        place--;
    if (place >= room)
        return kept;
    kept += kept < room;
    for (uint32_t i = kept - 1; i > place; i--)
        best[i] = best[i - 1];
    best[place] = one;
    return kept;
}

ml_status put_errors(const ml_host *host, const message_templates *from, uint32_t *count)
{
    const message_template *best[ERRORS_MAX];
    ml_status status = ML_OK;
    subject about;
    *count = 0;
    for (uint32_t i = 0; i < from->count; i++)
        if (template_is_error(&from->all[i]))
            *count = keep_best(best, *count, ERRORS_MAX, &from->all[i]);
    for (uint32_t i = 0; status == ML_OK && i < *count; i++) {
        describe(&about, host, from, best[i]);
        status = put_error(&about);
    }
    return status;
}

/* ---------------------------------------------------------------- floods */

enum { SAMPLES_LEAST = 20 };

/* Samples of running threads from `start` to `end`, and those of them with the package logging on the stack. */
typedef struct logging_cost {
    uint64_t samples, all_samples, ns;
    uint64_t cpu_ns;
} logging_cost;

static int is_in_logging(const ml_model *model, uint32_t stack)
{
    ML_EACH_FRAME(model, stack, frame) {
        uint32_t module = ml_function_module(model, model->stacks->function[frame]);
        const char *name = ml_module_name(model, module);
        if ((ml_module_flags(model, module) & ML_MODULE_STDLIB) &&
            strncmp(name, "logging", 7) == 0 && (name[7] == '\0' || name[7] == '.'))
            return 1;
    }
    return 0;
}

static logging_cost cost_between(const ml_model *model, uint64_t start, uint64_t end)
{
    const ml_samples *samples = model->samples;
    logging_cost sum = {0, 0, 0, 0};
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t state = samples->state[i] & ML_STATE_MASK;
        if ((state != ML_STATE_RUNNING && state != ML_STATE_UNKNOWN) ||
            samples->start_ns[i] < start || samples->start_ns[i] >= end)
            continue;
        sum.all_samples += samples->taken[i];
        if (!is_in_logging(model, samples->stack[i]))
            continue;
        sum.samples += samples->taken[i];
        sum.ns += samples->wall_ns[i];
        sum.cpu_ns += samples->cpu_ns[i];
    }
    return sum;
}

/* A twentieth of what ran, and as much CPU as the least number of samples stands for: a program that does nothing but
 * wait and say so now and then has no flood. */
static int is_costly(const logging_cost *cost, uint64_t period_ns)
{
    return cost->samples >= SAMPLES_LEAST && cost->samples * 20 >= cost->all_samples &&
           cost->cpu_ns >= SAMPLES_LEAST * period_ns;
}

static ml_status put_flood(const subject *about, const flood *burst)
{
    logging_cost cost = cost_between(about->model, burst->start_ns, burst->end_ns);
    int costly = is_costly(&cost, about->model->period_ns);
    uint64_t seconds = (burst->end_ns - burst->start_ns) / 1000000000u;
    char title[400], count[ML_NUMBER_MAX], rate[ML_NUMBER_MAX], from[ML_NUMBER_MAX],
        all[ML_NUMBER_MAX], share[ML_NUMBER_MAX];
    ml_draft finding =
        begin_finding(about, costly ? ML_LEVEL_WARNING : ML_LEVEL_NOTE, "flood",
                      ml_format(title, sizeof title, "A flood of: %s", about->one->pattern));
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 60);
    ml_confidence(finding, ML_CONFIDENCE_HIGH);
    ml_set_number(finding, ML_FIELD_IMPACT_COUNT, burst->count);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, costly ? cost.ns : 0);
    ml_message(finding, "%s%s was said %s times in %llu s, from %s on (%s a second)",
               about->one->pattern, about->where, ml_format_count(count, burst->count),
               (unsigned long long)seconds, ml_format_time(from, burst->start_ns),
               ml_format_count(rate, burst->count / seconds));
    ml_evidence(finding, "In the whole run it was said %s times; all messages together are %s.",
                ml_format_count(count, about->one->count),
                ml_format_count(all, about->from->grouped + about->from->beyond));
    if (cost.samples)
        ml_evidence(finding,
                    "In that time the package logging was on the stack in %s of %s samples of "
                    "running threads (%s).",
                    ml_format_count(count, cost.samples), ml_format_count(all, cost.all_samples),
                    ml_format_ratio(share, (double)cost.samples / (double)cost.all_samples));
    ml_next(finding,
            "Say it less often%s: every thousandth time, a sum at the end, or at a lower "
            "level.",
            about->where);
    ml_limits(finding,
              "At least %d a second in each of %d or more seconds on end count as a "
              "flood; a program whose output this is does nothing wrong.",
              FLOOD_RATE, FLOOD_SECONDS);
    put_location(finding, about, burst->start_ns, burst->end_ns);
    return ml_end(finding, "One message, again and again.");
}

ml_status put_floods(const ml_host *host, const message_templates *from, uint32_t *count)
{
    ml_status status = ML_OK;
    subject about;
    *count = 0;
    for (uint32_t i = 0; status == ML_OK && i < from->count && *count < FLOODS_MAX; i++) {
        flood burst = rhythm_flood(ml_get_model(host), from, &from->all[i]);
        if (!burst.count)
            continue;
        describe(&about, host, from, &from->all[i]);
        status = put_flood(&about, &burst);
        ++*count;
    }
    return status;
}

/* ---------------------------------------------------------------- silences */

/* Where a thread mostly was from `start` to `end`: the stack with most of its time. */
typedef struct whereabouts {
    uint32_t stack;
    uint64_t stack_ns, running_ns, waiting_ns;
} whereabouts;

static ml_status find_whereabouts(const subject *about, const silence *gap, whereabouts *out)
{
    const ml_model *model = about->model;
    const ml_samples *samples = model->samples;
    uint32_t thread = model->messages->thread[gap->before];
    uint64_t *by_stack = (uint64_t *)ml_alloc(about->host, model->stacks->count, sizeof *by_stack);
    memset(out, 0, sizeof *out);
    if (!by_stack)
        return ml_fail(about->host, ML_ERROR_MEMORY, "no memory for the stacks of a silence");
    ML_EACH_SAMPLE(model, thread, i) {
        uint32_t state = samples->state[i] & ML_STATE_MASK;
        uint64_t start = samples->start_ns[i], end = start + samples->wall_ns[i];
        start = start > gap->start_ns ? start : gap->start_ns;
        end = end < gap->end_ns ? end : gap->end_ns;
        if (start >= end)
            continue;
        if (state == ML_STATE_RUNNING || state == ML_STATE_UNKNOWN)
            out->running_ns += end - start;
        else
            out->waiting_ns += end - start;
        by_stack[samples->stack[i]] += end - start;
        if (samples->stack[i] && by_stack[samples->stack[i]] > out->stack_ns) {
            out->stack = samples->stack[i];
            out->stack_ns = by_stack[samples->stack[i]];
        }
    }
    return ML_OK;
}

static void put_whereabouts(ml_draft finding, const subject *about, const silence *gap,
                            const whereabouts *was)
{
    const ml_model *model = about->model;
    uint32_t thread = model->messages->thread[gap->before];
    uint32_t function = ml_stack_function(model, ml_stack_own_frame(model, was->stack));
    char running[ML_NUMBER_MAX], waiting[ML_NUMBER_MAX];
    ml_evidence(finding, "In that time thread %s ran for %s and waited for %s.",
                ml_text_of(model, model->threads->name[thread]),
                ml_format_duration(running, was->running_ns),
                ml_format_duration(waiting, was->waiting_ns));
    if (function == ML_NONE)
        return;
    ml_evidence(finding, "It was mostly at %s:%u in %s.",
                ml_base_name(ml_function_file(model, function)),
                (unsigned)ml_stack_line(model, ml_stack_own_frame(model, was->stack)),
                ml_function_name(model, function));
}

static ml_status put_silence(const subject *about, const silence *gap)
{
    char title[400], length[ML_NUMBER_MAX], start[ML_NUMBER_MAX], median[ML_NUMBER_MAX],
        count[ML_NUMBER_MAX];
    whereabouts was;
    ml_status status = find_whereabouts(about, gap, &was);
    ml_draft finding;
    if (status != ML_OK)
        return status;
    finding = begin_finding(about, gap->is_broken ? ML_LEVEL_WARNING : ML_LEVEL_NOTE, "silence",
                            ml_format(title, sizeof title, "Silence of: %s", about->one->pattern));
    ml_set_number(finding, ML_FIELD_IMPORTANCE, 40);
    ml_confidence(finding, gap->is_last ? ML_CONFIDENCE_LOW : ML_CONFIDENCE_MEDIUM);
    ml_format_duration(length, gap->end_ns - gap->start_ns);
    ml_format_duration(median, gap->median_ns);
    ml_format_time(start, gap->start_ns);
    if (gap->is_last)
        ml_message(finding,
                   "%s%s came every %s, and not once after %s, for the %s until its thread ended",
                   about->one->pattern, about->where, median, start, length);
    else
        ml_message(finding, "%s%s came every %s, and not for %s from %s on", about->one->pattern,
                   about->where, median, length, start);
    ml_evidence(finding, "Said %s times, half of the time between two of them is %s or less.",
                ml_format_count(count, about->one->count), median);
    put_whereabouts(finding, about, gap, &was);
    ml_next(finding, "Look at what the thread did from %s on, in the flame chart and the log.",
            start);
    ml_limits(finding,
              "A silence is %d times the median gap and %d s or longer, of a message that came "
              "regularly at least %d times%s.",
              SILENCE_TIMES, gap->is_broken ? BEAT_SECONDS : SILENCE_SECONDS,
              gap->is_broken ? BEATS_LEAST : SILENCE_LEAST,
              gap->is_last ? "; the work that says it may simply have been over" : "");
    put_location(finding, about, gap->start_ns, gap->end_ns);
    return ml_end(finding, "A message that came regularly and then did not.");
}

ml_status put_silences(const ml_host *host, const message_templates *from, uint32_t *count)
{
    ml_status status = ML_OK;
    subject about;
    *count = 0;
    for (uint32_t i = 0; status == ML_OK && i < from->count && *count < SILENCES_MAX; i++) {
        silence gap;
        status = rhythm_silence(host, from, &from->all[i], &gap);
        if (status != ML_OK || gap.end_ns == 0)
            continue;
        describe(&about, host, from, &from->all[i]);
        status = put_silence(&about, &gap);
        ++*count;
    }
    return status;
}
