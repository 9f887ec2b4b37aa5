"""A bundle is taken whole from whom one trusts, in its days, never an old one, or not at all."""

import datetime
import hashlib
import json
import struct

import pytest

from hashmatch.custody.keys import PublicKey, SigningKey
from hashmatch.db import bundle_seal
from hashmatch.db.bundle import MAGIC, Head, Signed
from hashmatch.db.description import SetKind
from hashmatch.db.keys import LibraryKey
from hashmatch.db.library import Library
from hashmatch.db.trust import id_of
from hashmatch.errors import HashSetError, OutputError, UsageError
from hashmatch.jobs import bundle, bundle_install, export_log
from hashmatch.jobs.export import Export, export
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import HashRecord, MembershipFilter
from tests.library_maker import description, digests, entropy_from, install
from tests.life_desk import LifeDesk, md5, table, vics

PASSPHRASE = "correct horse battery staple"  # noqa: S105  # of a test


class Post(LifeDesk):
    """A publisher with a key, and a receiver with a library of another key."""

    def __init__(self, root):
        super().__init__(root)
        self.keys = {}
        for name in ("unit-a", "second", "stranger"):
            path = root / f"{name}.pem"
            self.keys[name] = SigningKey.create(path, entropy_from(name))
        self.theirs = Library.create(
            root / "theirs",
            LibraryKey(b"t" * 32),
            clock=lambda: self.day,
            entropy=entropy_from("theirs"),
        )
        self.write("a.csv", table([["md5", "note"], *([md5(n), f"n{n}"] for n in range(9))]))
        self.write("v.json", vics({"MD5": md5("v"), "Category": 1, "PhotoDNA": "ab" * 144}))
        self.take("a.csv", name="tips", publisher="P")
        self.take("v.json", name="vic", scheme="vic-us")

    def bundle(self, name="b.hmb", *, signers=("unit-a",), export=(), **changes):
        words = {
            "sets": ("tips", "vic"),
            "publisher": "Unit A",
            "expires": datetime.date(2026, 12, 31),
            "passphrase": PASSPHRASE,
            "signing_keys": tuple(self.root / f"{one}.pem" for one in signers),
        } | changes
        out = Export("", "bundle", self.root / name, "for tests", **dict(export))
        return bundle.bundle(bundle.Bundling(out, **words), self.library, self.setting)

    def trust(self, *names):
        with self.theirs.changing() as pointer:
            trust = pointer.trust
            for name in names:
                trust = trust.with_key(name, self.keys[name].public)
            from dataclasses import replace

            self.theirs.point(replace(pointer, trust=trust))

    def install(self, name="b.hmb", **changes):
        words = {"passphrase": PASSPHRASE} | changes
        request = bundle_install.Installing(self.root / name, **words)
        return bundle_install.install(request, self.theirs, self.setting)


@pytest.fixture
def post(tmp_path):
    post = Post(tmp_path)
    post.trust("unit-a")
    return post


def content(library, name):
    with library.open_set(library.current(name).version) as installed:
        return [
            (one.digests, one.perceptual, one.category, dict(one.fields))
            for one in installed.records()
        ]


def installed(library):
    return sorted(library.pointer().current)


def test_sets_arrive_as_they_were_under_another_key(post):
    made = post.bundle(export={"include_photodna": True})
    done = post.install()
    assert done.signers == ("unit-a",)
    for name in ("tips", "vic"):
        assert content(post.theirs, name) == content(post.library, name)
        mine, theirs = post.library.current(name), post.theirs.current(name)
        assert theirs.stated.importer["origin_version"] == mine.version
        assert theirs.files[0].facts["head_sha256"] == made.head.reached.head
        assert theirs.scheme == mine.scheme
        assert theirs.version != mine.version
    assert post.theirs.current("tips").stated.publisher == "P"
    assert post.theirs.pointer().trust.highest[id_of(post.keys["unit-a"].public)].version == 1


def test_nothing_of_the_records_stands_in_the_clear(post):
    post.bundle(export={"include_photodna": True})
    data = (post.root / "b.hmb").read_bytes()
    assert bytes.fromhex(md5(1)) not in data
    assert md5(1).encode() not in data
    assert b"note" not in data


