"""The calls to an app as spans, for every connector: which call, of which object, for how many records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from bothways.connectors.base import Account, Connector, Page, Read, Setup, WriteItem, WriteResult
from bothways.records import Field, Ref
from bothways.service.tracing import span

T = TypeVar("T")


@cache
def traced(kind: type[Connector]) -> type[Connector]:
    """Return a kind of connector that makes spans of its calls, and does all as it did."""
    return cast(type[Connector], type(kind.__name__, (_Traced, kind), {"__doc__": kind.__doc__}))


class _Traced:
    """What comes before a connector's own methods."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)  # type: ignore[call-arg]
        self._called = setup.app

    def check(self) -> Account:
        with span("app check", app=self._called):
            return self._own.check()

    def fields(self, object: str) -> Sequence[Field]:
        with span("app fields", app=self._called, object=object):
            return self._own.fields(object)

    def count(self, object: str) -> int | None:
        with span("app count", app=self._called, object=object):
            return self._own.count(object)

    def changes(self, object: str, cursor: str | None, fields: Sequence[str]) -> Iterator[Page]:
        pages = self._own.changes(object, cursor, fields)
        return self._paged("app changes", object, pages, lambda page: len(page.seen) + len(page.gone))

    def ids(self, object: str) -> Iterator[Sequence[Ref]]:
        return self._paged("app ids", object, self._own.ids(object), len)

    def read(self, object: str, refs: Sequence[Ref], fields: Sequence[str]) -> Sequence[Read]:
        with span("app read", app=self._called, object=object, records=len(refs)):
            return self._own.read(object, refs, fields)

    def find(self, object: str, field: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
        with span("app find", app=self._called, object=object, values=len(values)):
            return self._own.find(object, field, values)

    def write(self, object: str, items: Sequence[WriteItem]) -> Sequence[WriteResult]:
        kinds = ", ".join(sorted({item.kind.value for item in items}))
        with span("app write", app=self._called, object=object, kind=kinds, records=len(items)) as tell:
            results = self._own.write(object, items)
            outcomes = [result.outcome.value for result in results]
            tell(**{outcome: outcomes.count(outcome) for outcome in set(outcomes)})
            return results

    def _paged(self, name: str, object: str, pages: Iterator[T], size: Callable[[T], int]) -> Iterator[T]:
        """Yield the pages, each fetched in a span of its own."""
        while True:
            with span(name, app=self._called, object=object) as tell:
                page = next(pages, None)
                if page is None:
                    return
                tell(records=size(page))
            yield page

    @property
    def _own(self) -> Any:
        """The connector's own methods."""
        return super()
