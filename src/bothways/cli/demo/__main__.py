"""``python -m bothways.cli.demo``: the same as ``bothways demo``."""

import sys

from bothways.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