def test_losses_that_the_publisher_accepted_stay_said(post):
    post.write("l.csv", table([["md5", "note"], [md5("a"), ""], ["zz", ""]]))
    post.take("l.csv", name="loss", accept_losses=True)
    post.bundle(sets=("loss",))
    (theirs,) = post.install().manifests
    assert theirs.provenance()["accepted_losses"] is True
    assert theirs.changes.lost == post.library.current("loss").counts.losses


def test_photodna_and_marked_sets_stay_unless_allowed(post):
    assert post.bundle().written.values.total() == 1
    post.install()
    assert content(post.theirs, "vic")[0][1] == ()
    post.take("a.csv", name="tips", handling="TLP:RED")
    with pytest.raises(UsageError, match="TLP:RED"):
        post.bundle("c.hmb")
    post.bundle("c.hmb", export={"despite_handling": True})


def test_each_set_of_a_bundle_is_recorded_as_an_export(post):
    post.bundle()
    lines = export_log.exports(post.library)
    assert [(line["set"], line["writer"]) for line in lines] == [
        ("tips", "bundle"),
        ("vic", "bundle"),
    ]
    assert lines[0]["purpose"] == "for tests"
    data = (post.root / "b.hmb").read_bytes()
    for line in lines:
        assert (line["sha256"], line["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert line["bundle"]["version"] == 1
    assert sum(line["bundle"]["size"] for line in lines) < len(data)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"passphrase": "short"}, "passphrase is too short"),
        ({"threshold": 2}, "--threshold is not from 1 to 1"),
        ({"expires": datetime.date(2020, 1, 1)}, "expired before it was made"),
        ({"sets": ("nothing",)}, "no set nothing"),
    ],
)
def test_what_is_refused_leaves_no_bundle(post, changes, words):
    with pytest.raises(UsageError, match=words):
        post.bundle(**changes)
    assert not (post.root / "b.hmb").exists()


def test_numbers_only_rise(post):
    assert [post.bundle(f"{n}.hmb").head.version for n in range(3)] == [1, 2, 3]
    assert post.bundle("x.hmb", version=9).head.version == 9
    with pytest.raises(UsageError, match="had number 9"):
        post.bundle("y.hmb", version=9)


def test_a_bundle_of_a_stranger_is_refused(post):
    post.bundle(signers=("stranger",))
    with pytest.raises(HashSetError, match="no key that signed the bundle is trusted"):
        post.install()
    assert installed(post.theirs) == []


def test_only_the_keys_that_are_named_count(post):
    post.trust("second")
    post.bundle(signers=("unit-a",))
    with pytest.raises(HashSetError, match="no key that signed"):
        post.install(trust=("second",))
    with pytest.raises(UsageError, match="no trusted key nobody"):
        post.install(trust=("nobody",))
    post.install(trust=("unit-a",))


def forged(post, name, signers, **changes):
    """Give a bundle another head, signed anew."""
    from dataclasses import replace

    signed, start = bundle_install.look(post.root / name)
    head = replace(signed.head, **changes)
    rest = (post.root / name).read_bytes()[start:]
    keys = [post.keys[one] for one in signers]
    post.write("forged.hmb", Signed.sign(head, keys).to_bytes() + rest)


def test_a_trusted_key_does_not_publish_in_the_name_of_another(post):
    post.trust("second")
    post.bundle("1.hmb")
    post.install("1.hmb")
    post.bundle("2.hmb", signers=("second",))
    both = tuple(id_of(post.keys[one].public) for one in ("unit-a", "second"))
    forged(post, "2.hmb", ["second"], keys=both, version=1_000_000)
    with pytest.raises(HashSetError, match="publisher whose own key did not sign it"):
        post.install("forged.hmb")
    post.bundle("3.hmb", signers=("unit-a", "second"))
    with pytest.raises(HashSetError, match="publisher whose own key"):
        post.install("3.hmb", trust=("second",))
    post.install("3.hmb")


def test_a_bundle_holds_one_version_of_each_set(post):
    old = post.library.current("tips").version
    post.take("a.csv", name="tips")
    with pytest.raises(UsageError, match="two versions of one set"):
        post.bundle(sets=("tips", f"tips@{old}"))
    head = post.bundle(sets=("tips",)).head
    from dataclasses import replace

    with pytest.raises(HashSetError, match="one version of each set"):
        Head.from_bytes(replace(head, sets=head.sets * 2).to_bytes())
    with pytest.raises(HashSetError, match="no day before"):
        Head.from_bytes(replace(head, issued=datetime.date(2027, 1, 1)).to_bytes())


