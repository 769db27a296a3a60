/* own_code: which modules are the program's own.
 *
 * Those of the project; but where the project has less than a twentieth of the running time, as when an
 * installed tool is run (`python -m black`), those of the third-party package that stands outermost most. */
#ifndef MICROLOG_ANALYZERS_COMMON_OWN_CODE_H
#define MICROLOG_ANALYZERS_COMMON_OWN_CODE_H

#include "common/stack_times.h"

enum { OWN_SHARE_LEAST = 20 }; /* one part of so many */

typedef struct own_code {
    uint8_t *is_own;  /* by row of modules */
    uint64_t own_ns;  /* running below any of them */
    uint32_t package; /* a module of the package taken in the project's place, or ML_NONE */
} own_code;

/* The length of the top-level part of a dotted name. */
static inline size_t top_part(const char *module)
{
    return strcspn(module, ".");
}

static inline int same_top_part(const char *left, const char *right)
{
    size_t length = top_part(left);
    return length == top_part(right) && memcmp(left, right, length) == 0;
}

/* For qsort: by their top-level parts. */
static inline int compare_top_parts(const char *left, const char *right)
{
    size_t a = top_part(left), b = top_part(right);
    int order = memcmp(left, right, a < b ? a : b);
    return order ? order : (a > b) - (a < b);
}

/* The running time of stacks that have a frame whose module has `flags`, by the outermost such module. */
static inline uint64_t own_code_outermost(const stack_times *times, uint32_t flags,
                                          uint32_t *outermost, uint64_t *by_module)
{
    const ml_model *model = times->model;
    uint64_t sum = 0;
    outermost[0] = ML_NONE;
    for (uint32_t i = 1; i < model->stacks->count; i++) {
        uint32_t module = ml_function_module(model, model->stacks->function[i]);
        outermost[i] = outermost[model->stacks->parent[i]];
        if (outermost[i] == ML_NONE && (ml_module_flags(model, module) & flags))
            outermost[i] = module;
        if (outermost[i] == ML_NONE)
            continue;
        sum += times->running_ns[i];
        by_module[outermost[i]] += times->running_ns[i];
    }
    return sum;
}

static inline uint32_t own_code_largest(const uint64_t *by_module, uint32_t count)
{
    uint32_t best = ML_NONE;
    for (uint32_t i = 0; i < count; i++)
        if (by_module[i] > (best == ML_NONE ? 0 : by_module[best]))
            best = i;
    return best;
}

static inline ml_status own_code_find(own_code *to, const stack_times *times)
{
    const ml_model *model = times->model;
    uint32_t count = model->modules->count;
    uint32_t *outermost =
        (uint32_t *)ml_alloc(times->host, model->stacks->count, sizeof *outermost);
    uint64_t *by_module = (uint64_t *)ml_alloc(times->host, (size_t)count * 2, sizeof *by_module);
    to->is_own = (uint8_t *)ml_alloc(times->host, count, 1);
    to->package = ML_NONE;
    if (!outermost || !by_module || !to->is_own)
        return ml_fail(times->host, ML_ERROR_MEMORY, "no memory for %u modules", (unsigned)count);
    to->own_ns = own_code_outermost(times, ML_MODULE_PROJECT, outermost, by_module);
    if (to->own_ns < times->all_ns / OWN_SHARE_LEAST) {
        own_code_outermost(times, ML_MODULE_THIRD_PARTY, outermost, by_module + count);
        to->package = own_code_largest(by_module + count, count);
        to->own_ns += to->package == ML_NONE ? 0 : by_module[count + to->package];
    }
    for (uint32_t i = 0; i < count; i++)
        to->is_own[i] =
            (model->modules->flags[i] & ML_MODULE_PROJECT) ||
            (to->package != ML_NONE &&
             same_top_part(ml_module_name(model, i), ml_module_name(model, to->package)));
    return ML_OK;
}

static inline int function_is_own(const own_code *own, const ml_model *model, uint32_t function)
{
    uint32_t module = ml_function_module(model, function);
    return module < model->modules->count && own->is_own[module];
}

#endif
