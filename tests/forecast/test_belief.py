"""What is believed before tip-off: the best that is known, and who said it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tracker.domain.bet import Bet
from tracker.domain.chance import LittleKnown
from tracker.domain.game import Game, Side
from tracker.domain.market import Direction, Market, Moneyline, PlayerTotal, Span, Spread, Total
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat
from tracker.domain.prior import NO_LINES, Finished, Lines, PregameLines, Prior, PriorSource
from tracker.forecast import Outlook, forecast, load_parameters
from tracker.forecast.market import before_tip
from tracker.forecast.players import load_player_figures
from tracker.forecast.players.priors import PlayerPriors, PlayerQuote, from_quote, with_quote
from tracker.forecast.pricing.markets import WORTH_A_SHEET, chance_of, price_all, work_out
from tracker.forecast.priors import Known

NBA = load_parameters("nba")
GAME = Game("0022600001", "nba", "DEN", "LAL", datetime(2026, 11, 21, 1, tzinfo=UTC))
QUOTE = PregameLines(Lines(home_spread=-6.0, total=231.0), "ESPN (some book)", GAME.start)


def no_lines(_: Game) -> Lines:
    """A configuration without lines."""
    return NO_LINES


def a_bet(market: Market, odds: str = "-110") -> Bet:
    """A bet on the game."""
    return Bet(1, "a pick", market, GAME, (), GAME.start - timedelta(hours=1), parse_odds(odds))


def results(home: str, away: str, margin: int, count: int) -> list[Finished]:
    """Games of two teams with one result, on days before the game's."""
    days = (date(2026, 10, 20) + timedelta(days=k) for k in range(count))
    return [Finished("nba", day, home, away, 110 + margin, 110) for day in days]


def test_lines_that_the_person_gave_come_before_those_of_a_source() -> None:
    """The configuration's spread counts, and the source's total where it gives none."""
    known = Known(lambda _: Lines(home_spread=-3.5), {GAME.id: QUOTE})
    found = known.before(GAME, [], NBA)
    assert (found.prior.margin, found.prior.total) == (3.5, 231.0)
    assert found.prior.source is PriorSource.LINES
    assert found.by == "margin from lines that you gave, total from the lines of ESPN (some book)"


def test_a_quoted_line_is_surer_than_the_line_of_a_bet() -> None:
    """A bet's line is one book's at one moment; what a book quoted to all before tip-off is not."""
    bet = a_bet(Spread(Side.HOME, -12.5), "-110")
    found = Known(no_lines, {GAME.id: QUOTE}).before(GAME, [bet], NBA).prior
    assert (found.margin, found.margin_sd) == (6.0, 0.0)
    alone = Known(no_lines).before(GAME, [bet], NBA)
    assert alone.prior.margin == 12.5
    assert alone.margin_by == "the line of bet #1"
    assert 0 < alone.prior.margin_sd < NBA.average.margin_sd
    assert alone.prior.total == NBA.average.total
    total, half = (Total(Direction.UNDER, 121.5, x) for x in (Span.GAME, Span.H1))
    assert Known(no_lines).before(GAME, [a_bet(total)], NBA).prior.total == 121.5
    assert Known(no_lines).before(GAME, [a_bet(half)], NBA).prior.source is PriorSource.LEAGUE


def test_an_alternate_line_is_read_with_its_price() -> None:
    """A bet has about the chance in its odds, less the book's margin, by its own line alone."""
    for market, odds, margin in (
        (Spread(Side.HOME, -12.5), "+240", 5.0),
        (Spread(Side.AWAY, 12.5), "-300", 5.2),
        (Spread(Side.HOME, -4.5), "-110", 4.5),
        (Spread(Side.AWAY, 10.5), "-200", 6.0),
        (Moneyline(Side.HOME), "-110", 0.1),
    ):
        found = Known(no_lines).before(GAME, [a_bet(market, odds)], NBA).prior
        assert found.margin == pytest.approx(margin, abs=0.4), (market, odds)
    for direction, total in ((Direction.OVER, 231.9), (Direction.UNDER, 209.1)):
        bet = a_bet(Total(direction, 220.5), "-330")
        found = Known(no_lines).before(GAME, [bet], NBA).prior
        assert found.total == pytest.approx(total, abs=0.5)


def test_of_several_bets_the_one_closest_to_even_speaks() -> None:
    """Its line is the least alternate."""
    bets = [a_bet(Spread(Side.HOME, -12.5), "+240"), a_bet(Moneyline(Side.HOME), "-180")]
    even = a_bet(Spread(Side.HOME, -4.5))
    assert Known(no_lines).before(GAME, [*bets, even], NBA).prior.margin == 4.5


