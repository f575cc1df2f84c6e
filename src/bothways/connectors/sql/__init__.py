"""Tables of SQL databases. PostgreSQL 13 and newer; what is PostgreSQL's own stands in ``postgresql/``.

Objects are the tables of one schema that have a primary key of whole numbers, texts or UUIDs, of one or more columns;
texts of a collation that takes different ones for the same (a nondeterministic one) are no key.
Columns are fields; a foreign key to another of these tables is a reference. Left out are views, partitioned tables,
and columns of raw bytes; json, arrays and whatever type is not known here are shown, and not written. A moment
without a zone is taken as UTC. The names of columns only propose default mappings.

Access: a role with USAGE on the schema and SELECT on the tables, and INSERT, UPDATE and DELETE (for undo) where it is
to write. ``check`` says in words what is missing. The password comes from the environment or a file. A host that is
not in allow_hosts must prove who it is, by the system's certificate authorities or by those of ``ca_file``; one that
is uses TLS if it has it. A pooler between must keep sessions together (session mode).

**Changes.** A cursor is a snapshot of the database: which transactions had ended when the last poll looked. A poll
asks for what all others have written, so that one that commits late, equal stamps, clocks that differ and applications
that do not touch ``updated_at`` play no part: no such column is needed or looked at. The rows are found in one of
two ways:

- as the table is: each row tells which transaction wrote it (xmin). The database looks through the whole table in each
  poll, and sends only what has changed. A row may be shown again while a transaction that is older than it stays
  open. Deleted rows are seen by the sweep of keys, once a day.
- with the helper tables (setting ``helper_tables: yes``): a trigger notes, in the transaction of each change, which
  row was changed, one note per row and no values. A poll reads the notes by an index, each change once, deleted
  rows too. A trigger that was dropped or off for a while, another server or a database that was put back make
  the listing begin anew. TRUNCATE, and changes while session_replication_role is replica, are seen by the sweep.

Bothways makes nothing in a database: ``python -m bothways.connectors.sql SCHEMA ROLE`` prints the SQL of the helper
tables, to be run by the owner of the tables, who then chooses what to watch:
``SELECT bothways_watch('companies')``. What it costs him: one more small write per changed row; and a transaction at
REPEATABLE READ that makes a row with the key of one deleted meanwhile is refused as a serialization failure.

**Writes.** A batch is one transaction. Each update and delete is made on the version that was read: an edit made
meanwhile is never overwritten. If a row is refused, the batch is done again with a savepoint before each row, so that
it fails alone, and what triggers have made of it is taken back as well; constraints that wait for the commit are asked
at once. What is answered is read at the end of the
transaction, after all triggers. A delete that would delete or change rows of other tables (ON DELETE CASCADE, SET
NULL, SET DEFAULT) is refused. Statements wait for a lock at most ``facts.LOCK_TIMEOUT`` seconds, no
transaction is open while another app is asked, and a server that stands still is left after ``facts.HANGS_AFTER``.

A commit that is not answered leaves the outcome unknown. An update is settled by reading. A create is found by its
mark, with the helper tables: the mark is stored in the transaction that makes the row, and to ask for one that is not
there bars it for ever, so that nothing can land afterwards. Without them it is found by a unique match field, else
among the rows that have come since.

The smallest number of statements, where ``pages(n, size) = ceil(n / size)``:

====================================  ==================================================================
first listing of n rows               pages(n + 1, 1000) list
poll without changes                  1 changes
poll with n changes                   pages(n + 1, 1000) changes
sweep of n rows                       pages(n + 1, 1000) list
n reads                               pages(n, 500) read, and 1 more if rows are missing
n creates or updates                  pages(n, 100) create or update: transactions of n statements
n deletes                             pages(n, 100) delete, and 4 schema for each
look-up of n unique values            pages(n, 500) find; a text is compared whatever its case, by reading the table
schema, count, check                  4 schema, 1 count, 2 or 3 check
====================================  ==================================================================

What it cannot do: name the field of a value that is not of its column's type, where several are written; see what
row security hides. Where policies concern our role, a row that is not seen may be hidden, so that none is ever told
to be deleted there, and nothing is deleted to which rows of such a table may belong.
"""

from bothways.connectors.sql.connector import Sql

__all__ = ["Sql"]
