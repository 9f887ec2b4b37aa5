import json
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from hashmatch.db.counts import Counts
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.filters import Filter
from hashmatch.db.manifest import Changes, ListFile, Manifest, Part
from hashmatch.db.strict import canonical
from hashmatch.errors import HashSetError, UsageError
from hashmatch.model.hashes import Algorithm
from hashmatch.model.hits import Disposition
from tests.library_maker import description


def counts():
    return Counts(
        read=10,
        kept=8,
        dropped=1,
        quarantined=1,
        values=Counter(md5=8, pdq=3),
        not_evaluated=Counter(photodna=4),
        dropped_by=Counter({"not-hexadecimal": 1}),
        quarantined_by=Counter({"empty-file": 1}),
        quarantined_values=Counter({"empty-file": 2}),
        dispositions=Counter(illegal=9),
    )


def manifest(**kwargs):
    stated = description(
        "ชุดทดสอบ",
        SetKind.CATEGORIZED,
        "vic-us",
        publisher="Example hotline",
        list_version="2026.3",
        list_date=date(2026, 3, 1),
        issued=date(2026, 3, 2),
        expires=date(2027, 3, 1),
        handling="TLP:RED",
        accept_losses=True,
        importer={"format": "vics"},
    )
    parts = {"exact.idx": Part(100, "cd" * 32), "records.db": Part(1 << 40, "ef" * 32)}
    given = {
        "stated": stated,
        "files": (ListFile("a.json", 5, "ab" * 32, {"context": "US"}),),
        "counts": counts(),
        "parts": parts,
        "salt": b"0123456789abcdef",
        "created": "2026-11-22T08:30:00+00:00",
        "supersedes": None,
    }
    return Manifest(**{**given, **kwargs})


def test_a_manifest_comes_back_as_it_was_written():
    for one in (manifest(), manifest(stated=description(), supersedes="0" * 32)):
        assert Manifest.from_bytes(one.to_bytes()) == one


def test_a_version_is_named_by_its_content():
    import hashlib

    one = manifest()
    assert one.version == hashlib.sha256(one.to_bytes()).hexdigest()[:32]
    assert manifest().version == one.version
    assert manifest(salt=b"another").version != one.version


def test_any_flipped_byte_gives_another_version_or_an_error():
    one = manifest()
    sound = one.to_bytes()
    for at in range(len(sound)):
        try:
            other = Manifest.from_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        except (HashSetError, UsageError):
            continue
        assert other.version != one.version


def changed(*path, value):
    form = json.loads(manifest().to_bytes())
    inner = form
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return canonical(form)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "hashmatch.set/9"),
        (("format",), None),
        (("future",), 1),
        (("stated", "kind"), "harmless"),
        (("stated", "expires"), "soon"),
        (("stated", "accept_losses"), 1),
        (("stated", "profile", "categories", "1", "disposition"), "harmless"),
        (("stated", "future"), 1),
        (("files", 0, "size"), -1),
        (("files", 0, "future"), 1),
        (("counts", "kept"), 9),
        (("counts", "dropped_by"), {}),
        (("counts", "future"), 1),
        (("parts", "exact.idx", "size"), "1"),
        (("parts", "exact.idx", "future"), 1),
        (("salt",), "xyz"),
        (("supersedes",), 1),
        (("created",), None),
    ],
)
def test_a_manifest_of_another_form_is_refused(path, value):
    with pytest.raises(HashSetError):
        Manifest.from_bytes(changed(*path, value=value))


def test_the_scheme_decides_and_is_named():
    one = manifest()
    assert (one.name, one.kind, one.scheme) == ("ชุดทดสอบ", SetKind.CATEGORIZED, "vic-us")
    assert one.disposition("1") is Disposition.ILLEGAL
    assert one.disposition(None) is Disposition.UNCATEGORIZED
    flat = manifest(stated=description(kind=SetKind.NCII))
    assert (flat.scheme, flat.disposition("1")) == (None, Disposition.NCII)


def test_a_list_expires_after_its_last_day():
    one = manifest()
    assert not one.expired(date(2027, 3, 1))
    assert one.expired(date(2027, 3, 2))
    assert not manifest(stated=description()).expired(date(9999, 1, 1))


