"""Template tags of the design system: icons, times, sizes, prices, and the components that hold a form."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince, timeuntil
from lucide.templatetags.lucide import lucide

register = template.Library()

# State words of the product → the tone class of the design system and its icon.
TONES = {
    "running": ("good", "circle-check"),
    "success": ("good", "circle-check"),
    "done": ("good", "check"),
    "working": ("busy", "loader-circle"),
    "info": ("busy", "info"),
    "attention": ("warn", "triangle-alert"),
    "warning": ("warn", "triangle-alert"),
    "failed": ("bad", "circle-x"),
    "danger": ("bad", "octagon-alert"),
    "error": ("bad", "octagon-alert"),
    "off": ("plain", "power-off"),
    "waiting": ("plain", "circle-dashed"),
    "neutral": ("plain", "circle"),
    "debug": ("plain", "info"),
}
MINUTE, HOUR, DAY = 60, 3600, 86400


@functools.lru_cache(maxsize=512)
def _icon(name: str, size: int, css: str) -> SafeString:
    attributes = {"class": f"icon {css}".strip(), "aria_hidden": "true", "focusable": "false"}
    svg = lucide(name, size=size, **attributes)
    return mark_safe(svg)  # noqa: S308 -- the SVG comes from the icon package, not from a person


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """A decorative Lucide icon, `size` in CSS pixels; drawn once per process, since lists repeat it."""
    return _icon(str(name), size, str(css))


@register.filter
def tone(state: str) -> str:
    """The CSS class of a state's tone: `tone-good`, `-busy`, `-warn`, `-bad`; `-plain` if unknown."""
    return f"tone-{TONES.get(str(state), ('plain', ''))[0]}"


@register.filter
def tone_icon(state: str) -> str:
    """The icon name that goes with a state."""
    return TONES.get(str(state), ("", "circle"))[1]


@register.filter
def initials(name: str) -> str:
    """Up to two letters for an avatar: of the first two words, or of the part of an address before the @."""
    words = str(name).split("@")[0].replace(".", " ").replace("-", " ").replace("_", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def duration(seconds: float | None) -> str:
    """A duration in words: `under 0.1 s`, `0.4 s`, `12 s`, `2 min 05 s`, `3 h 10 min`, `2 d 4 h`. Empty for None."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "under 0.1 s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


@register.filter
def milliseconds(value: float | None) -> str:
    """A measured time: `under 0.1 ms`, `0.4 ms`, `53 ms`, `1.53 s`, `31.4 s`; `not measured` for None, which is not the same as 0."""
    if value is None:
        return "not measured"
    if value < 9.95:
        return f"{value:.1f} ms" if value >= 0.05 else "under 0.1 ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    return f"{value / 1000:.2f} s" if value < 9995 else f"{value / 1000:.1f} s"


@register.filter
def size(count: int | None) -> str:
    """A number of bytes in binary units: `512 B`, `1.5 KiB`, `80 GiB`. Empty for None."""
    if count is None:
        return ""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            return f"{value:.1f}".removesuffix(".0") + f" {unit}"
        value /= 1024
    raise AssertionError("unreachable: TiB ends the loop")


@register.filter
def money(amount: Decimal | float | None, decimals: int = 2) -> str:
    """US dollars with thousands separators; an hourly price takes `money:4`. Empty for None."""
    return "" if amount is None else f"${amount:,.{decimals}f}"


@register.filter(name="is")
def is_text(value: object, text: str) -> bool:
    """Whether a value is this text, as an argument of an include."""
    return str(value) == text


@register.filter
def exactly(text: str) -> str:
    """An HTML `pattern` that matches only this text, so that the browser checks a typed name by itself."""
    return "".join(f"\\{letter}" if letter in r"^$\.*+?()[]{}|/" else letter for letter in str(text))


@register.simple_tag
def when(moment: datetime | None, otherwise: str = "never") -> SafeString | str:
    """A `<time>` with the relative time as text and the exact one on hover; `otherwise` for None."""
    if moment is None:
        return otherwise
    gap = abs((timezone.now() - moment).total_seconds())
    if gap < MINUTE:
        words = "just now"
    elif moment < timezone.now():
        words = f"{timesince(moment, depth=1)} ago"
    else:
        words = f"in {timeuntil(moment, depth=1)}"
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        utc.isoformat(),
        f"{utc:%-d %B %Y, %H:%M:%S %Z}",
        words,
    )


class PostButton(TypedDict):
    """What components/post_button.html takes."""

    url: str
    label: str
    icon: str
    css: str
    name: str
    value: str
    why: str


@register.inclusion_tag("components/post_button.html")
def post_button(
    url: str, label: str, *, icon: str = "", css: str = "", name: str = "", value: str = "", why: str = ""
) -> PostButton:
    """A form of one button; `why` disables it and says the reason beside it."""
    return PostButton(url=url, label=label, icon=icon, css=css, name=name, value=value, why=why)


class SecretField(TypedDict):
    """What components/secret_field.html takes."""

    id: str
    label: str
    value: str
    reveal_url: str
    hide_url: str
    mask: str


@register.inclusion_tag("components/secret_field.html")
def secret_field(
    field_id: str,
    label: str,
    reveal_url: str,
    *,
    value: str = "",
    hide_url: str = "",
    mask: str = "••••••••••••",
) -> SecretField:
    """A masked secret with Reveal and Copy, POSTs that the server audits; `value` only after a reveal."""
    return SecretField(id=field_id, label=label, value=value, reveal_url=reveal_url, hide_url=hide_url, mask=mask)


class ConfirmForm(TypedDict):
    """What components/confirm_form.html takes."""

    id: str
    url: str
    name: str
    label: str
    error: str
    cancel_url: str


@register.inclusion_tag("components/confirm_form.html")
def confirm_form(
    form_id: str, url: str, name: str, label: str, *, error: str = "", cancel_url: str = ""
) -> ConfirmForm:
    """A destructive POST that asks for the thing's name (`confirm_name`); the server checks it again."""
    return ConfirmForm(id=form_id, url=url, name=name, label=label, error=error, cancel_url=cancel_url)
