/* Whatever a worker sends and however it ends, there is a result that says so. */
#include "core/document/encode.h"
#include "core/worker/gather.h"
#include "tests/unit/document_fixture.h"

#include <signal.h>
#include <stdio.h>

static const ml_plugin plugin = {
    .id = "demo", .version = "1", .title = "Demo", .summary = "for a test"};

typedef struct room {
    ml_arena arena;
    ml_gather gather;
    ml_buffer bytes;
    const char *what;
} room;

static void open_room(room *self, int renders)
{
    ml_arena_init(&self->arena, 0);
    ml_buffer_init(&self->bytes, 100);
    ml_gather_open(&self->gather, &self->arena, &plugin, renders ? &self->bytes : NULL);
    self->what = "";
}

static void close_room(room *self)
{
    ml_gather_close(&self->gather);
    ml_buffer_release(&self->bytes);
    ml_arena_release(&self->arena);
}

static ml_status give(room *self, uint8_t type, uint8_t flags, const void *payload, size_t length)
{
    const ml_frame frame = {type, flags, payload, length};

    return ml_gather_frame(&self->gather, &frame, &self->what);
}

static ml_status give_block(room *self, const char *key, uint32_t importance)
{
    const ml_block block = {.struct_size = sizeof(block),
                            .kind = ML_BLOCK_TEXT,
                            .importance = importance,
                            .key = key,
                            .title = "title",
                            .text = "text"};
    ml_buffer bytes;
    ml_status status;

    ml_buffer_init(&bytes, 1 << 16);
    ml_encode_block(&bytes, &block);
    status = give(self, ML_FRAME_BLOCK, 0, bytes.data, bytes.length);
    ml_buffer_release(&bytes);
    return status;
}

static ml_status give_outcome(room *self, ml_status status, uint32_t document, const char *message)
{
    const ml_outcome outcome = {status, document, message};
    ml_buffer bytes;

    ml_buffer_init(&bytes, 1 << 16);
    ml_outcome_encode(&bytes, &outcome);
    status = give(self, ML_FRAME_DONE, 0, bytes.data, bytes.length);
    ml_buffer_release(&bytes);
    return status;
}

ML_TEST(a_document_from_its_frames)
{
    const ml_end end = {.how = ML_END_DONE};
    const ml_document *document;
    room self;

    open_room(&self, 0);
    ML_CHECK_EQUAL(give_block(&self, "low", 10), ML_OK);
    ML_CHECK_EQUAL(give_block(&self, "high", 90), ML_OK);
    ML_CHECK_EQUAL(give_outcome(&self, ML_OK, ML_DOCUMENT_PARTIAL, "half"), ML_OK);
    ML_CHECK(self.gather.is_done);
    document = ml_gather_document(&self.gather, &end);
    ML_CHECK_EQUAL(document->status, ML_DOCUMENT_PARTIAL);
    ML_CHECK_TEXT(document->message, "half");
    ML_CHECK_TEXT(document->plugin, "demo");
    ML_CHECK_TEXT(document->blocks[0]->key, "high");
    ML_CHECK_TEXT(document->blocks[1]->key, "low");
    close_room(&self);
}

ML_TEST(a_payload_in_several_frames)
{
    room self;

    open_room(&self, 1);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BYTES, ML_FRAME_MORE, "ab", 2), ML_OK);
    ML_CHECK_EQUAL(self.bytes.length, 0);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BYTES, 0, "cd", 2), ML_OK);
    ML_CHECK_EQUAL(self.bytes.length, 4);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BYTES, 0, "e", 1), ML_OK);
    ML_CHECK(memcmp(self.bytes.data, "abcde", 5) == 0);
    close_room(&self);
}

ML_TEST(frames_that_do_not_belong_here)
{
    room self;

    open_room(&self, 0);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BYTES, 0, "x", 1), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BLOCK, 0, "x", 1), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_HELLO, 0, "x", 1), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_LOG, 0, "", 0), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_DONE, 0, "x", 1), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(give_outcome(&self, ML_OK, ML_DOCUMENT_TIMEOUT, ""), ML_ERROR_FORMAT);
    ML_CHECK_EQUAL(give_outcome(&self, ML_OK, ML_DOCUMENT_OK, ""), ML_OK);
    ML_CHECK_EQUAL(give_block(&self, "late", 10), ML_ERROR_FORMAT);
    close_room(&self);
}

ML_TEST(too_much_of_everything)
{
    char key[16];
    room self;

    open_room(&self, 0);
    for (int i = 0; i < ML_BLOCKS_MAX; i++) {
        snprintf(key, sizeof(key), "%d", i);
        ML_CHECK_EQUAL(give_block(&self, key, 50), ML_OK);
    }
    ML_CHECK_EQUAL(give_block(&self, "more", 50), ML_ERROR_TOO_LARGE);
    ML_CHECK_TEXT(self.what, "more than 10,000 blocks");
    for (int i = 0; i < ML_LOG_LINES_MAX; i++) {
        ML_CHECK_EQUAL(give(&self, ML_FRAME_LOG, 0, "\3x", 2), ML_OK);
    }
    ML_CHECK_EQUAL(give(&self, ML_FRAME_LOG, 0, "\3x", 2), ML_ERROR_TOO_LARGE);
    close_room(&self);
    open_room(&self, 1);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BYTES, 0, key, sizeof(key)), ML_OK);
    for (int i = 0; i < 5; i++) {
        give(&self, ML_FRAME_BYTES, 0, key, sizeof(key));
    }
    ML_CHECK_EQUAL(give(&self, ML_FRAME_BYTES, 0, key, sizeof(key)), ML_ERROR_TOO_LARGE);
    ML_CHECK_TEXT(self.what, "a file larger than this tool writes");
    close_room(&self);
}

