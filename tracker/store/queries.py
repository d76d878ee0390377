"""The SQL statements on polls, games, bets and alerts that several modules use, by name."""

from __future__ import annotations

from tracker.store.database.columns import inserting, upserting

# ------------------------------------------------------------------------------------- recording

ADD_POLL = inserting("poll", "source path at digest trouble why", "ON CONFLICT DO NOTHING")

POLL_ID = "SELECT id FROM poll WHERE (source, path, at, digest) = (:source, :path, :at, :digest)"

HAS_BODY = "SELECT 1 FROM body WHERE digest = ?"

ADD_BODY = "INSERT INTO body (digest, size, packed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"

BELIEVE = inserting(
    "game",
    "id league home away start_at day slate neutral state told_by held held_polls held_by "
    "held_since held_wait_s changed_at seen_at final_at checks stale lost still_until",
    """
ON CONFLICT (id) DO UPDATE SET
  start_at = excluded.start_at, day = coalesce(excluded.day, day),
  slate = iif(excluded.day IS NULL AND day IS NOT NULL, slate, excluded.slate),
  state = excluded.state, told_by = excluded.told_by,
  held = excluded.held, held_polls = excluded.held_polls, held_by = excluded.held_by,
  held_since = excluded.held_since, held_wait_s = excluded.held_wait_s,
  changed_at = excluded.changed_at, seen_at = excluded.seen_at, final_at = excluded.final_at,
  checks = excluded.checks, stale = excluded.stale, lost = excluded.lost,
  still_until = excluded.still_until
""",
)

FOLLOWED = """
SELECT leg.bet, min(leg.number) AS leg FROM leg JOIN bet ON bet.number = leg.bet
WHERE leg.game_id = ? AND bet.withdrawn_at IS NULL GROUP BY leg.bet
"""

_GAME_SNAPSHOT = (
    "game, poll, at, period, clock, game_clock, home, away, mu_home, mu_away, mu_margin, mu_total, "
    "sigma_home, sigma_away, sigma_margin, sigma_total, model_version, feature_version, "
    "prior_margin, prior_total, prior_by"
)

ADD_GAME_SNAPSHOT = f"""
INSERT INTO game_snapshot ({_GAME_SNAPSHOT}) SELECT :{_GAME_SNAPSHOT.replace(", ", ", :")}
WHERE NOT EXISTS (SELECT 1 FROM game_snapshot WHERE (game, poll) = (:game, :poll))
"""  # noqa: S608 - our names

GAME_SNAPSHOT_ID = "SELECT max(id) FROM game_snapshot WHERE (game, poll) = (:game, :poll)"

_SNAPSHOT = (
    "game_snapshot", "bet", "leg", "win", "push", "lose", "calibration_id",
    "own", "own_mu", "own_sigma",
    "no_chance", "part_win", "part_push", "part_lose", "raw_win", "raw_push", "raw_lose",
)  # fmt: skip

ADD_SNAPSHOT = {
    count: f"INSERT INTO snapshot ({', '.join(_SNAPSHOT[:count])}) "  # noqa: S608 - our names
    f"VALUES ({', '.join('?' * count)}) ON CONFLICT DO NOTHING"
    for count in (7, 10, len(_SNAPSHOT))
}
"""By the number of values. Most snapshots end with columns that are NULL, which are left out: to
bind a None takes the driver ten times as long as to bind a number."""

KEEP_LATEST = """
INSERT INTO latest (bet, at, win, push, lose, peak, low)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bet) DO UPDATE SET
  at = excluded.at, win = excluded.win, push = excluded.push, lose = excluded.lose,
  peak = max(coalesce(peak, excluded.peak), coalesce(excluded.peak, peak)),
  low = min(coalesce(low, excluded.low), coalesce(excluded.low, low))
"""

KEEP_RULE = upserting(
    "rule_state", "bet rule", "phase episode streak reason fired swing_window flipped told"
)

SETTLE = inserting(
    "settlement",
    "bet revision result payout_cents evidence_poll settled_at reason evidence by_hand",
)

