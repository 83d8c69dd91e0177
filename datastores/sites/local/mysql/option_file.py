"""The syntax of MySQL's option files."""

from __future__ import annotations

from datastores.engines.mysql.settings import Setting

NOTE = "# Written by Headwater; changes are lost at the next start.\n"


def render(values: dict[str, Setting]) -> str:
    """Return the text of an option file, every value quoted as its reader unquotes it."""
    return "[mysqld]\n" + "".join(f"{name} = {_quoted(value)}\n" for name, value in values.items())


def _quoted(value: Setting) -> str:
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\")
    return f'"{escaped}"'
