"""Code that reads a connection's variables and connects: made from the snippets that each engine's tests run.

A snippet is written for an access whose every value is a mark. A literal that is a mark becomes the expression that
reads the variable; one in which marks stand with other text is put together from parts, quoted as a URI needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from datastores.engines.contract import Access, Engine, Snippet

Reader = Callable[[str], str]
PORT: Final = 54_321
MARKS: Final = {
    "hw-mark-host": "HostName",
    str(PORT): "Port",
    "hw-mark-user": "Username",
    "hw-mark-password": "Password",
    "hw-mark-database": "DatabaseName",
}
LOGIN: Final = "hw-mark-user:hw-mark-password"
MARK: Final = re.compile(f"({'|'.join([LOGIN, *MARKS])})")
BARE_PORT: Final = re.compile(rf"\b{PORT}\b")
LITERAL: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
GO_IMPORTS: Final = re.compile(r'(?<=import \(\n)(?:\t"[^"\n]+"\n)+')


@dataclass(frozen=True)
class Language:
    """How a language reads a variable, makes a number of it, and writes it into a URI."""

    read: str
    number: str = "{}"
    quoted: str = "{}"
    login: str = '{0} + ":" + {1}'


LANGUAGES: Final = {
    "python": Language('os.environ["{}"]', "int({})"),
    "node": Language("process.env.{}", "Number({})", "encodeURIComponent({})"),
    "java": Language(
        'System.getenv("{}")',
        "Integer.parseInt({})",
        "java.net.URLEncoder.encode({}, java.nio.charset.StandardCharsets.UTF_8)",
    ),
    "go": Language('os.Getenv("{}")', quoted="url.PathEscape({})", login="url.UserPassword({0}, {1}).String()"),
}


def guides(engine: Engine, variables: Mapping[str, str]) -> list[Snippet]:
    """Return one guide per language for which the engine has a snippet; ``variables`` names each key's variable."""
    host, _port, user, password, database = MARKS
    snippets = engine.snippets(Access(host, PORT, user, password, database))
    found = {snippet.slug: snippet for snippet in snippets if snippet.slug in LANGUAGES}
    return [
        replace(found[slug], code=_reading(found[slug].code, slug, language, variables))
        for slug, language in LANGUAGES.items()
        if slug in found
    ]


def _reading(code: str, slug: str, language: Language, variables: Mapping[str, str]) -> str:
    def read(mark: str) -> str:
        return language.read.format(variables[MARKS[mark]])

    code = LITERAL.sub(lambda found: _literal(found[0], language, read), code)
    code = BARE_PORT.sub(language.number.format(read(str(PORT))), code)
    if slug == "python":
        return f"import os\n\n{code}"
    return GO_IMPORTS.sub(lambda block: _with_imports(block[0], code), code) if slug == "go" else code


def _literal(literal: str, language: Language, read: Reader) -> str:
    """Return the expression for a literal; one without a mark stays."""
    parts = [part for part in MARK.split(literal[1:-1]) if part]
    if not any(part in MARKS or part == LOGIN for part in parts):
        return literal
    if len(parts) == 1 and parts[0] in MARKS:
        return read(parts[0])
    return " + ".join(_part(part, language, read) for part in parts)


def _part(part: str, language: Language, read: Reader) -> str:
    if part == LOGIN:
        user, password = (read(mark) for mark in LOGIN.split(":"))
        return language.login.format(user, password)
    if part not in MARKS:
        return f'"{part}"'
    needs_quoting = MARKS[part] not in {"HostName", "Port"}
    return language.quoted.format(read(part)) if needs_quoting else read(part)


def _with_imports(block: str, code: str) -> str:
    """Add what the expressions need to Go's own packages, in order."""
    needed = [f'\t"{package}"\n' for package, use in (("net/url", "url."), ("os", "os.")) if use in code]
    return "".join(sorted({*block.splitlines(keepends=True), *needed}))
