import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew; review the diff"
    )


@pytest.fixture
def update_golden(request):
    return bool(request.config.getoption("--update-golden", default=False))
