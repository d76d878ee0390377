"""Odds as the person wants to see them."""

from __future__ import annotations

from tracker.domain.money import odds_text

__all__ = ["odds_text"]
