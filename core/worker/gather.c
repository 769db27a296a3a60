#include "core/worker/gather.h"

#include "core/base/text.h"
#include "core/document/decode.h"
#include "core/plugin/version.h"
#include "core/worker/crash.h"
#include "core/worker/serve.h"

#include <string.h>

enum { TAIL_MAX = 300, MESSAGE_MAX = 8192 };

void ml_gather_open(ml_gather *self, ml_arena *arena, const ml_plugin *plugin, ml_buffer *bytes)
{
    *self = (ml_gather){.arena = arena, .plugin = plugin, .bytes = bytes};
    ml_buffer_init(&self->pending, ML_GATHER_BLOCKS_MAX);
    ml_buffer_init(&self->printed, ML_GATHER_OUTPUT_MAX);
    ml_buffer_init(&self->log, (size_t)1 << 24);
}

void ml_gather_close(ml_gather *self)
{
    ml_buffer_release(&self->pending);
    ml_buffer_release(&self->printed);
    ml_buffer_release(&self->log);
}

/* ---- frames ---- */

static ml_status too_much(const char **what, const char *text)
{
    *what = text;
    return ML_ERROR_TOO_LARGE;
}

static ml_status take_log(ml_gather *self, const uint8_t *payload, size_t length, const char **what)
{
    const char *text;

    if (length == 0) {
        return ML_ERROR_FORMAT;
    }
    if (self->lines >= ML_LOG_LINES_MAX) {
        return too_much(what, "more lines of log than its worker lets through");
    }
    text = ml_arena_copy(self->arena, payload + 1, length - 1);
    if (text == NULL) {
        return ML_ERROR_MEMORY;
    }
    ml_host_log_line(&self->log, self->plugin->id, payload[0], text, ++self->lines);
    return ML_OK;
}

static ml_status take_block(ml_gather *self, const uint8_t *payload, size_t length,
                            const char **what)
{
    const char *bytes;

    self->received += length;
    if (self->received > ML_GATHER_BLOCKS_MAX) {
        return too_much(what, "more than 256 MiB of blocks");
    }
    if (self->count >= ML_BLOCKS_MAX) {
        return too_much(what, "more than 10,000 blocks");
    }
    bytes = ml_arena_copy(self->arena, payload, length);
    if (bytes == NULL || ml_arena_grow(self->arena, &self->blocks, &self->capacity, self->count + 1,
                                       sizeof(*self->blocks)) < 0) {
        return ML_ERROR_MEMORY;
    }
    ML_TRY(ml_decode_block(self->arena, bytes, length, &self->blocks[self->count]));
    self->count++;
    return ML_OK;
}

static ml_status take_bytes(ml_gather *self, const uint8_t *payload, size_t length,
                            const char **what)
{
    ml_buffer_put(self->bytes, payload, length);
    return self->bytes->status == ML_ERROR_TOO_LARGE
               ? too_much(what, "a file larger than this tool writes")
               : self->bytes->status;
}

static ml_status take_done(ml_gather *self, const uint8_t *payload, size_t length)
{
    const char *bytes = ml_arena_copy(self->arena, payload, length);

    if (bytes == NULL) {
        return ML_ERROR_MEMORY;
    }
    ML_TRY(ml_outcome_decode(self->arena, bytes, length, &self->outcome));
    self->is_done = 1;
    return ML_OK;
}

static ml_status take(ml_gather *self, uint8_t type, const uint8_t *payload, size_t length,
                      const char **what)
{
    int renders = self->bytes != NULL;

    switch (type) {
    case ML_FRAME_LOG: return take_log(self, payload, length, what);
    case ML_FRAME_BLOCK: return renders ? ML_ERROR_FORMAT : take_block(self, payload, length, what);
    case ML_FRAME_BYTES: return renders ? take_bytes(self, payload, length, what) : ML_ERROR_FORMAT;
    case ML_FRAME_DONE: return take_done(self, payload, length);
    default: return ML_ERROR_FORMAT;
    }
}

ml_status ml_gather_frame(ml_gather *self, const ml_frame *frame, const char **what)
{
    ml_status status;

    if (self->is_done) {
        return ML_ERROR_FORMAT;
    }
    if (!(frame->flags & ML_FRAME_MORE) && self->pending.length == 0) {
        return take(self, frame->type, frame->payload, frame->length, what);
    }
    ml_buffer_put(&self->pending, frame->payload, frame->length);
    if (self->pending.status < 0) {
        return self->pending.status == ML_ERROR_TOO_LARGE
                   ? too_much(what, "a block of more than 256 MiB")
                   : self->pending.status;
    }
    if (frame->flags & ML_FRAME_MORE) {
        return ML_OK;
    }
    status = take(self, frame->type, self->pending.data, self->pending.length, what);
    ml_buffer_release(&self->pending);
    return status;
}

/* ---- what happened, in words ---- */

/* Text that came from a worker, fit for one line of a message. */
static void put_safely(ml_buffer *out, const void *text, size_t length)
{
    size_t from = out->length;

    ml_text_repair(out, text, length);
    for (size_t i = from; out->status == ML_OK && i < out->length; i++) {
        if (out->data[i] < 0x20 || out->data[i] == 0x7f) {
            out->data[i] = ' ';
        }
    }
}

static void put_position(ml_buffer *out, const ml_page *page)
{
    size_t length = page == NULL ? 0 : strnlen(page->what, ML_PAGE_TEXT);

    if (length != 0) {
        ml_buffer_put_text(out, " while it was at ");
        if (page->total != 0) {
            ml_buffer_put_format(out, "%llu of %llu ", (unsigned long long)page->done,
                                 (unsigned long long)page->total);
        }
        put_safely(out, page->what, length);
    }
}

