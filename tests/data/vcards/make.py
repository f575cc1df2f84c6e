"""Write the corpus: vCards in the manners of many programs, made up from nothing.

Run it in this folder: ``python make.py``. It is deterministic; the files it writes are part of the repository.
"""

import base64
import random
from collections.abc import Callable, Sequence
from pathlib import Path

FAMILY = [
    "Ng",
    "Ærøskøbing",
    "O'Test",
    "von der Probe",
    "Пример",
    "例子",
    "Ğüzel",
    "Nguyễn",
    "מבחן",
    "Łącki",
    "Müßig",
    "S",
]
GIVEN = ["Ada", "Åsa", "Zoë", "Иван", "花子", "Þóra", "José María", "Ünal", "Đặng", "X", "Mary-Jane", "Ο"]
CITIES = ["Málaga", "Kraków", "București", "東京", "Reykjavík", "Springfield", "Sankt Pölten", "L’Aquila"]
LONG = "A note that is long enough to be folded, with commas\\, semicolons\\; and a second line\\nlike this — "
Lines = list[str]
Style = Callable[[random.Random, int], Lines]


def text(value: str) -> str:
    """Return a value as it stands in a card."""
    return value.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n")


def photo(dice: random.Random, size: int) -> str:
    """Return base64 of so many random octets."""
    return base64.b64encode(dice.randbytes(size)).decode()


def cut(line: str, width: int) -> Lines:
    """Return a line folded at so many characters, as some programs do it."""
    return [line[:width], *(" " + line[at : at + width - 1] for at in range(width, len(line), width - 1))]


def octets(line: str, mark: str = " ") -> Lines:
    """Return a line folded at 75 octets, between characters."""
    found, piece = [], ""
    for char in line:
        if len((piece + char).encode()) > 75:
            found, piece = [*found, piece], mark
        piece += char
    return [*found, piece]


def apple(dice: random.Random, number: int) -> Lines:
    family, given = dice.choice(FAMILY), dice.choice(GIVEN)
    lines = [
        "PRODID:-//Test Inc.//Like Apple//EN",
        f"N:{text(family)};{text(given)};;;",
        f"FN:{text(given)} {text(family)}",
    ]
    lines += ["ORG:" + dice.choice(["Probe AG;Versuch", "Muster\\, Inc.;", "Solo"])] if number % 2 else []
    lines += [
        f"EMAIL;type=INTERNET;type=HOME;type=pref:home{number}@example.org",
        f"item1.EMAIL;type=INTERNET:other{number}@example.com",
        "item1.X-ABLabel:_$!<Other>!$_",
        f"TEL;type=CELL;type=VOICE;type=pref:+49 170 {1000000 + number}",
        f"TEL;type=IPHONE;type=CELL;type=VOICE:+1 555 01{number % 100:02}",
        f"item2.ADR;type=HOME;type=pref:;;Straße {number}\\nHinterhaus;{dice.choice(CITIES)};;{10000 + number};Land",
        "item2.X-ABADR:de",
        "item3.URL;type=pref:http\\://example.org/a\\,b",
        "item3.X-ABLabel:_$!<HomePage>!$_",
        "item4.X-ABRELATEDNAMES;type=pref:Someone",
        "item4.X-ABLabel:_$!<Assistant>!$_",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15" if number % 3 == 0 else "BDAY;value=date:1984-02-29",
        "item5.TEL:+33 1 23 45 67 89",
        "item5.X-ABLabel:Ferienhaus\\; Süd",
        "IMPP;X-SERVICE-TYPE=Jabber;type=HOME;type=pref:xmpp:a@example.org",
        "X-SOCIALPROFILE;type=twitter;x-userid=1:http://example.com/user",
    ]
    if number % 4 == 0:
        lines.append("PHOTO;ENCODING=b;TYPE=JPEG:" + photo(dice, 700))
    return [*lines, f"REV:2024-01-{number % 28 + 1:02}T10:11:12Z", f"UID:A{number:05}-APPLE:ABPerson"]


def google(dice: random.Random, number: int) -> Lines:
    given, family = dice.choice(GIVEN), dice.choice(FAMILY)
    return [
        f"N:{text(family)};{text(given)};Q,R;Dr.;Jr.,M.D.",
        f"FN:Dr. {text(given)} Q R {text(family)} Jr.",
        f"EMAIL;TYPE=INTERNET;TYPE=WORK:g{number}@example.net",
        f"EMAIL;TYPE=INTERNET;TYPE=OTHER:h{number}@example.net",
        "EMAIL;TYPE=INTERNET:",
        f"TEL;TYPE=CELL:05{number:08}",
        "TEL;TYPE=WORK,FAX:+1 (555) 010-9999",
        "item1.TEL:112",
        "item1.X-ABLabel:Notruf",
        f"ADR;TYPE=WORK:;Floor 3;{number} Main St;{text(dice.choice(CITIES))};CA;9021{number % 10};USA",
        "ORG:Examples & Sons\\; Ltd.;R&D;Lab 7",
        "TITLE:Head of things\\, and more",
        "BDAY:19700101",
        "NOTE:" + LONG * (number % 3 + 1),
        "URL:http\\://example.net/?a\\=1",
        "item2.URL:https\\://example.net/blog",
        "item2.X-ABLabel:BLOG",
        "X-PHONETIC-FIRST-NAME:Fo",
        "CATEGORIES:myContacts,starred" if number % 2 else "CATEGORIES:myContacts",
        f"UID:{number:x}abcdef0123456789",
    ]


