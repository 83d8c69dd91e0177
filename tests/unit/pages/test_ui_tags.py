"""The figures and tags that every page is made of say what they should, in every case."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from console.templatetags import ui


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.04, "under 0.1 s"),
        (0.44, "0.4 s"),
        (9.97, "10 s"),
        (12.4, "12 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (11_400, "3 h 10 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_reads_as_people_say_it(seconds: float | None, words: str) -> None:
    assert ui.duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, ""),
        (0, "0 B"),
        (512, "512 B"),
        (1536, "1.5 KiB"),
        (80 * 1024**3, "80 GiB"),
        (5 * 1024**5, "5120 TiB"),
    ],
)
def test_a_size_is_in_binary_units(count: int | None, words: str) -> None:
    assert ui.size(count) == words


def test_an_hourly_price_keeps_its_small_digits() -> None:
    assert ui.money(Decimal("1234.5")) == "$1,234.50"
    assert ui.money(Decimal("0.0137"), 4) == "$0.0137"


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada Lovelace", "AL"), ("grace.hopper@example.com", "GH"), ("x", "X"), ("", "?")]
)
def test_initials(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_pattern_of_a_name_matches_that_name_only(name: str, other: str) -> None:
    pattern = ui.exactly(name)
    assert re.fullmatch(pattern, name)
    assert bool(re.fullmatch(pattern, other)) == (name == other)


@given(st.text())
def test_a_state_nobody_knows_has_a_quiet_tone_and_an_icon(state: str) -> None:
    assert ui.tone(state).startswith("tone-")
    assert "<svg" in ui.icon(ui.tone_icon(state))


def test_every_state_has_an_icon_that_exists() -> None:
    for state in ui.TONES:
        assert 'aria-hidden="true"' in ui.icon(ui.tone_icon(state))


def test_a_time_is_relative_and_exact() -> None:
    moment = timezone.now() - timedelta(minutes=3, seconds=5)
    assert "3\xa0minutes ago" in ui.when(moment)
    assert f"{moment:%H:%M:%S} UTC" in ui.when(moment)
    assert "just now" in ui.when(timezone.now())
    assert "in " in ui.when(timezone.now() + timedelta(hours=2))
    assert ui.when(None) == "never"


def test_a_masked_secret_is_not_in_the_page() -> None:
    page = Template('{% load ui %}{% secret_field "password" "password" "/reveal/" %}').render(Context())
    assert "••••" in page
    assert 'value="copy"' in page
    shown = Template('{% load ui %}{% secret_field "password" "password" "/reveal/" value=secret %}')
    page = shown.render(Context({"secret": "s<3"}))
    assert "s&lt;3" in page


def test_a_button_that_cannot_be_used_says_why_and_sends_nothing() -> None:
    page = Template('{% load ui %}{% post_button "/x/" "Fail over" why="One node only." %}').render(Context())
    assert "disabled" in page
    assert "One node only." in page
    assert "<form" not in page


def test_the_style_guide_draws_every_component() -> None:
    from pathlib import Path

    from django.conf import settings

    guide = "".join(path.read_text() for path in (settings.BASE_DIR / "templates/console").glob("styleguide*/*.html"))
    guide += Path(settings.BASE_DIR / "templates/console/styleguide.html").read_text()
    inner = {"logo", "messages", "field", "field_notes", "form_errors", "timeline_step", "copy_button"}
    tags = {"post_button", "secret_field", "confirm_form"}
    for path in (settings.BASE_DIR / "templates/components").glob("*.html"):
        if path.stem not in inner:
            drawn = f"{{% {path.stem} " if path.stem in tags else f"components/{path.name}"
            assert drawn in guide, f"{path.name} is not in the style guide"
