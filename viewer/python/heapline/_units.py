"""Bytes as the heapline command reads and writes them."""
from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

UNITS = "kmgtpe"
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+) *(?:([kmgtpe])(?:i?b)?|b)?", re.IGNORECASE | re.ASCII)


def parse_bytes(text: Union[str, int]) -> int:
    """4096, "4096", "24 MB", "1.5 GiB", "64k": powers of 1024, upper or lower case, with or without "B" or "iB". ValueError: it is none."""
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        return text
    match = NUMBER.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("%r is no number of bytes such as 4096, \"24 MB\" or \"1.5 GiB\"" % (text,))
    power = UNITS.index(match.group(2).lower()) + 1 if match.group(2) else 0
    whole, _, fraction = match.group(1).partition(".")
    digits, divisor, unit = int(whole + fraction), int("1" + "0" * len(fraction)), 1 << 10 * power
    return (2 * digits * unit + divisor) // (2 * divisor)


def format_bytes(value: int) -> str:
    """ "512 B", "1.50 GiB", "15.2 MiB", "-152 KiB" """
    if abs(value) < 1024:
        return "%d B" % value
    size, sign = abs(value), "-" if value < 0 else ""
    for power, letter in enumerate(UNITS.upper(), 1):
        for digits in (2, 1, 0):
            scaled = (size * 10 ** digits * 2 + 1024 ** power) // (2 * 1024 ** power)
            if scaled < (1000 if digits else 1024):
                number = "%d.%0*d" % (scaled // 10 ** digits, digits, scaled % 10 ** digits) if digits else str(scaled)
                return "%s%s %siB" % (sign, number, letter)
    return str(value)
