"""From the file to the apps, and to what is said per app; secrets stand elsewhere and are only pointed to."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from bothways.connectors import registry
from bothways.connectors.base import Connector, Setting
from bothways.connectors.permissions import OAuth, oauth_of
from bothways.engine.sides import Side
from bothways.errors import MissingKey, NoCountry, SecretInFile, UnknownApp, UnknownConnector, WrongType
from bothways.records.normal import country_codes, country_of
from bothways.service.document import CLIENT_SECRET, RESERVE, AppDocument, OAuthDocument, SecretPlace
from bothways.service.yaml_file import Node, nearest, shown

APP = ("connector", "country", "auth")
"""What every app has beside the settings of its connector."""

COUNTED = ("limits",)
"""What an app has besides if it allows so many calls a day."""

OAUTH = ("client_id", CLIENT_SECRET, "authorize_url")
"""What stands under ``auth: oauth:``."""

LIMITS = ("reserve",)
MOST_RESERVED = 95.0
"""Percent of the calls of a day that can be left to others."""

APP_HINT = "Such as: connector: hubspot"
_COUNT = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def app_of(apps: Node, name: str) -> AppDocument:
    """Return one app of the file."""
    node = apps.node(name)
    if apps.data.get(name) is None:
        raise MissingKey(where=apps.key_place(name), key="connector", hint=APP_HINT)
    node.need("connector", APP_HINT)
    connector = node.text("connector")
    try:
        kind = registry.connector_class(connector)
    except UnknownConnector as error:
        raise UnknownConnector(where=node.value_place("connector"), **error.facts) from error
    auth, declared, way = node.node("auth"), kind.settings, oauth_of(kind)
    node.only((*keys_of(kind), *(each.name for each in declared if not each.auth)))
    auth.only((*(each.name for each in declared if each.auth), *(("oauth",) if way else ())))
    oauth = _oauth(auth, way)
    spared = way.instead_of if way and oauth else ""
    settings, secrets = {}, {}
    for each in declared:
        home = auth if each.auth else node
        if home.data.get(each.name) is None:
            if each.required and each.default is None and each.name != spared:
                raise MissingKey(where=home.place, key=each.name, hint=_hint(each))
            continue
        if each.name == spared:
            expected = "left out where the app lets us in by oauth"
            raise WrongType(where=home.value_place(each.name), key=each.name, expected=expected, got="both of them")
        if isinstance(home.data[each.name], Mapping):
            if not each.auth:
                raise home.wrong(each.name, "text")
            secrets[each.name] = secret_place(home, each.name)
        elif each.secret:
            raise SecretInFile(where=home.value_place(each.name), key=each.name, instead=secret_places(each.name))
        else:
            settings[each.name] = _plain(home, each, declared)
    _check_needs(node, auth, declared)
    defaults = {each.name: each.default for each in declared if each.default is not None}
    place, country, reserve = apps.key_place(name), _country(node), _reserve(node)
    return AppDocument(name, connector, {**defaults, **settings}, secrets, place, country, reserve, oauth)


def _oauth(auth: Node, way: OAuth | None) -> OAuthDocument | None:
    """Return by what an app knows us that lets us in by OAuth, None for one that does not."""
    if way is None or auth.data.get("oauth") is None:
        return None
    node = auth.node("oauth")
    node.only(OAUTH)
    node.need("client_id", "It is shown by the app, where yours is registered.")
    node.need(CLIENT_SECRET, f"Say where it is: {CLIENT_SECRET}: {{env: NAME}}")
    if not isinstance(node.data[CLIENT_SECRET], Mapping):
        where = node.value_place(CLIENT_SECRET)
        raise SecretInFile(where=where, key=CLIENT_SECRET, instead=secret_places(CLIENT_SECRET))
    address = ""
    if node.data.get("authorize_url") is not None:
        address = node.text("authorize_url")
        setting = Setting("authorize_url", "Address at which it is allowed", example=way.authorize)
        _check_address(node, setting, address_parts(address))
    return OAuthDocument(node.text("client_id"), secret_place(node, CLIENT_SECRET), address)


def keys_of(kind: type[Connector]) -> tuple[str, ...]:
    """Return what an app of this kind has beside the settings of its connector."""
    return (*APP, *COUNTED) if kind.quota else APP


def _reserve(node: Node) -> float:
    """Return the share of the calls of a day that is left to others, in percent."""
    limits = node.node("limits")
    limits.only(LIMITS)
    reserve = limits.percent("reserve", RESERVE)
    if reserve > MOST_RESERVED:
        expected, got = f"at most {MOST_RESERVED:g}%, or nothing is left to work with", shown(limits.data["reserve"])
        raise WrongType(where=limits.value_place("reserve"), key="reserve", expected=expected, got=got)
    return reserve


def _check_needs(node: Node, auth: Node, declared: Sequence[Setting]) -> None:
    """Refuse a setting that is of no use without another one."""
    homes = {each.name: auth if each.auth else node for each in declared}
    for each in declared:
        for need in each.needs if homes[each.name].data.get(each.name) is not None else ():
            if homes[need].data.get(need) is None:
                wanted = next(one for one in declared if one.name == need)
                hint = f"{each.name} is of no use without it. {_hint(wanted)}"
                raise MissingKey(where=homes[need].place, key=need, hint=hint)


def check_reached(app: AppDocument, url: str, place: str = "") -> None:
    """Refuse an app that must reach us, where ``url``, which stands at ``place``, is no address by which it can."""
    for each in registry.connector_class(app.connector).settings:
        if not each.reached or each.name not in app.settings:
            continue
        if not url:
            hint = f"{each.name} of {app.name} is of no use without it. Such as: public_url: https://sync.example.com"
            raise MissingKey(where=app.place, key="public_url", hint=hint)
        if not is_reached_safely(url):
            expected = f"an https address, since {app.name} sends webhooks to it"
            raise WrongType(where=place, key="public_url", expected=expected, got="another one")


def is_reached_safely(url: str) -> bool:
    """Tell whether what is sent to an address is encrypted, or never leaves this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _country(node: Node) -> str | None:
    """Return the country of an account; refuse what is none."""
    if node.data.get("country") is None:
        return None
    code = node.text("country")
    if code not in country_codes():
        meant = country_of(code)
        hint = f"Did you mean {meant}?" if meant else "Such as: country: GB"
        raise NoCountry(where=node.value_place("country"), country=code, hint=hint)
    return code


