/* An extension module for Python that forgets: forget(object) takes a reference more than it gives back,
 * keep(object) holds one in a variable, raw(bytes) loses memory of its own.
 *
 * group: none
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *kept;

static PyObject *forget(PyObject *module, PyObject *object)
{
    (void)module;
    Py_INCREF(object);
    Py_RETURN_NONE;
}

static PyObject *keep(PyObject *module, PyObject *object)
{
    (void)module;
    Py_INCREF(object);
    kept = object;
    Py_RETURN_NONE;
}

static PyObject *raw(PyObject *module, PyObject *object)
{
    (void)module;
    memset(malloc(PyLong_AsSize_t(object)), 0, 1);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    { "forget", forget, METH_O, "" }, { "keep", keep, METH_O, "" }, { "raw", raw, METH_O, "" }, { NULL, NULL, 0, NULL },
};
static struct PyModuleDef definition = { PyModuleDef_HEAD_INIT, "forgets", NULL, -1, methods, NULL, NULL, NULL, NULL };

PyMODINIT_FUNC PyInit_forgets(void);
PyMODINIT_FUNC PyInit_forgets(void) { return PyModule_Create(&definition); }