def nextcloud(dice: random.Random, number: int) -> Lines:
    given, family = dice.choice(GIVEN), dice.choice(FAMILY)
    return [
        "PRODID:-//Test//Like Nextcloud v1",
        f"UID:0f0f0f0f-0000-4000-8000-{number:012}",
        f"FN:{text(given)} {text(family)}",
        f"N:{text(family)};{text(given)};;;",
        f"EMAIL;TYPE=HOME:n{number}@example.org",
        f'TEL;TYPE="HOME,VOICE":+43 1 {number:06}',
        f"ADR;TYPE=HOME:;;Gasse {number};{dice.choice(CITIES)};;{1000 + number};Österreich",
        "X-SOCIALPROFILE;TYPE=facebook:someone",
        f"CATEGORIES:Freunde,{text('Verein, e.V.')}",
        "GENDER:O",
        "CLOUD:user@cloud.example.org",
        "PHOTO;ENCODING=b;TYPE=image/png:" + photo(dice, 90),
        "REV;VALUE=DATE-AND-OR-TIME:20240229T235959Z",
    ]


def outlook(dice: random.Random, number: int) -> Lines:
    given, family = dice.choice(GIVEN), dice.choice(FAMILY)
    note = "Zeile eins=0D=0AZeile zwei: =C3=A4=C3=B6=C3=BC und =\r\nnoch mehr"
    return [
        f"N;LANGUAGE=de:{text(family)};{text(given)}",
        f"FN:{text(family)}, {text(given)}",
        "ORG:Contoso-artig GmbH;Vertrieb",
        "TITLE:Leiter",
        f"TEL;WORK;VOICE:030-{number:05}",
        "TEL;CELL;VOICE:0170-1",
        "TEL;WORK;FAX:030-99",
        f"ADR;WORK;PREF:;;Allee {number};{dice.choice(CITIES)};;10115;Deutschland",
        "LABEL;WORK;PREF:Allee\\nOrt",
        "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
        "URL;WORK:http://www.example.com",
        f"NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-8:{note}" if number % 2 else "NOTE:plain",
        f"EMAIL;PREF;INTERNET:o{number}@example.com",
        "X-MS-IMADDRESS:im@example.com",
        f"UID:040000008200E00074C5B7101A82E008{number:08X}",
    ]


def rfc6350(dice: random.Random, number: int) -> Lines:
    given, family = dice.choice(GIVEN), dice.choice(FAMILY)
    birthday = ["BDAY:--0415", "BDAY:19960415", "BDAY:1996-04", "BDAY;VALUE=text:circa 1800", "BDAY:19531015T231000Z"]
    return [
        f"UID:urn:uuid:4fbe8971-0bc3-424c-9c26-{number:012}",
        f"FN;PID=1.1:{text(given)} {text(family)}",
        f'N;SORT-AS="{family},{given}":{text(family)};{text(given)};;;',
        f"EMAIL;TYPE=work;PREF=2:v{number}@example.org",
        f"EMAIL;TYPE=home;PREF=1:w{number}@example.org",
        f'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-555-555-{number:04};ext=5555',
        "TEL;VALUE=uri;TYPE=cell:tel:+49-170-1234567",
        f'ADR;TYPE=work;LABEL="Row 1\\nTown, 12":;;Row {number};{dice.choice(CITIES)};Region;H3B 5A1;CA',
        'ORG;SORT-AS="Probe":Probe Org.;Unit\\; one',
        "TITLE;LANGUAGE=en;ALTID=1:Boss",
        "TITLE;LANGUAGE=fr;ALTID=1:Patron",
        "ROLE:Program Manager",
        "NICKNAME:Jim,Jimmie",
        dice.choice(birthday),
        "ANNIVERSARY:20090808T1430-0500",
        "KIND:individual" if number % 5 else "KIND:org",
        "RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "RELATED;TYPE=contact;VALUE=text:Please contact my assistant\\, Jane.",
        "GEO:geo:12.3457,78.910",
        "KEY;MEDIATYPE=application/pgp-keys:ftp://example.com/keys/j",
        "LANG;TYPE=work;PREF=1:en",
        "CLIENTPIDMAP:1;urn:uuid:53e374d9-337e-4727-8803-a1e9c14e0556",
        "PHOTO:data:image/png;base64," + photo(dice, 120),
        "X-CARET;LABEL=\"a^nb ^'quoted^' ^^\":x:y;z",
    ]


