#include "core/worker/serve.h"

#include "core/document/decode.h"
#include "core/document/encode.h"
#include "core/model/image.h"
#include "core/worker/crash.h"
#include "core/worker/frame.h"
#include "core/worker/hello.h"
#include "core/worker/order.h"
#include "core/worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SOCKET = 3, CLOSE_MAX = 65536, WRITE_STEP = 64 * 1024 };

#define PAYLOAD_MAX ((size_t)1 << 30)

typedef struct worker {
    const ml_serve_setup *setup;
    pid_t own;         /* a plugin may fork: the other process must not speak */
    uint32_t sequence; /* of frames sent */
    ml_loaded loaded;
    int is_offline;    /* the network was given up */
    ml_status failure; /* to hand over a block of this job */
    ml_status ended;   /* what the plugin returned */
    ml_buffer bytes;   /* of a renderer, not yet sent */
} worker;

static void send_frame(worker *self, uint8_t type, const void *payload, size_t length)
{
    if (getpid() != self->own) {
        _exit(0);
    }
    if (ml_frame_send(SOCKET, type, payload, length, &self->sequence) < 0) {
        _exit(ML_SERVE_LOST);
    }
}

/* ---- from the fork to hello ---- */

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0u, 0) != 0) {
        for (int i = (int)first; i < CLOSE_MAX; i++) {
            close(i);
        }
    }
}

