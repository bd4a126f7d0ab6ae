"""For tests and doctests alike: nothing of the user's own is read or written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of the user's own that no other run has seen, for this process and its children."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LASS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("LASS_CACHE", raising=False)
        yield
