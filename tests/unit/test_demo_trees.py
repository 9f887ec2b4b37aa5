"""Trees for benchmarks hold what was asked for, every file with bytes of its own."""

import importlib.util
import io
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def trees():
    path = Path(__file__).parents[2] / "benchmarks" / "trees.py"
    spec = importlib.util.spec_from_file_location("benchmark_trees", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def contents(folder):
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def test_tiny_files_have_the_size_and_number_asked_for(trees, tmp_path):
    assert trees.tiny(tmp_path, 501, size=70) == 501 * 70
    made = contents(tmp_path)
    assert len(made) == len(set(made)) == 501
    assert {len(content) for content in made} == {70}
    assert len(list(tmp_path.iterdir())) == 2


def test_pictures_differ_in_bytes_and_repeat_only_in_pixels(trees, tmp_path):
    written = trees.pictures(tmp_path / "a", 5, (64, 48), variety=2)
    made = contents(tmp_path / "a")
    assert len(made) == len(set(made)) == 5
    assert sum(map(len, made)) == written
    pixels = {Image.open(io.BytesIO(content)).tobytes() for content in made}
    assert len(pixels) == 2
    trees.pictures(tmp_path / "b", 5, (64, 48), variety=2)
    assert contents(tmp_path / "b") == made


def test_nothing_is_written_where_nothing_is_asked_for(trees, tmp_path):
    assert trees.tiny(tmp_path / "t", 0) == trees.pictures(tmp_path / "p", 0) == 0
    assert list(tmp_path.iterdir()) == []