CONFIRM = """
INSERT INTO confirmation (bet, revision, at, poll, why) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""

ADD_REVIEW = "INSERT INTO review (bet, at, why, poll) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"

# ------------------------------------------------------------------------------- games and bets

KEEP_GAME = """
INSERT INTO game (id, league, home, away, start_at, day, slate, neutral, slate_state, slate_at)
VALUES (:id, :league, :home, :away, :start_at, :day, :slate, :neutral, :slate_state, :slate_at)
ON CONFLICT (id) DO UPDATE SET
  home = iif(EXISTS (SELECT 1 FROM leg WHERE leg.game_id = game.id), home, excluded.home),
  away = iif(EXISTS (SELECT 1 FROM leg WHERE leg.game_id = game.id), away, excluded.away),
  start_at = excluded.start_at, day = coalesce(excluded.day, day),
  slate = iif(excluded.day IS NULL AND day IS NOT NULL, slate, excluded.slate),
  neutral = max(neutral, excluded.neutral),
  slate_state = coalesce(excluded.slate_state, slate_state),
  slate_at = iif(excluded.slate_state IS NULL, slate_at, excluded.slate_at)
WHERE (
  excluded.home, excluded.away, excluded.start_at, coalesce(excluded.day, day),
  coalesce(excluded.slate_state, slate_state), max(neutral, excluded.neutral)
) IS NOT (home, away, start_at, day, slate_state, neutral)
"""

HELD_GAMES = """
SELECT DISTINCT leg.game_id FROM leg JOIN bet ON bet.number = leg.bet
WHERE bet.withdrawn_at IS NULL
"""

GAMES = """
SELECT *, EXISTS (
  SELECT 1 FROM leg JOIN bet ON bet.number = leg.bet
  WHERE leg.game_id = game.id AND bet.withdrawn_at IS NULL
) AS tracked
FROM game
WHERE (:slate IS NULL OR slate = :slate) AND (:since IS NULL OR slate >= :since)
  AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
