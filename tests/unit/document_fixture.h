/* document_fixture: a draft over a small hand-made model, for the tests of core/document. */
#ifndef MICROLOG_TESTS_UNIT_DOCUMENT_FIXTURE_H
#define MICROLOG_TESTS_UNIT_DOCUMENT_FIXTURE_H

#include "core/document/builder.h"
#include "core/document/names.h"
#include "core/document/rank.h"
#include "tests/unit/runner.h"

#include <string.h>

/* Strings by id. Module 0 is the project's, 1 a library's; functions 0 and 1 are in them, 2 is in
 * no module. */
enum {
    NAME_APP = 1,
    FILE_APP,
    NAME_LIBRARY,
    FILE_LIBRARY,
    NAME_LOAD,
    NAME_SEND,
    NAME_LOST,
    NAME_MAIN
};

static const char fixture_bytes[] =
    "\0app\0/srv/app/rates.py\0lib\0/usr/site-packages/lib/__init__.py\0load_rates\0send\0lost\0"
    "MainThread";
static const uint64_t fixture_offset[] = {0, 1, 5, 23, 27, 62, 73, 78, 83};
static const uint32_t fixture_length[] = {0, 3, 17, 3, 34, 10, 4, 4, 10};
static const ml_strings fixture_strings = {9, 0, fixture_offset, fixture_length, fixture_bytes};

static const uint32_t module_name[] = {NAME_APP, NAME_LIBRARY};
static const uint32_t module_file[] = {FILE_APP, FILE_LIBRARY};
static const uint32_t module_flags[] = {ML_MODULE_PROJECT, ML_MODULE_THIRD_PARTY};
static const ml_modules fixture_modules = {2, 0, module_name, module_file, module_flags};

static const uint32_t function_name[] = {NAME_LOAD, NAME_SEND, NAME_LOST};
static const uint32_t function_module[] = {0, 1, ML_NONE};
static const uint32_t function_line[] = {38, 7, 0};
static const ml_functions fixture_functions = {
    .count = 3, .name = function_name, .module = function_module, .line = function_line};

/* main thread: load_rates, send under load_rates */
static const uint32_t stack_parent[] = {0, 0, 1};
static const uint32_t stack_function[] = {ML_NONE, 0, 1};
static const uint32_t stack_line[] = {0, 41, 9};
static const uint32_t stack_depth[] = {0, 1, 2};
static const ml_stacks fixture_stacks = {3,          0,          stack_parent, stack_function,
                                         stack_line, stack_depth};

static const uint32_t thread_process[] = {0};
static const uint32_t thread_name[] = {NAME_MAIN};
static const uint32_t thread_is_main[] = {1};
static const uint64_t thread_first[] = {0};
static const uint64_t thread_samples[] = {3};
static const ml_threads fixture_threads = {.count = 1,
                                           .process = thread_process,
                                           .name = thread_name,
                                           .is_main = thread_is_main,
                                           .sample_first = thread_first,
                                           .sample_count = thread_samples};

static const uint32_t sample_thread[] = {0, 0, 0};
static const uint32_t sample_stack[] = {1, 2, 0};
static const uint32_t sample_state[] = {ML_STATE_RUNNING | ML_STATE_HOLDS_GIL, ML_STATE_IO,
                                        ML_STATE_IO};
static const uint64_t sample_wall[] = {380, 520, 100};
static const ml_samples fixture_samples = {.count = 3,
                                           .thread = sample_thread,
                                           .stack = sample_stack,
                                           .state = sample_state,
                                           .wall_ns = sample_wall};

static const uint32_t process_pid[] = {100};
static const uint32_t process_flags[] = {ML_PROCESS_CLEAN_END};
static const uint64_t process_time[] = {1000};
static const int64_t process_exit[] = {INT64_MIN};
static const ml_processes fixture_processes = {.count = 1,
                                               .pid = process_pid,
                                               .parent_pid = process_pid,
                                               .start_ns = process_time,
                                               .end_ns = process_time,
                                               .command = thread_name,
                                               .python = thread_name,
                                               .flags = process_flags,
                                               .cpu_ns = process_time,
                                               .exit_code = process_exit};

static const ml_counters fixture_counters = {0};

static const ml_model fixture_model = {.struct_size = sizeof(ml_model),
                                       .duration_ns = 1000,
                                       .period_ns = 10,
                                       .ticks = 100,
                                       .start_wall_ns = INT64_C(1700000000000000001),
                                       .name = "app.py",
                                       .command = "app.py",
                                       .python = "3.11",
                                       .host = "box",
                                       .system = "Linux",
                                       .directory = "/srv/app",
                                       .label = "",
                                       .recorder = "microlog",
                                       .session = "01010101",
                                       .method = "direct",
                                       .problem = "",
                                       .strings = &fixture_strings,
                                       .processes = &fixture_processes,
                                       .modules = &fixture_modules,
                                       .functions = &fixture_functions,
                                       .stacks = &fixture_stacks,
                                       .threads = &fixture_threads,
                                       .samples = &fixture_samples,
                                       .counters = &fixture_counters};

/* A draft, and the document that it becomes. */
typedef struct sheet {
    ml_arena arena;
    ml_error error;
    ml_document_draft *draft;
    ml_document document;
} sheet;

static inline void sheet_open(sheet *self, const char *plugin)
{
    memset(self, 0, sizeof(*self));
    ml_arena_init(&self->arena, 0);
    self->draft = ml_draft_new(&self->arena, plugin, &fixture_model, &self->error);
    ML_CHECK(self->draft != NULL);
    self->document = (ml_document){.struct_size = sizeof(ml_document),
                                   .plugin = plugin,
                                   .version = "1",
                                   .title = plugin,
                                   .summary = "",
                                   .message = ""};
}

static inline const ml_document *sheet_finish(sheet *self)
{
    self->document.blocks = ml_draft_blocks(self->draft, &self->document.block_count);
    return &self->document;
}

static inline void sheet_close(sheet *self)
{
    ml_arena_release(&self->arena);
}

/* A finding that needs only what the test cares about. */
static inline ml_builder *begin_finding(sheet *self, const char *key, uint32_t level,
                                        uint32_t confidence, uint64_t impact_ns)
{
    ml_builder *builder = ml_draft_begin(self->draft, ML_BLOCK_FINDING, key, "title");

    ml_builder_set_text(builder, ML_FIELD_RULE, "rule");
    ml_builder_set_text(builder, ML_FIELD_MESSAGE, "message");
    ml_builder_set_number(builder, ML_FIELD_LEVEL, level);
    ml_builder_set_number(builder, ML_FIELD_CONFIDENCE, confidence);
    ml_builder_set_number(builder, ML_FIELD_IMPACT_NS, impact_ns);
    return builder;
}

#endif
