import base64
import hashlib

import pytest

from hashmatch.db.description import SetKind
from hashmatch.errors import HashSetError, UsageError
from hashmatch.jobs.lookup import TYPES, How, lookup
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.photodna import variants
from hashmatch.model.records import HashRecord, MembershipFilter
from tests.library_maker import description, digests, install, make_library, pdq, record


def value(size):
    return hashlib.shake_128(b"made up").digest(size)


def everything():
    return HashRecord(
        1,
        tuple(Digest(one, value(one.size)) for one in Algorithm),
        tuple(PerceptualHash(one, value(one.size)) for one in Method),
        flags={"viewed_by_esp": True},
    )


@pytest.fixture
def library(tmp_path):
    library = make_library(tmp_path)
    install(library, [everything(), record(7), record(8, perceptual=(pdq(8),))])
    return library


@pytest.mark.parametrize("kind", TYPES)
def test_every_kind_of_hash_is_found_when_it_is_named(library, kind):
    found = lookup(library, [], [value(TYPES[kind].size).hex().upper()], How(kind))
    [answer] = found.answers
    assert (answer["record"], found.unheld) == (0, ())
    assert answer["claim"] == ("near" if kind in set(Method) else answer["claim"])
    assert answer["flags"] == {"viewed_by_esp": True}


def test_usual_spellings_are_read(library):
    spelled = {
        "photodna": base64.b64encode(value(144)).decode(),
        "tth": base64.b32encode(value(24)).decode().rstrip("="),
        "btih": base64.b32encode(value(20)).decode(),
        "aich": base64.b32encode(value(20)).decode(),
    }
    for kind, text in spelled.items():
        assert [one["record"] for one in lookup(library, [], [text], How(kind)).answers] == [0]


@pytest.mark.parametrize(
    ("method", "near", "far"),
    [(Method.PHASH, 8, 9), (Method.PDQ, 31, 32), (Method.VPDQ, 31, 32), (Method.AHASH, 8, 9)],
)
def test_each_method_has_its_usual_radius_in_bits(library, method, near, far):
    own = int.from_bytes(value(method.size))
    for bits, hits in ((near, 1), (far, 0)):
        text = (own ^ ((1 << bits) - 1)).to_bytes(method.size).hex()
        assert len(lookup(library, [], [text], How(method)).answers) == hits


@pytest.mark.parametrize(
    ("method", "bits", "claim", "disposition"),
    [
        (Method.PDQ, 31, "near", "suspected"),
        (Method.PDQ, 32, "lead", "uncategorized"),
        (Method.BLOCKMEAN, 32, "near", "suspected"),
    ],
)
def test_beyond_the_measured_bands_the_answer_is_a_lead(library, method, bits, claim, disposition):
    own = int.from_bytes(value(method.size))
    text = (own ^ ((1 << bits) - 1)).to_bytes(method.size).hex()
    (answer,) = lookup(library, [], [text], How(method, 40)).answers
    assert (answer["claim"], answer["disposition"]) == (claim, disposition)


@pytest.mark.parametrize("name", ["rot90", "flipy", "antitranspose"])
def test_a_photodna_value_of_a_turned_picture_is_found_and_the_turn_named(library, name):
    turned = variants(value(144))
    found = lookup(library, [], [turned[name].hex()], How("photodna", 0))
    (answer,) = found.answers
    assert answer["distance"] == 0
    assert variants(turned[name])[answer["variant"]] == value(144)


def test_the_nearest_turn_of_a_photodna_value_is_given_once(library):
    found = lookup(library, [], [value(144).hex()], How("photodna", 144 * 255**2))
    assert [(one["distance"], one["variant"]) for one in found.answers] == [(0, "identity")]


