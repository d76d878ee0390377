"""Fits a league's parameters file on recorded games: the same games give the same bytes.

Where a dataset has no closing lines, priors are team ratings, each from earlier results alone.
Their figures are those that give the results the highest likelihood one step ahead.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from tracker.forecast import forecast
from tracker.forecast import game as values
from tracker.forecast.documents import About, sealed, text_of
from tracker.forecast.game import parameters as figures
from tracker.forecast.model import leaning
from tracker.forecast.teams import LEVEL_GAMES, RatingFigures, write_ends
from tracker.host import whole_file
from tracker.modelling import Array, Progress, silent
from tracker.modelling.games import (
    BadDataset,
    Dataset,
    Games,
    believed_ends,
    check_seasons,
    digest,
    endgame_fit,
    flow_fit,
    observe,
    read,
    rows_of,
)
from tracker.modelling.games.trace import Priors, Seconds, Trace, draw, trace


def walk_forward(games: Games, figures: RatingFigures) -> Priors:
    """Priors of all games from team ratings, each from the results before that game."""
    order = np.lexsort((games.id, games.date, games.season))
    run = _run(games, order, figures)
    out = np.zeros((len(order), 4))
    out[order] = run
    usable = np.ones(len(order), bool)
    return Priors(
        out[:, 0], np.maximum(out[:, 2], np.abs(out[:, 0]) + 1),
        np.sqrt(out[:, 1]), np.sqrt(out[:, 3]), usable, games.ends,
    )  # fmt: skip


def fit_ratings(games: Games, rows: Array, progress: Callable[[float], None]) -> RatingFigures:
    """The figures of ratings that maximise the one-step-ahead likelihood over `rows`."""
    order = rows[np.lexsort((games.id[rows], games.date[rows], games.season[rows]))]
    margin = (games.home - games.away)[order].astype(float)
    total = (games.home + games.away)[order].astype(float)
    start = np.array([2.5, total.mean(), *np.log([12.0, 16.0, 6.0, 6.0, 0.4]), 0.5])
    calls = 0

    def cost(x: Array) -> float:
        nonlocal calls
        calls += 1
        if calls % 20 == 0:
            progress(min(calls / 400, 1.0))
        figures = _figures(x)
        run = _run(games, order, figures)
        by_margin = run[:, 1] + figures.margin_noise**2
        by_total = run[:, 3] + figures.total_noise**2
        each = np.log(by_margin) + (margin - run[:, 0]) ** 2 / by_margin
        each += np.log(by_total) + (total - run[:, 2]) ** 2 / by_total
        return float(each.mean() / 2)

    found = minimize(
        cost, start, method="Nelder-Mead", options={"maxfev": 400, "xatol": 0.01, "fatol": 1e-4}
    )
    return _figures(found.x)


def _figures(x: Array) -> RatingFigures:
    sds = np.exp(x[2:7])
    return RatingFigures(
        home_edge=round(float(x[0]), 4),
        mean_total=round(float(x[1]), 3),
        margin_noise=round(float(sds[0]), 4),
        total_noise=round(float(sds[1]), 4),
        margin_spread=round(float(sds[2]), 4),
        total_spread=round(float(sds[3]), 4),
        drift=round(float(sds[4]), 4),
        carry=round(1 / (1 + math.exp(-float(x[7]))), 4),
    )


def _run(games: Games, order: Array, f: RatingFigures) -> Array:
    """Expected margin and its variance, total and its variance, before each game of `order`.

    It takes the same steps as `tracker.forecast.teams`, on plain numbers for speed.
    """
    strong, fast, drift, keep = f.margin_spread**2, f.total_spread**2, f.drift**2, f.carry
    new = 1 - keep * keep
    teams: dict[str, tuple[str, float, float, float, float]] = {}
    mean = f.mean_total
    out = np.zeros((len(order), 4))
    seasons, homes, aways = (
        x[order].tolist() for x in (games.season, games.home_team, games.away_team)
    )
    points = list(zip(games.home[order].tolist(), games.away[order].tolist(), strict=True))

    def of(team: str, season: str) -> tuple[float, float, float, float]:
        known = teams.get(team)
        if known is None:
            return 0.0, strong, 0.0, fast
        if known[0] == season:
            return known[1:]
        _, s, vs, t, vt = known
        return s * keep, vs * keep * keep + strong * new, t * keep, vt * keep * keep + fast * new

    for k, season in enumerate(seasons):
        sa, va, ta, wa = of(homes[k], season)
        sb, vb, tb, wb = of(aways[k], season)
        out[k] = (f.home_edge + sa - sb, va + vb, mean + ta + tb, wa + wb)
        home, away = points[k]
        margin, total = home - away - out[k, 0], home + away - out[k, 2]
        by_margin, by_total = va + vb + f.margin_noise**2, wa + wb + f.total_noise**2
        for team, s, v, t, w, sign in (
            (homes[k], sa, va, ta, wa, 1), (aways[k], sb, vb, tb, wb, -1),
        ):  # fmt: skip
            gain, pull = v / by_margin, w / by_total
            teams[team] = (
                season,
                s + sign * gain * margin, v * (1 - gain) + drift,
                t + pull * total, w * (1 - pull) + drift,
            )  # fmt: skip
        mean += total / LEVEL_GAMES
    return out


MODEL = "flow-and-chain-3"
"""The name of the model's form; it changes when the formulas do."""

