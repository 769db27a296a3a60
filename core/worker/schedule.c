#include "core/worker/member.h"

#include "core/base/os.h"
#include "core/document/encode.h"
#include "core/worker/gather.h"
#include "core/worker/serve.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Jobs of a phase over the workers of a pool.
 *
 * A place is a task that runs. Each turn of the loop waits until a worker of a place has something
 * to say, has ended, or has used up its time, and then looks at every place. */

enum { KILL_MS = 300, END_MS = 100 };

#define PRINTED_TOO_MUCH "more than 64 KiB on stdout and stderr"
#define DOCUMENTS_MAX ((size_t)1 << 32)

/* How a job is being ended: not at all, asked to, told to by SIGTERM. */
enum { AT_WORK, ASKED, TOLD };

typedef struct place {
    ml_task *task;
    ml_gather gather;
    ml_error error;
    int pressure;
    int64_t until_ms; /* then the pressure rises */
} place;

typedef struct phase {
    ml_pool *pool;
    ml_arena *arena;
    const ml_image *image;
    ml_sealed documents;
    ml_task *tasks;
    size_t count;
    place *places;       /* one for each task */
    ml_member **waiting; /* for ml_member_wait */
    ml_status status;    /* no memory even for a result */
} phase;

static ml_status seal(ml_buffer *bytes, ml_sealed *out, ml_error *error)
{
    ml_status status = bytes->status;

    if (status == ML_OK) {
        struct iovec part = {bytes->data, bytes->length};
        status = ml_os_seal(&part, 1, &out->mapping, &out->length, &out->descriptor, error);
    }
    ml_buffer_release(bytes);
    return status < 0 ? ml_error_set(error, status, "no memory to hand over a job") : ML_OK;
}

/* ---- the end of a job ---- */

static double grace_s(const phase *self)
{
    double limit = self->pool->options.timeout_s;

    return limit < ML_POOL_GRACE_S ? limit : ML_POOL_GRACE_S;
}

static void put_result(phase *self, place *at, const ml_end *end)
{
    ml_task *task = at->task;

    if (task->target != NULL) {
        task->status = ml_gather_rendered(&at->gather, end, &task->error);
    } else {
        task->document = ml_gather_document(&at->gather, end);
        self->status = task->document == NULL ? ML_ERROR_MEMORY : self->status;
    }
}

/* The job is over. A worker that did not end it in order is no use any more. */
static void finish(phase *self, place *at, int how, int number, const char *text)
{
    ml_process *process = &at->task->member->process;
    ml_end end = {.how = how,
                  .number = number,
                  .text = text,
                  .limit_s = self->pool->options.timeout_s,
                  .cancelled = at->pressure != AT_WORK,
                  .page = process->page};

    if (how != ML_END_DONE) {
        ml_process_signal(process, SIGKILL);
    }
    ml_process_read_output(process, &at->gather.printed);
    if (how == ML_END_DONE && at->gather.printed.status < 0) {
        end.how = ML_END_TOO_MUCH;
        end.text = PRINTED_TOO_MUCH;
    }
    put_result(self, at, &end);
    if (end.how != ML_END_DONE || process->input.length > process->taken) {
        ml_process_stop(process);
    }
    at->task = NULL;
}

/* The connection or the process is gone. */
static void finish_ended(phase *self, place *at)
{
    int code = 0;
    int number = 0;

    if (at->pressure == TOLD) {
        finish(self, at, ML_END_TIMEOUT, 0, NULL);
    } else if (!ml_process_has_ended(&at->task->member->process, END_MS, &code, &number) ||
               (code == CLD_EXITED && number == ML_SERVE_LOST)) {
        finish(self, at, ML_END_CLOSED, 0, NULL);
    } else if (code == CLD_EXITED) {
        finish(self, at, ML_END_EXIT, number, NULL);
    } else {
        finish(self, at, ML_END_SIGNAL, number, NULL);
    }
}

/* ---- during a job ---- */

/* Takes a frame; true if that was the end of the job. */
static int take(phase *self, place *at, const ml_frame *frame)
{
    const char *what = "";
    ml_loaded again;
    ml_status status;

    if (!at->task->member->said_hello) {
        if (ml_member_hear(at->task->member, frame, &again, &at->error) < 0) {
            finish(self, at, ML_END_NO_START, 0, at->error.text);
        }
        return at->task == NULL;
    }
    status = ml_gather_frame(&at->gather, frame, &what);
    if (status == ML_ERROR_TOO_LARGE) {
        finish(self, at, ML_END_TOO_MUCH, 0, what);
    } else if (status == ML_ERROR_MEMORY) {
        finish(self, at, ML_END_TOO_MUCH, 0, "more than there is memory for");
    } else if (status < 0) {
        finish(self, at, ML_END_NO_FRAME, 0, NULL);
    } else if (at->gather.is_done) {
        finish(self, at, ML_END_DONE, 0, NULL);
    }
    return at->task == NULL;
}

