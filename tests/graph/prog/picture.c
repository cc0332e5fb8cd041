/* picture.Picture(bytes): an object whose pixels are a block of malloc's. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>

struct picture {
    PyObject_HEAD
    size_t bytes;
    char *pixels;
};

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    Py_ssize_t bytes;
    if (!PyArg_ParseTuple(args, "n", &bytes))
        return NULL;
    struct picture *picture = (struct picture *)type->tp_alloc(type, 0);
    if (!picture)
        return NULL;
    picture->bytes = (size_t)bytes;
    picture->pixels = malloc(picture->bytes);         /* pixels */
    return (PyObject *)picture;
}

static void destroy(PyObject *self)
{
    free(((struct picture *)self)->pixels);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject picture_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "picture.Picture",
    .tp_basicsize = sizeof(struct picture),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = make,
    .tp_dealloc = destroy,
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "picture", .m_size = -1};

PyMODINIT_FUNC PyInit_picture(void)
{
    PyObject *module = PyType_Ready(&picture_type) < 0 ? NULL : PyModule_Create(&definition);
    if (!module)
        return NULL;
    Py_INCREF(&picture_type);
    if (PyModule_AddObject(module, "Picture", (PyObject *)&picture_type) == 0)
        return module;
    Py_DECREF(module);
    return NULL;
}
