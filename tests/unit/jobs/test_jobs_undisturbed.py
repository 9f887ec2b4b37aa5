"""Interruptions wait until a block of work is whole."""

import os
import signal
import threading

import pytest

from hashmatch.jobs.undisturbed import undisturbed


def test_an_interruption_comes_when_the_block_was_left_although_a_thread_could_take_it():
    over = threading.Event()
    idle = threading.Thread(target=over.wait)  # blocks no signal, as threads of libraries do
    idle.start()
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), undisturbed({signal.SIGINT}):
            os.kill(os.getpid(), signal.SIGINT)
            done += range(1000)
    finally:
        over.set()
        idle.join()
    assert len(done) == 1000


def test_a_signal_that_is_not_named_comes_at_once():
    class CameError(Exception):
        pass

    def come(_number, _frame):
        raise CameError

    before = signal.signal(signal.SIGUSR1, come)
    try:
        with pytest.raises(CameError), undisturbed({signal.SIGINT}):
            signal.raise_signal(signal.SIGUSR1)
            pytest.fail("it did not come")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_comes_where_nothing_came():
    with undisturbed({signal.SIGINT, signal.SIGTERM}):
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
