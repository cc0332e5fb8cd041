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
};

static int visited_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct visited *v = (struct visited *)self;
    Py_VISIT(v->hidden);
    Py_VISIT(v->shown);
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
    PyObject *hidden, *shown, *first, *second;
    if (!PyArg_ParseTuple(args, "OOOO", &hidden, &shown, &first, &second))
        return -1;
    Py_INCREF(hidden), Py_INCREF(shown), Py_INCREF(first), Py_INCREF(second);
    v->number = 7;
    v->hidden = hidden;
    v->shown = shown;
    v->buffer = malloc(BUFFER);
    v->table = malloc(2 * sizeof *v->table);
    v->table[0] = first;
    v->table[1] = second;
    return 0;
}

static PyMemberDef visited_members[] = {{"shown", T_OBJECT, offsetof(struct visited, shown), READONLY, NULL},
{NULL, 0, 0, 0, NULL}};
static PyType_Slot visited_slots[] = {
    {Py_tp_traverse, (void *)visited_traverse}, {Py_tp_clear, (void *)visited_clear}, {Py_tp_dealloc, (void *)visited_dealloc},
    {Py_tp_init, (void *)visited_init},
    {Py_tp_members, visited_members}, {0, NULL},
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