ORDER BY start_at, id
"""

META = "SELECT value FROM meta WHERE name = ?"

KEEP_META = """
INSERT INTO meta (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
"""

BET_BY_IDENTITY = """
SELECT * FROM bet WHERE number = coalesce(
  (SELECT bet FROM other_words WHERE identity = :identity),
  (SELECT number FROM bet WHERE identity = :identity)
)
"""

OTHER_WORDS = upserting("other_words", "identity", "bet")

BETS_EVER_ON = """
SELECT * FROM bet WHERE number IN (SELECT bet FROM leg WHERE game_id = :game)
  AND name IS NULL AND odds_decimal IS :odds_decimal AND free = :free
  AND ifnull(stake_cents, 0) = ifnull(:stake_cents, 0)
"""
"""Bets on a game that may repeat another by id, price and stake."""

BETS_WITH_LEG = """
SELECT bet FROM leg WHERE game_id = :game AND (
  market, span, side, direction, points, parity, player, stat, happens, categories
) IS (
  :market, :span, :side, :direction, :points, :parity, :player, :stat, :happens, :categories
)
"""

UNBOUND_ALIKE = "SELECT * FROM bet WHERE sense = ? AND game_id IS NULL AND withdrawn_at IS NULL"

NEXT_NUMBER = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'bet'), 0) + 1"

BET = "SELECT * FROM bet WHERE number = ?"

BET_BY_NAME = "SELECT number FROM bet WHERE name = ?"

ADD_BET = inserting(
    "bet",
    "number identity sense name pick game_text meaning odds odds_decimal stake_cents free "
    "tags book rules lines from_file added_at",
)

CHANGE_BET = """
UPDATE bet SET
  pick = :pick, game_text = :game_text, meaning = :meaning, odds = :odds,
  odds_decimal = :odds_decimal, stake_cents = :stake_cents, free = :free, tags = :tags,
  book = :book, rules = :rules, lines = :lines, sense = :sense
WHERE number = :number
"""

RENAME_BET = "UPDATE bet SET identity = ? WHERE number = ?"

ADD_AUDIT = "INSERT INTO audit (bet, at, who, what, before, after) VALUES (?, ?, ?, ?, ?, ?)"

AUDITS = "SELECT * FROM audit WHERE bet IN (SELECT value FROM json_each(?)) ORDER BY id"

FORGET_GAME = """
UPDATE bet SET game_id = NULL, market = NULL, market_text = NULL, bound_at = NULL
WHERE number = ?
"""

FORGET_LEGS = "DELETE FROM leg WHERE bet = ?"

FORGET_STANDINGS = (
    "DELETE FROM leg_standing WHERE bet = ?",
    "DELETE FROM leg_group WHERE bet = ?",
    "UPDATE standing SET no_chance = NULL WHERE bet = ?",
    """UPDATE rule_state SET phase = 'unarmed', streak = 0, reason = NULL, swing_window = '[]',
      flipped = 0, told = '[]' WHERE bet = ?""",
)
"""All that was decided about the legs that a bet had; its rules go on counting their episodes."""

RENEW_RULES = """
UPDATE rule_state SET
  phase = iif(phase IN ('armed', 'pending', 'cooling'), 'unarmed', phase),
  reason = iif(phase IN ('armed', 'pending', 'cooling'), NULL, reason),
  flipped = iif(phase IN ('armed', 'pending', 'cooling'), 0, flipped),
  streak = 0, swing_window = '[]'
WHERE phase <> 'done' AND rule NOT IN (SELECT value FROM json_each(:followed))
  AND bet IN (SELECT number FROM bet WHERE iif(:bet IS NULL, rules IS NULL, number = :bet))
"""
"""Take the next chance of a bet, or of all without rules of their own, as new knowledge, by which
no rule but these fires. What was sent stays."""

REVIVE = "UPDATE bet SET withdrawn_at = NULL, from_file = :from_file WHERE number = :number"

BIND = """
UPDATE bet SET game_id = :game_id, market = :market, market_text = :market_text, bound_at = :at
WHERE number = :number
"""

ADD_LEG = inserting(
    "leg",
    "bet number game_id market span side direction points parity player stat happens "
    "categories odds odds_decimal",
)

LEGS = "SELECT * FROM leg WHERE bet IN (SELECT value FROM json_each(?)) ORDER BY bet, number"
"""The legs of bets whose numbers are given as JSON, as in the other statements on several bets."""

_STANDS = """NOT EXISTS (
  SELECT 1 FROM audit WHERE audit.bet = review.bet AND audit.at >= review.at
    AND audit.what IN ('pick', 'game_text')
) AND NOT EXISTS (
  SELECT 1 FROM review AS taken
  WHERE taken.bet = review.bet AND taken.why = '' AND taken.poll >= review.poll
) AND NOT EXISTS (
  SELECT 1 FROM settlement LEFT JOIN confirmation USING (bet, revision)
  WHERE settlement.bet = review.bet AND (
    settlement.evidence_poll >= review.poll
    OR coalesce(confirmation.at, settlement.settled_at) >= review.at
  )
) AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.bet = review.bet AND outcome.official)"""
"""Whether a review still asks about the bet as it stands: its words or its game were not changed,
no later poll has taken the question back (a row without `why`), and no result has answered it.
Polls are compared too, because the clock may have been ahead when the question was asked."""

UNBOUND = f"""
SELECT * FROM bet WHERE game_id IS NULL AND withdrawn_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM review WHERE review.bet = bet.number AND {_STANDS})
  AND NOT EXISTS (SELECT 1 FROM settlement WHERE settlement.bet = bet.number)
ORDER BY number
"""  # noqa: S608 - constants alone

WITHDRAW = """
UPDATE bet SET withdrawn_at = :at
WHERE number = :number AND withdrawn_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM settlement WHERE bet = :number)
"""

LEAVE_FILE = "UPDATE bet SET from_file = 0 WHERE number = ?"

SET_RULES = "UPDATE bet SET rules = ?, rules_at = ? WHERE number = ?"

FILE_BETS = "SELECT * FROM bet WHERE from_file = 1 AND withdrawn_at IS NULL ORDER BY number"

HAS_HISTORY = """
SELECT EXISTS (SELECT 1 FROM latest WHERE bet = :bet)
    OR EXISTS (SELECT 1 FROM settlement WHERE bet = :bet)
