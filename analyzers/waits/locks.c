#include "locks.h"

enum { STRETCHES_LEAST = 3 };

static const uint64_t LOCK_LEAST_NS = 200000000, STUCK_LEAST_NS = 500000000;
static const double LOCK_SHARE = 0.10, STUCK_SHARE = 0.5;

/* What says that it is a lock that others hold, the surest last. */
typedef enum lock_proof {
    PROOF_NONE,    /* the line does something else */
    PROOF_UNKNOWN, /* nobody knows the line */
    PROOF_CALL, /* it calls acquire(), or what it enters comes from a call; may be used to be woken */
    PROOF_FRAME, /* a function of the standard library that takes a lock */
    PROOF_WITH   /* `with name:` */
} lock_proof;

static const char *source_of(const ml_model *model, const place *one)
{
    uint32_t module = ml_function_module(model, ml_stack_function(model, one->sum.leaf));
    const char *text = ml_source_text(model, module, ml_stack_line(model, one->sum.leaf));
    return text + strspn(text, " \t");
}

static lock_proof proof_of(const ml_model *model, const place *one)
{
    const char *text = source_of(model, one);
    int is_with = strncmp(text, "with", 4) == 0 && strchr(" \t(", text[4]) && text[4];
    if (is_with && !strchr(text + 4, '('))
        return PROOF_WITH;
    if (wait_cause_of_function(model, ml_stack_function(model, one->sum.leaf)) != WAIT_NONE)
        return PROOF_FRAME;
    if (!text[0])
        return PROOF_UNKNOWN;
    return is_with || strstr(text, ".acquire(") ? PROOF_CALL : PROOF_NONE;
}

/* Does the function itself wait for work most of that time? One of the threads has the lock then and waits, as for
 * the next connection, and the others wait for their turn. */
static int is_turn_of_idle(const wait_sites *from, const place *one)
{
    uint64_t idle_ns = 0;
    for (size_t i = 0; i < from->count; i++)
        if (from->sites[i].function == one->sum.function && from->sites[i].cause == WAIT_WORK)
            idle_ns += from->sites[i].waiting_ns;
    return idle_ns * 2 >= one->sum.last_ns - one->sum.first_ns;
}

/* Several threads, each of them again and again. */
static int is_contended(const wait_sites *from, const place *one)
{
    return one->threads >= 2 && one->sum.waiting_ns >= LOCK_LEAST_NS &&
           (double)one->sum.waiting_ns >= (double)from->model->duration_ns * LOCK_SHARE &&
           one->stretches >= (uint64_t)one->threads * STRETCHES_LEAST;
}

/* One thread or more, for most of their lives. */
static int is_stuck(const place *one)
{
    return one->sum.waiting_ns >= STUCK_LEAST_NS * one->threads &&
           (double)one->sum.waiting_ns >= (double)one->life_ns * STUCK_SHARE;
}

static int is_lock(const wait_sites *from, const place *one)
{
    lock_proof proof;
    if (one->sum.cause != WAIT_LOCK || (!is_contended(from, one) && !is_stuck(one)))
        return 0;
    proof = proof_of(from->model, one);
    return proof != PROOF_NONE && (proof == PROOF_WITH || is_contended(from, one)) &&
           !is_turn_of_idle(from, one);
}

static void put_proof(ml_draft finding, const ml_model *model, const place *one, lock_proof proof)
{
    if (proof == PROOF_UNKNOWN) {
        ml_confidence(finding, ML_CONFIDENCE_LOW);
        ml_evidence(
            finding,
            "The source of that line is not at hand: a thread that waits for its next piece of "
            "work in native code, as in queue.SimpleQueue.get, looks the same.");
        return;
    }
    ml_confidence(finding, proof == PROOF_CALL ? ML_CONFIDENCE_MEDIUM : ML_CONFIDENCE_HIGH);
    if (proof != PROOF_FRAME)
        ml_evidence(finding, "The line: %.200s", source_of(model, one));
}

static void put_message(ml_draft finding, const ml_model *model, const place *one)
{
    const char *name = ml_function_name(model, one->sum.function);
    const char *file = ml_base_name(ml_function_file(model, one->sum.function));
    char waits[ML_NUMBER_MAX], life[ML_NUMBER_MAX];
    ml_format_duration(waits, one->sum.waiting_ns);
    if (one->threads > 1)
        ml_message(finding, "%u threads waited %s together for a lock at %s:%u in %s",
                   (unsigned)one->threads, waits, file, (unsigned)one->sum.line, name);
    else
        ml_message(finding, "Thread %s waited %s of its %s for a lock at %s:%u in %s",
                   ml_text_of(model, model->threads->name[one->sum.thread]), waits,
                   ml_format_duration(life, one->life_ns), file, (unsigned)one->sum.line, name);
}

static ml_status put_lock(const wait_sites *from, const place *one)
{
    const ml_model *model = from->model;
    const char *file = ml_base_name(ml_function_file(model, one->sum.function));
    lock_proof proof = proof_of(model, one);
    char title[512];
    ml_format(title, sizeof title, "Threads wait for a lock in %s",
              ml_function_name(model, one->sum.function));
    ml_draft finding = places_begin(
        from, one, proof == PROOF_UNKNOWN ? ML_LEVEL_NOTE : ML_LEVEL_WARNING, "lock", title);
    ml_set_number(finding, ML_FIELD_IMPACT_NS, one->sum.waiting_ns / one->threads);
    put_message(finding, model, one);
    places_put_stretches(finding, from, one);
    put_proof(finding, model, one, proof);
    ml_next(
        finding,
        "Hold the lock that is taken at %s:%u for a shorter time, wherever it is taken: no IO, no "
        "waiting and no long work while it is held.",
        file, (unsigned)one->sum.line);
    places_put_location(finding, model, one);
    ml_limits(finding, "Who held the lock is not known. It is no fault if the lock is there to let "
                       "only so many do a thing at a time.");
    return ml_end(finding, "Threads that wait for a lock.");
}

ml_status locks_put(const wait_sites *from, size_t most, size_t *found)
{
    return places_put_each(from, most, is_lock, put_lock, found);
}