def test_the_run_record_gets_every_field_it_promises():
    form = manifest().provenance()
    assert set(form) >= {
        *("name", "version", "kind", "scheme", "scheme_title", "categories", "publisher"),
        *("list_version", "list_date", "issued", "expires", "handling", "files", "records"),
        *("values", "not_evaluated", "dropped", "quarantined", "accepted_losses"),
    }
    assert form["records"] == {
        "read": 10,
        "kept": 8,
        "dropped": 1,
        "quarantined": 1,
        "unmatchable": 0,
    }
    assert form["categories"]["1"]["disposition"] == "illegal"
    assert form["scheme_title"]["th"]
    assert form["files"] == [{"name": "a.json", "size": 5, "sha256": "ab" * 32}]
    assert (form["dropped"], form["quarantined"]) == ({"not-hexadecimal": 1}, {"empty-file": 1})
    assert (form["expires"], form["accepted_losses"]) == ("2027-03-01", True)
    canonical(form)


def test_losses_are_accepted_only_where_there_were_some():
    whole = Counts(read=1, kept=1, dispositions=Counter(illegal=1))
    stated = description(accept_losses=True)
    form = manifest(stated=stated, counts=whole).provenance()
    assert form["accepted_losses"] is False
    assert (form["scheme"], form["scheme_title"], form["categories"]) == (None, None, {})


@pytest.mark.parametrize(
    "change",
    [
        {"read": 11},
        {"dropped": 2, "kept": 7},
        {"quarantined_by": Counter()},
        {"unmatchable": 9},
        {"dispositions": Counter(illegal=8)},
    ],
)
def test_numbers_that_do_not_add_up_are_noticed(change):
    assert counts().balanced
    assert not replace(counts(), **change).balanced


@pytest.mark.parametrize("name", ["", " a", "a\n", "a\u202eb", "a@1", "x" * 101])
def test_a_name_that_could_mislead_is_refused(name):
    with pytest.raises(UsageError):
        SetDescription(name, SetKind.ILLEGAL)


def test_dates_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match="expire before"):
        description(issued=date(2026, 2, 1), expires=date(2026, 1, 1))


def test_a_set_of_the_first_layout_is_refused_with_what_to_do():
    old = manifest().to_bytes().replace(b"hashmatch.set/5", b"hashmatch.set/4")
    with pytest.raises(HashSetError, match="import the list again"):
        Manifest.from_bytes(old)


def test_values_that_a_run_does_not_compare_are_listed_as_not_evaluated():
    whole = replace(
        counts(), values=Counter(md5=3, btih=2, photodna=4, pdq=1), not_evaluated=Counter(tlsh=5)
    )
    form = manifest(counts=whole).provenance({"md5", "pdq"})
    assert form["values"] == {"md5": 3, "pdq": 1}
    assert form["not_evaluated"] == {"btih": 2, "photodna": 4, "tlsh": 5}
    assert manifest(counts=whole).provenance()["values"] == whole.values


def test_changes_and_filters_come_back_and_are_told():
    one = Filter(Algorithm.SHA1, 10, "0.01", 7, 100, 9, 0)
    changes = Changes("ab" * 16, 1, 2, 3, Counter({"bad-value": 4}))
    whole = replace(counts(), carried=5, superseded=3, withdrawn=2)
    assert whole.balanced
    made = manifest(changes=changes, filters=(one,), counts=whole)
    assert Manifest.from_bytes(made.to_bytes()) == made
    form = made.provenance()
    numbers = {"base": "ab" * 16, "replaced": 1, "withdrawn": 2, "idle": 3}
    assert form["changes"] == numbers | {"lost": {"bad-value": 4}}
    assert form["filters"] == [one.to_json()]
    assert form["records"]["carried"] == 5
    wrong = made.to_bytes().replace(b'"algorithm":"sha1"', b'"algorithm":"crc9"')
    with pytest.raises(HashSetError, match="algorithm must be the name of a digest"):
        Manifest.from_bytes(wrong)
