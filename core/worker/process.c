#include "core/worker/process.h"

#include "core/worker/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, WAIT_STEP_MS = 5 };

/* ---- starting ---- */

static ml_status fail(ml_error *error, const ml_plugin_file *file)
{
    return ml_error_set(error, ML_ERROR_IO, "cannot start a worker for %s: %s", file->path,
                        strerror(errno));
}

static ml_page *share_page(void)
{
    void *page =
        mmap(NULL, sizeof(ml_page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? NULL : page;
}

/* In the tool, after the fork. */
static void take_ends(ml_process *self, int socket, int output)
{
    self->socket = socket;
    self->output = output;
    fcntl(socket, F_SETFL, O_NONBLOCK);
    fcntl(output, F_SETFL, O_NONBLOCK);
    setpgid(self->pid, self->pid);
    self->end = (int)syscall(SYS_pidfd_open, self->pid, 0);
}

static ml_status start(ml_process *self, const ml_plugin_file *file,
                       const ml_process_limits *limits, int sockets[2], int pipe_ends[2],
                       ml_error *error)
{
    ml_serve_setup setup = {.file = file,
                            .tool = getpid(),
                            .socket = sockets[1],
                            .output = pipe_ends[1],
                            .page = self->page,
                            .memory = limits->memory,
                            .allows_network = limits->allows_network};

    fflush(NULL);
    self->pid = fork();
    if (self->pid == 0) {
        ml_serve(&setup);
    }
    close(sockets[1]);
    close(pipe_ends[1]);
    if (self->pid < 0) {
        self->pid = 0;
        close(sockets[0]);
        close(pipe_ends[0]);
        return fail(error, file);
    }
    take_ends(self, sockets[0], pipe_ends[0]);
    return ML_OK;
}

ml_status ml_process_start(ml_process *self, const ml_plugin_file *file,
                           const ml_process_limits *limits, ml_error *error)
{
    int sockets[2];
    int pipe_ends[2];

    if (self->page == NULL) {
        self->page = share_page();
    }
    if (self->page == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        return fail(error, file);
    }
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        fail(error, file);
        close(sockets[0]);
        close(sockets[1]);
        return ML_ERROR_IO;
    }
    memset(self->page, 0, sizeof(*self->page));
    self->sent = 0;
    self->received = 0;
    self->taken = 0;
    ml_buffer_init(&self->input, ML_FRAME_HEADER + ML_FRAME_MAX + READ_STEP);
    return start(self, file, limits, sockets, pipe_ends, error);
}

/* ---- speaking and listening ---- */

ml_status ml_process_send(ml_process *self, const ml_order_head *order,
                          const int descriptors[ML_ORDER_PARTS])
{
    uint8_t head[ML_FRAME_HEADER];
    const ml_frame frame = {ML_FRAME_JOB, 0, (const uint8_t *)order, sizeof(*order)};
    struct iovec parts[] = {{head, sizeof(head)}, {(void *)(uintptr_t)order, sizeof(*order)}};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(ML_ORDER_PARTS * sizeof(int))];
    } control = {0};
    size_t count = 0;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = control.bytes};

    for (int i = 0; i < ML_ORDER_PARTS; i++) {
        if (order->length[i] != 0) {
            memcpy(CMSG_DATA(&control.header) + sizeof(int) * count++, &descriptors[i],
                   sizeof(int));
        }
    }
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    ml_frame_head(head, &frame, self->sent++);
    return sendmsg(self->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
                   (ssize_t)(sizeof(head) + sizeof(*order))
               ? ML_OK
               : ML_ERROR_IO;
}

static void drop_taken(ml_process *self)
{
    ml_buffer *input = &self->input;

    if (self->taken > 0) {
        input->length -= self->taken;
        memmove(input->data, input->data + self->taken, input->length);
        self->taken = 0;
    }
}

/* Room for one more step, or false. */
static int make_room(ml_buffer *input)
{
    size_t larger = 2 * input->capacity + READ_STEP;

    if (input->length + READ_STEP <= input->capacity) {
        return 1;
    }
    return ml_buffer_reserve(input, larger < input->limit ? larger : input->limit) == ML_OK;
}

int ml_process_read(ml_process *self)
{
    ml_buffer *input = &self->input;

    drop_taken(self);
    while (input->length + READ_STEP <= input->limit) {
        ssize_t got;
        if (!make_room(input)) {
            return ML_READ_OVER;
        }
        got = read(self->socket, input->data + input->length, READ_STEP);
        if (got > 0) {
            input->length += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            return got < 0 && errno == EAGAIN ? ML_READ_ALL : ML_READ_OVER;
        }
    }
    return ML_READ_FULL;
}

int ml_process_next(ml_process *self, ml_frame *out)
{
    const ml_buffer *input = &self->input;
    int64_t size;

    if (input->length == self->taken) {
        return 0;
    }
    size =
        ml_frame_parse(input->data + self->taken, input->length - self->taken, self->received, out);
    if (size <= 0) {
        return (int)size;
    }
    self->taken += (size_t)size;
    self->received++;
    return 1;
}

void ml_process_read_output(ml_process *self, ml_buffer *out)
{
    char bytes[4096];
    ssize_t got;

    while (self->pid > 0 && out->status == ML_OK &&
           (got = read(self->output, bytes, sizeof(bytes))) != 0) {
        if (got > 0) {
            size_t room = out->limit - out->length;
            ml_buffer_put(out, bytes, (size_t)got < room ? (size_t)got : room);
            if ((size_t)got > room) {
                out->status = ML_ERROR_TOO_LARGE;
            }
        } else if (errno != EINTR) {
            return;
        }
    }
}

/* ---- the end ---- */

int ml_process_has_ended(const ml_process *self, int wait_ms, int *code, int *number)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000L};
    siginfo_t info = {0};

    for (;;) {
        if (waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == self->pid) {
            *code = info.si_code;
            *number = info.si_status;
            return 1;
        }
        if (wait_ms <= 0) {
            return 0;
        }
        nanosleep(&step, NULL);
        wait_ms -= WAIT_STEP_MS;
    }
}

/* Process 0 would be the tool and its whole group. */
void ml_process_signal(const ml_process *self, int signal)
{
    if (self->pid <= 0) {
        return;
    }
    kill(-self->pid, signal);
    kill(self->pid, signal);
}

void ml_process_stop(ml_process *self)
{
    if (self->pid <= 0) {
        return;
    }
    /* The group lives at least as long as its leader is not waited for. */
    ml_process_signal(self, SIGKILL);
    while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    close(self->socket);
    close(self->output);
    if (self->end >= 0) {
        close(self->end);
    }
    self->pid = 0;
    ml_buffer_release(&self->input);
}
