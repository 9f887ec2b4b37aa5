"""Outlook data files, by a library that is put in place of the real one.

No file of this kind could be had or made here: what the library gives is taken as its manual says.
"""

import sys
import types

import pytest

from hashmatch.evidence.members import pst, registry
from hashmatch.evidence.members.interface import LeftOut
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Reason, Rule
from tests.members_reader import read


class Thing:
    """Anything of the library: what it is told, and nothing else."""

    def __init__(self, **told):
        self.__dict__.update(told)


class Attachment(Thing):
    number_of_record_sets = number_of_sub_items = 0
    identifier = 77

    def __init__(self, content, name=None, **told):
        super().__init__(**told)
        self._content, self._name, self._place = content, name, 0

    def get_long_filename(self):
        return self._name

    def get_size(self):
        return None if self._content is None else len(self._content)

    def seek_offset(self, offset, whence):
        assert whence == 0
        self._place = offset

    def read_buffer(self, size):
        part = self._content[self._place : self._place + min(size, 1000)]
        self._place += len(part)
        return part


def message(*attachments):
    return Thing(number_of_attachments=len(attachments), get_attachment=attachments.__getitem__)


def folder(name, messages=(), folders=()):
    return Thing(
        get_name=lambda: name,
        number_of_sub_messages=len(messages),
        get_sub_message=messages.__getitem__,
        number_of_sub_folders=len(folders),
        get_sub_folder=folders.__getitem__,
    )


@pytest.fixture
def outlook(monkeypatch):
    """Put a library in place that gives one root folder and some orphans."""

    def install(root, orphans=()):
        file = Thing(
            open_file_object=lambda stream: stream.read(4) == b"!BDN" or 1 / 0,
            get_root_folder=lambda: root,
            number_of_orphan_items=len(orphans),
            get_orphan_item=orphans.__getitem__,
            close=lambda: None,
        )
        module = types.ModuleType("pypff")
        module.file = lambda: file
        monkeypatch.setitem(sys.modules, "pypff", module)

    return install


def test_attachments_of_folders_messages_in_messages_and_orphans(outlook):
    inner = message(Attachment(b"inner", "c.jpg"))
    holder = Attachment(None, number_of_sub_items=1, get_sub_item=lambda number: inner)
    holder.number_of_sub_items = 1
    names = Thing(number_of_entries=1, get_entry=lambda number: Thing(
        entry_type=0x3704, get_data_as_string=lambda: "SHORT~1.JPG"
    ))  # fmt: skip
    short = Attachment(b"s" * 5000, get_record_set=lambda number: names)
    short.number_of_record_sets = 1
    box = folder("กล่อง", [message(Attachment(b"first", "a.jpg"), short, holder)])
    root = folder(None, [], [box, folder("empty")])
    outlook(root, [message(Attachment(b"gone", "d.jpg")), Thing(get_name=lambda: "a folder")])
    found, end = read(pst, b"!BDN")
    assert end is None
    assert [(str(one.layer), data) for one, data, _ in found] == [
        ("pst:กล่อง/0/a.jpg;id=77;n=0", b"first"),
        ("pst:กล่อง/0/SHORT~1.JPG;id=77;n=1", b"s" * 5000),
        ("pst:กล่อง/0/2/c.jpg;id=77;n=0", b"inner"),
        ("pst:$orphans/0/d.jpg;id=77;n=0", b"gone"),
    ]
    assert [one.facts for one, _, _ in found[:3]] == [None] * 3
    assert found[3][0].facts.standing is Standing.ORPHAN


def test_what_the_library_cannot_read_is_told_and_the_rest_given(outlook):
    broken = Attachment(b"x", "broken.jpg")
    broken.get_size = lambda: 1 / 0
    short = Attachment(b"12345", "short.jpg")
    short.get_size = lambda: 9
    link = Attachment(None, "link.jpg")
    no_message = folder("bad")
    no_message.number_of_sub_messages = 1
    root = folder("", [message(broken, short, link, Attachment(b"ok", "ok.jpg"))], [no_message])
    outlook(root)
    found, end = read(pst, b"!BDN")
    assert [trouble for _, _, trouble in found] == [
        Reason.DAMAGED_CONTAINER, Reason.DAMAGED_CONTAINER, Rule.SYMLINK, None
    ]  # fmt: skip
    assert isinstance(found[2][0], LeftOut)
    assert end is Reason.DAMAGED_CONTAINER


def test_circles_of_folders_and_messages_end(outlook):
    root = folder("a")
    root.number_of_sub_folders, root.get_sub_folder = 1, lambda number: root
    outlook(root)
    assert read(pst, b"!BDN") == ([], Reason.LIMIT_DEPTH)
    circle = message()
    holder = Attachment(None, number_of_sub_items=1, get_sub_item=lambda number: circle)
    holder.number_of_sub_items = 1
    circle.number_of_attachments, circle.get_attachment = 1, lambda number: holder
    outlook(folder("b", [circle]))
    assert read(pst, b"!BDN") == ([], Reason.LIMIT_DEPTH)


def test_a_file_that_the_library_refuses_and_no_library(outlook, monkeypatch):
    assert registry.recognise(b"!BDN" + bytes(99), b"x") is pst
    pytest.importorskip("pypff")
    assert read(pst, b"!BDN" + bytes(1000)) == ([], Reason.DAMAGED_CONTAINER)
    monkeypatch.setitem(sys.modules, "pypff", None)
    assert read(pst, b"!BDN") == ([], Reason.NO_BACKEND)
