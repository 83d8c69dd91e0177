"""What a browser calls itself, in words: enough to recognise one's own."""

from __future__ import annotations

import re

# The first that fits: most browsers call themselves by the names of others, too.
PROGRAMS = (
    (r"Edg\w*/", "Edge"), (r"OPR/", "Opera"), (r"Firefox/|FxiOS/", "Firefox"), (r"HeadlessChrome/", "Chrome without a window"),
    (r"Chrome/|CriOS/", "Chrome"), (r"Safari/", "Safari"), (r"curl/", "curl"), (r"python", "a Python program"),
)  # fmt: skip
SYSTEMS = (
    (r"iPhone|iPad", "iOS"), (r"Android", "Android"), (r"Windows", "Windows"), (r"Mac OS X", "macOS"),
    (r"CrOS", "ChromeOS"), (r"Linux", "Linux"),
)  # fmt: skip
LONGEST = 60


def in_words(agent: str) -> str:
    """Return such as "Firefox on Linux"; what nobody knows is cut to 60 characters."""
    program = next((name for pattern, name in PROGRAMS if re.search(pattern, agent, re.IGNORECASE)), "")
    system = next((name for pattern, name in SYSTEMS if re.search(pattern, agent)), "")
    if program:
        return f"{program} on {system}" if system else program
    return agent[:LONGEST] or "an unknown program"
