"""Durations and sizes in human notation: "30m", "1h30m", "16MiB"."""

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
          "k": 2**10, "m": 2**20, "g": 2**30}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


def parse_duration(text: str | float) -> float:
    """Return a duration in seconds: a number is in seconds; text may have units, as in "90", "30m", "1h30m", "500ms".

    Raises ValueError with a message that shows valid examples.
    """
    if isinstance(text, int | float):
        return float(text)
    text = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text) or any(unit not in _SECONDS for _, unit in parts):
        raise ValueError(f"{text!r} is not a duration; write it like 90, 30s, 15m, 1h30m or 2d")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_size(text: str | int) -> int:
    """Return a size in bytes: a number is in bytes; text may have units, as in "16MiB", "500kB".

    "k", "M" and "G" alone are powers of 1024.  Raises ValueError with a message that shows valid examples.
    """
    if isinstance(text, int):
        return text
    # At most 15 digits: a float does not hold more exactly.  Decimals need a unit: there is no half byte.
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15}(?=\s*[a-z]))?)\s*([a-z]*)", text.strip().lower())
    if not match or match[2] not in _BYTES:
        raise ValueError(f"{text!r} is not a size; write it like 1000000, 500kB or 16MiB")
    return int(float(match[1]) * _BYTES[match[2]])


def show_duration(seconds: float) -> str:
    """Format seconds as "450ms", "12s", "3m20s", "2h5m" or "3d4h": two units at most.

    Seconds are rounded; durations below one second are shown in milliseconds, negative ones with a minus sign.
    """
    if seconds < 0:
        return f"-{show_duration(-seconds)}"
    if 0 < seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    left, parts = round(seconds), []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def show_size(count: float) -> str:
    """Format bytes as "812B", "1.5MiB" or "16MiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        # A count that would be rounded to 1024 becomes 1 of the next unit.
        if count < 1023.5 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.0f}{unit}" if unit == "B" or count >= 99.95 else f"{count:.1f}".removesuffix(".0") + unit
