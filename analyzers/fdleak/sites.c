#include "sites.h"

#include "common/ending.h"

#include <stdlib.h>

static int is_checked(const ml_resources *resources, uint64_t row)
{
    return resources->kind[row] == ML_RESOURCE_DESCRIPTOR && !resources->inherited[row] &&
           resources->number[row] > 2;
}

static void add_example(open_ones *to, const ml_model *model, uint32_t label)
{
    if (!ml_text_of(model, label)[0] || to->example_count == EXAMPLES_MAX)
        return;
    for (uint32_t i = 0; i < to->example_count; i++)
        if (to->examples[i] == label)
            return;
    to->examples[to->example_count++] = label;
}

static open_ones ones_of(const ml_model *model, uint64_t row, int is_one)
{
    const ml_resources *resources = model->resources;
    uint64_t tenth = resources->open_ns[row] / (model->duration_ns / TENTHS + 1);
    open_ones one;
    memset(&one, 0, sizeof one);
    one.first_ns = UINT64_MAX;
    if (!is_one)
        return one;
    one.count = 1;
    one.process = resources->process[row];
    one.first_ns = one.last_ns = resources->open_ns[row];
    one.tenths = 1u << (tenth < TENTHS ? tenth : TENTHS - 1);
    add_example(&one, model, resources->label[row]);
    return one;
}

/* One descriptor as a site of its own. */
static open_site site_of(const ml_model *model, uint64_t row)
{
    const ml_resources *resources = model->resources;
    uint32_t frame = ml_stack_own_frame(model, resources->stack[row]);
    uint64_t ending = ending_of_process(model, resources->process[row]);
    int is_open = resources->close_ns[row] == UINT64_MAX;
    int is_kept = !is_open && resources->number[row] != UINT64_MAX &&
                  resources->open_ns[row] < ending && resources->close_ns[row] >= ending;
    open_site one;
    memset(&one, 0, sizeof one);
    one.function = frame ? ml_stack_function(model, frame) : ML_NONE;
    one.line = frame ? ml_stack_line(model, frame) : 0;
    one.what = resources->what[row];
    one.opened = resources->times[row];
    one.closed = one.opened - (uint64_t)is_open;
    one.early = resources->close_ns[row] < ending ? one.opened : 0;
    one.open = ones_of(model, row, is_open);
    one.kept = ones_of(model, row, is_kept);
    return one;
}

static int compare_sites(const void *left, const void *right)
{
    const open_site *a = (const open_site *)left, *b = (const open_site *)right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    return 0;
}

static uint64_t first_of(const open_site *site)
{
    return site->open.count ? site->open.first_ns : site->kept.first_ns;
}

static uint32_t example_of(const open_site *site)
{
    return site->open.count ? site->open.examples[0] : site->kept.examples[0];
}

/* For qsort, which may change the order of equal ones: also by time, so that examples are the first. */
static int compare_openings(const void *left, const void *right)
{
    const open_site *a = (const open_site *)left, *b = (const open_site *)right;
    int order = compare_sites(a, b);
    if (order)
        return order;
    if (first_of(a) != first_of(b))
        return first_of(a) < first_of(b) ? -1 : 1;
    return (example_of(a) > example_of(b)) - (example_of(a) < example_of(b));
}

static void merge_ones(const ml_model *model, open_ones *to, const open_ones *other)
{
    if (!to->count)
        to->process = other->process;
    to->count += other->count;
    to->tenths |= other->tenths;
    to->first_ns = other->first_ns < to->first_ns ? other->first_ns : to->first_ns;
    to->last_ns = other->last_ns > to->last_ns ? other->last_ns : to->last_ns;
    for (uint32_t i = 0; i < other->example_count; i++)
        add_example(to, model, other->examples[i]);
}

static void merge(const ml_model *model, open_site *to, const open_site *other)
{
    to->opened += other->opened;
    to->closed += other->closed;
    to->early += other->early;
    merge_ones(model, &to->open, &other->open);
    merge_ones(model, &to->kept, &other->kept);
}

ml_status open_sites_find(const ml_host *host, open_sites *out)
{
    const ml_model *model = ml_get_model(host);
    const ml_resources *resources = model->resources;
    size_t count = 0, kept = 0;
    out->checked = 0;
    for (uint64_t i = 0; i < resources->count; i++) {
        count += (size_t)is_checked(resources, i);
        out->checked += is_checked(resources, i) ? resources->times[i] : 0;
    }
    out->sites = (open_site *)ml_alloc(host, count, sizeof(open_site));
    if (!out->sites)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for %zu descriptors", count);
    count = 0;
    for (uint64_t i = 0; i < resources->count; i++)
        if (is_checked(resources, i))
            out->sites[count++] = site_of(model, i);
    qsort(out->sites, count, sizeof(open_site), compare_openings);
    for (size_t i = 0; i < count; i++) {
        if (kept && compare_sites(&out->sites[kept - 1], &out->sites[i]) == 0)
            merge(model, &out->sites[kept - 1], &out->sites[i]);
        else
            out->sites[kept++] = out->sites[i];
    }
    out->count = kept;
    return ML_OK;
}

unsigned open_ones_tenths(const open_ones *ones)
{
    unsigned count = 0;
    for (uint32_t bits = ones->tenths; bits; bits &= bits - 1)
        count++;
    return count;
}
