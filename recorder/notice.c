#define PY_SSIZE_T_CLEAN
#include "compat.h"

#include "notice.h"

#include "codes.h"
#include "frames.h"
#include "ring.h"
#include "table.h"

#include "core/base/clock.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ANNOUNCED = 1 << 15, LINES = 1 << 12, NOTICE_TASKS = 1 << 14 };

/* Lines that were looked up, by code object and instruction. The death of any code object empties it: the
 * addresses might mean something else now. */
typedef struct line_slot {
    uint64_t key;
    uint32_t line;
    uint32_t era;
} line_slot;

struct notice {
    ring *ring;
    _Atomic bool *deaths_lost;
    const layout *layout; /* NULL: the public API only */
    uint32_t era;
    size_t used; /* of the scratch record */
    atomic_flag
        announcing; /* held while the table below is used: code dies in other interpreters too */
    table announced;
    table_slot announced_room[TABLE_ROOM(ANNOUNCED)];
    table tasks; /* frames of named tasks */
    table_slot task_room[TABLE_ROOM(NOTICE_TASKS)];
    line_slot lines[LINES];
    frames_entry entries[FRAMES_DEPTH];
    _Alignas(record_header) uint8_t scratch[RING_RECORD];
    _Alignas(record_header) uint8_t code[sizeof(record_header) + 12 + 2 * CODES_TEXT];
};

/* The slot of the code type is the only place where deaths can be seen before 3.12, and it is process-wide, so
 * is who listens. */
static notice *listener;
static destructor original_dealloc;

static _Thread_local uint32_t own_native; /* of the thread; 0: not asked yet */

static void begin_announcing(notice *target)
{
    while (atomic_flag_test_and_set_explicit(&target->announcing, memory_order_acquire)) {
    }
}

static void end_announcing(notice *target)
{
    atomic_flag_clear_explicit(&target->announcing, memory_order_release);
}

static void code_dealloc(PyObject *code)
{
    if (listener != NULL) {
        record_header record = {.size = sizeof(record),
                                .type = RECORD_DEATH,
                                .time_ns = ml_clock_monotonic(),
                                .address = (uintptr_t)code};
        begin_announcing(listener);
        table_remove(&listener->announced, (uintptr_t)code);
        listener->era++;
        if (!ring_put(listener->ring, &record)) {
            table_clear(&listener->announced);
            atomic_store(listener->deaths_lost, true);
        }
        end_announcing(listener);
    }
    original_dealloc(code);
}

notice *notice_open(ring *target, const layout *source, _Atomic bool *deaths_lost)
{
    notice *opened = PyMem_RawCalloc(1, sizeof(*opened));

    if (opened == NULL) {
        return NULL;
    }
    opened->ring = target;
    opened->layout = source;
    opened->deaths_lost = deaths_lost;
    opened->era = 1;
    table_init(&opened->announced, opened->announced_room, ANNOUNCED);
    table_init(&opened->tasks, opened->task_room, NOTICE_TASKS);
    if (PyCode_Type.tp_dealloc != code_dealloc) {
        original_dealloc = PyCode_Type.tp_dealloc;
        PyCode_Type.tp_dealloc = code_dealloc;
    }
    listener = opened;
    return opened;
}

void notice_close(notice *target)
{
    listener = NULL;
    if (PyCode_Type.tp_dealloc == code_dealloc) {
        PyCode_Type.tp_dealloc = original_dealloc;
    }
    PyMem_RawFree(target);
}

void notice_silence(void)
{
    listener = NULL;
    own_native = 0;
}

/* ---- text ---- */

/* UTF-8 of a str object without raising; lone surrogates as three bytes. `*holder` must be released. */
static const char *text_bytes(PyObject *text, Py_ssize_t *length, PyObject **holder)
{
    const char *bytes = NULL;

    *holder = NULL;
    *length = 0;
    if (text == NULL || !PyUnicode_Check(text)) {
        return "";
    }
    bytes = PyUnicode_AsUTF8AndSize(text, length);
    if (bytes == NULL) {
        PyErr_Clear();
        *holder = PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
        bytes = *holder == NULL ? NULL : PyBytes_AS_STRING(*holder);
        *length = bytes == NULL ? 0 : PyBytes_GET_SIZE(*holder);
        PyErr_Clear();
    }
    return bytes == NULL ? "" : bytes;
}

/* ---- code objects ---- */

