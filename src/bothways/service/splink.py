"""Splink behind one narrow function: columns of texts in, scored pairs out. It needs the extra ``suggest``.

Everything happens in the memory of this process; what does not fit there goes to a temporary folder of its own,
readable by its owner alone and gone at the end. Nothing is fetched, logged or kept.
"""

import importlib.util
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bothways.engine.learning import Column
from bothways.engine.likeness import Likeness
from bothways.engine.sides import SIDES, Side
from bothways.errors import CannotSuggest, LibraryForSuggestions

MEMORY = "1GB"
"""What the database of the model may hold in memory."""

TABLES = {Side.LEFT: "one", Side.RIGHT: "other"}
OF_TABLE = {name: side for side, name in TABLES.items()}
"""What the two sides are called within the database, where left and right are words of its own."""

MORE_RECORDS = "Try again when more records wait for a partner; link those you know: bothways link."

SEED = 1
MOST_PAIRS = 1_000_000
"""Pairs that one step of the training looks at, at most."""


class Agreement(StrEnum):
    """How two records compare in one trait."""

    SAME = "same"
    SIMILAR = "similar"
    DIFFERENT = "different"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Model:
    """What is to be learnt: traits by name with how they compare, the blocks to learn from, and a first guess.

    ``share``: of all pairs of records, how many are expected to belong together.
    """

    traits: Mapping[str, Likeness]
    lessons: Sequence[Sequence[str]]
    share: float


@dataclass(frozen=True, slots=True)
class Books:
    """One side: the ids of its records, their texts by trait, and the columns by which they meet the other side's."""

    ids: Sequence[str]
    texts: Mapping[str, Column]
    meeting: Sequence[Column]


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two records that may be the same, how probably, and how they compare in each trait."""

    ids: Mapping[Side, str]
    probability: float
    agreements: Mapping[str, Agreement]


def check_installed() -> None:
    """Refuse to go on where Splink cannot be imported; raise LibraryForSuggestions."""
    if any(importlib.util.find_spec(name) is None for name in ("splink", "duckdb", "pyarrow")):
        raise LibraryForSuggestions()


def scored_pairs(model: Model, books: Mapping[Side, Books], least: float, most: int) -> list[ScoredPair]:
    """Return the pairs that are the same thing with a probability of at least ``least``: the ``most`` probable ones.

    The model is trained on these records, without being told of any pair what it is. The same books give the same
    answer. Raises LibraryForSuggestions, and CannotSuggest where nothing can be learnt or memory is used up.
    """
    check_installed()
    from duckdb import OutOfMemoryException
    from splink.internals.exceptions import SplinkException

    try:
        with _quiet(), tempfile.TemporaryDirectory(prefix="bothways-suggest-") as folder:
            return _scored(model, books, least, most, folder)
    except SplinkException as error:
        if not isinstance(error.__cause__, OutOfMemoryException):
            raise
        reason = f"comparing so many records needs more than {MEMORY} of memory and the room for temporary files"
        raise CannotSuggest(reason=reason, hint="Narrow the sync by a filter, or make room.") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Splink would say from every log and from the screen."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _scored(model: Model, books: Mapping[Side, Books], least: float, most: int, folder: str) -> list[ScoredPair]:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    columns = {name: f"t{place}" for place, name in enumerate(model.traits)}
    meetings = [f"b{place}" for place in range(len(books[Side.LEFT].meeting))]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[_comparison(columns[name], likeness) for name, likeness in model.traits.items()],
        blocking_rules_to_generate_predictions=[block_on(name) for name in meetings],
        probability_two_random_records_match=model.share,
    )
    with in_memory(folder) as connection:
        database = DuckDBAPI(connection)
        tables = [
            database.register(_table(books[side], columns, meetings), dataset_display_name=TABLES[side])
            for side in SIDES
        ]
        linker = Linker(tables, settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=MOST_PAIRS, seed=SEED)
        if not sum(_learnt(linker, block_on(*(columns[name] for name in lesson))) for lesson in model.lessons):
            raise CannotSuggest(reason="what records share teaches nothing", hint=MORE_RECORDS)
        found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
        ordered = found.as_duckdbpyrelation().order("match_probability DESC, unique_id_l, unique_id_r").limit(most)
        return [_pair(dict(zip(ordered.columns, row, strict=True)), model, columns) for row in ordered.fetchall()]


def _learnt(linker: Any, lesson: Any) -> bool:
    """Let a model learn from one block, and tell whether it could.

    Where no two records in it belong together, the training collapses: numbers become too small, which Splink refuses
    by a ValueError. The model then stays as it was.
    """
    from splink.internals.exceptions import EMTrainingException

    try:
        linker.training.estimate_parameters_using_expectation_maximisation(lesson, max_pairs=MOST_PAIRS)
    except (EMTrainingException, ValueError):
        return False
    return True


@contextmanager
def in_memory(folder: str) -> Iterator[Any]:
    """Yield a database in memory that reaches no network and no file; what is too much for it goes to a folder.

    It has one thread, so that its sums come out alike every time.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "temp_directory": folder,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("SET enable_external_access=false")
        connection.execute("SET enable_progress_bar=false")
        yield connection


def _table(books: Books, columns: Mapping[str, str], meetings: Sequence[str]) -> Any:
    import pyarrow

    texts = {columns[name]: books.texts[name] for name in columns}
    held = {"unique_id": books.ids, **texts, **dict(zip(meetings, books.meeting, strict=True))}
    return pyarrow.table({name: pyarrow.array(column, pyarrow.string()) for name, column in held.items()})


def _comparison(column: str, likeness: Likeness) -> Any:
    """Return how a trait is compared, its levels from the same texts down to different ones."""
    import splink.comparison_library as library

    if likeness is Likeness.NAME:
        return library.NameComparison(column, jaro_winkler_thresholds=[0.92, 0.88])
    if likeness is Likeness.DATE:
        return library.DamerauLevenshteinAtThresholds(column, 1).configure(term_frequency_adjustments=True)
    return library.ExactMatch(column).configure(term_frequency_adjustments=True)


_TOP = {Likeness.NAME: 3, Likeness.DATE: 2, Likeness.EXACT: 1}
"""The level of each comparison at which two texts are the same."""


def _pair(row: Mapping[str, Any], model: Model, columns: Mapping[str, str]) -> ScoredPair:
    ids = {OF_TABLE[row[f"source_dataset_{end}"]]: str(row[f"unique_id_{end}"]) for end in "lr"}
    agreements = {name: _agreement(row[f"gamma_{columns[name]}"], likeness) for name, likeness in model.traits.items()}
    return ScoredPair(ids, float(row["match_probability"]), agreements)


def _agreement(level: int, likeness: Likeness) -> Agreement:
    if level < 0:
        return Agreement.MISSING
    if level == 0:
        return Agreement.DIFFERENT
    return Agreement.SAME if level == _TOP[likeness] else Agreement.SIMILAR
