"""SQLite databases from outside: what is refused, what is stopped, what is read in windows."""

import io
import sqlite3

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry, sqlite_file, sqlite_joined
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.sqlite_file import columns, created, opened, unsorted
from hashmatch.formats.sqlite_joined import joined
from hashmatch.formats.sqlite_values import Taken
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, HashRecord, Loss
from tests.contract.test_formats_contract_legacy import IPED, KDB, RDS, M, database, rds_rows


def listed(name, stream):
    return list(registry.by_name(name).read(stream, ReadOptions()))


def kdb(*statements):
    return database(*KDB, *statements)


@pytest.fixture
def plain():
    return database("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)", "INSERT INTO t VALUES (1, 2)")


def ask(data, sql, *values):
    with opened(io.BytesIO(data)) as connection:
        return connection.execute(sql, values).fetchall()


def test_a_file_in_place_and_the_same_bytes_in_memory_read_alike(tmp_path, plain):
    path = tmp_path / "list ?#%41.db"
    path.write_bytes(plain)
    with path.open("rb") as stream, opened(stream) as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(1, "2")]
    assert ask(plain, "SELECT * FROM t") == [(1, "2")]
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


def test_only_select_works(plain):
    for sql in (
        "INSERT INTO t VALUES (3, 4)",
        "DROP TABLE t",
        "ATTACH 'x' AS y",
        "PRAGMA query_only=OFF",
        "CREATE TEMP TABLE u (a)",
        "SELECT load_extension('x')",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) SELECT count(*) FROM r",
    ):
        with pytest.raises(HashSetError, match="damaged or not what it says"):
            ask(plain, sql)


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0", b"x" * 200, b"SQLite format 2\0" * 9])
def test_another_file_is_refused(data):
    with pytest.raises(HashSetError, match="does not begin as an SQLite database"):
        ask(data, "SELECT 1")
    assert created(data) == frozenset()


@pytest.mark.parametrize("at", [18, 19])
def test_a_database_with_a_write_ahead_log_is_refused(plain, at):
    data = bytearray(plain)
    data[at] = 2
    with pytest.raises(HashSetError, match="write-ahead log"):
        ask(bytes(data), "SELECT 1")


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_changes_in_a_file_beside_the_database_are_not_passed_over(tmp_path, plain, ending):
    path = tmp_path / "list.db"
    path.write_bytes(plain)
    beside = tmp_path / f"list.db{ending}"
    beside.write_bytes(b"")
    with path.open("rb") as stream, opened(stream):
        pass
    beside.write_bytes(b"x")
    with (
        path.open("rb") as stream,
        pytest.raises(HashSetError, match=f"ending {ending} stands beside"),
        opened(stream),
    ):
        pass


@pytest.mark.parametrize("change", [-1, -512, 512, 1])
def test_a_database_of_another_length_than_it_says_is_refused(tmp_path, plain, change):
    data = plain[:change] if change < 0 else plain + bytes(change)
    with pytest.raises(HashSetError, match="cut off or was being written"):
        ask(data, "SELECT 1")
    (tmp_path / "list.db").write_bytes(data)
    with (
        (tmp_path / "list.db").open("rb") as stream,
        pytest.raises(HashSetError, match="cut off"),
        opened(stream),
    ):
        pass


def test_a_number_of_pages_that_is_out_of_date_is_not_believed(plain):
    data = bytearray(plain)
    data[28:32] = (99).to_bytes(4, "big")
    data[92:96] = b"\0\0\0\x63"
    assert ask(bytes(data), "SELECT a FROM t") == [(1,)]


def test_a_database_in_memory_has_a_limit(plain, monkeypatch):
    monkeypatch.setattr(sqlite_file, "IN_MEMORY", 1000)
    with pytest.raises(HashSetError, match="unpack it to a file"):
        ask(plain, "SELECT 1")


def test_a_database_that_was_removed_while_opened_is_refused(tmp_path, plain):
    path = tmp_path / "list.db"
    path.write_bytes(plain)
    with path.open("rb") as stream:
        path.rename(tmp_path / "other.db")
        with opened(stream) as connection:  # the link still leads to it
            assert connection.execute("SELECT a FROM t").fetchall() == [(1,)]
        (tmp_path / "other.db").unlink()
        stream.seek(0)
        with pytest.raises(HashSetError), opened(stream):
            pass


