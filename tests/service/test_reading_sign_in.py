"""With whom people sign in: read with its defaults, given back as it was, and refused with its place."""

import pytest

from bothways import errors
from bothways.service.document import SecretPlace, SignInDocument
from bothways.service.reading import document_of
from bothways.service.reading_sign_in import sign_in_data
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import parse

HEAD = "version: 1\nsign_in:\n"
WHO = "  issuer: https://login.x.test/realm\n  client_id: bothways\n"
SECRET = "  client_secret: {env: OPENID}\n"


def read(text: str) -> SignInDocument | None:
    return document_of(parse(text, "bothways.yaml")).sign_in


def test_what_is_usual_is_read() -> None:
    assert read(HEAD + WHO + SECRET) == SignInDocument(
        "login.x.test",
        "https://login.x.test/realm",
        "bothways",
        SecretPlace("env", "OPENID"),
        ("profile",),
        "groups",
        {},
    )


def test_all_that_can_be_said_is_read_and_given_back() -> None:
    more = "  name: Ours\n  scopes: [email, roles]\n  claim: roles\n  roles: {staff: viewer, it: admin}\n"
    found = read(HEAD + WHO + "  client_secret: {file: s}\n" + more)
    assert found is not None
    assert (found.name, found.scopes, found.claim) == ("Ours", ("email", "roles"), "roles")
    assert found.roles == {"staff": "viewer", "it": "admin"}
    assert read(dumped({"version": 1, "sign_in": sign_in_data(found)})) == found


@pytest.mark.parametrize("text", ["version: 1\n", "version: 1\nsign_in:\n"])
def test_nobody_is_named_where_the_file_names_nobody(text: str) -> None:
    found = read(text)
    assert (found, sign_in_data(found)) == (None, {})


def test_provider_without_tls_must_be_allowed_by_name() -> None:
    plain = HEAD + WHO.replace("https", "http") + SECRET
    assert read(f"allow_hosts: [login.x.test]\n{plain}") is not None
    with pytest.raises(errors.WrongType):
        read(f"allow_hosts: [x.test]\n{plain}")


REFUSED: dict[str, tuple[str, type[errors.SettingsError], str, str]] = {
    "unknown key of the sign-in": (HEAD + WHO + SECRET + "  group: x\n", errors.UnknownKey, "6:3", "claim"),
    "no issuer": (HEAD + "  client_id: b\n" + SECRET, errors.MissingKey, "3:3", "issuer"),
    "no secret of the sign-in": (HEAD + WHO, errors.MissingKey, "3:3", "client_secret"),
    "secret of the sign-in in the file": (HEAD + WHO + "  client_secret: s3cret\n", errors.SecretInFile, "5:18", "env"),
    "issuer without TLS": (HEAD + WHO.replace("https", "http") + SECRET, errors.WrongType, "3:11", "allow_hosts"),
    "issuer with a password": (
        HEAD + WHO.replace("https://", "https://a:s3cret@") + SECRET,
        errors.WrongType,
        "3:11",
        "issuer",
    ),
    "unknown role": (HEAD + WHO + SECRET + "  roles: {it: boss}\n", errors.WrongType, "6:15", "viewer"),
    "a number for a group": (HEAD + WHO + SECRET + "  roles: {1: admin}\n", errors.WrongType, "6:11", "text"),
    "scopes in one word": (HEAD + WHO + SECRET + "  scopes: email\n", errors.WrongType, "6:11", "list"),
    "two scopes in one": (HEAD + WHO + SECRET + "  scopes: [a b]\n", errors.WrongType, "6:11", "list of words"),
}


@pytest.mark.parametrize(("text", "kind", "place", "word"), REFUSED.values(), ids=REFUSED)
def test_mistake_is_refused_with_its_place(text: str, kind: type[errors.SettingsError], place: str, word: str) -> None:
    with pytest.raises(kind) as refused:
        read(text)
    assert refused.value.where == f"bothways.yaml:{place}"
    assert word in str(refused.value)
    assert "s3cret" not in str(refused.value)
