"""Every value of every frame as text: for who cannot see the plots, and for who wants the number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.formats import decimal
from console.plots.markup import number
from console.timeline.quantities import MOVEMENTS, Quantity
from console.timeline.types import ValueRow, ValueTable
from console.traces import Column, Trace


@dataclass(frozen=True, slots=True)
class _Written:
    """One column of the table."""

    name: str
    heading: str
    values: Column
    show: Callable[[float | None], str]

    def cell(self, row: int) -> str:
        return self.show(self.values[row])


def table_of(trace: Trace, quantities: Sequence[Quantity]) -> ValueTable:
    written = [_Written(one.name, one.title, trace.column(one.name), one.show) for one in quantities]
    written[MOVEMENTS:MOVEMENTS] = [
        _Written(name, heading, trace.column(name), lambda value: decimal(value, digits=3))
        for name, heading in (("skin_red", _("Red")), ("skin_green", _("Green")), ("skin_blue", _("Blue")))
    ]
    return ValueTable(
        columns=[(column.name, column.heading) for column in written],
        rows=[
            ValueRow(
                at=number(at, digits=4),
                time=f"{decimal(at, digits=2)} s",
                cells=[column.cell(row) for column in written],
            )
            for row, at in enumerate(trace.at)
        ],
    )