def test_a_name_that_leads_to_another_file_is_refused(tmp_path, plain, monkeypatch):
    path = tmp_path / "list.db"
    path.write_bytes(plain)
    real = sqlite3.connect

    def swap(*arguments, **words):
        connection = real(*arguments, **words)
        path.unlink()
        path.write_bytes(plain)
        return connection

    monkeypatch.setattr(sqlite3, "connect", swap)
    with (
        path.open("rb") as stream,
        pytest.raises(HashSetError, match="replaced or removed"),
        opened(stream),
    ):
        pass


def test_a_name_that_leads_nowhere_any_more_is_refused(tmp_path, plain, monkeypatch):
    path = tmp_path / "list.db"
    path.write_bytes(plain)
    real = sqlite3.connect

    def drop(*arguments, **words):
        connection = real(*arguments, **words)
        path.unlink()
        return connection

    monkeypatch.setattr(sqlite3, "connect", drop)
    with (
        path.open("rb") as stream,
        pytest.raises(HashSetError, match="replaced or removed"),
        opened(stream),
    ):
        pass


def test_endless_work_is_stopped(monkeypatch):
    monkeypatch.setattr(sqlite_file, "_STEPS_ANYWAY", 5)
    data = database(
        "CREATE TABLE t (a)",
        *["INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)"] * 5,
        "CREATE VIEW FILE AS SELECT x.a AS sha256, y.a AS sha1, z.a AS md5, 'n' AS file_name,"
        " 1 AS file_size, u.a AS package_id FROM t x, t y, t z, t u, t v WHERE x.a + u.a < 0",
        "CREATE TABLE PKG (package_id)",
    )
    with pytest.raises(HashSetError, match="more work than its size explains"):
        listed("nsrl-rds3", io.BytesIO(data))


def test_a_virtual_table_is_refused():
    data = database("CREATE VIRTUAL TABLE hashes USING fts5(md5)", *KDB[:1])
    with pytest.raises(HashSetError, match="virtual table"):
        listed("autopsy-kdb", io.BytesIO(data))


def test_columns_and_orders_are_told():
    data = database(
        'CREATE TABLE "a ""b" (X TEXT, y)', 'CREATE VIEW v AS SELECT X AS Z FROM [a "b]'
    )
    with opened(io.BytesIO(data)) as connection:
        assert columns(connection) == {'a "b': {"x", "y"}, "v": {"z"}}
        assert unsorted(connection, "SELECT * FROM v")
        assert not unsorted(connection, "SELECT * FROM v ORDER BY z")


def test_text_that_is_not_utf_8_is_read_with_marks():
    data = database("CREATE TABLE t (a TEXT)", ("INSERT INTO t VALUES (CAST(? AS TEXT))", b"a\xff"))
    assert ask(data, "SELECT a FROM t") == [("a\ufffd",)]


# rows with what belongs to them


def test_windows_join_every_row_once(monkeypatch):
    monkeypatch.setattr(sqlite_joined, "_WINDOW", 3)
    data = database(
        "CREATE TABLE main (id INTEGER PRIMARY KEY)",
        "CREATE TABLE side (name TEXT, id INTEGER)",
        *[("INSERT INTO main VALUES (?)", number * 2 - 7) for number in range(10)],
        *[("INSERT INTO side VALUES (?, ?)", str(n), (n * 5) % 20 - 7) for n in range(20)],
    )
    with opened(io.BytesIO(data)) as connection:
        query = "SELECT id, name FROM side WHERE id BETWEEN ? AND ?"
        found = list(joined(connection, "SELECT id FROM main ORDER BY id", [query]))
        asked = connection.execute("SELECT main.id, name FROM main JOIN side USING (id)").fetchall()
    assert [row for row, _ in found] == [(number * 2 - 7,) for number in range(10)]
    told = sorted((row[0], name) for row, (names,) in found for (name,) in names)
    assert told == sorted(asked)
    assert told


@pytest.mark.parametrize(
    ("table", "rows", "words"),
    [
        ("(id)", "(1)", "no key by which"),
        ("(id PRIMARY KEY)", "('x')", "not numbered"),
        ("(id PRIMARY KEY)", "(NULL), (NULL)", "not numbered"),
        ("(id); CREATE INDEX i ON main(id)", "(1), (1)", "not numbered"),
        ("(id); CREATE INDEX i ON main(id)", "(1), (2), (2), (3)", "repeat a number"),
    ],
)
def test_a_table_without_a_key_of_numbers_is_refused(monkeypatch, table, rows, words):
    monkeypatch.setattr(sqlite_joined, "_WINDOW", 2)
    first, _, second = f"CREATE TABLE main {table}".partition("; ")
    insert = "INSERT INTO main VALUES " + rows  # noqa: S608
    data = database(first, *([second] if second else []), insert)
    with (
        pytest.raises(HashSetError, match=words),
        opened(io.BytesIO(data)) as connection,
    ):
        list(joined(connection, "SELECT id FROM main ORDER BY id", []))