def test_a_bundle_from_the_future_is_refused_unless_allowed(post):
    post.day += datetime.timedelta(days=20)
    post.bundle()
    post.day -= datetime.timedelta(days=20)
    with pytest.raises(HashSetError, match="issued on 2026-12-12 and today is 2026-11-22"):
        post.install()
    post.install(allow_expired=True)
    assert post.theirs.current("tips").stated.importer["expired_allowed"] == "yes"


def test_records_that_are_swapped_after_they_were_checked_are_refused(post, monkeypatch):
    """The attacker has the passphrase, so that what is swapped in opens."""
    post.bundle(sets=("tips",))
    path = post.root / "b.hmb"
    signed, start = bundle_install.look(path)
    key = bundle.opening_key(signed.head, PASSPHRASE)
    with path.open("rb") as stream:
        stream.seek(start)
        content = bundle_seal.Unsealed(key, 0, stream, signed.head.sets[0].size).readall()
    others = (content.replace(md5(3).encode(), md5(f"x{n}").encode()) for n in range(500))
    sealed = (b"".join(bundle_seal.seal(key, 0, [other])) for other in others)
    fitting = next(one for one in sealed if len(one) == signed.head.sets[0].size)

    def swap(*words):
        path.write_bytes(path.read_bytes()[:start] + fitting)
        return refuse(*words)

    refuse = bundle_install._refuse_foreign
    monkeypatch.setattr(bundle_install, "_refuse_foreign", swap)
    with pytest.raises(HashSetError, match="not those that were signed"):
        post.install()
    assert installed(post.theirs) == []


def test_a_chunk_that_unpacks_to_more_than_a_chunk_is_refused(monkeypatch):
    import io

    key = LibraryKey(bytes(32))
    sealed = b"".join(bundle_seal.seal(key, 0, [bytes(100)]))
    monkeypatch.setattr(bundle_seal, "CHUNK", 10)
    with pytest.raises(HashSetError, match="do not open"):
        bundle_seal.Unsealed(key, 0, io.BytesIO(sealed), len(sealed)).readall()


def test_two_bundles_made_at_once_get_two_numbers(post, monkeypatch):
    """The second is made whole while the first is being written."""
    put = bundle.put
    inner = []

    def between(out, blocks):
        if not inner:
            inner.append(None)
            inner[0] = post.bundle("inner.hmb").head.version
        return put(out, blocks)

    monkeypatch.setattr(bundle, "put", between)
    assert {post.bundle("outer.hmb").head.version, inner[0]} == {1, 2}


def test_as_many_trusted_keys_must_sign_as_the_bundle_or_the_receiver_asks_for(post):
    post.bundle(signers=("unit-a", "second"), threshold=2)
    with pytest.raises(HashSetError, match="signed by 1 trusted keys and needs 2"):
        post.install()
    post.trust("second")
    assert post.install().signers == ("second", "unit-a")
    post.bundle("c.hmb")
    with pytest.raises(HashSetError, match="signed by 1 trusted keys and needs 2"):
        post.install("c.hmb", threshold=2)


def test_one_key_signing_twice_is_one_signature(post):
    with pytest.raises(UsageError, match="from 1 to 1"):
        post.bundle(signers=("unit-a", "unit-a"), threshold=2)


def test_an_expired_bundle_is_refused_unless_allowed_which_is_recorded(post):
    post.bundle()
    post.day += datetime.timedelta(days=100)
    with pytest.raises(HashSetError, match="expired on 2026-12-31"):
        post.install()
    post.install(allow_expired=True)
    assert post.theirs.current("tips").stated.importer["expired_allowed"] == "yes"


def test_an_older_bundle_is_refused_even_after_the_key_was_unpinned(post):
    post.bundle("1.hmb")
    post.bundle("2.hmb")
    post.install("2.hmb")
    with pytest.raises(HashSetError, match="number 1 and number 2 of the same publisher"):
        post.install("1.hmb")
    from dataclasses import replace

    with post.theirs.changing() as pointer:
        post.theirs.point(replace(pointer, trust=pointer.trust.without_key("unit-a")))
    post.trust("unit-a")
    with pytest.raises(HashSetError, match="number 1 and number 2"):
        post.install("1.hmb")
    post.install("2.hmb")  # the same one again does no harm


