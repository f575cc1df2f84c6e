"""Play schedules: ``python -m tests.sim --schedules N [--seed S] [--trace] [--mutation NAME|all]``."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.sim import database

BUILT = [*(f"R{n}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13)), "FN", "F0", "F1", "F2", "F2'", "F3", "F3b", "F4", "F5", "F6"]
FLOOR_SCHEDULES, FLOOR_HITS = 20_000, 200
MUTATION_LIMIT = 2_000
SAME_AGAIN = 50
"""Every so many schedules, one is played twice: the traces must be the same (I13)."""


def main() -> int:
    """Play what the arguments ask for and return the exit code."""
    options = _options()
    seed = options.seed if options.seed is not None else secrets.randbelow(10**9)
    ok = True
    if options.schedules:
        ok = _play_all(options, seed)
    if options.mutation:
        ok = _mutations(options) and ok
    return 0 if ok else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim")
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", type=int, help="first seed; without it, fresh ones")
    parser.add_argument("--trace", action="store_true", help="print every event of what breaks")
    parser.add_argument("--mutation", help="a known mistake to switch on, or all")
    parser.add_argument("--database", help="a PostgreSQL URL instead of SQLite in memory")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _play_all(options: argparse.Namespace, seed: int) -> bool:
    began, rules, sums, broken = time.monotonic(), Counter(), Counter(), []
    for result in _played(options, "", range(seed, seed + options.schedules)):
        rules.update(result["rules"])
        sums.update({name: result[name] for name in ("edits", "writes", "crashes")})
        if result["broken"]:
            broken.append(result)
            print(f"seed {result['seed']}: {result['broken']}")
            if options.trace:
                print("\n".join(result["trace"]))
    took = time.monotonic() - began
    print(f"{options.schedules} schedules from seed {seed}, {len(broken)} broken invariants")
    print(f"{sums['edits']} user edits, {sums['writes']} writes, {sums['crashes']} crashes")
    print(f"{options.schedules / took * 60:.0f} schedules per minute with {options.jobs} processes")
    missing = _floor(rules, options.schedules)
    if broken:
        print(f"Replay one: python -m tests.sim --schedules 1 --seed {broken[0]['seed']} --trace")
    return not broken and not missing


def _floor(rules: Counter[str], schedules: int) -> list[str]:
    """Print how often every rule was applied; return those hit too seldom for so many schedules."""
    floor = FLOOR_HITS * schedules // FLOOR_SCHEDULES
    print("rules applied: " + ", ".join(f"{rule} {rules[rule]}" for rule in BUILT))
    missing = [rule for rule in BUILT if rules[rule] < floor]
    if missing:
        print(f"hit less than {floor} times: {', '.join(missing)}")
    return missing


def _mutations(options: argparse.Namespace) -> bool:
    from tests.sim.mutations import MUTATIONS

    names = list(MUTATIONS) if options.mutation == "all" else [options.mutation]
    print(f"{'mutation':28} {'schedules until caught':>22}  invariant")
    escaped = []
    for name in names:
        for count, result in enumerate(_played(options, name, range(MUTATION_LIMIT)), start=1):
            if result["broken"]:
                print(f"{name:28} {count:22}  {result['broken'][:90]}")
                break
        else:
            escaped.append(name)
            print(f"{name:28} {'not caught':>22}")
    return not escaped


def _played(options: argparse.Namespace, mutation: str, seeds: range) -> Iterator[dict[str, object]]:
    if options.jobs == 1 or len(seeds) < 4:
        _start(options.database, mutation)
        yield from map(_play, seeds)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, _start, (options.database, mutation)) as pool:
        yield from pool.imap(_play, seeds, chunksize=4)


def _start(url: str | None, mutation: str) -> None:
    from tests.sim import worker

    database.start(url)
    worker.mutate(mutation)


def _play(seed: int) -> dict[str, object]:
    from tests.sim import worker

    return worker.play(seed, twice=seed % SAME_AGAIN == 0)


if __name__ == "__main__":
    sys.exit(main())