def _hint(setting: Setting) -> str:
    if setting.secret:
        return f"Say where it is: {setting.name}: {{env: NAME}}"
    return f"Such as: {setting.example}" if setting.example else ""


def secret_place(home: Node, key: str) -> SecretPlace:
    node = home.node(key)
    node.only(("env", "file"))
    if len(node.data) != 1:
        expected = "one of env: NAME and file: PATH"
        raise WrongType(where=home.value_place(key), key=key, expected=expected, got="something else")
    kind = next(iter(node))
    return SecretPlace(kind, node.text(kind))


def secret_places(key: str) -> str:
    """Return in the words of the file where a secret may be."""
    return f"{key}: {{env: NAME}} or {key}: {{file: PATH}}"


def _plain(home: Node, setting: Setting, declared: Sequence[Setting]) -> str:
    """Return a setting that is no secret, of the kind of its default or example: an address, a count, else any text."""
    key, value = setting.name, home.data[setting.name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise home.wrong(key, "text")
    text, sample = str(value), setting.default or setting.example
    if setting.choices and text not in setting.choices:
        expected = f"one of these: {', '.join(setting.choices)}"
        raise WrongType(where=home.value_place(key), key=key, expected=expected, got=shown(value))
    parts = address_parts(text)
    if parts is not None and parts.password is not None:
        secret = next((each.name for each in declared if each.secret), "password")
        raise SecretInFile(where=home.value_place(key), key=key, instead=f"under auth, as {secret_places(secret)}")
    if sample.startswith(("http://", "https://")):
        _check_address(home, setting, parts)
    elif _COUNT.fullmatch(sample) and not _COUNT.fullmatch(text):
        raise WrongType(where=home.value_place(key), key=key, expected="a whole number above 0", got=shown(value))
    return text


def _check_address(home: Node, setting: Setting, parts: SplitResult | None) -> None:
    """Refuse what is no web address, without repeating it: it may hold a password that is not seen as one."""
    where = home.value_place(setting.name)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        expected = f"a web address such as {setting.example or setting.default}"
        raise WrongType(where=where, key=setting.name, expected=expected, got="something else")
    if parts.username is not None:
        expected = "a web address without a user name, which belongs under auth"
        raise WrongType(where=where, key=setting.name, expected=expected, got="one with it")


def address_parts(url: str) -> SplitResult | None:
    """Return the parts of an address; None if it cannot be taken apart, down to its port."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def only_apps(node: Node, pair: Mapping[str, Side]) -> None:
    for app in node:
        if app not in pair:
            raise UnknownApp(where=node.key_place(app), name=app, hint=nearest(app, pair))
