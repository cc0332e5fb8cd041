# Code made at run time: exec and eval of text, compile with a name of its own, functions that outlive their source.
TEXT = """
def function_{n}(size):
    data = bytes(size)
    return [data, "made by {n}"]

result = function_{n}({n} + 500)
"""
results, spaces = [], []
for n in range(60):
    space = {}
    exec(TEXT.format(n=n), space)
    results.append(space["result"])
    if n % 3 == 0:
        spaces.append(space)
evaluated = [eval("bytes(%d)" % (i + 600)) for i in range(40)]
named = {}
exec(compile("\n\n\nkept = [bytes(k + 700) for k in range(30)]\n", "<made up>", "exec"), named)
lambdas = [eval("lambda: bytes(%d)" % (i + 800)) for i in range(30)]
called = [f() for f in lambdas]
