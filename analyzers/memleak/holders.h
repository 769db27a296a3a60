/* holders: the function of the project whose cache, closure or generator holds a type, or the module whose variable does, as the
 * recording's end says in words. */
#ifndef MICROLOG_ANALYZERS_MEMLEAK_HOLDERS_H
#define MICROLOG_ANALYZERS_MEMLEAK_HOLDERS_H

#include <microlog/sdk.h>

enum { HOLDER_NAME_MAX = 200 };

typedef struct holder {
    char function
        [HOLDER_NAME_MAX]; /* the outermost that is defined around it; "<module>" for a module */
    char name[HOLDER_NAME_MAX]; /* that of the function, or of the module's variable */
    int is_variable;
    uint32_t module;
    uint32_t
        line; /* where the function begins; where it was never sampled, what is defined within it and holds */
} holder;

/* False if the recording does not say, or names none of the project, or several of one name. */
int holder_find(holder *to, const ml_model *model, uint32_t process, uint32_t type);

#endif
