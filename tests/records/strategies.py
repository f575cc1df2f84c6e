"""Hypothesis strategies for raw values and fields as connectors give them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bothways.records import Field, FieldType, Option

words = st.text(max_size=12)
texts = st.one_of(
    words,
    st.sampled_from(
        [
            "",
            "  ",
            "n/a",
            "Yes",
            "no",
            "true",
            "0",
            "1",
            "-5",
            "5",
            "5.0",
            "1e3",
            "1_000",
            "1,000",
            "1e999999999",
            "NaN",
        ]
    ),
    st.sampled_from(
        ["a@example.com", "A@Example.COM ", '"Ann" <ann@example.com>', "mailto:a@example.org", "a@münchen.de"]
    ),
    st.sampled_from(["+61 2 9876 5432", "0061298765432", "(02) 9876 5432", "61298765432", "tel:+1-415-555-2671;ext=9"]),
    st.sampled_from(["2026-01-02", "20260102", "--0415", "2026-01-02T03:04:05.678Z", "0001-01-01T00:00:00+14:00"]),
    st.sampled_from(["1767323045678", "-99999999999999", "http://[", "HTTPS://Example.com/", "a;b", ";", "red;Green"]),
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=True, allow_infinity=True), texts
)
labelled = st.fixed_dictionaries({"value": texts}, optional={"label": words, "preferred": st.booleans()})
values = st.one_of(scalars, scalars, st.lists(scalars, max_size=4), labelled, st.lists(labelled, max_size=4))

options = st.lists(
    st.builds(Option, key=st.sampled_from("abcde"), label=st.sampled_from(["Red", "red", "Green", "", "Yes", "No"])),
    max_size=4,
    unique_by=lambda option: option.key,
).map(tuple)
fields = st.builds(
    Field,
    name=st.just("field"),
    type=st.sampled_from(FieldType),
    multi_valued=st.booleans(),
    max_length=st.none() | st.integers(1, 20),
    precision=st.none() | st.sampled_from([0.001, 1, 2, 60]),
    options=options,
    region=st.sampled_from([None, "AU", "DE", "US"]),
)