static size_t put_text(uint8_t *out, PyObject *text)
{
    PyObject *holder;
    Py_ssize_t length;
    const char *bytes = text_bytes(text, &length, &holder);
    size_t kept = (size_t)length < CODES_TEXT ? (size_t)length : CODES_TEXT;

    memcpy(out, bytes, kept);
    Py_XDECREF(holder);
    return kept;
}

void notice_code(notice *target, PyObject *code)
{
    record_header *record = (record_header *)target->code;
    uint8_t *body = target->code + sizeof(*record);
    uint64_t known;
    bool is_known;
    uint32_t fixed[3];
    size_t length;
    PyObject *file, *name;

    begin_announcing(target);
    is_known = table_get(&target->announced, (uintptr_t)code, &known);
    end_announcing(target);
    if (is_known) {
        return;
    }
    codes_own((uintptr_t)code, &file, &name, &fixed[0], &fixed[1]);
    length = put_text(body + sizeof(fixed), file);
    fixed[2] = (uint32_t)length;
    length += put_text(body + sizeof(fixed) + length, name);
    memcpy(body, fixed, sizeof(fixed));
    *record = (record_header){.size = (uint32_t)(sizeof(*record) + sizeof(fixed) + length),
                              .type = RECORD_CODE,
                              .address = (uintptr_t)code};
    begin_announcing(target);
    if (ring_put(target->ring, record)) {
        table_put(&target->announced, (uintptr_t)code, 1);
    }
    end_announcing(target);
}

/* ---- stacks ---- */

static uint32_t line_of(notice *target, const frames_entry *entry)
{
    /* Code objects are aligned, so the positions of one never meet those of another in the low bits. */
    uint64_t key = entry->code << 16 ^ entry->position;
    line_slot *slot = &target->lines[(key ^ key >> 20) % LINES];

    if (slot->key != key || slot->era != target->era) {
        *slot = (line_slot){.key = key, .era = target->era, .line = frames_own_line(entry)};
    }
    return slot->line;
}

static void put_frame(notice *target, uintptr_t code, uint32_t line)
{
    record_frame frame = {.code = code, .line = line};

    memcpy(target->scratch + target->used, &frame, sizeof(frame));
    target->used += sizeof(frame);
}

static uint32_t put_raw_stack(notice *target)
{
    size_t count = frames_own(target->layout, target->entries, FRAMES_DEPTH);

    for (size_t i = 0; i < count; i++) {
        notice_code(target, (PyObject *)target->entries[i].code);
        put_frame(target, target->entries[i].code, line_of(target, &target->entries[i]));
    }
    return (uint32_t)count;
}

static uint32_t put_public_stack(notice *target)
{
    PyFrameObject *frame;
    uint32_t count = 0;
#if PY_VERSION_HEX >= 0x030B0000
    /* Frame objects are made here, and where that starts a collection finalizers run, which may have something to say
     * themselves. */
    int collects = PyGC_Disable();
#endif

    frame = PyThreadState_GetFrame(PyThreadState_Get());
    while (frame != NULL && count < FRAMES_DEPTH) {
        PyFrameObject *back = PyFrame_GetBack(frame);
        PyCodeObject *code = PyFrame_GetCode(frame);
        int line = PyFrame_GetLineNumber(frame);
        notice_code(target, (PyObject *)code);
        put_frame(target, (uintptr_t)code, line > 0 ? (uint32_t)line : 0);
        Py_DECREF(code);
        Py_DECREF(frame);
        frame = back;
        count++;
    }
    Py_XDECREF(frame);
#if PY_VERSION_HEX >= 0x030B0000
    if (collects) {
        PyGC_Enable();
    }
#endif
    return count;
}

/* ---- records ---- */

static uint32_t own_native_id(void)
{
    if (own_native == 0) {
        own_native = (uint32_t)syscall(SYS_gettid);
    }
    return own_native;
}

static record_header *begin_record(notice *target, uint16_t kind)
{
    record_header *record = (record_header *)target->scratch;

    *record = (record_header){.type = RECORD_EVENT,
                              .kind = kind,
                              .time_ns = ml_clock_monotonic(),
                              .thread = frames_own_id(),
                              .ident = PyThread_get_thread_ident(),
                              .native_id = own_native_id()};
    target->used = sizeof(*record);
    return record;
}

void notice_begin(notice *target, uint16_t kind, bool stack)
{
    record_header *record = begin_record(target, kind);

    if (stack) {
        record->frames = target->layout != NULL ? put_raw_stack(target) : put_public_stack(target);
    }
}

void notice_begin_at(notice *target, uint16_t kind, uint64_t time_ns)
{
    notice_begin(target, kind, true);
    ((record_header *)target->scratch)->time_ns = time_ns;
}

