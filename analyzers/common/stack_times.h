/* stack_times: how long threads were running and waiting on each stack, and which stacks are imports. */
#ifndef MICROLOG_ANALYZERS_COMMON_STACK_TIMES_H
#define MICROLOG_ANALYZERS_COMMON_STACK_TIMES_H

#include <microlog/sdk.h>

/* By row of stacks. A slot is running if its thread was, or if its state is not known. */
typedef struct stack_times {
    const ml_host *host;
    const ml_model *model;
    uint64_t *running_ns; /* at this very stack */
    uint64_t *waiting_ns;
    uint64_t *under_ns;  /* running at this stack or deeper */
    uint8_t *is_import;  /* the import machinery, or below it */
    uint64_t all_ns;     /* running, but for stacks that were not read */
    uint64_t imports_ns; /* of it */
    uint64_t all_waiting_ns;
} stack_times;

static inline int stack_state_is_running(uint32_t state)
{
    state &= ML_STATE_MASK;
    return state == ML_STATE_RUNNING || state == ML_STATE_UNKNOWN;
}

/* Frames made by the recorder stand for what it could not read. */
static inline int function_is_real(const ml_model *model, uint32_t function)
{
    return function != ML_NONE && !(ml_function_origin(model, function) & ML_MODULE_SYNTHETIC);
}

static inline int function_is_importer(const ml_model *model, uint32_t function)
{
    const char *module = ml_module_name(model, ml_function_module(model, function));
    return strstr(module, "importlib._bootstrap") == module;
}

static inline void stack_times_add_samples(stack_times *to)
{
    const ml_samples *samples = to->model->samples;
    for (uint64_t i = 0; i < samples->count; i++) {
        uint32_t stack = samples->stack[i];
        if (stack_state_is_running(samples->state[i]))
            to->running_ns[stack] += samples->wall_ns[i];
        else
            to->waiting_ns[stack] += samples->wall_ns[i];
    }
}

static inline void stack_times_sum(stack_times *to)
{
    const ml_stacks *stacks = to->model->stacks;
    for (uint32_t i = 1; i < stacks->count; i++) {
        to->is_import[i] = to->is_import[stacks->parent[i]] ||
                           function_is_importer(to->model, stacks->function[i]);
        to->under_ns[i] = to->running_ns[i];
        if (!function_is_real(to->model, stacks->function[i]))
            continue;
        to->all_ns += to->running_ns[i];
        to->all_waiting_ns += to->waiting_ns[i];
        to->imports_ns += to->is_import[i] ? to->running_ns[i] : 0;
    }
    for (uint32_t i = stacks->count; i-- > 1;)
        to->under_ns[stacks->parent[i]] += to->under_ns[i];
}

/* ML_ERROR_MEMORY with a cause when there is no memory. */
static inline ml_status stack_times_fill(stack_times *to, const ml_host *host)
{
    const ml_model *model = ml_get_model(host);
    size_t count = model->stacks->count;
    memset(to, 0, sizeof *to);
    to->host = host;
    to->model = model;
    to->running_ns = (uint64_t *)ml_alloc(host, count, sizeof(uint64_t));
    to->waiting_ns = (uint64_t *)ml_alloc(host, count, sizeof(uint64_t));
    to->under_ns = (uint64_t *)ml_alloc(host, count, sizeof(uint64_t));
    to->is_import = (uint8_t *)ml_alloc(host, count, 1);
    if (!to->running_ns || !to->waiting_ns || !to->under_ns || !to->is_import)
        return ml_fail(host, ML_ERROR_MEMORY, "no memory for the times of %zu stacks", count);
    stack_times_add_samples(to);
    stack_times_sum(to);
    return ML_OK;
}

#endif
