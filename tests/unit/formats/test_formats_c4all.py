"""C4All indexes and case databases: verbatim categories, no pictures, no other reports."""

import sqlite3

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import c4p5, registry
from hashmatch.model.records import Dropped, Loss
from tests.contract.format_contract import facts, losses, read, records

M = "76b38aee70875b2c64d6345713694bd6"


def index(inner, attributes=""):
    return f"<ReportIndex{attributes}>{inner}</ReportIndex>".encode()


def image(inner):
    return f"<Image><hash>{M}</hash>{inner}</Image>"


def database(script):
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    data = connection.serialize()
    connection.close()
    return data


@pytest.mark.parametrize("code", ["0", "1", "07", "Kategorie A"])
def test_categories_are_verbatim(code):
    data = index(image(f"<category>{code}</category>"))
    assert records("c4all", data)[0].category == code
    assert records("c4all", index(image("")))[0].category is None


def test_a_picture_inside_an_index_is_only_described():
    (record,) = records("c4all", index(image("<homePic><![CDATA[AAECAwQ=]]></homePic>")))
    assert record.fields["homePic"]["length"] == 5
    assert "AAECAwQ" not in str(record)


@pytest.mark.parametrize("element", ["<tagged>maybe</tagged>", "<fileSize>big</fileSize>"])
def test_a_value_that_cannot_be_read_is_a_loss_beside_the_record(element):
    data = index(image(element))
    assert losses("c4all", data) == [Dropped(1, Loss.BAD_VALUE, whole=False)]
    assert len(records("c4all", data)) == 1


def test_a_damaged_hash_loses_the_record_unless_another_survives():
    damaged = "<Image><hash>ZZ</hash></Image>"
    assert losses("c4all", index(damaged)) == [Dropped(1, Loss.NOT_HEX)]
    other = f"<Image><hash>ZZ</hash><sha1Hash>{'a1' * 20}</sha1Hash></Image>"
    assert losses("c4all", index(other)) == [Dropped(1, Loss.NOT_HEX, whole=False)]


def test_who_wrote_the_index_is_a_fact():
    said = facts("c4all", index(image(""), ' version="2.0" source="X-Ways"'))
    assert (said["format_version"], said["publisher"]) == ("2.0", "X-Ways")


def test_a_victim_report_is_refused_with_advice():
    data = b"<VictimIndex><Image><hash>x</hash></Image></VictimIndex>"
    assert registry.detect(data, "Victim Report.xml").name == "c4all"
    with pytest.raises(HashSetError, match=r"victim report.*C4P Index"):
        read("c4all", data)


def test_another_document_is_refused():
    with pytest.raises(HashSetError, match="outermost element is not ReportIndex"):
        read("c4all", b"<html><p/></html>")


def test_a_database_with_other_tables_is_refused():
    data = database("CREATE TABLE c4p_index(hash text)")
    assert registry.by_name("c4p5").detect(data, "x")
    with pytest.raises(HashSetError, match="no table c4p_index with hash and category"):
        read("c4p5", data)


def test_a_database_without_side_tables_is_read():
    data = database(
        "CREATE TABLE C4P_Index(Hash text, Category integer, homePic blob, tagged integer);"
        f"INSERT INTO C4P_Index VALUES('{M}', 3, x'00ff', 7), (NULL, 1, NULL, 0), (7, 1, 1.5, 1)"
    )
    (record,) = records("c4p5", data)
    assert (record.category, record.entry, record.flags) == ("3", None, {})
    assert "00ff" not in str(record.fields)
    assert losses("c4p5", data) == [
        Dropped(1, Loss.BAD_VALUE, whole=False),
        Dropped(2, Loss.NO_HASH),
        Dropped(3, Loss.WRONG_LENGTH),
    ]


@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_a_case_of_many_pictures_and_folders_is_read_in_full():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE c4p_index(hash text, category int, pathId int)")
    connection.execute("CREATE TABLE fileLookup(pathId int, path text)")
    rows = ((f"{number:032x}", 1, number % 15_000) for number in range(100_000))
    connection.executemany("INSERT INTO c4p_index VALUES(?, ?, ?)", rows)
    folders = ((number, f"/folder/{number}") for number in range(15_000))
    connection.executemany("INSERT INTO fileLookup VALUES(?, ?)", folders)
    connection.commit()
    found = records("c4p5", connection.serialize())
    connection.close()
    assert len(found) == 100_000
    assert found[-1].fields["lookedUpPath"] == f"/folder/{99_999 % 15_000}"


def test_far_more_folders_than_a_case_has_are_refused(monkeypatch):
    monkeypatch.setattr(c4p5, "_FOLDERS_LENGTH", 300)
    data = database(
        "CREATE TABLE c4p_index(pathId integer, hash text, category integer);"
        "CREATE TABLE fileLookup(pathId integer, path text);"
        "INSERT INTO fileLookup VALUES(1, 'b'), (2, 'a'), (3, 'c'), (4, NULL)"
    )
    with pytest.raises(HashSetError, match="far more folders"):
        records("c4p5", data)


def test_a_folder_listed_twice_repeats_no_picture():
    data = database(
        "CREATE TABLE c4p_index(pathId integer, hash text, category integer);"
        "CREATE TABLE fileLookup(pathId integer, path text);"
        "CREATE TABLE case_report(cat1 text, forensic text);"
        f"INSERT INTO c4p_index VALUES(1, '{M}', 1);"
        "INSERT INTO fileLookup VALUES(1, 'b'), (1, 'a')"
    )
    assert [one.fields["lookedUpPath"] for one in records("c4p5", data)] == ["a"]
