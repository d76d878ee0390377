"""Loads Apprise once, before any test: a plugin of it imports a module that Python warns of."""

from __future__ import annotations

import warnings

import pytest

from tracker.notify.channels.apprise import check_urls


@pytest.fixture(autouse=True, scope="session")
def _apprise_loaded() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        check_urls(["json://127.0.0.1:1/"])