LEAD_WIDTH = {"nba": 0.10, "wnba": 0.14, "ncaam": 0.10}
"""The kernel's width over leads, on the scale of `endgame_fit.lead_scale`; fewer games need a wider
one."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Shared by the parts of a fit: `used` are the rows of the games, `average` the mean total."""

    data: Dataset
    seconds: Seconds
    priors: Priors
    used: Array
    average: float


def fit(
    folder: Path, league: str, seasons: Sequence[str], out: Path, progress: Progress = silent
) -> figures.Parameters:
    """Fit a league on whole seasons of a dataset, write the file `out`, and return its parameters.

    `progress` is called with the name of each step and its finished part, 0 to 1. Games of other
    seasons are not used. Raises BadDataset when a season has no games or too few, and then writes
    nothing.
    """
    progress("reading", 0.0)
    text = fit_text(read(folder, league), seasons, progress)
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as file:
        file.write_text(text, "utf-8")
    return figures.decode(text, out.name)


def fit_text(
    data: Dataset,
    seasons: Sequence[str],
    progress: Progress,
    about: Mapping[str, Any] | None = None,
) -> str:
    """The text of a parameters file. Raises BadDataset for games that cannot be fitted on.

    `about` is added to the file's account of the fit: its day and its scores. With very few games
    some figure would be a division by zero; then the fit is refused.
    """
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            document = fit_document(data, seasons, progress)
        if about is not None:
            document["about"] |= about
            document = sealed(document, MODEL)
        return text_of(document)
    except (ValueError, ArithmeticError, IndexError) as why:
        raise BadDataset(
            f"the games of {', '.join(seasons)} are too few or too odd to fit on: name more seasons"
        ) from why


def fit_document(data: Dataset, seasons: Sequence[str], progress: Progress) -> dict[str, Any]:
    """The document of a parameters file, fitted on the games of `seasons`."""
    check_seasons(seasons, data.games.season.tolist())
    ends = write_ends(believed_ends(data, seasons))
    data = only(data, np.isin(data.games.season, list(seasons)))
    progress("possessions", 0.0)
    traced = trace(data)
    seconds, games = traced.seconds, data.games
    whole = complete(data, traced)
    progress("ratings", 0.0)
    ratings = fit_ratings(games, np.flatnonzero(whole), lambda part: progress("ratings", part))
    priors = priors_of(games, ratings)
    used = np.flatnonzero(whole & priors.use)
    average = _average(priors, used)
    noise = _noise(games, priors, used)
    given = TrainingSet(data, seconds, priors, used, average["total"])
    endgame = _fit_endgame(given, traced, progress)
    breaks = figures.pack_tables(endgame_fit.fit_breaks(traced.break_starts, traced.break_glances))
    # It takes some hundred megabytes and is not needed any more.
    del traced
    progress("flow", 0.0)
    box = _fit_box(given)
    flow = _fit_flow(given, noise, endgame, box)
    progress("quarters and halves", 0.0)
    tip = flow["margin"][0][-1]
    spans = flow_fit.fit_spans(
        flow_fit.SpanData(data, seconds, priors, used, average["total"], noise, box, tip)
    )
    document: dict[str, Any] = {
        "format": figures.FORMAT,
        "league": data.league.id,
        "feature_version": figures.FEATURE_VERSION,
        "calibration_id": "none",
        "transferred": False,
        "fitted_on": sorted(seasons),
        "average": average,
        "flow": flow,
        "endgame": _packed(endgame),
        "overtime": {"tempo": flow_fit.fit_tempo(endgame, flow_fit.overtime_points(data))},
        "ratings": asdict(ratings),
        "spans": spans,
        "ends": ends,
        "breaks": {
            "clocks": list(endgame_fit.BREAK_CLOCKS),
            "sizes": breaks[0],
            "cells": breaks[1],
        },
    }
    progress("margin with total", 0.0)
    document["flow"]["tie"] = _fit_tie(document, given)
    document["about"] = asdict(About(data=digest(data), games=len(used)))
    progress("done", 1.0)
    return sealed(document, MODEL)