"""

# -------------------------------------------------------------------------------- the last words

OPEN_GAMES = f"""
WITH live (bet) AS MATERIALIZED (
  SELECT number FROM bet INDEXED BY bet_followed WHERE withdrawn_at IS NULL AND (
    market = 'parlay' OR number NOT IN (SELECT bet FROM outcome)
  )
)
SELECT * FROM game WHERE id IN (
  SELECT id FROM game WHERE checks < :checks AND EXISTS (
    SELECT 1 FROM leg JOIN bet ON bet.number = leg.bet
    WHERE leg.game_id = game.id AND bet.withdrawn_at IS NULL
  )
  UNION
  SELECT leg.game_id FROM live JOIN leg ON leg.bet = live.bet JOIN bet ON bet.number = leg.bet
  WHERE NOT EXISTS (SELECT 1 FROM review WHERE review.bet = leg.bet AND {_STANDS})
    AND NOT EXISTS (
      SELECT 1 FROM settlement WHERE settlement.bet = leg.bet
        AND (bet.market <> 'parlay' OR settlement.by_hand)
    )
    AND NOT EXISTS (
      SELECT 1 FROM leg_standing AS leg_seen
      WHERE (leg_seen.bet, leg_seen.leg) = (leg.bet, leg.number)
        AND (leg_seen.result IS NOT NULL OR leg_seen.unclear <> '')
    )
)
ORDER BY start_at, id
"""  # noqa: S608 - constants alone
"""Settled bets are excluded by number alone, which is fast: nearly all of many bets are settled."""

BETS_OF_GAME = """
SELECT * FROM bet WHERE number IN (SELECT bet FROM leg WHERE game_id = ?) AND withdrawn_at IS NULL
ORDER BY number
"""

RULES_OF_BETS = "SELECT * FROM rule_state WHERE bet IN (SELECT value FROM json_each(?))"

LATEST_OF_BETS = "SELECT * FROM latest WHERE bet IN (SELECT value FROM json_each(?))"

_SETTLEMENTS = """
SELECT settlement.*, confirmation.at AS official_at, confirmation.why AS official_why
FROM settlement LEFT JOIN confirmation USING (bet, revision)
"""

SETTLEMENTS = f"{_SETTLEMENTS} WHERE settlement.bet = ? ORDER BY revision"

LAST_SETTLEMENT = f"{SETTLEMENTS} DESC LIMIT 1"

SETTLEMENTS_OF_BETS = f"""
{_SETTLEMENTS} WHERE settlement.bet IN (SELECT value FROM json_each(?)) ORDER BY revision
"""  # noqa: S608 - constants alone

REVIEWS_OF_BETS = f"""
SELECT bet, why, at FROM review WHERE bet IN (SELECT value FROM json_each(?)) AND {_STANDS}
ORDER BY at
"""  # noqa: S608 - constants alone

LAST_REVIEW = f"SELECT * FROM review WHERE bet = ? AND {_STANDS} ORDER BY at DESC LIMIT 1"  # noqa: S608 - ours

# ---------------------------------------------------------------------------------------- reading

NUMBERED_BETS = "SELECT * FROM bet WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"

OPEN_BETS = """
SELECT * FROM bet WHERE withdrawn_at IS NULL
  AND number NOT IN (SELECT bet FROM outcome WHERE official)
ORDER BY number
"""

PAGE_OF_BETS = """
SELECT * FROM (SELECT * FROM bet ORDER BY number DESC LIMIT :most OFFSET :left_out) ORDER BY number
"""

BETS_WITH_GAME = """
SELECT * FROM bet WHERE number IN (SELECT bet FROM leg WHERE game_id = ?) ORDER BY number
"""

BETS_A_GAME = """
SELECT game_id, count(*) FROM bet WHERE game_id IS NOT NULL AND withdrawn_at IS NULL
GROUP BY game_id
"""

COUNT_BETS = "SELECT count(*) FROM bet"

IN_REVIEW = f"""
SELECT * FROM bet WHERE EXISTS (
  SELECT 1 FROM review WHERE review.bet = bet.number AND {_STANDS}
) OR EXISTS (
  SELECT 1 FROM settlement WHERE settlement.bet = bet.number
    AND settlement.revision = (SELECT max(revision) FROM settlement AS s WHERE s.bet = bet.number)
    AND settlement.result = 'won' AND settlement.payout_cents IS NULL
    AND settlement.reason LIKE '%' || :ask
)
ORDER BY number
"""  # noqa: S608 - constants alone
"""A won bet needs a person while its payout is unknown, too."""

GAME = "SELECT * FROM game WHERE id = ?"

SNAPSHOTS = """
SELECT snapshot.*, whole.* FROM
  (SELECT game_id, min(number) AS number FROM leg WHERE bet = :bet GROUP BY game_id) AS part
CROSS JOIN game_snapshot AS whole ON whole.game = part.game_id
CROSS JOIN snapshot ON (snapshot.game_snapshot, snapshot.bet, snapshot.leg)
  = (whole.id, :bet, part.number)
