"""What is wrong with a draft, by the places where its pages tell it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from bothways.errors import MissingKey
from bothways.service.views import ProblemView
from bothways.web.forms.conditions import lacks_values
from bothways.web.said import say

STEPS = ("records", "matching", "conflicts", "fields", "review")
"""The steps of a draft, by the last word of their addresses."""

OF_STEP = {
    "records": ("send", "when_leaving_filter", "require", "start", "set"),
    "matching": ("match", "small_groups"),
    "conflicts": ("conflicts", "deletes", "guards", "schedule", "proof"),
    "fields": ("fields", "associations"),
}
"""In which step which parts of a draft are edited."""

STEP_OF = {part: step for step, parts in OF_STEP.items() for part in parts}


@dataclass(frozen=True, slots=True)
class Problems:
    """All that is wrong with a draft of two apps."""

    apps: tuple[str, ...] = ()
    all: tuple[ProblemView, ...] = field(default=())

    def at(self, part: str, key: str = "", item: int | None = None) -> str:
        """Return what is wrong at one place, "" for nothing."""
        return " ".join(each.message for each in self.all if (each.part, each.key, each.item) == (part, key, item))

    def of_step(self, step: str) -> list[ProblemView]:
        """Return what is to be mended in one step; on the last one, what is of none."""
        return [each for each in self.all if step_of(each) == step]

    def count(self, step: str) -> int:
        """Return how many things are to be mended in one step."""
        return len(self.of_step(step))


def step_of(problem: ProblemView) -> str:
    """Return the step in which a problem is mended; the last one where in none."""
    return STEP_OF.get(problem.part, "review")


def anchor(problem: ProblemView, apps: Sequence[str]) -> str:
    """Return the id of what on the page of its step is to be mended."""
    part, key, item = problem.part, problem.key, problem.item
    place = apps.index(key) if key in apps else 0
    match part:
        case "send":
            return f"send-{place}"
        case "set":
            return f"set-{place}-{item}" if item is not None else f"set-{place}-add"
        case "match":
            return f"match-{item}" if item is not None else "match"
        case "conflicts":
            return f"winner-{item}" if item is not None else "empty" if key == "when_empty" else "winner"
        case "deletes":
            return f"deletes-{place}" if key in apps else "grace"
        case "guards":
            return f"guard-{key}" if key else "limits"
        case "schedule":
            return {"quiet_hours": "quiet-from", "every": "every"}.get(key, "limits")
        case "proof":
            return "limits"
        case "when_leaving_filter":
            return "leaving"
        case "small_groups":
            return "small"
        case "fields" | "associations":
            return f"{part[0].replace('f', 'm')}-{item + 1}" if item is not None else "main"
    return part if part in ("require", "start") else "main"


def for_pages(problem: ProblemView, entry: Mapping[str, Any]) -> ProblemView:
    """Return a problem in the words of the pages, where those of the settings file would say little."""
    return replace(problem, message=_words(problem, entry))


def _words(problem: ProblemView, entry: Mapping[str, Any]) -> str:
    held = entry.get(problem.part)
    of_key = held.get(problem.key) if isinstance(held, dict) and problem.key else None
    match problem.part:
        case "send" if isinstance(of_key, dict) and of_key.get("filter") in ({"all": []}, {"any": []}):
            return _("Add a condition, or let all be sent.")
        case "send" if isinstance(of_key, dict) and lacks_values(of_key.get("filter")):
            return _("Fill in a value for each condition.")
        case "when_leaving_filter" if held == {"tag": {}}:
            return _("Choose a field of one of the apps.")
        case "deletes" if of_key == {"tag": {}}:
            return _("Choose a field.")
        case "set" if isinstance(of_key, list) and problem.item is not None and of_key[problem.item].get("value") == "":
            return _("Fill in a value.")
        case "match" if problem.item is None and problem.code == MissingKey.code:
            return _(
                "Nothing that is usual for these records is in both apps. Add rules of your own, or choose by nothing."
            )
        case "schedule" if problem.key == "quiet_hours" and problem.code == MissingKey.code:
            return _("Say both from when and until when it is quiet.")
    return say(re.sub(r'^"\w+" must be ', "This must be ", problem.message))


def told(problems: Iterable[ProblemView]) -> str:
    """Return what is told as one text, by which it is seen whether that has changed."""
    return "\n".join(f"{each.part} {each.key} {each.item} {each.message}" for each in problems)
