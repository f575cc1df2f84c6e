"""One's own language and time zone, kept with the account."""

import pytest

from bothways.errors import LanguageUnknown, NotAllowed, TimeZoneUnknown
from bothways.service import accounts, preferences
from bothways.service.rights import Actor, Role
from tests.office import Office
from tests.service.test_second_factor import made


def test_what_is_chosen_is_kept_with_one_s_own_account_alone(office: Office) -> None:
    workspace = made(office)
    other = accounts.use_link(workspace, accounts.make_link(workspace, Role.ADMIN), "Bo Lind", "quite another long one")
    chosen = preferences.choose(workspace, "de", "Europe/Berlin")
    assert (chosen.name, chosen.language, chosen.time_zone) == ("Ana Ruiz", "de", "Europe/Berlin")
    found = {each.name: (each.language, each.time_zone) for each in accounts.list_accounts(workspace)}
    assert found == {"Ana Ruiz": ("de", "Europe/Berlin"), "Bo Lind": ("", "")}
    workspace.actor = Actor(other.name, Role.VIEWER, other.id)
    assert preferences.choose(workspace, "", "").name == "Bo Lind", "a viewer may, too"


def test_what_is_not_known_changes_nothing(office: Office) -> None:
    workspace = made(office)
    preferences.choose(workspace, "de", "Europe/Berlin")
    with pytest.raises(LanguageUnknown):
        preferences.choose(workspace, "xx", "UTC")
    for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "a\x00b", "x" * 5000):
        with pytest.raises(TimeZoneUnknown):
            preferences.choose(workspace, "en", zone)
    (row,) = accounts.list_accounts(workspace)
    assert (row.language, row.time_zone) == ("de", "Europe/Berlin")


def test_command_line_has_no_language_of_its_own(office: Office) -> None:
    workspace = office.open()
    workspace.actor = None
    with pytest.raises(NotAllowed):
        preferences.choose(workspace, "de", "")