/* Takes what the worker sent; true if the job is over. */
static int listen_to(phase *self, place *at)
{
    ml_process *process = &at->task->member->process;
    int code;
    int number;
    /* Asked first: what was sent before the end is then there to be read. */
    int has_ended = ml_process_has_ended(process, 0, &code, &number);
    int state = ml_process_read(process);
    ml_frame frame;
    int got;

    while ((got = ml_process_next(process, &frame)) > 0) {
        if (take(self, at, &frame)) {
            return 1;
        }
    }
    if (got < 0) {
        finish(self, at, ML_END_NO_FRAME, 0, NULL);
    } else if (state == ML_READ_OVER || (has_ended && state == ML_READ_ALL)) {
        finish_ended(self, at);
    }
    return at->task == NULL;
}

static void hear_output(phase *self, place *at)
{
    ml_process_read_output(&at->task->member->process, &at->gather.printed);
    if (at->gather.printed.status < 0) {
        finish(self, at, ML_END_TOO_MUCH, 0, PRINTED_TOO_MUCH);
    }
}

/* Asks, tells, and then ends a job whose time is over. */
static void press(phase *self, place *at)
{
    ml_process *process = &at->task->member->process;
    int64_t now = ml_member_now_ms();

    if (now < at->until_ms) {
        return;
    }
    if (at->pressure == AT_WORK) {
        atomic_store(&process->page->cancelled, 1);
        at->until_ms = now + (int64_t)(grace_s(self) * 1000);
    } else if (at->pressure == ASKED) {
        ml_process_signal(process, SIGTERM);
        at->until_ms = now + KILL_MS;
    } else {
        finish(self, at, ML_END_TIMEOUT, 0, NULL);
        return;
    }
    at->pressure++;
}

static void look_after(phase *self, place *at)
{
    hear_output(self, at);
    if (at->task != NULL && !listen_to(self, at)) {
        press(self, at);
    }
}

/* ---- the beginning of a job ---- */

static ml_status send_order(phase *self, ml_task *task)
{
    ml_order_head order = {.allows_network = task->allows_network != 0};
    const ml_sealed *words = &task->member->words;
    int descriptors[ML_ORDER_PARTS] = {words->descriptor, -1, self->documents.descriptor};
    size_t length = 0;

    if (self->image != NULL) {
        descriptors[ML_ORDER_IMAGE] = ml_image_descriptor(self->image, &length);
    }
    order.length[ML_ORDER_WORDS] = words->length;
    order.length[ML_ORDER_IMAGE] = length;
    order.length[ML_ORDER_DOCUMENTS] = self->documents.length;
    return ml_process_send(&task->member->process, &order, descriptors);
}

/* Sends the order to the worker, or to a new one when the old one has ended meanwhile. */
static ml_status give_order(phase *self, ml_task *task, ml_error *error)
{
    ml_process *process = &task->member->process;
    int code;
    int number;

    if (process->pid != 0 && ml_process_has_ended(process, 0, &code, &number)) {
        ml_process_stop(process);
    }
    ML_TRY(ml_member_start(task->member, error));
    atomic_store(&process->page->cancelled, 0);
    process->page->what[0] = '\0';
    return send_order(self, task) < 0
               ? ml_error_set(error, ML_ERROR_IO, "its worker does not take orders")
               : ML_OK;
}

/* Seals the words of an order, unless they are those of the last one. */
static ml_status put_words(const ml_task *task, ml_error *error)
{
    ml_sealed *words = &task->member->words;
    ml_buffer bytes;

    ml_buffer_init(&bytes, DOCUMENTS_MAX);
    ml_order_encode(&bytes, task->options, task->target);
    if (bytes.status == ML_OK && words->mapping != NULL && words->length == bytes.length &&
        memcmp(words->mapping, bytes.data, bytes.length) == 0) {
        ml_buffer_release(&bytes);
        return ML_OK;
    }
    ml_member_unseal(words);
    return seal(&bytes, words, error);
}

