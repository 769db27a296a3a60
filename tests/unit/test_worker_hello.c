/* What a worker says of its plugin, and what it is told of a job. */
#include "core/worker/hello.h"
#include "core/worker/order.h"
#include "tests/unit/runner.h"

#include <math.h>
#include <string.h>

static const ml_option options[] = {
    {sizeof(ml_option), ML_OPTION_INT, "size", "5", "how large", 1, 10},
    {sizeof(ml_option), ML_OPTION_STRING, "name", "", "whose", 0, 0},
};

static const ml_plugin renderer = {.struct_size = sizeof(ml_plugin),
                                   .abi_draft = ML_ABI_DRAFT,
                                   .kind = ML_RENDERER,
                                   .needs = ML_NEEDS_NETWORK,
                                   .id = "demo",
                                   .version = "1.0",
                                   .title = "Demo",
                                   .summary = "for a test",
                                   .license = "MIT",
                                   .media_type = "text/plain",
                                   .suffix = "txt",
                                   .options = options,
                                   .option_count = 2};

static const ml_plugin_file file = {
    .kind = ML_RENDERER, .id = "demo", .path = "/tmp/microlog-renderer-demo.so"};

static void encode(ml_buffer *out, const ml_plugin *plugin)
{
    const ml_loaded loaded = {.path = file.path, .plugin = *plugin};

    ml_buffer_init(out, 1 << 16);
    ml_hello_encode(out, ML_OK, &loaded, NULL);
    ML_CHECK_EQUAL(out->status, ML_OK);
}

static ml_status decode(const ml_buffer *bytes, size_t length, ml_arena *arena, ml_loaded *out,
                        ml_error *error)
{
    ml_arena_init(arena, 1 << 20);
    return ml_hello_decode(arena, bytes->data, length, &file, out, error);
}

ML_TEST(a_description_comes_back)
{
    ml_error error = {0};
    ml_loaded out;
    ml_arena arena;
    ml_buffer bytes;

    encode(&bytes, &renderer);
    ML_CHECK_EQUAL(decode(&bytes, bytes.length, &arena, &out, &error), ML_OK);
    ML_CHECK_TEXT(out.plugin.id, "demo");
    ML_CHECK_TEXT(out.plugin.suffix, "txt");
    ML_CHECK_EQUAL(out.plugin.needs, ML_NEEDS_NETWORK);
    ML_CHECK_EQUAL(out.plugin.option_count, 2);
    ML_CHECK_TEXT(out.plugin.options[0].name, "size");
    ML_CHECK(fabs(out.plugin.options[0].maximum - 10) < 1e-9);
    ML_CHECK(out.plugin.run == NULL);
    ml_arena_release(&arena);
    ml_buffer_release(&bytes);
}

ML_TEST(a_failure_comes_back_with_its_words)
{
    const ml_error cause = {ML_ERROR_UNSUPPORTED, "too old \xff"};
    ml_error error = {0};
    ml_loaded out;
    ml_arena arena;
    ml_buffer bytes;

    ml_buffer_init(&bytes, 1 << 16);
    ml_hello_encode(&bytes, ML_ERROR_UNSUPPORTED, NULL, &cause);
    ML_CHECK_EQUAL(decode(&bytes, bytes.length, &arena, &out, &error), ML_ERROR_UNSUPPORTED);
    ML_CHECK_TEXT(error.text, "too old \xef\xbf\xbd");
    ml_arena_release(&arena);
    ml_buffer_release(&bytes);
}

ML_TEST(what_it_says_is_checked_like_what_is_loaded)
{
    ml_plugin other = renderer;
    ml_error error = {0};
    ml_loaded out;
    ml_arena arena;
    ml_buffer bytes;

    other.suffix = "../x";
    encode(&bytes, &other);
    ML_CHECK_EQUAL(decode(&bytes, bytes.length, &arena, &out, &error), ML_ERROR_FORMAT);
    ML_CHECK(strstr(error.text, "is no suffix") != NULL);
    ml_arena_release(&arena);
    ml_buffer_release(&bytes);
    other = renderer;
    other.id = "other";
    encode(&bytes, &other);
    ML_CHECK_EQUAL(decode(&bytes, bytes.length, &arena, &out, &error), ML_ERROR_FORMAT);
    ML_CHECK(strstr(error.text, "rename it") != NULL);
    ml_arena_release(&arena);
    ml_buffer_release(&bytes);
}

ML_TEST(hostile_descriptions)
{
    ml_error error = {0};
    ml_loaded out;
    ml_arena arena;
    ml_buffer bytes;

    encode(&bytes, &renderer);
    for (size_t length = 0; length < bytes.length; length++) {
        ML_CHECK(decode(&bytes, length, &arena, &out, &error) < 0);
        ml_arena_release(&arena);
    }
    for (size_t bit = 0; bit < 8 * bytes.length; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (decode(&bytes, bytes.length, &arena, &out, &error) == ML_OK) {
            ML_CHECK_TEXT(out.plugin.id, "demo");
        }
        ml_arena_release(&arena);
        bytes.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    ml_buffer_release(&bytes);
}

ML_TEST(an_order_comes_back)
{
    const ml_render_target target = {80, 1, "/tmp/\xff.mlog", "a.html\nb.svg"};
    ml_render_target arrived;
    ml_option_values values;
    ml_option_values defaults;
    ml_error error = {0};
    ml_arena arena;
    ml_buffer bytes;

    ml_arena_init(&arena, 0);
    ml_buffer_init(&bytes, 1 << 16);
    ML_CHECK_EQUAL(ml_options_default(&arena, &renderer, &values, &error), ML_OK);
    ML_CHECK_EQUAL(ml_options_default(&arena, &renderer, &defaults, &error), ML_OK);
    ML_CHECK_EQUAL(ml_options_set(&values, "demo", "size", "7", &error), ML_OK);
    ml_order_encode(&bytes, &values, &target);
    ML_CHECK_EQUAL(
        ml_order_decode(&arena, bytes.data, bytes.length, "demo", &defaults, &arrived, &error),
        ML_OK);
    ML_CHECK_EQUAL(defaults.values[0].whole, 7);
    ML_CHECK_EQUAL(arrived.width, 80);
    ML_CHECK_TEXT(arrived.recording_path, "/tmp/\xff.mlog");
    ML_CHECK_TEXT(arrived.others, "a.html\nb.svg");
    ML_CHECK(ml_order_decode(&arena, bytes.data, bytes.length - 1, "demo", &defaults, &arrived,
                             &error) < 0);
    ml_buffer_release(&bytes);
    ml_arena_release(&arena);
}
