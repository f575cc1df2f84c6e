"""What a process has freed goes back to the system."""

import platform
import subprocess
import sys
from textwrap import dedent

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to give memory back")


def printed(script: str) -> str:
    """Return what a process of its own printed, wherever it printed it."""
    done = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_what_is_free_between_what_is_needed_goes_back() -> None:
    freed = printed("""
        from pathlib import Path
        from bothways.web.memory import give_back

        def resident():
            return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

        pieces = [bytes(2000) for _ in range(40_000)]
        needed = bytes(2000)
        held = resident()
        del pieces
        give_back()
        print(held - resident())
    """)
    assert int(freed) > 40_000 * 2000 * 0.8


@pytest.mark.parametrize(("share", "heaps"), [("", 4), ("share_one_heap()", 1)])
def test_threads_share_one_heap(share: str, heaps: int) -> None:
    told = printed(f"""
        import ctypes, threading
        from bothways.web.memory import share_one_heap

        {share}
        together = threading.Barrier(3)

        def work():
            together.wait()
            held = [bytes(2000) for _ in range(1000)]
            together.wait()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        ctypes.CDLL(None).malloc_stats()
    """)
    assert told.count("Arena ") == heaps
