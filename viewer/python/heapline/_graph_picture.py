"""A piece of a reference graph that shows itself: as a picture in a notebook, as text in a terminal, as a file of
any of the command's formats."""
from __future__ import annotations

import html
import os

from ._graph_command import GraphError, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

FORMATS = ("svg", "png", "pdf", "html", "dot", "json", "txt")


def _without_warning(text: str) -> str:
    """Of a recording that goes on, the command says that the end is missing."""
    return text.partition("\n\n")[2] if text.startswith("This trace is cut") else text


class Picture:
    """Drawn when it is looked at; the recording must be there then."""

    def __init__(self, before: List[str], behind: List[str]) -> None:
        """The command's words, between which options of the format go."""
        self._before, self._behind = before, behind
        self._text: Optional[str] = None

    def __str__(self) -> str:
        """The text of the command."""
        if self._text is None:
            self._text = _without_warning(self._run().decode("utf-8"))
        return self._text

    __repr__ = __str__

    def dot(self) -> str:
        """For Graphviz."""
        return self._run("--dot").decode("utf-8")

    def json(self) -> str:
        """docs/json.md."""
        return self._run("--json").decode("utf-8")

    def save(self, filename: str) -> None:
        """Writes .svg, .png, .pdf (through Graphviz), .html (a page to walk about in), .dot, .json or .txt, as the name ends."""
        if os.path.splitext(filename)[1][1:].lower() not in FORMATS:
            raise GraphError("'%s' is no picture's name: let it end with one of .%s" % (filename, ", .".join(FORMATS)))
        self._run("-o", os.path.abspath(filename))

    def _repr_svg_(self) -> Optional[str]:
        """What notebooks show; None without Graphviz: they show the text then."""
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "graph.svg")
            try:
                self.save(path)
            except GraphError:
                return None
            with open(path, encoding="utf-8") as file:
                return file.read()

    def _repr_html_(self) -> str:
        svg = self._repr_svg_()
        return svg[svg.index("<svg"):] if svg and "<svg" in svg else "<pre>%s</pre>" % html.escape(str(self))

    def _run(self, *options: str) -> bytes:
        return run(self._before + list(options) + self._behind)