ORDER BY whole.poll, whole.at, snapshot.leg
"""

SOURCE_STATUSES = "SELECT * FROM pulse ORDER BY source"

DAEMON = "SELECT * FROM daemon"


# ------------------------------------------------------------------------------------- decisions

ADD_ALERT = inserting(
    "alert",
    "bet leg game rule episode at decision reason level game_clock home away p was detail "
    "text expires_at poll",
    "ON CONFLICT DO NOTHING",
)

ADD_DELIVERY = inserting("delivery", "alert channel state told due_at expires_at updated_at")

SENT_SINCE = """
SELECT game, at, max(rule NOT IN (SELECT value FROM json_each(:results))) AS counted FROM alert
WHERE decision = 'fired' AND game IS NOT NULL AND at > :since GROUP BY game, at ORDER BY at
"""

# ----------------------------------------------------------------------------------------- outbox

RECOVER = """
UPDATE delivery SET state = 'unknown', repeat = 1, due_at = :at, updated_at = :at,
  detail = 'the program stopped while this was being sent'
WHERE state = 'sending'
"""

RECOVER_DIGESTS = "UPDATE delivery SET told = 'unknown', repeat = 1 WHERE told = 'sending'"

DOUBT_WAITING = """
UPDATE delivery SET repeat = 1 WHERE state IN ('due', 'sending', 'unknown') OR told <> 'sent'
"""

_LEFT = """
(delivery.state IN ('due', 'unknown') OR delivery.told <> 'sent')
  AND delivery.channel NOT IN (SELECT value FROM json_each(:channels))
"""
"""Whether a delivery waits for a channel that is set up no more."""

HAND_OVER = f"""
INSERT INTO delivery (alert, channel, state, told, due_at, repeat, updated_at, clock_step)
SELECT alert, value, 'expired', 'due', min(iif(told IS NULL, :at, due_at)), max(repeat), :at,
  clock_step
FROM delivery CROSS JOIN json_each(:channels)
WHERE {_LEFT} AND NOT EXISTS (
  SELECT 1 FROM delivery AS other WHERE other.alert = delivery.alert
    AND (other.channel = value OR other.state = 'sent' OR other.told = 'sent' OR (
      other.state <> 'refused' AND other.channel IN (SELECT value FROM json_each(:channels))
    ))
)
GROUP BY alert, value
"""  # noqa: S608 - constants alone

LEAVE_CHANNELS = f"""
UPDATE delivery SET state = 'refused', told = NULL, detail = 'the channel is set up no more',
  updated_at = :at
WHERE {_LEFT}
"""  # noqa: S608 - constants alone

WAITING = """
SELECT delivery.*, alert.at FROM delivery JOIN alert ON alert.id = delivery.alert
WHERE delivery.channel = :channel
  AND (delivery.state IN ('due', 'unknown', 'sending') OR delivery.told <> 'sent')
"""

SHIFT = """
UPDATE delivery SET due_at = :due_at, expires_at = :expires_at, clock_step = :clock_step
WHERE alert = :alert AND channel = :channel
"""

PENDING = """
SELECT delivery.alert, delivery.channel, alert.at, delivery.clock_step
FROM delivery JOIN alert ON alert.id = delivery.alert
WHERE delivery.state IN ('due', 'unknown') OR delivery.told = 'due'
"""

OUT_OF_TIME = """
UPDATE delivery SET expires_at = :at, due_at = min(due_at, :at)
WHERE alert = :alert AND channel = :channel
"""

STOP_IS_OVER = """
UPDATE delivery SET expires_at = :at WHERE state IN ('due', 'unknown')
  AND alert IN (SELECT id FROM alert WHERE bet IS NULL AND rule = 'stopped')
"""

_CARRIED = """
SELECT delivery.*, alert.text, alert.at, alert.rule, alert.game, alert.level, alert.reason
FROM delivery JOIN alert ON alert.id = delivery.alert
"""

CLAIMABLE = f"""
{_CARRIED}
WHERE delivery.channel = :channel AND delivery.state IN ('due', 'unknown')
  AND delivery.due_at <= :at
  AND (delivery.expires_at IS NULL OR delivery.expires_at > :at)
