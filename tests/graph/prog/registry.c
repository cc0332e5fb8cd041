/* registry.keep(object): holds it for ever, in a list of its own that Python knows nothing of. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

struct entry {
    struct entry *next;
    PyObject *object;
};

static struct entry *registered;

static PyObject *keep(PyObject *module, PyObject *object)
{
    struct entry *entry = malloc(sizeof *entry);      /* entry */
    if (!entry)
        return PyErr_NoMemory();
    Py_INCREF(object);
    *entry = (struct entry){registered, object};
    registered = entry;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"keep", keep, METH_O, "holds an object"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "registry", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_registry(void) { return PyModule_Create(&definition); }
