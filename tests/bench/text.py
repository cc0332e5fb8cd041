"""Figures and tables as text: Markdown, which a terminal shows as well."""


def table(header, rows):
    """The first column to the left, figures to the right."""
    cells = [header, *rows]
    widths = [max(3, *(len(row[k]) for row in cells)) for k in range(len(header))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) if k == 0 else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths))) + " |"

    rule = "|" + "|".join("-" * (w + 2) if k == 0 else "-" * (w + 1) + ":" for k, w in enumerate(widths)) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def seconds(value):
    return f"{value:.3f} s" if value < 1 else f"{value:.2f} s"


def times(value):
    return f"x{value:.2f}" if value < 10 else f"x{value:.1f}"


def mb(value):
    return f"{value / 1e6:.1f} MB"


def size(value):
    return f"{value / 1e3:.1f} kB" if value < 1e6 else mb(value)