def _average(priors: Priors, used: Array) -> dict[str, float]:
    """The average prior of the games used, and its standard deviation over them, in points."""
    total = round(float(priors.total[used].mean()), 3)
    return {
        "margin": round(float(priors.margin[used].mean()), 3),
        "total": total,
        "margin_sd": round(_spread(priors.margin[used], priors.margin_sd[used]), 3),
        "total_sd": round(_spread(priors.total[used], priors.total_sd[used]), 3),
        "reference": total,
    }


def _packed(endgame: values.Endgame) -> dict[str, Any]:
    """The tables of the endgame as a document holds them."""
    sizes, cells = figures.pack_tables(endgame.tables)
    return {
        "clocks": endgame.clocks.astype(int).tolist(),
        "leads": endgame.leads,
        "sizes": sizes,
        "cells": cells,
        "ball": endgame.ball.round(4).tolist(),
        "tilt": endgame.tilt.round(5).tolist(),
    }


def _in_order(given: TrainingSet) -> Array:
    """A mask of the used games whose scores never fall between period ends and TIED_AT."""
    seconds, rules = given.seconds, given.data.league
    marks = [k * rules.period_seconds for k in range(rules.periods + 1)]
    marks += [round((1 - part) * rules.regulation_seconds) for part in TIED_AT]
    sides = seconds.home, seconds.away
    steps = [np.diff(x[given.used][:, sorted(set(marks))].astype(int)) for x in sides]
    rising: Array = np.all([x.min(axis=1) >= 0 for x in steps], axis=0)
    return rising


TIED_AT = (1.0, 0.75, 0.5, 0.25)
"""Parts of regulation left at which the dependence of margin and total is fitted."""


def _fit_tie(document: dict[str, Any], given: TrainingSet) -> float:
    """The weight of `tie`: the dependence of margin and total, by how clear the favourite is.

    It is the least squares slope, over games and TIED_AT, of the standardised product of margin and
    total (recorded less forecast without a tie) on `leaning` of the expected margin.
    """
    without = document | {"flow": document["flow"] | {"tie": 0.0}}
    parameters = figures.decode(json.dumps(sealed(without, MODEL)), "the fit")
    regulation = given.data.league.regulation_seconds
    game = observe.game_of(given.data.league)
    found = []
    for row in given.used[_in_order(given)].tolist():
        home, away = int(given.data.games.home[row]), int(given.data.games.away[row])
        for part in TIED_AT:
            state = observe.state_of(game, given.seconds, row, round(part * regulation))
            outlook = forecast(state, observe.prior_of(given.priors, row), parameters)
            mu, sd = outlook.mu, outlook.sigma
            recorded = (home - away - mu.margin) * (home + away - mu.total)
            beyond = recorded - (sd.home**2 - sd.away**2)
            found.append((leaning(mu.margin), beyond / (sd.margin * sd.total)))
    clear, tied = np.array(found).T
    return round(float(clear @ tied / (clear @ clear)), 4)


def only(data: Dataset, games: Array) -> Dataset:
    """The dataset with only some of its games and their events."""
    if games.all():
        return data
    kept = np.flatnonzero(games)
    starts, ends = data.events.starts[:-1][kept], data.events.starts[1:][kept]
    rows = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])
    lengths = ends - starts
    events = replace(
        data.events,
        starts=np.r_[0, np.cumsum(lengths)],
        **{
            name: getattr(data.events, name)[rows]
            for name in data.events.__dataclass_fields__
            if name != "starts"
        },
    )
    return replace(data, games=rows_of(data.games, kept), events=events)