/* The message about an end, of a plugin that had printed `printed`. */
static void check_message(const ml_end *end, const char *printed, uint32_t status,
                          const char *message)
{
    const ml_document *document;
    ml_error error = {0};
    room self;

    open_room(&self, 0);
    ml_buffer_put_text(&self.gather.printed, printed);
    ML_CHECK_EQUAL(give_block(&self, "kept", 50), ML_OK);
    document = ml_gather_document(&self.gather, end);
    ML_CHECK_TEXT(document->message, message);
    ML_CHECK_EQUAL(document->status, status);
    ML_CHECK_EQUAL(document->block_count, 1);
    close_room(&self);
    open_room(&self, 1);
    ML_CHECK_EQUAL(ml_gather_rendered(&self.gather, end, &error), ML_ERROR_FAILED);
    ML_CHECK(strncmp(error.text, "renderer demo: ", 15) == 0);
    close_room(&self);
}

ML_TEST(ends_in_words)
{
    const ml_page page = {.done = 3, .total = 10, .what = "files\x1b[31m"};
    const ml_page unmeasured = {.what = "the end"};

    check_message(&(ml_end){.how = ML_END_SIGNAL, .number = SIGFPE, .page = &page}, "",
                  ML_DOCUMENT_CRASHED,
                  "ended by SIGFPE (it divided by zero, or the like) while it was at 3 of 10 "
                  "files [31m");
    check_message(&(ml_end){.how = ML_END_SIGNAL, .number = 40, .page = &unmeasured}, "",
                  ML_DOCUMENT_CRASHED, "ended by a signal while it was at the end");
    check_message(&(ml_end){.how = ML_END_EXIT, .number = 1},
                  "one\ntwo\x01\n\nmicrolog worker: demo was ended\n", ML_DOCUMENT_FAILED,
                  "it ended its process with exit code 1 instead of returning; the last it "
                  "printed was: two ");
    check_message(&(ml_end){.how = ML_END_TIMEOUT, .limit_s = 1.5}, "no end of line",
                  ML_DOCUMENT_TIMEOUT,
                  "not done after 1.5 s; the last it printed was: no end of line; a larger "
                  "--timeout gives it longer");
    check_message(&(ml_end){.how = ML_END_NO_START, .text = "why", .page = &page}, "x",
                  ML_DOCUMENT_FAILED, "why");
}

ML_TEST(a_page_full_of_anything_stays_text)
{
    const ml_document *document;
    ml_page wild;
    room self;

    memset(&wild, 0xff, sizeof(wild));
    open_room(&self, 0);
    document = ml_gather_document(
        &self.gather, &(ml_end){.how = ML_END_SIGNAL, .number = SIGSEGV, .page = &wild});
    ML_CHECK(strlen(document->message) < 1000);
    ML_CHECK(strstr(document->message, "18446744073709551615 of") != NULL);
    ML_CHECK(strstr(document->message, "\xef\xbf\xbd") != NULL);
    close_room(&self);
}

ML_TEST(remedies_are_named)
{
    const ml_end end = {.how = ML_END_DONE, .cancelled = 1, .limit_s = 60};
    ml_error error = {0};
    room self;

    open_room(&self, 0);
    ML_CHECK_EQUAL(give_outcome(&self, ML_OK, ML_DOCUMENT_PARTIAL, "half"), ML_OK);
    ML_CHECK_TEXT(ml_gather_document(&self.gather, &end)->message,
                  "half: stopped after 60 s; a larger --timeout gives it longer");
    close_room(&self);
    open_room(&self, 1);
    ML_CHECK_EQUAL(give_outcome(&self, ML_ERROR_MEMORY, ML_DOCUMENT_OK, "renderer demo: short"),
                   ML_OK);
    ML_CHECK_EQUAL(ml_gather_rendered(&self.gather, &end, &error), ML_ERROR_MEMORY);
    ML_CHECK_TEXT(error.text, "renderer demo: short; --memory sets how much a plugin may use");
    close_room(&self);
}

ML_TEST(lines_are_shown_with_their_plugin_and_escaped)
{
    static const char expected[] = "microlog-analyze: demo: warning: a\\x1b\n"
                                   "microlog-analyze: demo: printed: one\n"
                                   "microlog-analyze: demo: printed: two\n";
    ml_buffer lines;
    room self;

    open_room(&self, 0);
    ml_buffer_init(&lines, 1 << 16);
    ML_CHECK_EQUAL(give(&self, ML_FRAME_LOG, 0, "\2a\x1b", 3), ML_OK);
    ml_buffer_put_text(&self.gather.printed, "one\ntwo");
    ml_gather_lines(&self.gather, 0, &lines);
    ML_CHECK_EQUAL(lines.length, strchr(expected, '\n') + 1 - expected);
    ml_buffer_clear(&lines);
    ml_gather_lines(&self.gather, 1, &lines);
    ML_CHECK_EQUAL(lines.length, sizeof(expected) - 1);
    ML_CHECK(memcmp(lines.data, expected, lines.length) == 0);
    ml_buffer_release(&lines);
    close_room(&self);
}
