"""Every output writes every finding, escapes hostile names, and shows no content of a list."""

import io
import json
from xml.etree import ElementTree as ET

import pytest

from hashmatch.commands import lint as lint_command
from hashmatch.linting import registry
from tests.lint_lists import check, csv, digest, row

NAME = "li::st, %0A\u202e<b>&'|`.csv"
CELL = "Somebody Private"


@pytest.fixture
def path(tmp_path):
    place = tmp_path / NAME
    rows = [row("a"), row("a"), row("b", Category=CELL), row("c", MD5="0" * 32)]
    place.write_text(csv(*rows))
    return place


def written(name, report, language="en"):
    stream = io.StringIO()
    registry.outputs()[name].write(report, stream, language)
    return stream.getvalue()


ALL = sorted(lint_command.FORMATS)


def test_the_command_line_knows_every_output():
    assert sorted(registry.outputs()) == ALL


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("language", ["en", "th"])
def test_every_finding_is_told_and_no_content(name, language, path):
    report = check(path)
    text = written(name, report, language)
    for rule in ("HM103", "HM201"):
        assert rule in text
    assert CELL not in text
    assert "\u202e" not in text
    for word in "abc":
        for algorithm in ("md5", "sha1", "sha256"):
            assert digest(algorithm, word)[:8] not in text


@pytest.mark.parametrize("name", ["text", "json", "jsonl", "sarif", "junit", "github", "gitlab"])
def test_first_digits_only_where_they_were_asked_for(name, path):
    assert digest("md5", "a")[:8] in written(name, check(path, show=True))


@pytest.mark.parametrize("name", ALL)
def test_the_same_report_gives_the_same_text(name, path):
    assert written(name, check(path)) == written(name, check(path))


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_is_no_list_is_told(name, tmp_path):
    place = tmp_path / "no.bin"
    place.write_bytes(b"\x00\x01nothing" * 20)
    text = written(name, check(place))
    assert "no.bin" in text
    assert "not recognised" in text


@pytest.mark.parametrize("name", ["json", "sarif", "gitlab"])
def test_documents_are_json(name, path):
    json.loads(written(name, check(path)))


def test_lines_are_json_and_each_says_what_it_is(path):
    lines = [json.loads(line) for line in written("jsonl", check(path)).splitlines()]
    assert {line["type"] for line in lines} == {"list", "finding"}


def test_one_test_case_for_each_rule_and_list(path):
    root = ET.fromstring(written("junit", check(path)))  # noqa: S314  # our own
    cases = root.findall("testsuite/testcase")
    assert len(cases) == len(registry.rules())
    suite = root.find("testsuite")
    assert int(suite.get("failures")) == len(root.findall("testsuite/testcase/failure"))
    assert int(suite.get("skipped")) == len(root.findall("testsuite/testcase/skipped"))


def test_workflow_commands_are_one_line_each_with_escaped_names(path):
    lines = written("github", check(path)).splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    name = lines[0].split("file=")[1].split(",line=")[0].split(",title=")[0]
    assert ":" not in name
    assert "," not in name
    assert "%250A" in name


def test_many_findings_of_a_rule_become_one_sarif_result_with_their_number(tmp_path):
    place = tmp_path / "many.csv"
    place.write_text(csv(row("a"), *(row("a") for _ in range(1500))))
    run = json.loads(written("sarif", check(place)))["runs"][0]
    results = [one for one in run["results"] if one["ruleId"] == "HM201"]
    assert [one["properties"]["count"] for one in results] == [1500]
    assert "and 500 more" in written("text", check(place))
    assert "and 1,480 more" in written("junit", check(place))


def test_sarif_has_what_code_hosts_need(path):
    document = json.loads(written("sarif", check(path)))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert result["ruleId"] in known
        assert result["partialFingerprints"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.isascii()
        assert " " not in uri


def test_an_independent_program_reads_the_sarif(path, tmp_path):
    loader = pytest.importorskip("sarif.loader")
    place = tmp_path / "out.sarif"
    place.write_text(written("sarif", check(path)))
    loaded = loader.load_sarif_file(str(place))
    assert loaded.get_result_count() == len(list(check(path).findings()))


def test_gitlab_fingerprints_are_all_different(tmp_path):
    place = tmp_path / "a.csv"
    place.write_text(csv(row("a"), row("a"), row("a")))
    issues = json.loads(written("gitlab", check(place)))
    assert len({one["fingerprint"] for one in issues}) == len(issues)


@pytest.mark.parametrize("name", ["text", "sarif", "github", "gitlab", "junit"])
def test_a_record_that_is_no_line_is_told_by_its_number(name, tmp_path):
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
    media = [{"MediaID": at, "Category": 1, "MD5": f"{at:032x}"} for at in (1, 2)]
    place = tmp_path / "vic.json"
    place.write_text(json.dumps({"odata.metadata": context, "value": media}))
    report = check(place, select=("HM103",))
    text = written(name, report)
    assert "record 2:" in text
    assert "line=2" not in text
    assert '"startLine"' not in text


_OBJECTS = {
    "runs": "Run",
    "tool": "Tool",
    "driver": "ToolComponent",
    "rules": "ReportingDescriptor",
    "shortDescription": "MultiformatMessageString",
    "fullDescription": "MultiformatMessageString",
    "help": "MultiformatMessageString",
    "defaultConfiguration": "ReportingConfiguration",
    "invocations": "Invocation",
    "toolExecutionNotifications": "Notification",
    "associatedRule": "ReportingDescriptorReference",
    "descriptor": "ReportingDescriptorReference",
    "results": "Result",
    "message": "Message",
    "locations": "Location",
    "physicalLocation": "PhysicalLocation",
    "artifactLocation": "ArtifactLocation",
    "region": "Region",
}
_FREE = {"properties", "partialFingerprints"}


def _unlike_the_schema(model, name, value):
    """Yield what an object has or lacks against the classes made from the official schema."""
    import attr

    kind = getattr(model, name)
    fields = {one.metadata["schema_property_name"]: one for one in kind.__attrs_attrs__}
    needed = {key for key, one in fields.items() if one.default is attr.NOTHING}
    yield from (f"{name}.{key} is unknown" for key in set(value) - set(fields))
    yield from (f"{name}.{key} is missing" for key in needed - set(value))
    for key, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict) and key not in _FREE:
                yield from _unlike_the_schema(model, _OBJECTS[key], one)


@pytest.mark.parametrize("content", ["a list", "none"])
def test_sarif_has_the_properties_of_the_official_schema(content, path, tmp_path):
    model = pytest.importorskip("sarif_om")
    place = tmp_path / "no.csv"
    place.write_text("nothing\n")
    document = json.loads(written("sarif", check(path if content == "a list" else place)))
    assert document["$schema"].endswith("/sarif-schema-2.1.0.json")
    del document["$schema"]
    assert list(_unlike_the_schema(model, "SarifLog", document)) == []
    levels = {"none", "note", "warning", "error"}
    for run in document["runs"]:
        assert {one["level"] for one in run["results"]} <= levels
        regions = [
            one["physicalLocation"].get("region", {"startLine": 1})
            for result in run["results"]
            for one in result["locations"]
        ]
        assert all(one["startLine"] >= 1 for one in regions)
