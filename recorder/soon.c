#define PY_SSIZE_T_CLEAN
#include "soon.h"

#include "hooks.h"

#include <stdatomic.h>

static atomic_bool asked;

static int in_main_thread(void *unused)
{
    (void)unused;
    atomic_store(&asked, false);
    if (hooks_target() != NULL && PyInterpreterState_Get() == PyInterpreterState_Main()) {
        hook_streams();
        hook_collections_look();
        hook_raised_look();
    }
    return 0;
}

void soon_ask(void)
{
    /* The queue is short and the program's, too: never more than one of ours is in it. */
    if (!atomic_exchange(&asked, true) && Py_AddPendingCall(in_main_thread, NULL) < 0) {
        atomic_store(&asked, false);
    }
}

void soon_reset(void)
{
    atomic_store(&asked, false);
}
