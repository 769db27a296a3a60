#include "core/model/image.h"

#include "core/base/os.h"
#include "core/model/build.h"

/* The most memory that a build may use: a small file can claim a lot. */
#define BUILD_MEMORY ((size_t)8 << 30)

struct ml_image {
    ml_arena arena; /* holds this struct, too */
    const void *mapping;
    size_t length;
    int descriptor;
    ml_image_tables tables;
    ml_model model;
};

/* ---- building ---- */

static ml_status run_stages(ml_build *build, const ml_image_source *sources, size_t count)
{
    ML_TRY(ml_build_members(build, sources, count));
    ML_TRY(ml_build_functions(build));
    ML_TRY(ml_build_stacks(build));
    ML_TRY(ml_build_samples(build));
    ML_TRY(ml_build_totals(build));
    ML_TRY(ml_build_calls(build));
    ML_TRY(ml_build_events(build));
    ML_TRY(ml_build_sources(build));
    ML_TRY(ml_build_gaps(build));
    return ml_build_facts(build);
}

static void hand_over_strings(ml_build *build)
{
    build->tables.strings = (ml_strings){.offset = build->strings.offset,
                                         .length = build->strings.length,
                                         .bytes = (const char *)build->strings.bytes.data};
    build->rows[ML_EXTENT_STRINGS] = build->strings.count;
    build->rows[ML_EXTENT_STRING_BYTES] = build->strings.bytes.length;
}

static void connect(ml_image *image)
{
    ml_image_tables *tables = &image->tables;
    ml_model *model = &image->model;

    ml_image_view(image->mapping, tables, model);
    model->strings = &tables->strings;
    model->processes = &tables->processes;
    model->modules = &tables->modules;
    model->functions = &tables->functions;
    model->stacks = &tables->stacks;
    model->threads = &tables->threads;
    model->samples = &tables->samples;
    model->calls = &tables->calls;
    model->messages = &tables->messages;
    model->counters = &tables->counters;
    model->resources = &tables->resources;
    model->events = &tables->events;
    model->sources = &tables->sources;
    model->gaps = &tables->gaps;
}

ml_image *ml_image_adopt(const void *mapping, size_t length, int descriptor)
{
    ml_arena arena;
    ml_image *image;

    ml_arena_init(&arena, 0);
    image = ml_arena_alloc(&arena, sizeof(*image));
    if (image != NULL) {
        *image = (ml_image){
            .arena = arena, .mapping = mapping, .length = length, .descriptor = descriptor};
        connect(image);
    }
    return image;
}

static ml_status seal(ml_build *build, ml_image **out, ml_error *error)
{
    const void *mapping;
    struct iovec *parts;
    size_t count;
    size_t length;
    int descriptor;

    hand_over_strings(build);
    ML_TRY(
        ml_image_pack(&build->arena, &build->tables, &build->facts, build->rows, &parts, &count));
    ML_TRY(ml_os_seal(parts, count, &mapping, &length, &descriptor, error));
    *out = ml_image_adopt(mapping, length, descriptor);
    if (*out == NULL) {
        ml_os_unseal(mapping, length, descriptor);
        return ML_ERROR_MEMORY;
    }
    return ML_OK;
}

/* Failures that no stage has put into words: an index or a list that found no memory, too many strings. */
static ml_status explain(ml_error *error, ml_status status)
{
    if (error == NULL || error->status == ML_OK) {
        ml_error_set(error, status, "%s: analyse a shorter recording", ml_status_text(status));
    }
    ml_error_add(error, "cannot build the tables of the recording");
    return status;
}

ml_status ml_image_build(const ml_image_source *sources, size_t count, int use_sources,
                         ml_image **out, ml_error *error)
{
    ml_build build = {.error = error, .use_sources = use_sources};
    ml_status status;

    *out = NULL;
    if (error != NULL) {
        *error = (ml_error){.status = ML_OK};
    }
    ml_arena_init(&build.arena, BUILD_MEMORY);
    ml_interner_init(&build.strings, &build.arena);
    status = run_stages(&build, sources, count);
    if (status == ML_OK) {
        status = seal(&build, out, error);
    }
    ml_interner_release(&build.strings);
    ml_arena_release(&build.arena);
    return status < 0 ? explain(error, status) : ML_OK;
}

/* ---- using ---- */

const ml_model *ml_image_model(const ml_image *image)
{
    return &image->model;
}

int ml_image_descriptor(const ml_image *image, size_t *length)
{
    *length = image->length;
    return image->descriptor;
}

void ml_image_close(ml_image *image)
{
    if (image != NULL) {
        ml_arena arena = image->arena;
        ml_os_unseal(image->mapping, image->length, image->descriptor);
        ml_arena_release(&arena);
    }
}