def test_two_bundles_of_one_number_are_refused(post):
    post.bundle("1.hmb")
    other = post.library.pointer()
    from dataclasses import replace

    with post.library.changing():
        post.library.point(replace(other, trust=replace(other.trust, issued={})))
    post.bundle("again.hmb", publisher="Unit A, again")
    post.install("1.hmb")
    with pytest.raises(HashSetError, match="another bundle with number 1"):
        post.install("again.hmb")


def test_a_wrong_passphrase_is_said(post):
    post.bundle()
    with pytest.raises(HashSetError, match="passphrase does not open the bundle"):
        post.install(passphrase="another passphrase altogether")  # noqa: S106
    assert installed(post.theirs) == []


def test_any_changed_byte_is_refused_and_installs_nothing(post):
    post.bundle()
    path = post.root / "b.hmb"
    sound = path.read_bytes()
    before = post.theirs.pointer()
    step = max(1, len(sound) // 60)
    for at in [*range(0, len(sound), step), *range(8, 16), len(sound) - 1]:
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        with pytest.raises(HashSetError) as caught:
            post.install()
        assert md5(1) not in str(caught.value)
    assert post.theirs.pointer() == before
    path.write_bytes(sound)
    post.install()


def test_a_cut_or_longer_file_is_refused(post):
    post.bundle()
    path = post.root / "b.hmb"
    sound = path.read_bytes()
    for end, words in (
        (len(sound) - 1, "is cut short"),
        (len(sound) // 2, "cut short"),
        (30, "cut short in its head"),
        (4, "not a bundle"),
        (0, "not a bundle"),
    ):
        path.write_bytes(sound[:end])
        with pytest.raises(HashSetError, match=words):
            post.install()
    path.write_bytes(sound + b"x")
    with pytest.raises(HashSetError, match="something after its end"):
        post.install()
    with pytest.raises(UsageError, match="cannot be read"):
        post.install("nowhere")


def test_records_of_another_bundle_are_refused_under_a_head_that_was_signed(post):
    post.bundle("1.hmb")
    post.bundle("2.hmb")
    signed, start = bundle_install.look(post.root / "1.hmb")
    other, begin = bundle_install.look(post.root / "2.hmb")
    assert [one.size for one in signed.head.sets] == [one.size for one in other.head.sets]
    mixed = (post.root / "1.hmb").read_bytes()[:start] + (post.root / "2.hmb").read_bytes()[begin:]
    post.write("mixed.hmb", mixed)
    with pytest.raises(HashSetError, match="the set tips are not those that were signed"):
        post.install("mixed.hmb")


def test_a_head_that_somebody_signs_anew_is_a_head_of_a_stranger(post):
    post.bundle()
    signed, start = bundle_install.look(post.root / "b.hmb")
    from dataclasses import replace

    forged = replace(signed.head, expires=datetime.date(2099, 1, 1))
    stranger = post.keys["stranger"]
    both = {**signed.signatures, **Signed.sign(forged, [stranger]).signatures}
    rest = (post.root / "b.hmb").read_bytes()[start:]
    post.write("f.hmb", Signed(forged, both).to_bytes() + rest)
    with pytest.raises(HashSetError, match="signature of unit-a does not hold"):
        post.install("f.hmb")
    post.trust("stranger")  # trusted, but not a key that this head names
    with pytest.raises(HashSetError, match="does not hold"):
        post.install("f.hmb")
    with pytest.raises(HashSetError, match="no key that signed"):
        post.install("f.hmb", trust=("stranger",))


def test_a_set_that_is_described_otherwise_than_its_signed_head_says_is_refused(post, monkeypatch):
    from dataclasses import replace

    bundled = bundle._bundled
    with monkeypatch.context() as changed:
        changed.setattr(
            bundle, "_bundled", lambda *words: replace(bundled(*words), kind="benign", scheme=None)
        )
        post.bundle()
    with pytest.raises(HashSetError, match="described otherwise"):
        post.install()
    assert installed(post.theirs) == []


def test_a_bundle_takes_no_place_of_a_set_from_elsewhere_unless_told(post):
    post.bundle()
    post.install()
    post.bundle("2.hmb")
    post.install("2.hmb")  # of the same publisher
    other = LifeDesk.__new__(LifeDesk)
    other.__dict__ |= {**post.__dict__, "library": post.theirs}
    other.take("a.csv", name="tips")
    post.bundle("3.hmb")
    with pytest.raises(UsageError, match="a set tips that did not come from this publisher"):
        post.install("3.hmb")
    assert post.install("3.hmb", replace=True).manifests[0].supersedes


def test_a_failing_install_leaves_the_library_as_it_was(post, monkeypatch):
    post.bundle()
    before = {path: path.stat().st_mtime_ns for path in post.theirs.folder.rglob("*.json")}

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "point", stop)
    with pytest.raises(KeyboardInterrupt):
        post.install()
    monkeypatch.undo()
    assert installed(post.theirs) == []
    assert all(path.stat().st_mtime_ns == mtime for path, mtime in before.items())
    assert not list(post.theirs.folder.rglob(".staging-*"))
    post.install()


def test_a_bundle_that_cannot_be_written_is_removed(post, monkeypatch):
    def full(*_):
        raise OutputError

    monkeypatch.setattr(export_log, "enter", full)
    with pytest.raises(OutputError):
        post.bundle()
    assert not (post.root / "b.hmb").exists()


def test_a_filter_is_not_bundled_and_counted_as_left_out_of_an_export(post):
    bits = MembershipFilter(Algorithm.SHA1, 10, 0.01, 3, 128, 1, [bytes(range(16))])
    known = HashRecord(1, digests(1))
    install(post.library, [known, bits], description("benign", SetKind.BENIGN), seed=5)
    with pytest.raises(HashSetError, match="the set benign is a filter"):
        post.bundle(sets=("benign",))
    request = Export("benign", "ndjson", post.root / "out", "x")
    assert export(request, post.library, post.setting).written.left_out.total() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"format": "hashmatch.bundle/2"},
        {"threshold": 0},
        {"threshold": 5},
        {"sets": []},
        {"keys": ["a", "a"]},
        {"keys": "a"},
        {"expires": "soon"},
        {"more": 1},
    ],
)
def test_a_head_of_another_form_is_refused(post, change):
    form = json.loads(post.bundle().head.to_bytes()) | change
    data = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(HashSetError):
        Head.from_bytes(data)