def test_without_lines_earlier_results_rate_the_teams() -> None:
    """A team that won by 12 thirty times is favoured, by less than 12, with doubt left."""
    known = Known(no_lines, finished=results("DEN", "LAL", 12, 30))
    found = known.before(GAME, [], NBA)
    average = Known(no_lines).before(GAME, [], NBA).prior
    assert found.prior.source is PriorSource.RATINGS
    assert found.by == "ratings from 30 results"
    assert average.margin < found.prior.margin < 12
    assert 0 < found.prior.margin_sd < average.margin_sd


def test_few_results_leave_the_teams_near_the_leagues_average() -> None:
    """One result moves the prior a little, and leaves more doubt than thirty do."""
    average = Known(no_lines).before(GAME, [], NBA).prior
    found = Known(no_lines, finished=results("DEN", "LAL", 30, 1)).before(GAME, [], NBA).prior
    many = Known(no_lines, finished=results("DEN", "LAL", 30, 30)).before(GAME, [], NBA).prior
    assert average.margin < found.margin < average.margin + 8 < many.margin
    assert many.margin_sd < found.margin_sd < average.margin_sd


def test_teams_that_nobody_saw_play_are_average_ones() -> None:
    """Results of others do not speak of them."""
    known = Known(no_lines, finished=results("BOS", "NYK", 12, 30))
    found = known.before(GAME, [], NBA)
    assert found.prior == Known(no_lines).before(GAME, [], NBA).prior
    assert found.by == "the league's average"
    assert found.prior.source is PriorSource.LEAGUE


def test_results_of_the_same_day_and_later_change_nothing() -> None:
    """The prior of a game is what was known on its morning, whenever it is asked for."""
    past = results("DEN", "LAL", 12, 10)
    later = [replace(x, day=GAME.slate + timedelta(days=k)) for k, x in enumerate(past)]
    first = Known(no_lines, finished=past).before(GAME, [], NBA)
    assert Known(no_lines, finished=[*past, *later]).before(GAME, [], NBA) == first


def test_results_of_another_league_are_not_looked_at() -> None:
    """A code may belong to teams of two leagues."""
    other = [replace(x, league="gleague") for x in results("DEN", "LAL", 12, 10)]
    found = Known(no_lines, finished=other).before(GAME, [], NBA)
    assert found.prior.source is PriorSource.LEAGUE


def test_odds_of_both_sides_tell_the_margin() -> None:
    """A source that gives moneylines alone is enough for the margin."""
    quote = PregameLines(Lines(home_ml=1.5, away_ml=2.7), "a book", GAME.start)
    found = Known(no_lines, {GAME.id: quote}).before(GAME, [], NBA)
    assert 3 < found.prior.margin < 7
    assert found.total_by == "the league's average"
    assert Decimal(str(found.prior.total)) == Decimal(str(NBA.average.total))


def test_a_line_on_a_player_tells_of_no_other_figure_of_his() -> None:
    """Of whom only a line on points is known, rebounds are not those of an average player.

    So it is however many bets are priced together.
    """
    player, figures = Player("Alperen Sengun", Side.HOME), load_player_figures("nba")
    even = Prior(0.0, 226.0, PriorSource.LINES)

    def seen(*told: Stat) -> Outlook:
        lines = [PlayerQuote(PlayerTotal(player, x, Direction.OVER, 19.5), 1.95) for x in told]
        prior = from_quote(lines[0], figures, 48)
        for line in lines[1:]:
            prior = with_quote(prior, line, figures)
        priors = PlayerPriors(figures, {(Side.HOME, player.key): prior}, guess=False)
        return forecast(before_tip(GAME, [player]), even, NBA, players=priors)

    def asked(stat: Stat, points: float = 19.5) -> Market:
        return PlayerTotal(player, stat, Direction.OVER, points)

    assert chance_of(asked(Stat.PTS), seen(Stat.PTS)).win == pytest.approx(0.49, abs=0.05)
    for stat in (Stat.REB, Stat.PR):
        with pytest.raises(LittleKnown):
            chance_of(asked(stat), seen(Stat.PTS))
        for prepare in (work_out, price_all):
            outlook, many = seen(Stat.PTS), [asked(stat, n + 0.5) for n in range(WORTH_A_SHEET)]
            prepare(many, outlook)
            assert set(price_all(many, outlook)) == {None}
    assert 0 < chance_of(asked(Stat.PR), seen(Stat.PTS, Stat.REB)).win < 1