def test_photodna_has_its_usual_radius_and_another_is_taken(library):
    own = bytearray(value(144))
    own[0] = (own[0] + 100) % 256 if own[0] < 156 else own[0] - 100
    found = lookup(library, [], [own.hex()], How("photodna"))
    assert [one["distance"] for one in found.answers] == [10_000]
    assert lookup(library, [], [own.hex()], How("photodna", 9_999)).answers == []


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        (64, "--type sha256"),
        (64, "--type pdq"),
        (64, "--type vpdq"),
        (64, "--type pieces-root"),
        (16, "--type phash"),
        (16, "--type ahash"),
        (48, "--type tth"),
    ],
)
def test_a_length_of_several_kinds_is_refused_with_the_words_to_use(library, digits, words):
    with pytest.raises(UsageError, match=words):
        lookup(library, [], ["ab" * (digits // 2)], How())


@pytest.mark.parametrize(("digits", "kind"), [(32, "md5"), (40, "sha1"), (96, "sha384")])
def test_a_length_of_one_usual_kind_is_taken_for_it(library, digits, kind):
    found = lookup(library, [], [value(digits // 2).hex()], How())
    assert found.answers[0]["kind"] == kind
    assert kind in TYPES


@pytest.mark.parametrize(
    ("text", "kind"),
    [("zz" * 16, None), ("", None), ("ab" * 15, "md5"), ("ab", None), ("ab" * 16, "crc32")],
)
def test_what_is_no_hash_is_refused_without_being_repeated(library, text, kind):
    with pytest.raises(UsageError) as caught:
        lookup(library, [], [text], How(kind))
    assert not text or text not in str(caught.value)


def test_nothing_to_look_up_is_refused(library):
    with pytest.raises(UsageError, match="no value"):
        lookup(library, [], [], How())


def test_kinds_that_no_set_holds_are_named(tmp_path):
    library = make_library(tmp_path)
    install(library, [record(1)])
    found = lookup(library, [], [value(32).hex()], How("pdq"))
    assert (found.answers, found.unheld) == ([], ("pdq",))


def test_a_record_with_several_near_hashes_answers_once_with_the_nearest(tmp_path):
    library = make_library(tmp_path)
    own = int.from_bytes(value(32))
    frames = [PerceptualHash(Method.VPDQ, (own ^ bits).to_bytes(32)) for bits in (7, 1, 3)]
    install(library, [HashRecord(1, perceptual=tuple(frames))])
    found = lookup(library, [], [value(32).hex()], How("vpdq"))
    assert [one["distance"] for one in found.answers] == [1]


def test_a_filter_gives_a_hint_and_no_answer(tmp_path):
    library = make_library(tmp_path)
    ones = MembershipFilter(Algorithm.SHA1, 10, 0.01, 3, 64, 1, [b"\xff" * 8])
    manifest = install(library, [ones], description("known", SetKind.BENIGN))
    found = lookup(library, [], [value(20).hex()], How())
    assert (found.answers, found.unheld) == ([], ())
    assert found.hints == [
        {
            "value": value(20).hex(),
            "kind": "sha1",
            "found": False,
            "set": "known",
            "set_version": manifest.version,
            "hint": True,
        }
    ]
    assert lookup(library, [], [value(16).hex()], How()).unheld == ("md5",)


def test_an_equal_fingerprint_of_another_digest_is_no_answer(tmp_path):
    library = make_library(tmp_path)
    manifest = install(library, [record(n) for n in range(100)])
    with library.open_set(manifest.version) as installed:
        wanted = [digests(n)[0] for n in range(100)]
        installed._fingerprints.of = lambda digest, of=installed._fingerprints.of: of(wanted[3])
        assert installed.lookup([wanted[5], wanted[3]]) == [[], [3]]
        installed._fingerprints.of_many = lambda a, v, many=installed._fingerprints.of_many: many(
            a, wanted[3].value * (len(v) // 16)
        )
        assert installed.lookup(wanted) == [[3] if n == 3 else [] for n in range(100)]


def test_a_damaged_index_is_refused_by_the_look_up_itself(tmp_path):
    library = make_library(tmp_path)
    manifest = install(library, [record(n) for n in range(20)])
    path = library.folder / "sets" / manifest.version / "exact.idx"
    sound = bytearray(path.read_bytes())
    sound[80] ^= 1
    path.write_bytes(sound)
    with pytest.raises(HashSetError, match="damaged"):
        lookup(library, [], [digests(3)[0].hex], How())


def test_other_kinds_of_a_length_are_asked_where_a_set_holds_them(tmp_path):
    library = make_library(tmp_path)
    kinds = (Algorithm.ED2K, Algorithm.BTIH)
    install(library, [HashRecord(1, tuple(Digest(one, value(one.size)) for one in kinds))])
    for one in kinds:
        found = lookup(library, [], [value(one.size).hex()], How())
        assert [answer["kind"] for answer in found.answers] == [str(one)]
        assert found.unheld == ()
    missed = lookup(library, [], ["ab" * 16], How())
    assert missed.unheld == ("md5",)  # the usual kind was compared with nothing
    assert missed.unknown == [{"value": "ab" * 16, "found": False, "kinds": ["md5", "ed2k"]}]


def test_a_value_of_64_digits_is_never_guessed_even_where_one_kind_is_held(tmp_path):
    library = make_library(tmp_path)
    install(library, [record(1, digests=digests(1, Algorithm.SHA256))])
    with pytest.raises(UsageError, match="--type pdq"):
        lookup(library, [], ["ab" * 32], How())


def test_a_bad_value_is_named_by_its_number_and_never_repeated(library):
    with pytest.raises(UsageError, match="line 3: it is not hexadecimal") as refused:
        lookup(library, [], ["ab" * 16, "", "zq" * 16], How(numbered="line"))
    assert "zq" not in str(refused.value)
    with pytest.raises(UsageError, match="value 1: "):
        lookup(library, [], ["", "ab" * 16], How())


def test_sha1_is_read_in_base32_where_it_is_named(library):
    text = base64.b32encode(value(20)).decode()
    assert lookup(library, [], [text, text.lower()], How("sha1")).unknown == []