def test_far_too_many_texts_for_one_window_are_refused(monkeypatch):
    monkeypatch.setattr(sqlite_joined, "_ROWS_BESIDE", 2)
    data = kdb(
        ("INSERT INTO hashes (md5) VALUES (?)", bytes.fromhex(M[0])),
        "INSERT INTO comments VALUES ('a', 1), ('b', 1), ('c', 1)",
    )
    with pytest.raises(HashSetError, match="more than 2 texts"):
        listed("autopsy-kdb", io.BytesIO(data))


# Autopsy and IPED


def test_another_schema_version_of_autopsy_is_refused():
    for value in ("2", ""):
        insert = ("INSERT INTO db_properties VALUES ('Schema Version', ?)", value)
        data = database(*KDB[:-1], insert)
        with pytest.raises(HashSetError, match="schema version 1"):
            listed("autopsy-kdb", io.BytesIO(data))
    with pytest.raises(HashSetError, match="schema version 1"):
        listed("autopsy-kdb", io.BytesIO(database(*KDB[:-1])))


@pytest.mark.parametrize("name", ["autopsy-kdb", "iped-sqlite", "nsrl-rds3"])
def test_a_database_with_other_tables_is_refused(name):
    data = database("CREATE TABLE hashes (id)", "CREATE TABLE file (id)")
    with pytest.raises(HashSetError, match="check --format"):
        listed(name, io.BytesIO(data))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("autopsy-kdb", database(*KDB), "no hash"),
        ("iped-sqlite", database(*IPED), "no hash"),
        ("nsrl-rds3", database(*RDS), "no hash"),
    ],
)
def test_a_database_without_hashes_is_refused(name, data, words):
    with pytest.raises(HashSetError, match=words):
        listed(name, io.BytesIO(data))


def test_cells_of_other_types_are_losses_and_the_record_survives():
    data = kdb(
        ("INSERT INTO hashes VALUES (1, ?, x'00', 7)", bytes.fromhex(M[0])),
        ("INSERT INTO hashes VALUES (2, ?, '', x'')", M[1]),
        "INSERT INTO hashes VALUES (3, x'00', NULL, NULL)",
        "INSERT INTO hashes VALUES (4, NULL, NULL, NULL)",
        "INSERT INTO comments VALUES (x'ff', 2), (5, 2)",
    )
    events = listed("autopsy-kdb", io.BytesIO(data))[1:]
    assert [one for one in events if isinstance(one, Dropped)] == [
        Dropped(1, Loss.WRONG_LENGTH, whole=False),
        Dropped(1, Loss.BAD_VALUE, whole=False),
        Dropped(2, Loss.BAD_ENCODING, whole=False),
        Dropped(3, Loss.WRONG_LENGTH),
        Dropped(4, Loss.NO_HASH),
    ]
    found = [one for one in events if isinstance(one, HashRecord)]
    assert [[one.hex for one in record.digests] for record in found] == [[M[0]], [M[1]]]
    assert found[1].fields == {"comments": [None, "5"]}


def test_a_hash_given_twice_counts_once_and_numbers_are_texts():
    taken = Taken()
    for _ in range(2):
        taken.cell(Algorithm.MD5, bytes.fromhex(M[0]))
    assert len(taken.digests) == 1
    assert (taken.text(5), taken.text(None), taken.losses) == ("5", None, [])


def test_the_photodna_of_an_iped_row_is_read_value_by_value():
    import base64

    values = [base64.b64encode(bytes([at]) * 144).decode() for at in (1, 2)]
    data = database(
        *IPED,
        "INSERT INTO PROPERTIES VALUES (1, 'photoDna'), (2, 'fileLength')",
        ("INSERT INTO HASHES (HASH_ID, MD5) VALUES (1, ?)", bytes.fromhex(M[0])),
        ("INSERT INTO HASHES_PROPERTIES VALUES (1, 1, ?)", "|".join([*values, "AAAA"])),
        "INSERT INTO HASHES_PROPERTIES VALUES (1, 2, '5|6')",
    )
    events = listed("iped-sqlite", io.BytesIO(data))
    (record,) = [one for one in events if isinstance(one, HashRecord)]
    assert [one.value[0] for one in record.perceptual] == [1, 2]
    assert record.size is None
    assert [one.whole for one in events if isinstance(one, Dropped)] == [False]


