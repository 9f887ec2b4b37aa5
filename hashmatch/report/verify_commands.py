"""The shell lines by which anyone can verify a case, with hashmatch and without it.

Each group leaves the shell in the folder it was in, so that they run one after the other.

Tests run every one of them; they are not translated.
"""

from __future__ import annotations

_STANDALONE = (
    "(cd CASE &&",
    "python3 ledger/verify_case.py .)",
)
_SUMS = (
    "(cd CASE/runs/{run} &&",
    "sha256sum -c SHA256SUMS)",
)
# The signed text ends with the newline before the blank line; a signature line ends with base64
# of four bytes of key id and the signature itself.
_SIGNATURE = (
    "(cd CASE || exit",
    "note=$(ls ledger/checkpoints/*.ckpt | tail -n 1)",
    "work=$(mktemp -d)",
    """sed '/^$/,$d' "$note" > "$work/body\"""",
    """sed -n 's/^— [^ ]* //p' "$note" | head -n 1 | base64 -d | tail -c +5 > "$work/signature\"""",
    """python3 -c 'import json; print(json.load(open("case.json"))["public_keys"][0]["pem"])' \\""",
    """  > "$work/key.pem\"""",
    """openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin \\""",
    """  -in "$work/body" -sigfile "$work/signature")""",
)


def commands(run: str) -> dict[str, tuple[str, ...]]:
    """Give the lines by what they verify: ``tool``, ``standalone``, ``sums``, ``signature``."""
    return {
        "tool": ("hashmatch verify CASE --key PUBLIC.pem",),
        "standalone": _STANDALONE,
        "sums": tuple(line.format(run=run) for line in _SUMS),
        "signature": _SIGNATURE,
    }