def sparse(dice: random.Random, number: int) -> Lines:
    """A card with hardly anything, or with empty lines, odd spelling of names and stray blanks."""
    kinds: Sequence[Lines] = (
        [f"FN:{text(dice.choice(GIVEN))}", "N:;;;;"],
        ["fn:lower case", "n:case;lower;;;", "email;type=home:low@example.org", "tel:1"],
        ["FN:Company only", "N:;;;;", "ORG:Company only", "X-ABShowAs:COMPANY", "TEL;TYPE=WORK:1", "TEL;TYPE=WORK:2"],
        ["FN:", "N:;;;;", "TEL:", "EMAIL:", "ADR:;;;;;;", "NOTE:", "ORG:", "CATEGORIES:", "URL:", "BDAY:"],
        ["FN:Tab\tand  blanks  ", "N: blank ; lead ;;;", "NOTE: \\n leading and trailing \\n "],
        [
            "FN:No N at all",
            "EMAIL;TYPE=WORK:a@example.org",
            "EMAIL;TYPE=WORK:b@example.org",
            "email;pref=1:c@example.org",
        ],
        ["FN:Backslash C:\\temp\\new", "N:x;y", "NOTE:\\\\server\\\\share\\; path", "X-TRAIL:ends with \\"],
        ["a.FN:Grouped", "a.N:G;R;;;", "b.EMAIL;TYPE=WORK:g@example.org", "b.X-ABLABEL:Work", "B.X-OTHER:kept"],
        ["FN:Emoji 👩‍👩‍👧 family", "N:family;Emoji 👩‍👩‍👧;;;", "NOTE:" + "👍🏽" * 40, "ORG:🏢"],
        ["FN:Quotes", "N:q;q;;;", 'X-P;A="x;y:z,w";B=1,"2,3";C=:v', 'TEL;TYPE="cell":1', 'X-Q;L=5" pipe:val'],
        [
            "FN:Commas, bare",
            "N:bare;Commas;a,b;;",
            "ADR;TYPE=WORK:;;Main St 5, Apt 2;Town;;1;",
            "URL:http://x.org/?a=1,2;b",
        ],
        [
            "FN:Twice",
            "FN:Again",
            "N:Again;Twice;;;",
            "NOTE:one",
            "NOTE:two",
            "TITLE:t1",
            "TITLE:t2",
            "CATEGORIES:a",
            "CATEGORIES:b",
        ],
    )
    return [*kinds[number % len(kinds)], f"UID:sparse-{number}", "X-LAST;X=1:é"]


def write(dice: random.Random, style: Style, number: int, version: str) -> bytes:
    """Return a card in one of several ways of breaking lines."""
    end = "\r\n" if number % 3 else "\n"
    lines = style(dice, number)
    if number % 5 == 0:
        dice.shuffle(lines)
    head = ["BEGIN:VCARD", f"VERSION:{version}"] if number % 11 else ["begin:vcard", f"VERSION:{version}"]
    folded = [piece for line in lines for piece in fold(line, number)]
    tail = ["END:VCARD"] if number % 11 else ["end:vcard"]
    return (end.join([*head, *folded, *tail]) + end).replace("\r\r\n", "\r\n").encode()


def fold(line: str, number: int) -> Lines:
    """Return a line folded in the manner of the card's number: by octets, with tabs, wide, or not at all."""
    manner = number % 4
    if line.startswith("PHOTO") and manner == 0:
        return cut(line, 76)
    if "QUOTED-PRINTABLE" in line or manner == 0 or len(line.encode()) <= 75:
        return [line]
    return octets(line) if manner == 1 else octets(line, "\t") if manner == 2 else cut(line, 200)


STYLES: Sequence[tuple[str, Style, str, int]] = (
    ("apple", apple, "3.0", 40),
    ("google", google, "3.0", 32),
    ("nextcloud", nextcloud, "3.0", 30),
    ("outlook", outlook, "3.0", 24),
    ("rfc6350", rfc6350, "4.0", 50),
    ("sparse", sparse, "3.0", 24),
)


def main() -> None:
    """Write one file for each style."""
    for name, style, version, count in STYLES:
        dice = random.Random(name)
        cards = [write(dice, style, number, version) for number in range(1, count + 1)]
        Path(__file__).with_name(f"{name}.vcf").write_bytes(b"".join(cards))


if __name__ == "__main__":
    main()