def complete(data: Dataset, traced: Trace) -> Array:
    """A mask of the games whose events cover the whole game and agree with the result.

    No period takes points back, as one does where a recording is mixed up.
    """
    regulation = data.league.regulation_seconds
    home, away = traced.seconds.home, traced.seconds.away
    level = home[:, regulation] == away[:, regulation]
    last_period = data.events.period[data.events.starts[1:] - 1]
    overtime = last_period > data.league.periods
    played = (home[:, regulation // 2] > 0) & (home[:, regulation] > home[:, regulation // 2])
    ends = slice(None, None, data.league.period_seconds)
    grows = np.all([np.diff(x[:, ends].astype(int)).min(axis=1) >= 0 for x in (home, away)], axis=0)
    whole: Array = (level == overtime) & (data.games.home != data.games.away) & played & grows
    return whole


def priors_of(games: Games, ratings: Any) -> Priors:
    """Priors from closing lines if the dataset has any, else from walk-forward ratings."""
    if games.ok.any():
        zero = np.zeros(len(games.id))
        return Priors(games.margin, games.total, zero, zero, games.ok, games.ends)
    return walk_forward(games, ratings)


def _spread(means: Array, sds: Array) -> float:
    """The sd of games from the average one: the spread of the priors plus their own errors."""
    return float(np.sqrt(means.var() + (sds**2).mean()))


def _noise(games: Games, priors: Priors, used: Array) -> flow_fit.Noise:
    home, away = games.home[used], games.away[used]
    margin_sd, total_sd = priors.margin_sd[used], priors.total_sd[used]
    margin = (home - away - priors.margin[used]) ** 2 - margin_sd**2
    total = (home + away - priors.total[used]) ** 2 - total_sd**2
    by_margin, by_total = flow_fit.trust(margin_sd), flow_fit.trust(total_sd)
    return flow_fit.Noise(
        round(float(np.sqrt(np.average(margin, weights=by_margin))), 3),
        round(float(np.sqrt(np.average(total, weights=by_total))), 3),
    )


def _fit_endgame(given: TrainingSet, traced: Trace, progress: Progress) -> values.Endgame:
    data = given.data
    width = LEAD_WIDTH.get(data.league.id, 0.14)
    clocks = np.array(endgame_fit.table_clocks(), dtype=np.float64)
    seen = endgame_fit.seen(traced.starts, traced.glances)
    tables = endgame_fit.fit_tables(
        traced.starts, seen, width, lambda part: progress("endgame", part)
    )
    # As a file holds them, so that what is fitted on them fits the shipped ones.
    endgame = values.Endgame(
        clocks=clocks,
        leads=endgame_fit.LEADS,
        tables=figures.as_packed(tables),
        ball=endgame_fit.fit_ball(seen, width),
        tilt=np.zeros((clocks.size, 5)),
    )
    sample = draw(data, given.seconds, given.priors, given.used, endgame_fit.TILT_CLOCKS)
    endgame = replace(endgame, tilt=endgame_fit.fit_tilt(endgame, sample, given.average))
    wide = endgame_fit.widened(endgame, endgame_fit.fit_widths(endgame, sample, given.average))
    endgame = replace(endgame, tables=figures.as_packed(wide.tables))
    return replace(endgame, tilt=endgame_fit.fit_tilt(endgame, sample, given.average))


def _fit_box(given: TrainingSet) -> values.BoxFigures | None:
    rules = given.data.league
    clocks = [round(rules.regulation_seconds * (1 - m / 48)) for m in flow_fit.BOX_ROWS[1:]]
    sample = draw(given.data, given.seconds, given.priors, given.used, clocks)
    return flow_fit.fit_box(sample, rules, given.average)


def _fit_flow(
    given: TrainingSet,
    noise: flow_fit.Noise,
    endgame: values.Endgame,
    box: values.BoxFigures | None,
) -> dict[str, Any]:
    data, seconds, priors, used = given.data, given.seconds, given.priors, given.used
    rules = data.league
    clocks = range(endgame_fit.SPAN, rules.regulation_seconds + 1, flow_fit.CLOCKS_EVERY)
    sample = draw(data, seconds, priors, used, clocks, until=flow_fit.LAYER)
    at = int(np.searchsorted(endgame.clocks, flow_fit.LAYER))
    states = draw(data, seconds, priors, used, [flow_fit.LAYER])
    variances = endgame_fit.moments(endgame, states).mean(axis=0)
    prior, lead, pace, _, one = (endgame.tilt[at] / 10).tolist()
    drift = flow_fit.Drift(
        prior * float(variances[2]),
        lead * float(variances[2]),
        pace * float(variances[3]),
        10 * one * float(variances[3]),
    )
    found = flow_fit.fit_flow(sample, rules, given.average, drift, noise, box)
    return {
        "layer": flow_fit.LAYER,
        "knots": found.knots.round(1).tolist(),
        "margin": found.margin.round(5).tolist(),
        "total": found.total.round(5).tolist(),
        "margin_rate": found.margin_rate.round(6).tolist(),
        "total_rate": found.total_rate.round(6).tolist(),
        "total_pace": round(found.total_pace, 3),
        "margin_noise": noise.margin,
        "total_noise": noise.total,
        "box": None if box is None else asdict(box),
        "tie": 0.0,
    }
