"""What a worker tells, and when."""

from hashmatch.jobs import telling as telling_module
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.telling import Telling
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Failed, Reason, Stage


class Pipe:
    def __init__(self):
        self.sent = []

    def send(self, answer):
        self.sent.append(answer)


def results(pipe):
    return sum(len(answer.results) for answer in pipe.sent)


def test_that_no_more_follows_is_said_also_when_all_was_told_before(monkeypatch):
    monkeypatch.setattr(telling_module, "_SILENCE", -1.0)
    pipe = Pipe()
    telling = Telling(pipe, Packing((Algorithm.SHA256,)))
    telling.add(Failed(b"a", Stage.READ, Reason.IO))
    assert results(pipe) == 1  # at once, since it had been silent for so long
    telling.flush(spent=True)
    assert (results(pipe), pipe.sent[-1].spent) == (1, True)


def test_nothing_is_sent_where_there_is_nothing_to_say():
    pipe = Pipe()
    Telling(pipe, Packing((Algorithm.SHA256,))).flush()
    assert pipe.sent == []
