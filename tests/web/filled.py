"""A form of a page as a browser would send it: what is filled in, chosen and checked."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self, id: str) -> None:
        super().__init__()
        self.id, self.inside, self.disabled = id, False, False
        self.found: dict[str, list[str]] = {}
        self._select, self._options, self._area = "", list[tuple[str, bool]](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = at.get("id") == self.id
        if not self.inside:
            return
        if tag == "fieldset" and "disabled" in at:
            self.disabled = True
        name = at.get("name", "")
        if tag == "input" and name:
            if at.get("type") not in ("radio", "checkbox") or "checked" in at:
                self.found.setdefault(name, []).append(at.get("value", ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._options.append((at.get("value", ""), "selected" in at))
        elif tag == "textarea":
            self._area = name
            self.found[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected] or [each[0] for each in self._options[:1]]
            self.found.setdefault(self._select, []).extend(chosen)
            self._select = ""
        elif tag == "textarea" and self._area:
            self.found[self._area][0] = self.found[self._area][0].removeprefix("\n")
            self._area = ""
        elif tag == "form":
            self.inside = False


def filled(page: str, id: str = "step") -> dict[str, list[str]]:
    """Return what a browser would send of the form with this id, if nobody changed it."""
    reader = _Reader(id)
    reader.feed(page)
    reader.found.pop("csrfmiddlewaretoken", None)
    return reader.found


def is_disabled(page: str, id: str = "step") -> bool:
    """Tell whether the controls of a form cannot be used."""
    reader = _Reader(id)
    reader.feed(page)
    return reader.disabled
