/* Types written in C that nothing is known of: what they refer to is found by tp_traverse, tp_members and their words. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#define BUFFER 12345                      /* bytes of a Visited's own memory */

struct visited {
    PyObject_HEAD
    long number;
    PyObject *hidden;                     /* visited, without a name: at 24 */
    PyObject *shown;                      /* a member */
    char *buffer;                         /* malloc: at 40 */
    PyObject **table;                     /* malloc, of two objects that are visited too */
    PyObject *got, *wrapped, *first;      /* visited, at 56, 64 and 72: a getter returns the first as it is, the second in a tuple, a
                                             third what the third holds */
};

static void take(PyObject **place, PyObject *object)
{
    Py_INCREF(object);
    *place = object;
}

static PyObject *get_got(PyObject *self, void *closure)
{
    PyObject *got = ((struct visited *)self)->got;
    Py_INCREF(got);
    return got;
}

static PyObject *get_wrapped(PyObject *self, void *closure)
{
    return PyTuple_Pack(1, ((struct visited *)self)->wrapped);
}

static PyObject *get_first(PyObject *self, void *closure)
{
    PyObject *first = PyTuple_GET_ITEM(((struct visited *)self)->first, 0);
    Py_INCREF(first);
    return first;
}

static int visited_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct visited *v = (struct visited *)self;
    Py_VISIT(v->hidden);
    Py_VISIT(v->shown);
    Py_VISIT(v->got);
    Py_VISIT(v->wrapped);
    Py_VISIT(v->first);
    for (int i = 0; v->table && i < 2; i++)
        Py_VISIT(v->table[i]);
#if PY_VERSION_HEX >= 0x03090000
    Py_VISIT(Py_TYPE(self));
#endif
    return 0;
}

static int visited_clear(PyObject *self)
{
    struct visited *v = (struct visited *)self;
    Py_CLEAR(v->hidden);
    Py_CLEAR(v->shown);
    Py_CLEAR(v->got);
    Py_CLEAR(v->wrapped);
    Py_CLEAR(v->first);
    for (int i = 0; v->table && i < 2; i++)
        Py_CLEAR(v->table[i]);
    return 0;
}

static void visited_dealloc(PyObject *self)
{
    struct visited *v = (struct visited *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    visited_clear(self);
    free(v->buffer);
    free(v->table);
    type->tp_free(self);
    Py_DECREF(type);
}

static int visited_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    struct visited *v = (struct visited *)self;
    PyObject *hidden, *shown, *first, *second, *got, *wrapped, *tuple;
    if (!PyArg_ParseTuple(args, "OOOOOOO!", &hidden, &shown, &first, &second, &got, &wrapped, &PyTuple_Type, &tuple))
        return -1;
    v->number = 7;
    v->buffer = malloc(BUFFER);
    v->table = malloc(2 * sizeof *v->table);
    take(&v->hidden, hidden);
    take(&v->shown, shown);
    take(&v->table[0], first);
    take(&v->table[1], second);
    take(&v->got, got);
    take(&v->wrapped, wrapped);
    take(&v->first, tuple);
    return 0;
}

static PyMemberDef visited_members[] = {{"shown", T_OBJECT, offsetof(struct visited, shown), READONLY, NULL},
{NULL, 0, 0, 0, NULL}};
static PyGetSetDef visited_getters[] = {{"got", get_got, NULL, NULL, NULL}, {"wrapped", get_wrapped, NULL, NULL, NULL},
    {"first", get_first, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot visited_slots[] = {
    {Py_tp_traverse, (void *)visited_traverse}, {Py_tp_clear, (void *)visited_clear}, {Py_tp_dealloc, (void *)visited_dealloc},
    {Py_tp_init, (void *)visited_init},
    {Py_tp_members, visited_members}, {Py_tp_getset, visited_getters}, {0, NULL},
};
static PyType_Spec visited_spec = {"extension.Visited", sizeof(struct visited), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE, visited_slots};

struct silent {                           /* the collector does not know it */
    PyObject_HEAD
    PyObject *member, *secret;            /* secret: at 24, counted, and nobody says so */
};

static void silent_dealloc(PyObject *self)
{
    Py_XDECREF(((struct silent *)self)->member);
    Py_XDECREF(((struct silent *)self)->secret);
    Py_TYPE(self)->tp_free(self);
}

static int silent_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    struct silent *s = (struct silent *)self;
    if (!PyArg_ParseTuple(args, "OO", &s->member, &s->secret))
        return -1;
    Py_INCREF(s->member), Py_INCREF(s->secret);
    return 0;
}

static PyMemberDef silent_members[] = {{"member", T_OBJECT_EX, offsetof(struct silent, member), READONLY, NULL},
{NULL, 0, 0, 0, NULL}};
static PyTypeObject silent_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "extension.Silent", .tp_basicsize = sizeof(struct silent),
        .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = PyType_GenericNew,
    .tp_init = silent_init, .tp_dealloc = silent_dealloc, .tp_members = silent_members,
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "extension", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_extension(void);

PyMODINIT_FUNC PyInit_extension(void)
{
    PyObject *module = PyModule_Create(&definition), *visited = PyType_FromSpec(&visited_spec);
    if (!module || !visited || PyType_Ready(&silent_type) < 0)
        return NULL;
    PyModule_AddObject(module, "Visited", visited);
    Py_INCREF(&silent_type);
    PyModule_AddObject(module, "Silent", (PyObject *)&silent_type);
    return module;
}
