"""The tables: made from nothing by the migrations, and exactly those of the models."""

from io import StringIO

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def test_migrations_say_all_that_the_models_say() -> None:
    out = StringIO()
    call_command("makemigrations", "--check", "--dry-run", verbosity=1, stdout=out)
    assert "No changes detected" in out.getvalue()


def test_all_migrations_are_applied_and_make_every_table() -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    tables = set(connection.introspection.table_names())
    assert {model._meta.db_table for model in apps.get_app_config("ledger").get_models()} <= tables


def test_migrating_again_changes_nothing() -> None:
    before = connection.introspection.table_names()
    call_command("migrate", verbosity=0, interactive=False)
    assert connection.introspection.table_names() == before


def test_every_table_carries_its_workspace_from_the_first_migration() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_app_config("ledger").get_models():
            table = model._meta.db_table
            columns = {each.name for each in connection.introspection.get_table_description(cursor, table)}
            assert table == "workspace" or "workspace_id" in columns, table
