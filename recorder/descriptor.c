#include "descriptor.h"

#include <fcntl.h>
#include <unistd.h>

enum { FIRST_NUMBER = 200 };

int descriptor_raise(int descriptor)
{
    int raised = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_NUMBER);

    if (raised < 0) {
        return descriptor;
    }
    close(descriptor);
    return raised;
}
