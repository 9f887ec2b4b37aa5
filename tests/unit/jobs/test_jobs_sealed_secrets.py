"""Other passwords are another plan, and the plan does not tell them."""

import hashlib
import os

from hashmatch.custody.keys import SigningKey
from hashmatch.jobs import sealed_secrets
from hashmatch.model.secrets import Secrets


def test_other_secrets_give_another_word_and_the_same_ones_the_same(tmp_path):
    keys = [SigningKey.create(tmp_path / name, os.urandom) for name in ("a.pem", "b.pem")]
    secrets = [
        *(
            Secrets(),
            Secrets((b"a",)),
            Secrets((), (b"a",)),
            Secrets((b"a", b"b")),
            Secrets((b"ab",)),
        ),
        *(Secrets((b"b", b"a")), Secrets((b"a",), (b"b",))),
    ]
    words = [sealed_secrets.word(one, key) for one in secrets for key in keys]
    assert len(set(words)) == len(words)
    assert words == [sealed_secrets.word(one, key) for one in secrets for key in keys]
    guesses = {hashlib.sha256(one).hexdigest() for one in (b"", b"a", b"ab")}
    assert not guesses & set(words)