static void begin(phase *self, ml_task *task, place *at)
{
    at->task = task;
    at->pressure = AT_WORK;
    ml_gather_open(&at->gather, self->arena, &task->member->loaded.plugin, task->bytes);
    at->until_ms = ml_member_now_ms() + (int64_t)(self->pool->options.timeout_s * 1000);
    if (put_words(task, &at->error) < 0 || give_order(self, task, &at->error) < 0) {
        finish(self, at, ML_END_NO_START, 0, at->error.text);
    }
}

/* ---- the phase ---- */

/* Waits for the places that are at work; how many there are. */
static void wait_for_places(phase *self, size_t begun)
{
    int64_t until = INT64_MAX;
    size_t busy = 0;

    for (size_t i = 0; i < begun; i++) {
        const place *at = &self->places[i];
        if (at->task != NULL) {
            self->waiting[busy++] = at->task->member;
            until = at->until_ms < until ? at->until_ms : until;
        }
    }
    ml_member_wait(self->waiting, busy, until - ml_member_now_ms());
}

static void show_lines(const phase *self, const ml_gather *gather)
{
    ml_buffer lines;

    ml_buffer_init(&lines, (size_t)1 << 26);
    ml_gather_lines(gather, self->pool->options.verbose, &lines);
    if (lines.length != 0) {
        fwrite(lines.data, 1, lines.length, stderr);
    }
    ml_buffer_release(&lines);
}

static size_t count_busy(const phase *self, size_t begun)
{
    size_t busy = 0;

    for (size_t i = 0; i < begun; i++) {
        busy += self->places[i].task != NULL;
    }
    return busy;
}

static void do_tasks(phase *self)
{
    size_t begun = 0;
    size_t busy = 0;

    while (begun < self->count || busy > 0) {
        while (begun < self->count && busy < self->pool->options.jobs) {
            begin(self, &self->tasks[begun], &self->places[begun]);
            busy += self->places[begun].task != NULL;
            begun++;
        }
        if (busy > 0) {
            wait_for_places(self, begun);
        }
        for (size_t i = 0; i < begun; i++) {
            if (self->places[i].task != NULL) {
                look_after(self, &self->places[i]);
            }
        }
        busy = count_busy(self, begun);
    }
    for (size_t i = 0; i < self->count; i++) {
        show_lines(self, &self->places[i].gather);
        ml_gather_close(&self->places[i].gather);
    }
}

static ml_status open_phase(phase *self, const ml_documents *documents, ml_error *error)
{
    ml_buffer bytes;

    self->places = ml_arena_array(self->arena, self->count, sizeof(*self->places));
    self->waiting = ml_arena_array(self->arena, self->count, sizeof(ml_member *));
    if (self->places == NULL || self->waiting == NULL) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for %zu jobs", self->count);
    }
    if (documents == NULL) {
        return ML_OK;
    }
    ml_buffer_init(&bytes, DOCUMENTS_MAX);
    ml_encode_documents(&bytes, documents);
    return seal(&bytes, &self->documents, error);
}

/* ---- without workers ---- */

static ml_status do_here(ml_arena *arena, const ml_model *model, const ml_documents *documents,
                         ml_task *task)
{
    const ml_loaded *loaded = &task->member->loaded;
    ml_job_direct direct;

    ml_job_direct_open(&direct, loaded->plugin.id, task->bytes);
    if (task->target != NULL) {
        task->status = ml_job_render(loaded, task->options, model, documents, task->target,
                                     &direct.hooks, &task->error);
        return ML_OK;
    }
    task->document = ml_job_analyze(arena, loaded, task->options, model, documents, &direct.hooks);
    return task->document == NULL ? ML_ERROR_MEMORY : ML_OK;
}

ml_status ml_pool_run(ml_pool *pool, ml_arena *arena, const ml_image *image,
                      const ml_documents *documents, ml_task *tasks, size_t count, ml_error *error)
{
    const ml_model *model = image == NULL ? NULL : ml_image_model(image);
    phase self = {.pool = pool,
                  .arena = arena,
                  .image = image,
                  .documents = {NULL, 0, -1},
                  .tasks = tasks,
                  .count = count};

    if (!pool->options.in_process) {
        self.status = open_phase(&self, documents, error);
        if (self.status < 0) {
            return self.status;
        }
        do_tasks(&self);
        ml_member_unseal(&self.documents);
    }
    for (size_t i = 0; pool->options.in_process && i < count; i++) {
        self.status = self.status < 0 ? self.status : do_here(arena, model, documents, &tasks[i]);
    }
    return self.status < 0 ? ml_error_set(error, self.status,
                                          "no memory for the documents of %zu plugins", count)
                           : ML_OK;
}
