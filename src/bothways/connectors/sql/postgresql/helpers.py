"""The helper tables: SQL that the owner of a database runs if he likes. Nothing here is ever run by Bothways."""

from bothways.connectors.sql.facts import CHANGES, MARKS, NOTE, WATCH

_SCRIPT = """\
-- Helper tables of Bothways in schema {schema}, to be run once by the owner of its tables:
--   {changes} says which transaction changed each row of a watched table last, deleted rows too;
--   {marks} holds the marks of rows that Bothways made, so that none is made twice after a crash.
-- Neither holds any value of your rows but their keys.
BEGIN;

CREATE TABLE {schema}.{changes} (
    relid oid NOT NULL,
    key text[] COLLATE "C" NOT NULL,
    xid xid8 NOT NULL,
    PRIMARY KEY (relid, key)
);
CREATE INDEX ON {schema}.{changes} (relid, xid);

CREATE TABLE {schema}.{marks} (
    marker text PRIMARY KEY,
    relid oid NOT NULL,
    key text[],
    made_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION {schema}.{note}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    key_of text;
    old_key text[];
    new_key text[];
BEGIN
    -- Only the columns of the key are looked at, however large the others are.
    SELECT format('SELECT ARRAY[%s]', string_agg(format('($1).%I::text', TG_ARGV[i]), ', ' ORDER BY i))
    INTO key_of FROM generate_series(0, TG_NARGS - 1) AS i;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            EXECUTE key_of INTO old_key USING OLD;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            EXECUTE key_of INTO new_key USING NEW;
        END IF;
    EXCEPTION WHEN undefined_column THEN
        RETURN NULL;  -- the table has another key by now: Bothways sees that, and goes by the rows themselves
    END;
    INSERT INTO {schema}.{changes} AS c (relid, key, xid)
    SELECT DISTINCT TG_RELID, noted, pg_current_xact_id() FROM (VALUES (old_key), (new_key)) AS k(noted)
    WHERE noted IS NOT NULL
    ON CONFLICT (relid, key) DO UPDATE SET xid = excluded.xid WHERE c.xid <> excluded.xid;
    RETURN NULL;
END
$body$;
REVOKE ALL ON FUNCTION {schema}.{note}() FROM PUBLIC;

-- Watch one table of this schema: SELECT {schema}.{watch}('companies');
-- No longer: DROP TRIGGER {note} ON {schema}.companies;
CREATE FUNCTION {schema}.{watch}(watched regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    names text;
BEGIN
    SELECT string_agg(quote_literal(a.attname), ', ' ORDER BY k.n) INTO STRICT names
    FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, n), pg_attribute a
    WHERE i.indrelid = watched AND i.indisprimary AND a.attrelid = watched AND a.attnum = k.num;
    IF names IS NULL THEN
        RAISE EXCEPTION '% has no primary key', watched;
    END IF;
    EXECUTE format('CREATE TRIGGER {note} AFTER INSERT OR UPDATE OR DELETE ON %s '
        'FOR EACH ROW EXECUTE FUNCTION {schema_text}.{note}(%s)', watched, names);
END
$body$;
REVOKE ALL ON FUNCTION {schema}.{watch}(regclass) FROM PUBLIC;

GRANT SELECT ON {schema}.{changes} TO {role};
GRANT SELECT, INSERT ON {schema}.{marks} TO {role};
COMMIT;
"""


def script(schema: str, role: str) -> str:
    """Return the SQL that makes the helper tables in a schema, for Bothways to connect as this role."""
    return _SCRIPT.format(
        schema=quoted(schema),
        schema_text=quoted(schema).replace("%", "%%").replace("'", "''"),
        role=quoted(role),
        changes=CHANGES,
        marks=MARKS,
        note=NOTE,
        watch=WATCH,
    )


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
