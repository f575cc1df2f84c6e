"""How Django serves the pages. The database is ``boot``'s; nothing here is needed where no page is."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from bothways.ledger.models import Workspace as Row
from bothways.ledger.sessions import LASTS
from bothways.service.preferences import LANGUAGES

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Address:
    """Where the pages are reached: the host that is listened on, and the settings' ``public_url``, "" without one."""

    host: str = "127.0.0.1"
    public_url: str = ""

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by HTTPS alone."""
        return self.public_url.startswith("https://")


def configure(address: Address, key: str) -> None:
    """Set up Django for the pages in this process. ``key`` signs what they hand out; all processes share one."""
    parts = urlsplit(address.public_url)
    hosts = {"localhost", "127.0.0.1", "[::1]", address.host, parts.hostname or "localhost"}
    anywhere = address.host in ("0.0.0.0", "::") and not parts.hostname
    chosen = {
        "SECRET_KEY": key,
        "ALLOWED_HOSTS": ["*"] if anywhere else sorted(hosts),
        "CSRF_TRUSTED_ORIGINS": [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else [],
        "ROOT_URLCONF": "bothways.web.urls",
        "APPEND_SLASH": False,
        "MIDDLEWARE": [
            "bothways.web.middleware.secured",
            "django.middleware.gzip.GZipMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
            "bothways.web.middleware.SignedIn",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE / "templates"],
                "OPTIONS": {
                    "builtins": ["bothways.web.tags", "bothways.web.record_tags", "django.templatetags.i18n"],
                    "context_processors": ["bothways.web.context.everywhere"],
                },
            }
        ],
        "SESSION_ENGINE": "bothways.ledger.sessions",
        "SESSION_COOKIE_NAME": "bothways_session",
        "SESSION_COOKIE_AGE": LASTS,
        "SESSION_COOKIE_SECURE": address.secure,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": "bothways_csrf",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SECURE": address.secure,
        "CSRF_FAILURE_VIEW": "bothways.web.pages.failures.forged",
        "LANGUAGES": list(LANGUAGES.items()),
        "LOCALE_PATHS": [HERE / "locale"],
        "LANGUAGE_CODE": "en",
        "LANGUAGE_COOKIE_NAME": "bothways_language",
        "USE_I18N": True,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 2_000_000,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 20_000,  # a list of values has two for each
    }
    for name, value in chosen.items():
        setattr(settings, name, value)


def key_of_workspace() -> str:
    """Return the key that signs what the pages hand out, made with the first page, in the caller's use of the database.

    All processes of a workspace share it.
    """
    row, _made = Row.objects.get_or_create(defaults={"name": "workspace"})
    if not row.web_key:
        Row.objects.filter(pk=row.pk, web_key="").update(web_key=secrets.token_urlsafe(48))
        row.refresh_from_db()
    return row.web_key
