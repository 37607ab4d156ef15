"""The browser that all tests of the report share."""

import pytest

from tests.report.driven import Browser


@pytest.fixture(scope="session")
def browser():
    with Browser() as one:
        yield one
