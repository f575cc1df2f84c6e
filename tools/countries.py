"""Print the table of countries, ``src/bothways/records/normal/tables/countries.txt``: run it when names have changed.

    pip install Babel; python tools/countries.py > src/bothways/records/normal/tables/countries.txt

Babel has the names of the Unicode CLDR in all languages. Taken are those of the languages that are official in some
country. What is the name of two countries in two languages is none, and so is what is too short to be one.
"""

import sys
from collections import defaultdict

from babel import Locale
from babel.core import get_global
from babel.localedata import load, locale_identifiers

from bothways.records.normal.country import plain

NO_COUNTRIES = {"EU", "EZ", "UN", "XA", "XB", "QO", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
"""Unions and places that the CLDR has beside the countries of ISO 3166; Kosovo (XK) stays, since it has numbers."""

HEAD = """\
# Countries: a code of two or three letters, or a name in some language, folded; a tab; the code of two letters.
# Made from the Unicode CLDR by tools/countries.py; see SOURCE.txt. What we think otherwise: countries_added.txt."""


def main() -> None:
    codes = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()} - NO_COUNTRIES
    named = defaultdict(set)
    for identifier in locale_identifiers():
        if identifier.split("_")[0] in official():
            for code, name in load(identifier, merge_inherited=False).get("territories", {}).items():
                if code in codes and isinstance(name, str) and (len(plain(name)) > 3 or not plain(name).isascii()):
                    named[plain(name)].add(code)
    table = {name: of.pop() for name, of in named.items() if len(of) == 1}
    for alias, of in get_global("territory_aliases").items():
        if (len(alias) == 3 or alias == "UK") and alias.isalpha() and len(of) == 1 and of[0] in codes:
            table[alias.lower()] = of[0]
    table |= {code.lower(): code for code in codes}
    sys.stdout.write("\n".join([HEAD, *(f"{name}\t{table[name]}" for name in sorted(table)), ""]))


def official() -> set[str]:
    """Return the languages that are official in a whole country."""
    spoken = (each for of_one in get_global("territory_languages").values() for each in of_one.items())
    return {
        name.split("_")[0] for name, facts in spoken if facts["official_status"] in ("official", "de_facto_official")
    }


if __name__ == "__main__":
    main()
