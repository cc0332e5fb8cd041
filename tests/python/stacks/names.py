"""Names that are not ASCII, in functions, classes and text that is run; functions of the same name; changed names."""
from stackprobe import probe


def größe():
    probe("not ASCII")


class Книга:
    def добавить(self):
        probe("Cyrillic")


def 函数():
    return [probe("Chinese") for _ in range(1)]


def twice():
    probe("first of the name")


first = twice


def twice():
    probe("second of the name")


größe()
Книга().добавить()
函数()
first()
twice()
exec(compile("def \u017eluta():\n    probe('name from text')\n\u017eluta()", "<\u017elut\u00fd text>", "exec"))
long_name = "f" + "o" * 3000
exec("def %s():\n    probe('a long name')\n%s()" % (long_name, long_name))
first.__name__ = "renamed"
first()
