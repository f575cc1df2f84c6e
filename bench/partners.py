"""What it costs to find the partners of all contacts of two apps, on a ledger of its own.

``python -m bench.partners COUNT`` fills a ledger (SQLite) with so many contacts of each app, as a first reading
does, asks the match rules of every one of them, as planning does, and prints the figures as JSON. Nothing is written
to an app. It is a process of its own, so that its memory is its alone.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command

from bench.worker import peak_memory
from bothways import boot
from bothways.records import Field, FieldType

FIELDS = (
    Field("email", FieldType.EMAIL, meaning="email"),
    Field("name", meaning="name"),
    Field("phone", FieldType.PHONE, meaning="telephone"),
    Field("company", meaning="worksFor"),
)
AT_ONCE = 2000
"""Contacts taken in together."""


def contact(number: int, place: int) -> Mapping[str, str]:
    """Return a contact of the app at this place (0 or 1).

    Of ten, seven are the same in both, one of them without an e-mail address.
    """
    kind = number % 10
    who = number if kind < 7 else number + place * 10**8
    values = {
        "name": f"Given{who % 997} Family{who}",
        "phone": f"+4930{1_000_000 + who % 8_000_000}",
        "company": f"Company {who % 1009}",
    }
    return values if kind == 6 else values | {"email": f"person{who}@firm{who % 5003}.example"}


def measured(count: int) -> dict[str, Any]:
    """Fill a ledger, ask for all partners, join its keys by e-mail; return the costs and what was found."""
    with tempfile.TemporaryDirectory(prefix="bothways-bench-") as folder:
        boot.setup(f"sqlite:///{folder}/ledger.db")
        call_command("migrate", verbosity=0)
        from bench import ledger

        ctx = ledger.two_books(FIELDS)
        figures: dict[str, Any] = {"size": 0}
        with _timed(figures, "fill"):
            for start in range(0, count, AT_ONCE):
                numbers = range(start, min(start + AT_ONCE, count))
                ledger.keep(ctx, [{f"{n:09d}": contact(n, place) for n in numbers} for place in (0, 1)])
        figures["size"] = Path(folder, "ledger.db").stat().st_size
        with _timed(figures, "join"):
            figures["joined"] = ledger.joined_by_email(ctx)
        figures |= asked(ctx)
    return figures | {"memory": peak_memory()}


def asked(ctx: Any) -> dict[str, Any]:
    """Ask for the partners of everybody; return the costs, part by part, and what was found."""
    from bench import ledger
    from bothways.sync.surveying import survey_for

    figures: dict[str, Any] = {}
    found, taken = Counter[str](), set[str]()
    marked = ledger.mark(ctx)
    with _timed(figures, "survey"):
        survey = survey_for(ctx, marked)
    pages = ledger.pages(ctx, taken)
    while True:
        with _timed(figures, "read"):
            page = next(pages, None)
        if page is None:
            break
        with _timed(figures, "match"):
            answers = ledger.matches(ctx, page, survey)
        taken.update(each.partner for each in answers if each.partner)
        found.update(each.found.value for each in answers)
    if survey is not None:
        survey.close()
    return figures | {"found": found}


@contextmanager
def _timed(figures: dict[str, Any], name: str) -> Iterator[None]:
    """Add the seconds and the processor seconds of a block to those noted by its name."""
    wall, cpu = time.monotonic(), time.process_time()
    yield
    noted = figures.setdefault(name, {"seconds": 0.0, "cpu": 0.0})
    noted["seconds"] += time.monotonic() - wall
    noted["cpu"] += time.process_time() - cpu


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]))))