/* Nothing but /dev/null, the captured output and the socket. */
static void arrange_descriptors(const ml_serve_setup *setup)
{
    int socket = fcntl(setup->socket, F_DUPFD, SOCKET + 1);
    int output = fcntl(setup->output, F_DUPFD, SOCKET + 1);
    int nothing = open("/dev/null", O_RDONLY);

    if (socket < 0 || output < 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
        dup2(socket, SOCKET) < 0) {
        _exit(ML_SERVE_LOST);
    }
    close_from(SOCKET + 1);
    /* Words are worth most just before a crash. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

static void arrange_signals(const ml_serve_setup *setup)
{
    sigset_t none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != setup->tool) {
        _exit(ML_SERVE_LOST);
    }
    for (int i = 1; i < 32; i++) {
        signal(i, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void say_hello(worker *self, ml_arena *arena)
{
    ml_error error = {0};
    ml_status status = ml_load(arena, self->setup->file, &self->loaded, &error);
    ml_buffer payload;

    ml_buffer_init(&payload, PAYLOAD_MAX);
    ml_hello_encode(&payload, status, &self->loaded, &error);
    send_frame(self, ML_FRAME_HELLO, payload.data, payload.length);
    ml_buffer_release(&payload);
    if (status < 0) {
        _exit(ML_SERVE_CLOSED);
    }
}

/* ---- what happens during a job ---- */

static void on_log(void *context, uint32_t level, const char *text)
{
    enum { LINE_MAX = 2000 };
    ml_buffer payload;

    ml_buffer_init(&payload, 2 * LINE_MAX);
    ml_buffer_put_u8(&payload, (uint8_t)level);
    ml_buffer_put(&payload, text, strnlen(text, LINE_MAX));
    send_frame(context, ML_FRAME_LOG, payload.data, payload.length);
    ml_buffer_release(&payload);
}

static void on_progress(void *context, uint64_t done, uint64_t total, const char *what)
{
    const worker *self = context;
    ml_page *page = self->setup->page;
    size_t length = strnlen(what, ML_PAGE_TEXT - 1);

    page->done = done;
    page->total = total;
    memcpy(page->what, what, length);
    page->what[length] = '\0';
}

static int32_t on_cancelled(void *context)
{
    const worker *self = context;

    return atomic_load_explicit(&self->setup->page->cancelled, memory_order_relaxed) != 0;
}

static void on_block(void *context, const ml_block *block)
{
    worker *self = context;
    ml_buffer payload;

    ml_buffer_init(&payload, PAYLOAD_MAX);
    ml_encode_block(&payload, block);
    if (payload.status < 0) {
        self->failure = payload.status;
    } else {
        send_frame(self, ML_FRAME_BLOCK, payload.data, payload.length);
    }
    ml_buffer_release(&payload);
}

static void send_bytes(worker *self)
{
    if (self->bytes.length > 0) {
        send_frame(self, ML_FRAME_BYTES, self->bytes.data, self->bytes.length);
        ml_buffer_clear(&self->bytes);
    }
}

/* Renderers write a few bytes at a time. */
static ml_status on_write(void *context, const void *bytes, size_t length)
{
    worker *self = context;

    if (length >= WRITE_STEP) {
        send_bytes(self);
        send_frame(self, ML_FRAME_BYTES, bytes, length);
        return ML_OK;
    }
    ml_buffer_put(&self->bytes, bytes, length);
    if (self->bytes.length >= WRITE_STEP) {
        send_bytes(self);
    }
    return self->bytes.status;
}

static void on_ended(void *context, ml_status status)
{
    ((worker *)context)->ended = status;
}

/* ---- a job ---- */

/* What a job is made of; the parts are mapped, or NULL. */
typedef struct work {
    ml_order_head head;
    int descriptor[ML_ORDER_PARTS];
    const void *part[ML_ORDER_PARTS];
    ml_arena arena;
    ml_image *image;
    const ml_documents *documents;
    ml_option_values options;
    ml_render_target target;
} work;

static void take_descriptors(work *self, struct msghdr *message)
{
    const struct cmsghdr *control = CMSG_FIRSTHDR(message);
    const unsigned char *from = control == NULL ? NULL : CMSG_DATA(control);

    for (int i = 0; i < ML_ORDER_PARTS; i++) {
        self->descriptor[i] = -1;
        if (self->head.length[i] != 0 && from != NULL) {
            memcpy(&self->descriptor[i], from, sizeof(int));
            from += sizeof(int);
        }
    }
}

/* Waits for the next job. */
static void receive(work *self)
{
    uint8_t head[ML_FRAME_HEADER];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(ML_ORDER_PARTS * sizeof(int))];
    } control;
    struct iovec parts[] = {{head, sizeof(head)}, {&self->head, sizeof(self->head)}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got;

    do {
        got = recvmsg(SOCKET, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        _exit(ML_SERVE_CLOSED);
    }
    if (got != (ssize_t)(sizeof(head) + sizeof(self->head))) {
        _exit(ML_SERVE_LOST);
    }
    take_descriptors(self, &message);
}

/* The mapping is enough, and what is closed cannot be misused. */
static void close_part_descriptor(work *self, int part)
{
    if (self->descriptor[part] >= 0) {
        close(self->descriptor[part]);
        self->descriptor[part] = -1;
    }
}

static ml_status map_parts(work *self, ml_error *error)
{
    for (int i = 0; i < ML_ORDER_PARTS; i++) {
        size_t length = (size_t)self->head.length[i];
        void *address =
            length == 0 ? NULL : mmap(NULL, length, PROT_READ, MAP_SHARED, self->descriptor[i], 0);
        if (address == MAP_FAILED) {
            return ml_error_set(error, ML_ERROR_MEMORY, "the worker cannot map its job");
        }
        self->part[i] = address;
        close_part_descriptor(self, i);
    }
    return ML_OK;
}

static ml_status open_parts(work *self, const ml_loaded *loaded, ml_error *error)
{
    const uint64_t *length = self->head.length;

    ML_TRY(map_parts(self, error));
    ML_TRY(ml_options_default(&self->arena, &loaded->plugin, &self->options, error));
    ML_TRY(ml_order_decode(&self->arena, self->part[ML_ORDER_WORDS], length[ML_ORDER_WORDS],
                           loaded->plugin.id, &self->options, &self->target, error));
    if (self->part[ML_ORDER_DOCUMENTS] != NULL &&
        ml_decode_documents(&self->arena, self->part[ML_ORDER_DOCUMENTS],
                            length[ML_ORDER_DOCUMENTS], &self->documents) < 0) {
        return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the documents of the report");
    }
    if (self->part[ML_ORDER_IMAGE] != NULL) {
        self->image = ml_image_adopt(self->part[ML_ORDER_IMAGE], length[ML_ORDER_IMAGE], -1);
        if (self->image == NULL) {
            return ml_error_set(error, ML_ERROR_MEMORY, "no memory for the model");
        }
        self->part[ML_ORDER_IMAGE] = NULL;
    }
    return ML_OK;
}

static void close_parts(work *self)
{
    for (int i = 0; i < ML_ORDER_PARTS; i++) {
        if (self->part[i] != NULL) {
            munmap((void *)(uintptr_t)self->part[i], (size_t)self->head.length[i]);
        }
        close_part_descriptor(self, i);
    }
    ml_image_close(self->image);
    ml_arena_release(&self->arena);
}

static void analyze(worker *self, work *job, const ml_job_hooks *hooks, ml_outcome *out)
{
    const ml_model *model = job->image == NULL ? NULL : ml_image_model(job->image);
    const ml_document *document =
        ml_job_analyze(&job->arena, &self->loaded, &job->options, model, job->documents, hooks);

    if (document == NULL || self->failure < 0) {
        *out = (ml_outcome){ML_ERROR_MEMORY, ML_DOCUMENT_FAILED, "no memory for the document"};
        return;
    }
    *out = (ml_outcome){self->ended == ML_ERROR_MEMORY ? ML_ERROR_MEMORY : ML_OK, document->status,
                        document->message};
}

static void render(worker *self, const work *job, const ml_job_hooks *hooks, ml_outcome *out,
                   ml_error *error)
{
    const ml_model *model = job->image == NULL ? NULL : ml_image_model(job->image);
    ml_status status = ml_job_render(&self->loaded, &job->options, model, job->documents,
                                     &job->target, hooks, error);

    send_bytes(self);
    *out = (ml_outcome){status, ML_DOCUMENT_OK, status < 0 ? error->text : ""};
}

static void run(worker *self, work *job, ml_outcome *out, ml_error *error)
{
    const ml_job_hooks hooks = {.context = self,
                                .log = on_log,
                                .progress = on_progress,
                                .cancelled = on_cancelled,
                                .block = on_block,
                                .write = on_write,
                                .ended = on_ended};
    ml_status status = open_parts(job, &self->loaded, error);

    if (status < 0) {
        *out = (ml_outcome){status, ML_DOCUMENT_FAILED, error->text};
    } else if (self->loaded.plugin.kind == ML_RENDERER) {
        render(self, job, &hooks, out, error);
    } else {
        analyze(self, job, &hooks, out);
    }
}

static void serve_job(worker *self)
{
    work job = {0};
    ml_error error = {0};
    ml_outcome outcome = {0};
    ml_buffer payload;

    receive(&job);
    ml_arena_init(&job.arena, 0);
    if (!job.head.allows_network && !self->is_offline) {
        ml_sandbox_deny_network();
        self->is_offline = 1;
    }
    self->failure = ML_OK;
    run(self, &job, &outcome, &error);
    fflush(NULL);
    ml_buffer_init(&payload, PAYLOAD_MAX);
    ml_outcome_encode(&payload, &outcome);
    send_frame(self, ML_FRAME_DONE, payload.data, payload.length);
    ml_buffer_release(&payload);
    close_parts(&job);
}

_Noreturn void ml_serve(const ml_serve_setup *setup)
{
    worker self = {.setup = setup, .own = getpid(), .is_offline = !setup->allows_network};
    ml_arena arena;

    arrange_signals(setup);
    arrange_descriptors(setup);
    ml_sandbox_limit(setup->memory);
    ml_sandbox_deny();
    if (self.is_offline) {
        ml_sandbox_deny_network();
    }
    ml_arena_init(&arena, 0);
    ml_buffer_init(&self.bytes, 2 * WRITE_STEP);
    ml_crash_watch(setup->file->id == NULL ? setup->file->path : setup->file->id, setup->page);
    say_hello(&self, &arena);
    for (;;) {
        serve_job(&self);
    }
}
