/* embed SCRIPT N: starts an interpreter, runs SCRIPT, ends it; N times. Exits with what the script handed to sys.exit, or 0. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>

static int exit_status(void)
{
    PyObject *type, *value, *traceback;
    long status = 1;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *code = value ? PyObject_GetAttrString(value, "code") : NULL;
    if (code)
        status = PyLong_AsLong(code);
    Py_XDECREF(code);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return (int)status;
}

__attribute__((noinline)) int run_python(const char *path)
{
    char text[4096];
    snprintf(text, sizeof text, "exec(compile(open('%s').read(), '%s', 'exec'), {'__name__': '__main__'})", path, path);
    PyObject *globals = PyDict_New();
    PyDict_SetItemString(globals, "__builtins__", PyImport_AddModule("builtins"));
    PyRun_String("import sys; sys.argv = ['embed']", Py_file_input, globals, globals);
    PyObject *result = PyRun_String(text, Py_file_input, globals, globals);
    int status = result ? 0 : exit_status();
    Py_XDECREF(result);
    Py_DECREF(globals);
    return status;
}

int main(int argc, char **argv)
{
    int status = 0;
    if (argc != 3)
        return 2;
    for (int i = 0; i < atoi(argv[2]); i++) {
        Py_Initialize();
        status = run_python(argv[1]);
        if (Py_FinalizeEx() < 0)
            return 4;
    }
    return status;
}
