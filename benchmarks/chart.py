"""The chart of the results: how fast whole extractions are, and what reading ahead brings.

``python benchmarks/chart.py`` draws it again, of the ``results.json`` beside it. The same results and the same
matplotlib give the same files. The ground is light in every theme of a page, so that all is readable on it; the colours
are of Okabe's and Ito's palette, which the colour-blind can tell apart (https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLDER: Final = Path(__file__).parent
RESULTS: Final = FOLDER / "results.json"
PICTURES: Final = FOLDER.parent / "docs" / "_static"
NAME: Final = "benchmarks"
OURS: Final = "theirstack-async"
SEQUENTIAL: Final = "One page after the other, "
SPEED: Final = "speed, against the floor"
AHEAD: Final = "prefetch("
BLUE: Final = "#0072B2"
GREY: Final = "#B4B8BD"
INK: Final = "#1F2328"
FLOOR: Final = "#D55E00"
STYLE: Final = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": NAME,
    "svg.fonttype": "path",
}


@attrs.frozen
class Bar:
    """One bar."""

    label: str
    value: float
    ours: bool = True


@attrs.frozen
class Panel:
    """Bars on one scale."""

    title: str
    bars: tuple[Bar, ...]


def panels(results: Mapping[str, Any]) -> list[Panel]:
    """Return what is drawn: one page after the other by kind of event, then what reading ahead brings."""
    found: dict[str, list[Bar]] = {}
    ahead: list[Bar] = []
    for row in results["rows"]:
        group, what = row["group"], row["what"]
        if group.startswith(SEQUENTIAL) and what == SPEED:
            bars = found.setdefault(group.removeprefix(SEQUENTIAL).partition(",")[0], [])
            bars.append(Bar(row["peer"] or OURS, row["value"], not row["peer"]))
        elif what.startswith(AHEAD):
            width, _, base = what.partition(": speed, against ")
            ahead.append(Bar(f"{width}, {group.partition(', ')[2]},\nagainst {base}", row["value"]))
    return [
        *(Panel(f"{kind[:1].upper()}{kind[1:]}", tuple(bars)) for kind, bars in found.items()),
        Panel("Pages read ahead, light events", tuple(ahead)),
    ]


def told(shown: list[Panel]) -> str:
    """Return in words what is drawn, which the SVG carries."""
    return "; ".join(
        f"{panel.title}: " + ", ".join(f"{' '.join(bar.label.split())} {shown_as(bar.value)}" for bar in panel.bars)
        for panel in shown
    )


def shown_as(value: float) -> str:
    """Return the number at a bar."""
    return f"{value:.2f} x" if value < 10 else f"{value:.1f} x"


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Draw ``benchmarks.png`` and ``benchmarks.svg`` into a folder."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    *sequential, ahead = shown = panels(results)
    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE}):
        figure = Figure(figsize=(8.6, 6.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
        above, below = figure.subfigures(2, 1, height_ratios=(1.55, 1))
        side_by_side(above, sequential)
        alone(below, ahead)
        figure.savefig(folder / f"{NAME}.png", dpi=160, metadata={"Software": None})
        figure.savefig(folder / f"{NAME}.svg", metadata={"Date": None, "Creator": None, "Description": told(shown)})


def side_by_side(figure: Figure, kinds: list[Panel]) -> None:
    """Draw speeds one page after the other, each kind of event beside the other."""
    figure.suptitle("One page after the other: speed against aiohttp + orjson and plain dicts", fontweight="bold")
    for axes, panel in zip(figure.subplots(1, len(kinds), sharey=True), kinds, strict=True):
        bars(axes, panel, "floor")
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel("times as fast as the floor")


def alone(figure: Figure, panel: Panel) -> None:
    """Draw what reading ahead brings."""
    figure.suptitle(f"{panel.title}: speed against what each bar names", fontweight="bold")
    axes = figure.subplots()
    bars(axes, panel, "equal")
    axes.set_xlabel("times as fast")


def bars(axes: Axes, panel: Panel, line: str) -> None:
    """Draw the bars from the top, each with its number, and a line, which has a name, where two are as fast."""
    labels = [bar.label for bar in panel.bars]
    values = [bar.value for bar in panel.bars]
    colours = [BLUE if bar.ours else GREY for bar in panel.bars]
    drawn = axes.barh(labels, values, color=colours, edgecolor=INK, linewidth=0.6, height=0.66)
    axes.axvline(1, color=FLOOR, linestyle="--", linewidth=1.6)
    axes.annotate(line, (1, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", color=FLOOR, fontsize=9)
    numbers = [shown_as(value) for value in values]
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # the line must not run through a number
    axes.bar_label(drawn, numbers, padding=5, color=INK, fontweight="bold", bbox=ground)
    axes.set_xlim(0, 1.18 * max(1.0, *values))
    axes.yaxis.set_inverted(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


if __name__ == "__main__":
    draw(json.loads(RESULTS.read_text("utf-8")), PICTURES)
