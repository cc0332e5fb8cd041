/* An extension that allocates and asks, at the same place, what the interpreter's public API says of the stack.
 *
 * probe(): one block of each kind, each of a size that no other block has, and text to the file named by STACKPROBE_OUT: the
 * size, then each frame as file, line, name and qualified name, outermost first, as traceback.extract_stack and the frames'
 * f_code say them. Blocks are never released.
 * Others call back into Python from C in their own ways. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 100003
#define KINDS 4

static size_t next_size = FIRST_SIZE;
static FILE *out;

__attribute__((noinline)) void *stackprobe_malloc(size_t size) { return malloc(size); }
__attribute__((noinline)) void *stackprobe_mem(size_t size) { return PyMem_Malloc(size); }
__attribute__((noinline)) void *stackprobe_object(size_t size) { return PyObject_Malloc(size); }
__attribute__((noinline)) void *stackprobe_raw(size_t size) { return PyMem_RawMalloc(size); }

/* "file\tline\tname\tqualified name\n" of one summary and its frame. */
static int write_frame(FILE *out, PyObject *summary, PyObject *frame)
{
    PyObject *code = PyObject_GetAttrString(frame, "f_code");
    PyObject *qualified = code ? PyObject_GetAttrString(code, "co_qualname") : NULL;
    PyErr_Clear();
    PyObject *file = PyObject_GetAttrString(summary, "filename"), *line = PyObject_GetAttrString(summary, "lineno");
    PyObject *name = PyObject_GetAttrString(summary, "name");
    int failed = !code || !file || !line || !name;
    if (!failed)
        fprintf(out, "%s\t%ld\t%s\t%s\n", PyUnicode_AsUTF8(file), PyLong_AsLong(line), PyUnicode_AsUTF8(name),
                qualified ? PyUnicode_AsUTF8(qualified) : "");
    Py_XDECREF(code);
    Py_XDECREF(qualified);
    Py_XDECREF(file);
    Py_XDECREF(line);
    Py_XDECREF(name);
    return failed ? -1 : 0;
}

/* Frames innermost first, by f_back. */
static PyObject *frames_of(PyObject *frame)
{
    PyObject *frames = PyList_New(0);
    Py_XINCREF(frame);
    while (frame && frame != Py_None && frames) {
        PyList_Append(frames, frame);
        PyObject *back = PyObject_GetAttrString(frame, "f_back");
        Py_DECREF(frame);
        frame = back;
    }
    Py_XDECREF(frame);
    return frames;
}

static int write_stack(FILE *out)
{
    PyObject *traceback = PyImport_ImportModule("traceback");
    PyObject *stack = traceback ? PyObject_CallMethod(traceback, "extract_stack", NULL) : NULL;
    PyObject *frames = frames_of((PyObject *)PyEval_GetFrame());
    int failed = !stack || !frames || PyList_Size(stack) != PyList_Size(frames);
    Py_ssize_t n = failed ? 0 : PyList_Size(stack);
    for (Py_ssize_t i = 0; i < n && !failed; i++)
        failed = write_frame(out, PyList_GetItem(stack, i), PyList_GetItem(frames, n - 1 - i));
    if (failed && !PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "extract_stack and f_back do not agree");
    Py_XDECREF(traceback);
    Py_XDECREF(stack);
    Py_XDECREF(frames);
    return failed ? -1 : 0;
}

static PyObject *probe(PyObject *self, PyObject *label)
{
    size_t size = next_size;
    next_size += KINDS;
    if (!stackprobe_malloc(size) || !stackprobe_mem(size + 1) || !stackprobe_object(size + 2) || !stackprobe_raw(size + 3))
        return PyErr_NoMemory();
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);      /* other threads may probe while the interpreter is asked */
    if (!stream)
        return PyErr_NoMemory();
    fprintf(stream, "probe %zu %s\n", size, PyUnicode_AsUTF8(label));
    int failed = write_stack(stream);
    fclose(stream);
    fwrite(text, 1, length, out);
    fflush(out);
    free(text);
    if (failed)
        return NULL;
    return PyLong_FromLong(1);
}

/* Calls f() from C, `depth` C frames deep. */
__attribute__((noinline)) static PyObject *call_deep(PyObject *f, long depth)
{
    PyObject *result = depth > 0 ? call_deep(f, depth - 1) : PyObject_CallObject(f, NULL);
    __asm__ volatile("" ::: "memory");     /* no tail call: each level is a frame */
    return result;
}

static PyObject *call(PyObject *self, PyObject *args)
{
    PyObject *f;
    long depth;
    return PyArg_ParseTuple(args, "Ol", &f, &depth) ? call_deep(f, depth) : NULL;
}

/* Calls f() in a thread that Python has not made. */
static void *foreign_thread(void *f)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *result = PyObject_CallObject(f, NULL);
    if (!result)
        PyErr_Print();
    Py_XDECREF(result);
    PyGILState_Release(state);
    return NULL;
}

static PyObject *call_in_thread(PyObject *self, PyObject *f)
{
    pthread_t thread;
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = pthread_create(&thread, NULL, foreign_thread, f);
    if (!failed)
        pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    if (failed)
        return PyErr_Format(PyExc_OSError, "pthread_create failed with %d", failed);
    Py_RETURN_NONE;
}

/* Runs text in an interpreter of its own. */
static PyObject *run_in_subinterpreter(PyObject *self, PyObject *text)
{
    PyThreadState *here = PyThreadState_Get(), *there = Py_NewInterpreter();
    int failed = !there || PyRun_SimpleString(PyUnicode_AsUTF8(text)) != 0;
    if (there)
        Py_EndInterpreter(there);
    PyThreadState_Swap(here);
    if (failed)
        return PyErr_Format(PyExc_RuntimeError, "the subinterpreter failed");
    Py_RETURN_NONE;
}

/* Without the GIL: native memory is still the line's that let it go. */
static PyObject *malloc_without_gil(PyObject *self, PyObject *size)
{
    size_t bytes = PyLong_AsSize_t(size);
    void *p;
    Py_BEGIN_ALLOW_THREADS
    p = stackprobe_malloc(bytes);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(p != NULL);
}

static PyObject *allocate(PyObject *self, PyObject *size)
{
    return PyBool_FromLong(stackprobe_malloc(PyLong_AsSize_t(size)) != NULL);
}

static PyObject *crash(PyObject *self, PyObject *unused)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)8 = 1;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"probe", probe, METH_O, "allocates one block of each kind and writes the stack down"},
    {"call", call, METH_VARARGS, "call(f, depth): f(), from C"},
    {"call_in_thread", call_in_thread, METH_O, "call_in_thread(f): f(), in a thread made by C"},
    {"run_in_subinterpreter", run_in_subinterpreter, METH_O, "run_in_subinterpreter(text)"},
    {"malloc_without_gil", malloc_without_gil, METH_O, "malloc_without_gil(size)"},
    {"allocate", allocate, METH_O, "allocate(size): by malloc"},
    {"crash", crash, METH_NOARGS, "dies of SIGSEGV"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "stackprobe", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_stackprobe(void)
{
    const char *path = getenv("STACKPROBE_OUT");
    out = fopen(path ? path : "/dev/null", "we");
    if (!out)
        return PyErr_SetFromErrno(PyExc_OSError);
    return PyModule_Create(&definition);
}
