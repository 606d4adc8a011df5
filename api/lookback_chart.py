"""Draw how one's days felt, as one SVG file that needs nothing else: two charts, one above the other.

Pleasantness and energy have no common measure, so each has axes of its own. A day without an entry is a gap. Nothing of
what somebody wrote is in it: it holds days and numbers.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from api.device_words import day, period
from domain.lookback import Entry, Moods, Scale

WIDTH: Final = 760
LEFT: Final = 108
RIGHT: Final = 44
PLOT_WIDTH: Final = WIDTH - LEFT - RIGHT
PLOT_HEIGHT: Final = 144
HEAD: Final = 64
PANEL: Final = PLOT_HEIGHT + 90
HEIGHT: Final = HEAD + 2 * PANEL + 18
MOST: Final = 4
"""Both scales run from -4 to 4."""
EACH_DAY_MAX: Final = 14
WEEKS_MAX: Final = 70
"""Up to so many days each is marked, or each Monday; of a longer time the first of each month, and lines are thin."""
TOLD_MAX: Final = 60
"""So many entries are read out by what reads a picture aloud; the table tells the rest."""

NAMED: Final = "lookback-title"
TOLD: Final = "lookback-told"
_BELOW: Final = "A dot is an entry. Where there is none, nothing was noted. Drawn on your own phone, for you."

_STYLE: Final = """
    svg { max-width: 100%; height: auto; }
    text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-size: 13px; fill: #3d4450; }
    .paper { fill: #ffffff; }
    .title { font-size: 19px; font-weight: 600; fill: #1c212b; }
    .name { font-size: 14px; font-weight: 600; fill: #1c212b; }
    .rule { stroke: #e4e7ec; stroke-width: 1; }
    .middle { stroke: #a9b0bc; stroke-width: 1; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; stroke-opacity: 0.55; }
    .valence .line { stroke: #1f6391; } .valence circle { fill: #1f6391; }
    .arousal .line { stroke: #7d4a94; } .arousal circle { fill: #7d4a94; }
    circle { stroke: #ffffff; stroke-width: 1; }
    .long .line { stroke-width: 1; stroke-opacity: 0.3; } .long circle { stroke: none; fill-opacity: 0.75; }
    @media screen and (prefers-color-scheme: dark) {
      text { fill: #b9c0cc; }
      .paper { fill: #15181e; }
      .title, .name { fill: #eef1f6; }
      .rule { stroke: #2a2f39; }
      .middle { stroke: #626a78; }
      .valence .line { stroke: #7fbdea; } .valence circle { fill: #7fbdea; }
      .arousal .line { stroke: #d3a6e6; } .arousal circle { fill: #d3a6e6; }
      circle { stroke: #15181e; }
    }
    @media print { .rule { stroke: #c9ced6; } .line { stroke-opacity: 0.8; } }
"""


class Panel(Struct, frozen=True):
    """One of the two charts: what it shows, and its words from the top to the bottom."""

    scale: Scale
    name: str
    words: tuple[str, str, str]


PANELS: Final = (
    Panel("valence", "How it felt", ("pleasant", "in between", "unpleasant")),
    Panel("arousal", "How much energy there was", ("much", "in between", "little")),
)


def chart(found: Moods) -> str:
    """Return the picture."""
    title = f"How your days felt, {period(found.first, found.last)}"
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} lang="en" role="img" aria-labelledby="{NAMED} {TOLD}">',
        f'  <title id="{NAMED}">{title}</title>',
        f'  <desc id="{TOLD}">{_told(found)}</desc>',
        f"  <style>{_STYLE}  </style>",
        f'  <rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'  <text class="title" x="24" y="38">{title}</text>',
        *(line for nth, panel in enumerate(PANELS) for line in _panel(found, panel, HEAD + nth * PANEL)),
        f'  <text x="24" y="{HEIGHT - 14}">{_BELOW}</text>',
        "</svg>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _told(found: Moods) -> str:
    """Return the picture in words."""
    about = "Two charts, one above the other: how it felt, from unpleasant (-4) to pleasant (4), and how much energy"
    about += " there was, from little (-4) to much (4)."
    if not found.entries:
        return f"{about} Nothing was noted in these days."
    told = "; ".join(map(_entry, found.entries[-TOLD_MAX:]))
    if len(found.entries) > TOLD_MAX:
        return f"{about} The last {TOLD_MAX} entries: {told}. The table of haven-device lookback tells those before."
    return f"{about} {told}. Nothing was noted on the other days."


def _entry(entry: Entry) -> str:
    felt = "nothing noted" if entry.valence is None else str(entry.valence)
    energy = "nothing noted" if entry.arousal is None else str(entry.arousal)
    return f"{day(entry.on)}: felt {felt}, energy {energy}"


def _panel(found: Moods, panel: Panel, top: int) -> Iterator[str]:
    plot = top + 34
    yield f'  <g class="{panel.scale}{" long" if _is_long(found) else ""}">'
    yield f'    <text class="name" x="24" y="{top + 12}">{panel.name}</text>'
    for value in (4, 2, 0, -2, -4):
        y = _y(plot, value)
        sort = "rule" if value else "middle"
        yield f'    <line class="{sort}" x1="{LEFT}" y1="{y:g}" x2="{LEFT + PLOT_WIDTH}" y2="{y:g}"/>'
    for value, word in zip((MOST, 0, -MOST), panel.words, strict=True):
        yield f'    <text x="{LEFT - 12}" y="{_y(plot, value) + 4:g}" text-anchor="end">{word}</text>'
    yield from _days(found, plot)
    lines = found.lines(panel.scale)
    for line in lines:
        yield from _line(found, panel.scale, line, plot)
    if not lines:
        x, y = LEFT + PLOT_WIDTH / 2, _y(plot, 1) + 4
        yield f'    <text x="{x:g}" y="{y:g}" text-anchor="middle">Nothing was noted in these days.</text>'
    yield "  </g>"


def _days(found: Moods, plot: int) -> Iterator[str]:
    """Mark days below a chart: each of a few, Mondays of some weeks, else the first of each month."""
    bottom = plot + PLOT_HEIGHT
    days = [found.first + timedelta(days=nth) for nth in range(_count(found))]
    for on in days:
        if len(days) <= EACH_DAY_MAX:
            x, said, anchor = _x(found, on, 0.5), f"{on.day} {on:%b}", "middle"
        elif len(days) <= WEEKS_MAX and on.weekday() == 0:
            x, said, anchor = _x(found, on, 0), f"{on.day} {on:%b}", "start"
        elif len(days) > WEEKS_MAX and on.day == 1:
            x, said, anchor = _x(found, on, 0), f"{on:%b}", "start"
        else:
            continue
        yield f'    <line class="rule" x1="{x:g}" y1="{plot}" x2="{x:g}" y2="{bottom + 8}"/>'
        yield f'    <text x="{x:g}" y="{bottom + 24}" text-anchor="{anchor}">{said}</text>'


def _line(found: Moods, scale: Scale, entries: Sequence[Entry], plot: int) -> Iterator[str]:
    places = [(_x(found, each.on, (each.nth + 0.5) / each.of), _y(plot, getattr(each, scale))) for each in entries]
    if len(places) > 1:
        yield f'    <polyline class="line" points="{" ".join(f"{x:g},{y:g}" for x, y in places)}"/>'
    radius = 2.2 if _is_long(found) else 4.5
    for (x, y), each in zip(places, entries, strict=True):
        told = f"{day(each.on)}: {getattr(each, scale)}"
        yield f'    <circle cx="{x:g}" cy="{y:g}" r="{radius}"><title>{told}</title></circle>'


def _is_long(found: Moods) -> bool:
    return _count(found) > WEEKS_MAX


def _count(found: Moods) -> int:
    return (found.last - found.first).days + 1


def _x(found: Moods, on: date, part: float) -> float:
    """Return where a part of a day stands, from its beginning (0) to its end (1)."""
    return round(LEFT + PLOT_WIDTH * ((on - found.first).days + part) / _count(found), 1)


def _y(plot: int, value: int) -> float:
    return plot + PLOT_HEIGHT * (MOST - value) / (2 * MOST)