/* The last line that the plugin printed itself, in [*at, *at + result) of what was printed. */
static size_t last_words(const ml_buffer *printed, const char **at)
{
    const char *bytes = (const char *)printed->data;
    size_t end = printed->length;

    while (end > 0) {
        size_t begin;
        while (end > 0 && bytes[end - 1] == '\n') {
            end--;
        }
        begin = end;
        while (begin > 0 && bytes[begin - 1] != '\n') {
            begin--;
        }
        if (end > begin && (end - begin < strlen(ML_CRASH_PREFIX) ||
                            memcmp(bytes + begin, ML_CRASH_PREFIX, strlen(ML_CRASH_PREFIX)) != 0)) {
            *at = bytes + (end - begin > TAIL_MAX ? end - TAIL_MAX : begin);
            return (size_t)(bytes + end - *at);
        }
        end = begin;
    }
    return 0;
}

static void put_last_words(ml_buffer *out, const ml_buffer *printed)
{
    const char *at = NULL;
    size_t length = last_words(printed, &at);

    if (length != 0) {
        ml_buffer_put_text(out, "; the last it printed was: ");
        put_safely(out, at, length);
    }
}

static void put_end(ml_buffer *out, const ml_end *end)
{
    switch (end->how) {
    case ML_END_SIGNAL:
        ml_buffer_put_format(out, "ended by %s", ml_crash_signal_name(end->number));
        break;
    case ML_END_EXIT:
        ml_buffer_put_format(out, "it ended its process with exit code %d instead of returning",
                             end->number);
        break;
    case ML_END_CLOSED:
        ml_buffer_put_text(out, "it closed descriptors that are not its own");
        break;
    case ML_END_TIMEOUT: ml_buffer_put_format(out, "not done after %g s", end->limit_s); break;
    case ML_END_TOO_MUCH: ml_buffer_put_format(out, "too much output: %s", end->text); break;
    case ML_END_NO_FRAME:
        ml_buffer_put_text(out, "it wrote into a descriptor that is not its own");
        break;
    default: ml_buffer_put_text(out, end->text); break;
    }
}

/* The sentence about an end that was not in order, in the arena. */
static const char *describe(ml_gather *self, const ml_end *end)
{
    const char *text;
    ml_buffer out;

    ml_buffer_init(&out, MESSAGE_MAX);
    put_end(&out, end);
    if (end->how != ML_END_NO_START) {
        put_position(&out, end->page);
        put_last_words(&out, &self->printed);
    }
    if (end->how == ML_END_TIMEOUT) {
        ml_buffer_put_text(&out, "; a larger --timeout gives it longer");
    }
    text = out.status < 0 ? NULL : ml_arena_copy(self->arena, out.data, out.length);
    ml_buffer_release(&out);
    return text == NULL ? "it did not end in order" : text;
}

static const char *remark(ml_gather *self, const ml_end *end)
{
    const char *message = self->outcome.message;
    const char *text = message;

    if (self->outcome.status == ML_ERROR_MEMORY) {
        text = ml_arena_format(self->arena, "%s; --memory sets how much a plugin may use", message);
    } else if (end->cancelled && self->outcome.document == ML_DOCUMENT_PARTIAL) {
        text = ml_arena_format(self->arena,
                               "%s: stopped after %g s; a larger --timeout gives it longer",
                               message, end->limit_s);
    }
    return text == NULL ? message : text;
}

/* ---- results ---- */

static uint32_t status_of(int how)
{
    switch (how) {
    case ML_END_SIGNAL: return ML_DOCUMENT_CRASHED;
    case ML_END_TIMEOUT: return ML_DOCUMENT_TIMEOUT;
    default: return ML_DOCUMENT_FAILED;
    }
}

ml_document *ml_gather_document(ml_gather *self, const ml_end *end)
{
    ml_document *document = ml_job_document(self->arena, self->plugin);

    if (document == NULL) {
        return NULL;
    }
    document->blocks = self->blocks;
    document->block_count = self->count;
    if (end->how == ML_END_DONE) {
        document->status = self->outcome.document;
        document->message = remark(self, end);
    } else {
        document->status = status_of(end->how);
        document->message = describe(self, end);
    }
    if (!ml_decode_charts_hold(self->blocks, self->count)) {
        document->status = ML_DOCUMENT_FAILED;
        document->message = "it wrote into a descriptor that is not its own";
        document->block_count = 0;
    }
    ml_blocks_order(self->blocks, document->block_count);
    return document;
}

ml_status ml_gather_rendered(ml_gather *self, const ml_end *end, ml_error *error)
{
    if (end->how == ML_END_DONE) {
        return self->outcome.status == ML_OK
                   ? ML_OK
                   : ml_error_set(error, self->outcome.status, "%s", remark(self, end));
    }
    return ml_error_set(error, ML_ERROR_FAILED, "renderer %s: %s", self->plugin->id,
                        describe(self, end));
}

/* ---- lines ---- */

void ml_gather_lines(const ml_gather *self, int verbose, ml_buffer *out)
{
    const char *at = (const char *)self->printed.data;
    size_t left = verbose ? self->printed.length : 0;

    ml_buffer_put(out, self->log.data, self->log.length);
    while (left > 0) {
        const char *end = memchr(at, '\n', left);
        size_t length = end == NULL ? left : (size_t)(end - at);
        size_t step = end == NULL ? left : length + 1;
        ml_buffer_put_format(out, ML_TOOL_NAME ": %s: printed: ", self->plugin->id);
        ml_text_escape(out, at, length);
        ml_buffer_put_u8(out, '\n');
        at += step;
        left -= step;
    }
}
