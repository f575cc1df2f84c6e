"""A sync as YAML on a page: taken along, edited, compared, applied; refused with its line, and with both versions."""

import html
import re

import pytest

from bothways.errors import AppUnreachable
from bothways.service import settings_text, syncs
from bothways.service.rights import Role
from tests.office import Office
from tests.web.browser import Answer, Browser
from tests.web.filled import filled

BOTH_WAYS = pytest.mark.parametrize("htmx", [True, False], ids=["with script", "without"])
HERE = "/syncs/people/yaml"


class Editor(Browser):
    """A browser with the page of the YAML open."""

    def __init__(self, office: Office, role: Role = Role.EDITOR) -> None:
        super().__init__(office.open())
        self.sign_up("Ana Ruiz", role)
        self.page = self.get(HERE).text

    @property
    def text(self) -> str:
        """What stands in the text area."""
        return filled(self.page, "edit-text")["text"][0]

    def send(self, text: str, do: str = "compare", *, htmx: bool = False, over: str = "") -> Answer:
        """Press a button with another text in the area."""
        form = {**filled(self.page, "edit-text"), "text": text.replace("\n", "\r\n"), "do": do}
        if over:
            form["over"] = over
        answer = self.post(HERE, htmx=htmx, **form)  # type: ignore[arg-type]
        if answer.text:
            self.page = answer.text
        return answer


def words(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@BOTH_WAYS
def test_text_is_compared_and_then_applied(office: Office, htmx: bool) -> None:
    here = Editor(office)
    assert here.text == syncs.export(here.workspace, "people")
    edited = here.text.replace("first_run: 1000", "first_run: 7")
    answer = here.send(edited, htmx=htmx)
    assert (answer.status, "<html" in answer.text) == (200, not htmx)
    assert "1 change Changes Setting In force In this text Safety limits: records of the first run 1000 7" in words(
        answer.text
    )
    assert (here.text, "Apply 1 change" in words(answer.text)) == (edited, True)
    assert "first_run: 1000" in office.file.read_text(), "nothing is saved yet"
    answer = here.send(edited, "apply", htmx=htmx)
    assert (answer.status, answer.headers["hx-redirect"] if htmx else answer.location) == (200 if htmx else 303, HERE)
    assert "first_run: 7" in office.file.read_text()
    assert "1 change of people is in force." in here.get(HERE).text
    assert here.triggered


def test_text_that_was_edited_after_it_was_compared_is_compared_once_more(office: Office) -> None:
    here = Editor(office)
    edited = here.text.replace("first_run: 1000", "first_run: 7")
    here.send(edited)
    answer = here.send(edited.replace("first_run: 7", "first_run: 8"), "apply")
    assert (answer.status, "was edited after it was compared" in answer.text) == (200, True)
    assert "first_run: 1000" in office.file.read_text()
    assert here.send(here.text, "apply").status == 303
    assert "first_run: 8" in office.file.read_text()


@BOTH_WAYS
def test_what_is_wrong_is_told_with_line_and_column_and_the_text_stays(office: Office, htmx: bool) -> None:
    here = Editor(office)
    wrong = here.text.replace("guards:", "gaurds:")
    answer = here.send(wrong, htmx=htmx)
    assert answer.status == 422
    assert 'Line 12, column 5: The key "gaurds" is not known here.' in words(answer.text)
    assert '<pre class="yaml">    gaurds:' in answer.text
    assert 'aria-invalid="true" aria-describedby="error"' in answer.text
    assert here.text == wrong


def test_app_that_cannot_be_asked_and_text_that_says_more_are_told(office: Office) -> None:
    here = Editor(office)
    edited = here.text.replace("first_run: 1000", "first_run: 7")
    here.send(edited)
    office.bert.fail("check", AppUnreachable(app="Bert", reason="no route"), times=9)
    answer = here.send(edited, "apply")
    assert (answer.status, "no route" in answer.text, here.text) == (422, True, edited)
    assert "first_run: 1000" in office.file.read_text()
    answer = here.send(edited.replace("version: 1\n", "version: 1\npublic_url: https://x.test\n"))
    assert "Only the settings of people can be changed here" in words(answer.text)


@BOTH_WAYS
def test_both_versions_are_shown_where_somebody_else_was_faster(office: Office, htmx: bool) -> None:
    here = Editor(office)
    mine = here.text.replace("first_run: 1000", "first_run: 7")
    here.send(mine)
    theirs = here.text.replace("first_run: 7", "first_run: 1000").replace("max_emptied: 1000", "max_emptied: 3")
    settings_text.apply(office.open(), "people", theirs)
    here.workspace = office.open()
    answer = here.send(mine, "apply", htmx=htmx)
    assert (answer.status, here.text) == (422, mine)
    held = re.search(r"<pre[^>]*><code>(.*?)</code>", answer.text, re.DOTALL)
    assert held
    assert "max_emptied: 3" in held[1]
    assert "first_run: 7" not in office.file.read_text()
    over = re.search(r'name="over" value="(\d+)"', answer.text)
    assert over
    answer = here.send(mine, htmx=htmx, over=over[1])
    assert "2 changes" in words(answer.text)
    answer = here.send(mine, "apply", htmx=htmx)
    assert (answer.status in (200, 303), answer.text) == (True, "")
    assert ("first_run: 7" in office.file.read_text(), "max_emptied: 1000" in office.file.read_text()) == (True, True)


def test_file_is_what_is_in_force(office: Office) -> None:
    here = Editor(office)
    answer = here.get(f"{HERE}/file")
    assert answer.text == syncs.export(here.workspace, "people")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''people.yaml"


def test_viewer_sees_it_and_is_told_who_can_change_it(office: Office) -> None:
    admin = Browser(office.open())
    admin.sign_up("Ana Ruiz")
    here = Browser(office.open())
    here.sign_up("Vera Holt", Role.VIEWER)
    page = here.get(HERE).text
    assert ("<textarea" in page, "admins here: Ana Ruiz" in words(page), "objects:" in page) == (False, True, True)
    assert here.post(HERE, text="version: 1").status == 403