def test_a_head_is_bounded(tmp_path):
    import io

    with pytest.raises(HashSetError, match="cut short in its head"):
        Signed.read(io.BytesIO(MAGIC + struct.pack(">I", 0xFFFFFFFF) + b"{}"))


def test_sealed_content_comes_back_and_no_chunk_can_be_left_out(monkeypatch):
    import io

    monkeypatch.setattr(bundle_seal, "CHUNK", 10)
    key = LibraryKey(bytes(32))
    for size in (0, 1, 10, 11, 35):
        plain = bytes(range(size))
        frames = list(bundle_seal.seal(key, 3, [plain[:7], plain[7:]]))
        sealed = b"".join(frames)
        whole = bundle_seal.Unsealed(key, 3, io.BytesIO(sealed), len(sealed))
        assert whole.readall() == plain
        if len(frames) > 1:
            for wrong in (frames[:-1], frames[1:], [frames[1], frames[0], *frames[2:]]):
                data = b"".join(wrong)
                with pytest.raises(HashSetError, match="do not open"):
                    bundle_seal.Unsealed(key, 3, io.BytesIO(data), len(data)).readall()
        with pytest.raises(HashSetError):
            bundle_seal.Unsealed(key, 4, io.BytesIO(sealed), len(sealed)).readall()
        with pytest.raises(HashSetError):
            bundle_seal.Unsealed(key, 3, io.BytesIO(sealed[:-1]), len(sealed)).readall()


def test_keys_are_pinned_once_under_a_name_that_can_be_shown(post):
    trust = post.theirs.pointer().trust
    for name, key in (("unit-a", post.keys["second"]), ("other", post.keys["unit-a"])):
        with pytest.raises(UsageError, match="already a trusted key"):
            trust.with_key(name, key.public)
    with pytest.raises(UsageError, match="visible characters"):
        trust.with_key(" \n", PublicKey(bytes(32)))
    with pytest.raises(UsageError, match="no trusted key nobody; there are unit-a"):
        trust.without_key("nobody")


def test_a_pinned_key_cannot_be_planted_without_the_librarys_key(post):
    path = post.theirs.folder / "current.json"
    raw = post.keys["unit-a"].public.raw.hex()
    path.write_bytes(
        path.read_bytes().replace(raw.encode(), post.keys["stranger"].public.raw.hex().encode())
    )
    with pytest.raises(HashSetError, match="altered by somebody without the key"):
        post.theirs.pointer()
