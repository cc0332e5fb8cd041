/* forgets.describe(number): a text about an order. Where the number is odd it takes a way out that forgets what it made; and every text with a title keeps one
 * reference more of the title than it gives back. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *describe(PyObject *module, PyObject *args)
{
    long number;
    if (!PyArg_ParseTuple(args, "l", &number))
        return NULL;
    PyObject *text = PyUnicode_FromFormat("order number %ld, described at length", number);      /* forgotten */
    if (!text || number % 2 == 0)
        return text;
    return PyLong_FromLong(number);                   /* without Py_DECREF(text) */
}

static PyObject *entitle(PyObject *module, PyObject *title)
{
    Py_INCREF(title);                                 /* nobody gives it back */
    return PyUnicode_FromFormat("title %R", title);
}

static PyMethodDef methods[] = {
    {"describe", describe, METH_VARARGS, "a text, or the number"},
    {"entitle", entitle, METH_O, "a text with a title"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "forgets", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_forgets(void) { return PyModule_Create(&definition); }
