"""An attempt's trace as a page: a plot for each quantity, the script under them, and the same as a table."""

from console.timeline.draw import draw_timeline
from console.timeline.types import Plot, Timeline, ValueRow, ValueTable

__all__ = ["Plot", "Timeline", "ValueRow", "ValueTable", "draw_timeline"]
