"""Plots as inline SVG: pure functions from numbers to markup, without Django, scripts or style attributes.

Along x everything stands in percent of the plot's width and along y in pixels, so that a plot fills whatever
width the page gives it while its letters and lines keep their size.
"""

from console.plots.interval import draw_axis, draw_interval
from console.plots.lines import Line
from console.plots.margin import draw_margin
from console.plots.markup import Markup
from console.plots.panel import Band, Limit, Panel, draw_panel
from console.plots.scale import Scale
from console.plots.script import Block, Swatch, draw_script, draw_swatches
from console.plots.sparkline import draw_sparkline

__all__ = [
    "Band",
    "Block",
    "Limit",
    "Line",
    "Markup",
    "Panel",
    "Scale",
    "Swatch",
    "draw_axis",
    "draw_interval",
    "draw_margin",
    "draw_panel",
    "draw_script",
    "draw_sparkline",
    "draw_swatches",
]
