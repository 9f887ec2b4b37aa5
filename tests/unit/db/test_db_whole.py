"""A part of a list is not taken for the list."""

import pytest

from hashmatch.db.refusals import check_whole
from hashmatch.errors import HashSetError
from hashmatch.model.records import ListFacts
from tests.library_maker import (
    clock,
    description,
    entropy_from,
    install,
    list_file,
    make_library,
    record,
)

PAGE = {"partial": "it names a next page"}
LAST = {"partial": "it has fewer entries than it declares", "last_page": "it names no next page"}
WHOLE = {"encoding": "utf-8"}


@pytest.mark.parametrize("files", [[PAGE], [PAGE, PAGE], [LAST]])
def test_pages_without_the_last_one_are_refused_unless_that_is_accepted(files):
    with pytest.raises(HashSetError, match="only a part of the list") as caught:
        check_whole(files, accepted=False)
    assert files[-1]["partial"] in str(caught.value)
    check_whole(files, accepted=True)


@pytest.mark.parametrize("files", [[], [WHOLE], [PAGE, WHOLE], [WHOLE, PAGE], [PAGE, PAGE, LAST]])
def test_pages_with_the_last_one_are_a_whole_list(files):
    check_whole(files, accepted=False)


def test_changes_may_come_as_a_part(tmp_path):
    library = make_library(tmp_path)
    install(library, [record(1)])
    page = [record(2), ListFacts(PAGE)]
    with library.stage(
        description(), clock=clock, entropy=entropy_from(7), allow_expired=False, delta=True
    ) as builder:
        builder.add_file(iter(page), lambda: list_file("changes.json"))
        manifest = library.publish(builder)
    assert manifest.counts.kept == 2
