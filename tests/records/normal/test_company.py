"""Company names: the key, the legal form, and whether two names may be one company's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.records.normal import CompanyName, company_name, forms_conflict, names_related
from tests.records.normal.vectors import vectors
from tests.records.strategies import texts

parts = [
    "Acme",
    "the",
    "GmbH",
    "& Co.",
    "KG",
    "Ltd",
    "S.",
    "A.",
    "B",
    "ООО",
    "株式会社",
    "有限公司",
    "Bank",
    "spa",
    ",",
    "Öl",
]
names = st.one_of(
    texts,
    st.lists(st.sampled_from(parts), max_size=6).flatmap(
        lambda some: st.sampled_from([" ", ""]).map(lambda gap: gap.join(some))
    ),
)


@pytest.mark.parametrize(
    ("text", "key", "form"),
    [
        ("Coca Cola Inc", "coca cola", "inc"),
        ("Coca-Cola", "coca cola", ""),
        ("Müller GmbH & Co. KG", "muller", "gmbhcokg"),
        ("Muller", "muller", ""),
        ("Acme S.A.", "acme", "sa"),
        ("Acme S A", "acme", "sa"),
        ("Acme Co., Ltd.", "acme", "ltd"),
        ("Acme Pty. Ltd.", "acme", "ptyltd"),
        ("Acme, Incorporated", "acme", "inc"),
        ("Ann & Bob", "ann and bob", ""),
        ("Ann and Bob", "ann and bob", ""),
        ("Acme & Co", "acme", ""),
        ("The Acme Company", "acme", ""),
        ("JP Morgan", "jp morgan", ""),
        ("J. P. Morgan", "jp morgan", ""),
        ("J P Morgan", "jp morgan", ""),
        ("ООО Ромашка", "ромашка", "ооо"),
        ("OOO Romashka", "romashka", "ooo"),
        ("株式会社テスト工業", "テスト工業", "kk"),
        ("テスト工業株式会社", "テスト工業", "kk"),
        ("㈱テスト工業", "テスト工業", "kk"),
        ("Ltd", "ltd", ""),
        ("The Limited", "limited", ""),
        ("The", "the", ""),
        ("Acme UK", "acme uk", ""),
        ("Acme Group Holding", "acme group holding", ""),
        ("Zenith Bank plc", "zenith bank", "plc"),
        ("Sunrise Spa", "sunrise spa", ""),
        ("Sunrise S.p.A.", "sunrise", "spa"),
        ("ACME SPA", "acme", "spa"),
        ("Sunrise Spa Ltd", "sunrise spa", "ltd"),
        ("Turnverein Musterstadt e. V.", "turnverein musterstadt", "ev"),
        ("Northern EV", "northern ev", ""),
        ("Smith & Lee, P.C.", "smith and lee", "pc"),
        ("Smith PC", "smith pc", ""),
        ("SAS Institute", "sas institute", ""),
    ],
)
def test_key_and_legal_form(text: str, key: str, form: str) -> None:
    assert company_name(text) == CompanyName(key, form)


@pytest.mark.parametrize(
    "text", ["Self employed", "Self-Employed", "N/A", "n.a.", "Test", "TEST GmbH", "-", "  ", "", None]
)
def test_what_only_fills_a_field_is_no_name(text: str | None) -> None:
    assert company_name(text) is None


@given(names)
def test_the_key_of_a_key_is_itself(text: str) -> None:
    name = company_name(text)
    if name is not None:
        assert name.key
        again = company_name(name.key)
        assert again is not None
        assert again.key == name.key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("IBM", "International Business Machines Corp"),
        ("I.B.M.", "International Business Machines"),
        ("ABC", "Acme Building Co"),
        ("Acme", "Acme Widgets"),
        ("Coca-Cola", "CocaCola"),
        ("Microsft", "Microsoft Corp"),
        ("Газпром", "Gazprom"),
        ("", "Acme"),
        ("N/A", "Acme"),
        ("Deutsche Bank", "Bank Deutsche"),
    ],
)
def test_related(left: str, right: str) -> None:
    assert names_related(left, right)
    assert names_related(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Acme", "Zenith Bank"),
        ("Acme Bank", "Zenith Bank"),
        ("Acme Ltd", "Zenith Ltd"),
        ("IBN", "International Business Machines"),
    ],
)
def test_not_related(left: str, right: str) -> None:
    assert not names_related(left, right)
    assert not names_related(right, left)


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("Rio Tinto plc", "Rio Tinto Ltd", True),
        ("Müller GmbH", "Müller GmbH & Co. KG", True),
        ("Acme Ltd", "Acme Limited", False),
        ("Acme Co. Ltd.", "Acme Ltd", False),
        ("Acme Company", "Acme Corp", False),
        ("Acme", "Acme Corp", False),
        ("Acme Oy Ab", "Acme Oy", False),
        ("OAO Acme", "Acme Open Joint Stock Company", False),
        ("Acme JSC", "OAO Acme", False),
        ("ООО Акме", "Акме LLC", False),
        ("OAO Acme", "ZAO Acme", True),
        ("Acme LLC", "OAO Acme", True),
        ("", "Acme Corp", False),
    ],
)
def test_conflict_of_legal_forms(left: str, right: str, wanted: bool) -> None:
    assert forms_conflict(left, right) == forms_conflict(right, left) == wanted


def test_equal_keys_of_labelled_pairs_are_nearly_always_right() -> None:
    rows = [
        row
        for row in vectors("matching/rigour_names/cases.csv")
        if row["schema"] in ("Company", "Organization", "LegalEntity")
    ]
    keys = [(company_name(row["name1"]), company_name(row["name2"]), row["is_match"] == "true") for row in rows]
    linked = [right for one, other, right in keys if one and other and one.key == other.key]
    assert len(rows) == 262
    assert sum(linked) / len(linked) >= 0.986
    assert sum(linked) / sum(right for *_, right in keys) >= 0.427


def test_legal_forms_that_another_cleaner_takes_off() -> None:
    """All names are "Hello World" and legal forms; those in the middle stay."""
    rows = [row for row in vectors("matching/cleanco_names/cases.csv") if row["value"].startswith(("Hello", " Hello"))]
    ended = [row["value"] for row in rows if "middle" not in row["case"] and "mid" not in row["case"]]
    assert len(ended) == 9
    assert {company_name(text).key for text in ended} == {"hello world"}
