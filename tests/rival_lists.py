"""Lists with the faults that other programs stumble over, and a desk that takes and asks them.

Lists are taken by processes of their own. What they became is asked in this process, for speed.
"""

import hashlib
import json
from dataclasses import dataclass

from click.testing import CliRunner

from hashmatch.cli import program
from hashmatch.errors import ExitCode

OLD = "http://github.com/ICMEC/ProjectVic/DataModels/{version}.xml#{shape}"
NEW = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{country}/$metadata#{shape}"
VIC = ("--kind", "categorized", "--scheme", "vic-us")
UNMAPPED = ("--kind", "categorized", "--scheme", "unmapped")
PLAIN = ("--kind", "illegal")


def digest(algorithm, word):
    return hashlib.new(algorithm, str(word).encode()).hexdigest()


def md5(word):
    return digest("md5", word)


def sha1(word):
    return digest("sha1", word)


def sha256(word):
    return digest("sha256", word)


def old(version, *media, shape="Media"):
    """A VICS list of version 1.0 to 1.3."""
    context = OLD.format(version=version, shape=shape)
    return json.dumps({"odata.metadata": context, "value": [*media]}).encode()


def new(country, *media, shape="Media", before=(), after=()):
    """A VICS 2.0 list of a country, maybe with further keys around the context."""
    context = ("@odata.context", NEW.format(country=country, shape=shape))
    return json.dumps(dict([*before, context, *after, ("value", [*media])])).encode()


def table(*rows, delimiter=","):
    return "".join(delimiter.join(row) + "\n" for row in rows).encode()


@dataclass(frozen=True)
class Desk:
    """Takes lists into the library of a bench, and asks it."""

    bench: object

    def write(self, data, file="list"):
        path = self.bench.root / file
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def take(self, data, *words, name="s", file="list", code=ExitCode.CLEAR):
        path = self.write(data, file)
        return self.bench.ok(
            "library", "import", path, "--set", name, "--replace", *words, code=code
        )

    def refused(self, data, *words, name="s", file="list", told=""):
        """The list is refused with one sentence, and nothing was installed."""
        before = self.sets()
        result = self.take(data, *words, name=name, file=file, code=ExitCode.HASH_SET)
        assert told in result.stderr
        assert "Traceback" not in result.stderr
        assert self.sets() == before
        return result

    def sets(self):
        """Every file of the library with its content."""
        home = self.bench.root / "home"
        return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    def told(self, *words, stdin=None):
        """What the program says on standard output."""
        home = {"HASHMATCH_HOME": str(self.bench.root / "home")}
        result = CliRunner().invoke(program, words, input=stdin, env=home)
        assert result.exception is None, result.output
        return result.stdout

    def facts(self, name="s"):
        return json.loads(self.told("library", "show", name, "--format", "json"))

    def ask(self, *values, kind=None, name="s"):
        """Every agreement with a value, in the order of the program; of all sets without a name."""
        words = [*(["--type", kind] if kind else []), *(["--set", name] if name else [])]
        lines = "".join(f"{value}\n" for value in values)
        told = self.told("library", "lookup", "-", "--format", "json", *words, stdin=lines)
        answers = [json.loads(line) for line in told.splitlines()]
        return [answer for answer in answers if answer.get("found", True)]

    def dispositions(self, *values, kind=None, name="s"):
        return [answer["disposition"] for answer in self.ask(*values, kind=kind, name=name)]
