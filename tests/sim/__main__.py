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
from contextlib import ExitStack
from multiprocessing.pool import Pool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.postgres import start_postgresql
from tests.sim import jobs

BUILT = [
    *(f"R{n}" for n in range(14)),
    "FN",
    "F0",
    "F1",
    "F2",
    "F2'",
    "F3",
    "F3b",
    "F4",
    "F5",
    "F6",
    "FA",
    "FM",
    "FO",
    "FE",
    "FC",
    "FD",
    "FK",
    "FL",
    "R4d",
    "R4e",
    "R4w",
    "R9r",
    "R16",
    "FV",
    "FS",
]
FLOOR_SCHEDULES, FLOOR_HITS = 20_000, 200
"""So often must every rule be applied in so many schedules."""

FEWEST_HITS = 10
"""A share of the floor below this is chance: so few schedules say nothing about it."""

MUTATION_LIMIT, MUTATION_STEP = 4_000, 40

TOLD_EVERY = 1_000


def main() -> int:
    """Play what the arguments ask for and return the exit code."""
    options = _options()
    with ExitStack() as stack:
        server = None
        if options.postgresql:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="sim-")))
            folder.chmod(0o755)
            server = stack.enter_context(start_postgresql(folder))
        pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(options.jobs, jobs.start, (server,)))
        return 0 if _play_all(options, pool) and _mutations(options, pool) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim")
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", type=int, help="first seed; without it, fresh ones")
    parser.add_argument("--trace", action="store_true", help="print every event of what breaks")
    parser.add_argument("--mutation", help="a known mistake to switch on, or all")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server started for it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _play_all(options: argparse.Namespace, pool: Pool) -> bool:
    if not options.schedules:
        return True
    seed = options.seed if options.seed is not None else secrets.randbelow(10**9)
    began, rules, sums, broken = time.monotonic(), Counter[str](), Counter[str](), []
    for played, result in enumerate(_played(pool, "", range(seed, seed + options.schedules)), start=1):
        if played % TOLD_EVERY == 0:
            print(f"{played} played, {len(broken)} broken", flush=True)
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
    missing = [rule for rule in BUILT if rules[rule] < floor] if floor >= FEWEST_HITS else []
    if missing:
        print(f"hit less than {floor} times: {', '.join(missing)}")
    return missing


def _mutations(options: argparse.Namespace, pool: Pool) -> bool:
    if not options.mutation:
        return True
    names = pool.apply(jobs.mutation_names) if options.mutation == "all" else [options.mutation]
    print(f"{'mutation':28} {'schedules until caught':>22}  invariant")
    escaped = []
    for name in names:
        caught, count = None, 0
        for start in range(0, MUTATION_LIMIT, MUTATION_STEP):
            for result in _played(pool, name, range(start, start + MUTATION_STEP)):
                if not caught:
                    count, caught = count + 1, result["broken"]
            if caught:
                break
        if not caught:
            escaped.append(name)
        print(f"{name:28} {count if caught else 'not caught':>22}  {str(caught or '')[:90]}", flush=True)
    return not escaped


def _played(pool: Pool, mutation: str, seeds: range) -> Iterator[dict[str, Any]]:
    return pool.imap(jobs.play, ((mutation, seed) for seed in seeds), chunksize=4)


if __name__ == "__main__":
    sys.exit(main())
