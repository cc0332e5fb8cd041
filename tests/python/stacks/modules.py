"""Code from elsewhere: imports, exec, eval, compile, code with other names, modules that import modules."""
import importlib
import os
import sys
import tempfile
from stackprobe import probe

exec("from stackprobe import probe\nprobe('exec')\n\ndef made():\n    probe('made by exec')\n")
made()
eval("probe('eval')")
eval("[probe('eval with comprehension') for _ in range(2)]")
exec(compile("\n\n\n\n\nprobe('compiled at line 6')", "<a name of its own>", "exec"))
space = {"probe": probe}
exec("def f(g):\n    return g()\n", space)
space["f"](lambda: probe("back from exec"))

with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "outer_module.py"), "w") as file:
        file.write("from stackprobe import probe\nprobe('import')\nimport inner_module\n")
    with open(os.path.join(folder, "inner_module.py"), "w") as file:
        file.write("from stackprobe import probe\n\nprobe('import of an import')\n\n"
                   "def function():\n    probe('imported function')\n")
    sys.path.insert(0, folder)
    import outer_module
    outer_module.inner_module.function()
    importlib.reload(outer_module)
    __import__("inner_module").function()


def lazily():
    import colorsys
    return colorsys and probe("after a lazy import")


lazily()