def test_iped_properties_that_share_a_name_or_are_too_many(monkeypatch):
    data = database(
        *IPED[:1],
        IPED[1].replace(" UNIQUE", ""),
        IPED[2],
        "INSERT INTO PROPERTIES VALUES (1, 'set'), (2, 'set')",
        ("INSERT INTO HASHES (HASH_ID, MD5) VALUES (1, ?)", bytes.fromhex(M[0])),
        "INSERT INTO HASHES_PROPERTIES VALUES (1, 1, 'a'), (1, 2, 'b')",
    )
    (record,) = [
        one for one in listed("iped-sqlite", io.BytesIO(data)) if isinstance(one, HashRecord)
    ]
    assert record.fields == {"set": "a", "set#2": "b"}
    monkeypatch.setattr("hashmatch.formats.iped_sqlite._PROPERTIES", 1)
    with pytest.raises(HashSetError, match="more than 1 properties"):
        listed("iped-sqlite", io.BytesIO(data))


# NSRL


FULL = (
    (
        "CREATE TABLE METADATA (metadata_id, object_id INTEGER, file_name, extension, bytes, md5,"
        " sha1, sha256)"
    ),
    "CREATE TABLE PACKAGE_OBJECT (package_id INTEGER, object_id INTEGER UNIQUE NOT NULL)",
    "CREATE TABLE APPLICATION (package_id)",
    (
        "CREATE VIEW FILE AS SELECT UPPER(md.sha256) AS sha256, UPPER(md.sha1) AS sha1,"
        " UPPER(md.md5) AS md5, CASE md.extension WHEN '' THEN md.file_name ELSE"
        " md.file_name||'.'||md.extension END AS file_name, md.bytes AS file_size, po.package_id"
        " FROM METADATA AS md, PACKAGE_OBJECT AS po WHERE md.object_id = po.object_id"
    ),
    "INSERT INTO APPLICATION VALUES (10), (20)",
    "INSERT INTO PACKAGE_OBJECT VALUES (10, 1), (20, 2)",
)


def full(*rows):
    insert = "INSERT INTO METADATA VALUES (?, ?, ?, 'dll', ?, ?, ?, ?)"
    return database(
        *FULL,
        *(
            (insert, number, thing, f"n{number}", 7, byte * 32, byte * 40, byte * 64)
            for number, (thing, byte) in enumerate(rows)
        ),
    )


def nsrl(data):
    return [one for one in listed("nsrl-rds3", io.BytesIO(data)) if isinstance(one, HashRecord)]


def test_a_full_set_is_read_as_it_is_stored_without_a_sort():
    data = full((1, "a"), (2, "a"), (1, "b"), (1, "a"))
    assert registry.detect(data[:65536], "x").name == "nsrl-rds3"
    found = nsrl(data)
    told = [(one.place, one.parts, one.digests[0].hex[0], one.fields) for one in found]
    assert told == [
        (1, ("10", "20"), "a", {"file_name": "n0.dll", "file_names": 2}),
        (3, ("10",), "b", {"file_name": "n2.dll"}),
        (4, ("10",), "a", {"file_name": "n3.dll"}),
    ]
    events = listed("nsrl-rds3", io.BytesIO(data))
    said = {
        key: value for one in events if hasattr(one, "facts") for key, value in one.facts.items()
    }
    assert (said["shape"], said["order"], said["rows"]) == ("full", "as stored", "4")
    assert (said["packages"], said["looks_benign"]) == ("2", "nsrl")


def test_every_order_of_rows_gives_the_same_hashes_and_packages():
    def told(data):
        pairs = set()
        for one in nsrl(data):
            pairs.update((one.digests, part) for part in one.parts)
        return pairs

    rows = [(0, "a", 7, 1), (1, "b", 9, 3), (0, "b", 7, 2), (1, "b", 9, 1)]
    minimal = database(*RDS, *rds_rows(*rows))
    loose = database(RDS[0].partition(", CONSTRAINT")[0] + ")", *RDS[1:], *rds_rows(*rows))
    assert told(minimal) == told(loose)
    assert len(nsrl(minimal)) == 2
    assert len(nsrl(loose)) == 4


