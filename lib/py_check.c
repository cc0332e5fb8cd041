/* One look, at a safe point of the interpreter, whether the frames as they are read are those that Python itself shows. Runs as a pending call: in
 * the main thread, between two instructions, with the GIL. Only public functions are called; they may take memory, as any Python code may. */
#include "py.h"

#include <dlfcn.h>

#define FRAMES 32

typedef void object;                     /* PyObject */

static struct {
    object *(*get_frame)(void);
    object *(*get_attribute)(object *, const char *name);
    long (*as_long)(object *);
    void (*hold)(object *);
    void (*drop)(object *);
    void (*clear_error)(void);
} api;

static bool take_api(void)
{
    api.get_frame = (object *(*)(void))dlsym(hl_python.handle, "PyEval_GetFrame");
    api.get_attribute = (object *(*)(object *, const char *))dlsym(hl_python.handle, "PyObject_GetAttrString");
    api.as_long = (long (*)(object *))dlsym(hl_python.handle, "PyLong_AsLong");
    api.hold = (void (*)(object *))dlsym(hl_python.handle, "Py_IncRef");
    api.drop = (void (*)(object *))dlsym(hl_python.handle, "Py_DecRef");
    api.clear_error = (void (*)(void))dlsym(hl_python.handle, "PyErr_Clear");
    return api.get_frame && api.get_attribute && api.as_long && api.hold && api.drop && api.clear_error;
}

/* True: what could be asked for agrees. */
static bool agrees(object *frame, const struct hl_py_frame *read)
{
    object *code = api.get_attribute(frame, "f_code"), *last = api.get_attribute(frame, "f_lasti");
    long offset = last ? api.as_long(last) : 0, instruction = hl_py_instruction(read);
    bool same = (!code || (uintptr_t)code == read->code) && (!last || (offset < 0 ? instruction == HL_PYTHON_NO_INSTRUCTION : offset == 2 * instruction));
    if (code)
        api.drop(code);
    if (last)
        api.drop(last);
    return same;
}

static int check(void *unused)
{
    struct hl_py_frame read[FRAMES];
    object *frame = api.get_frame();
    size_t n = frame ? hl_py_frames_read(hl_python.thread_this(), read, FRAMES) : 0;
    bool same = !frame || n > 0;
    if (frame)
        api.hold(frame);
    for (size_t i = 0; frame && same && i < n; i++) {
        same = agrees(frame, &read[i]);
        object *outer = same ? api.get_attribute(frame, "f_back") : NULL;
        api.drop(frame);
        frame = outer;
    }
    if (frame)
        api.drop(frame);
    api.clear_error();
    if (!same)
        hl_py_distrust();
    return 0;
}

bool hl_py_call_soon(int (*function)(void *))
{
    int (*add_call)(int (*)(void *), void *) = (int (*)(int (*)(void *), void *))dlsym(hl_python.handle, "Py_AddPendingCall");
    return add_call && add_call(function, NULL) == 0;
}

void hl_py_check_soon(void)
{
    if (take_api())
        hl_py_call_soon(check);
}