ORDER BY delivery.alert LIMIT :limit
"""

CLAIM = """
UPDATE delivery SET state = 'sending', attempts = attempts + 1, updated_at = :at
WHERE alert = :alert AND channel = :channel
"""

FINISH = """
UPDATE delivery SET state = :state, due_at = coalesce(:due_at, due_at), detail = :detail,
  repeat = max(repeat, :repeat), attempts = attempts - :untried, updated_at = :at
WHERE alert = :alert AND channel = :channel AND state = 'sending'
"""

DELIVERY_STATE = "SELECT state FROM delivery WHERE alert = ? AND channel = ?"

EXPIRE = """
UPDATE delivery SET state = 'expired', told = 'due', due_at = min(due_at, :at), updated_at = :at
WHERE state IN ('due', 'unknown') AND expires_at <= :at
  AND (:channel IS NULL OR channel = :channel)
"""

UNTOLD = f"""
{_CARRIED}
WHERE delivery.told <> 'sent' AND delivery.told <> 'sending' AND delivery.due_at <= :at
  AND (:channel IS NULL OR delivery.channel = :channel)
ORDER BY delivery.channel, delivery.alert
"""

TELLING = """
UPDATE delivery SET told = 'sending', attempts = attempts + 1 WHERE alert = ? AND channel = ?
"""

REFUSE_DIGEST = """
UPDATE delivery SET state = 'refused', told = NULL, detail = ? WHERE alert = ? AND channel = ?
"""

TELL = """
UPDATE delivery SET told = ?, repeat = max(repeat, ?), attempts = attempts - ?
WHERE alert = ? AND channel = ?
"""

NEXT_DUE = """
SELECT min(due) FROM (
  SELECT min(min(due_at, coalesce(expires_at, due_at))) AS due FROM delivery
  WHERE channel = :channel AND state IN ('due', 'unknown')
  UNION ALL
  SELECT min(due_at) FROM delivery
  WHERE channel = :channel AND told <> 'sent' AND told <> 'sending'
)
"""

UNSENT_SINCE = """
SELECT count(*) FROM alert CROSS JOIN delivery ON delivery.alert = alert.id
WHERE alert.at >= :since AND (:until IS NULL OR alert.at < :until)
  AND state <> 'sent' AND ifnull(told, '') <> 'sent'
  AND NOT (ifnull(told, '') = 'due' AND attempts = 0)
  AND NOT ('sending' IN (state, ifnull(told, '')) AND attempts = 1)
"""

SETTLED_BETWEEN = """
SELECT DISTINCT settlement.bet FROM settlement JOIN outcome ON outcome.bet = settlement.bet
JOIN bet ON bet.number = settlement.bet
WHERE settled_at >= :since AND settled_at < :until AND (
  outcome.day >= :day
  OR settlement.revision = 1 AND NOT settlement.by_hand AND bet.added_at < :since
)
ORDER BY settlement.bet
"""

LAST_NOTICE = """
SELECT rule, at FROM alert WHERE bet IS NULL AND rule IN (SELECT value FROM json_each(?))
ORDER BY id DESC LIMIT 1
"""

SAID_SINCE = """
SELECT 1 FROM alert WHERE bet IS NULL AND rule = ? AND text = ? AND at >= ? LIMIT 1
"""

# -------------------------------------------------------------------------------- reading alerts

ALERTS = """
SELECT alert.*, bet.name AS bet_name FROM alert JOIN bet ON bet.number = alert.bet
WHERE (:bet IS NULL OR alert.bet = :bet) AND (:held OR alert.decision = 'fired' OR alert.text <> '')
ORDER BY alert.id
"""

DELIVERIES = """
SELECT delivery.* FROM delivery JOIN alert ON alert.id = delivery.alert
WHERE :bet IS NULL OR alert.bet = :bet
ORDER BY delivery.alert, delivery.channel
"""

DELIVERY_COUNTS = """
SELECT channel, CASE
    WHEN told = 'due' AND attempts = 0 THEN 'held'
    WHEN told = 'sent' THEN 'sent'
    ELSE state
  END AS state, count(*) AS n
FROM delivery GROUP BY 1, 2
"""

DECISION_COUNTS = """
SELECT decision, reason, count(*) AS n FROM alert WHERE bet IS NOT NULL GROUP BY decision, reason
"""

DECISIONS_SINCE = """
SELECT decision, reason, count(*) AS n FROM alert
WHERE bet IS NOT NULL AND at >= :since AND (:until IS NULL OR at < :until)
GROUP BY decision, reason
"""