def test_a_group_without_end_becomes_several_records(monkeypatch):
    monkeypatch.setattr("hashmatch.formats.nsrl_rows._GROUP", 2)
    monkeypatch.setattr("hashmatch.formats.nsrl_rows._ROWS", 2)
    found = nsrl(database(*RDS, *rds_rows(*[(0, "a", 7, package) for package in range(5)])))
    assert [(one.place, one.parts) for one in found] == [
        (1, ("0", "1")),
        (3, ("2", "3")),
        (5, ("4",)),
    ]


def test_cells_of_an_nsrl_row_that_are_not_as_they_should_be():
    rows = rds_rows((0, "a", 7, 1), (0, "a", 8, 2))
    insert = rows[0][0]
    data = database(
        *RDS,
        *rows,
        (insert, "00", "G" * 40, M[1], b"\xff", "x", "p"),
        (insert, "01", "", "", "n", 3, 4),
        (insert, "02" * 32, "02" * 20, "02" * 16, "n", -3, 4),
    )
    events = listed("nsrl-rds3", io.BytesIO(data))
    assert [one for one in events if isinstance(one, Dropped)] == [
        Dropped(1, Loss.WRONG_LENGTH, whole=False),
        Dropped(1, Loss.NOT_HEX, whole=False),
        Dropped(1, Loss.BAD_VALUE, whole=False),
        Dropped(2, Loss.WRONG_LENGTH),
        Dropped(3, Loss.BAD_VALUE, whole=False),
        Dropped(4, Loss.BAD_VALUE, whole=False),
    ]
    found = [one for one in events if isinstance(one, HashRecord)]
    assert [(one.size, one.parts, one.fields) for one in found] == [
        (None, ("p",), {"file_name": "\ufffd"}),
        (None, ("4",), {"file_name": "n"}),
        (None, ("1", "2"), {"file_name": "a", "file_names": 1}),
    ]


def test_a_set_without_a_version_says_nothing_of_it():
    data = database(RDS[0], RDS[1], *rds_rows((0, "a", 7, 1)))
    events = listed("nsrl-rds3", io.BytesIO(data))
    assert not any("rds_version" in one.facts for one in events if hasattr(one, "facts"))
    data = database(*RDS[:3], *rds_rows((0, "a", 7, 1)))
    assert len(nsrl(data)) == 1


@pytest.mark.parametrize(
    ("name", "tables", "view"),
    [
        ("autopsy-kdb", KDB, "file_names"),
        ("autopsy-kdb", KDB, "comments"),
        ("iped-sqlite", IPED, "HASHES_PROPERTIES"),
    ],
)
def test_a_view_in_place_of_a_table_is_refused(name, tables, view):
    computed = f"CREATE VIEW {view} AS SELECT * FROM t"  # noqa: S608  # a constant
    data = database(*tables, f"ALTER TABLE {view} RENAME TO t", computed)
    with pytest.raises(HashSetError, match="a view where a table is expected"):
        listed(name, io.BytesIO(data))


def test_long_texts_are_joined_in_smaller_windows_and_lose_nothing(monkeypatch):
    data = kdb(
        *(("INSERT INTO hashes (md5) VALUES (?)", bytes([at]) * 16) for at in range(9)),
        *(("INSERT INTO comments VALUES (?, ?)", "x" * 50 + str(at), at) for at in range(1, 10)),
    )
    whole = listed("autopsy-kdb", io.BytesIO(data))
    monkeypatch.setattr(sqlite_joined, "_LONGEST", 120)
    assert listed("autopsy-kdb", io.BytesIO(data)) == whole
    monkeypatch.setattr(sqlite_joined, "_LONGEST", 40)
    with pytest.raises(HashSetError, match="far too long ones"):
        listed("autopsy-kdb", io.BytesIO(data))


def test_long_rows_of_one_content_become_several_records(monkeypatch):
    monkeypatch.setattr("hashmatch.formats.nsrl_rows._ROWS", 2)
    monkeypatch.setattr("hashmatch.formats.nsrl_rows._LONGEST", 1000)
    found = nsrl(database(*RDS, *rds_rows(*[(0, "a" * 400, 7, package) for package in range(5)])))
    assert [one.parts for one in found] == [("0", "1"), ("2", "3"), ("4",)]


def test_a_name_longer_than_any_is_refused():
    data = database(*RDS, *rds_rows((0, "a" * 9000, 7, 1)))
    with pytest.raises(HashSetError, match="TOOBIG"):
        nsrl(data)
