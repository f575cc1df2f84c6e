"""What is served over HTTP: webhooks of apps, and how the service itself is doing."""

from bothways import boot

boot.prepare()