/* A traceback goes from the outermost frame to where it was raised; a record wants the leaf first. */
static uint32_t put_traceback(notice *target, PyObject *traceback)
{
    size_t start = target->used;
    uint32_t count = 0;

    for (PyTracebackObject *at = (PyTracebackObject *)traceback; at != NULL && count < FRAMES_DEPTH;
         at = at->tb_next) {
        PyCodeObject *code = PyFrame_GetCode(at->tb_frame);
        int line = PyCode_Addr2Line(code, at->tb_lasti);
        record_frame frame = {.code = (uintptr_t)code, .line = line > 0 ? (uint32_t)line : 0};
        notice_code(target, (PyObject *)code);
        memmove(target->scratch + start + sizeof(frame), target->scratch + start,
                count * sizeof(frame));
        memcpy(target->scratch + start, &frame, sizeof(frame));
        target->used += sizeof(frame);
        count++;
        Py_DECREF(code);
    }
    return count;
}

void notice_begin_traceback(notice *target, uint16_t kind, PyObject *traceback)
{
    record_header *record = begin_record(target, kind);

    if (traceback != NULL && PyTraceBack_Check(traceback)) {
        record->frames = put_traceback(target, traceback);
    }
}

static void put_field(notice *target, uint32_t type, int64_t number, const char *bytes,
                      size_t length)
{
    size_t kept = length < NOTICE_TEXT ? length : NOTICE_TEXT;
    record_field field = {.type = type, .number = number};

    if (sizeof(field) + kept > RING_RECORD - target->used) {
        kept = 0;
    }
    /* Never cut within a character. */
    while (kept < length && kept > 0 && ((unsigned char)bytes[kept] & 0xc0) == 0x80) {
        kept--;
    }
    field.length = (uint32_t)kept;
    memcpy(target->scratch + target->used, &field, sizeof(field));
    target->used += sizeof(field);
    if (kept > 0) {
        memcpy(target->scratch + target->used, bytes, kept);
        target->used += kept;
    }
}

void notice_number(notice *target, int64_t value)
{
    put_field(target, FIELD_NUMBER, value, NULL, 0);
}

void notice_bytes(notice *target, const char *bytes, size_t length)
{
    put_field(target, FIELD_BYTES, 0, bytes, length);
}

void notice_name(notice *target, const char *bytes, size_t length)
{
    put_field(target, FIELD_NAME, 0, bytes, length);
}

static void put_object(notice *target, uint32_t type, PyObject *text)
{
    PyObject *holder;
    Py_ssize_t length;
    const char *bytes = text_bytes(text, &length, &holder);

    put_field(target, type, 0, bytes, (size_t)length);
    Py_XDECREF(holder);
}

void notice_text(notice *target, PyObject *text)
{
    put_object(target, FIELD_BYTES, text);
}

void notice_text_name(notice *target, PyObject *text)
{
    put_object(target, FIELD_NAME, text);
}

void notice_end(notice *target)
{
    record_header *record = (record_header *)target->scratch;

    record->size = (uint32_t)target->used;
    ring_put(target->ring, record);
}

void notice_task(notice *target, uintptr_t frame, PyObject *name)
{
    record_header *record = (record_header *)target->code;
    uint64_t known;
    size_t length = 0;

    if (frame == 0 || (name == NULL && !table_get(&target->tasks, frame, &known))) {
        return;
    }
    if (name != NULL) {
        length = put_text(target->code + sizeof(*record), name);
        table_put(&target->tasks, frame, 1);
    } else {
        table_remove(&target->tasks, frame);
    }
    *record = (record_header){
        .size = (uint32_t)(sizeof(*record) + length), .type = RECORD_TASK, .address = frame};
    ring_put(target->ring, record);
}

void notice_thread(notice *target, uint64_t id, uint64_t ident, uint32_t native_id,
                   const char *name, size_t length)
{
    record_header *record = (record_header *)target->scratch;
    size_t kept = length < CODES_TEXT ? length : CODES_TEXT;

    *record = (record_header){.size = (uint32_t)(sizeof(*record) + kept),
                              .type = RECORD_THREAD,
                              .thread = id,
                              .ident = ident,
                              .native_id = native_id};
    memcpy(record + 1, name, kept);
    ring_put(target->ring, record);
}

void notice_own_thread(notice *target, const char *name, size_t length)
{
    notice_thread(target, frames_own_id(), PyThread_get_thread_ident(), own_native_id(), name,
                  length);
}
