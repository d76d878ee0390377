"""The statements of alerts, their deliveries and snoozes, by name."""

from __future__ import annotations

# ------------------------------------------------------------------------------------- decisions

ADD_ALERT = """
INSERT INTO alert (
  bet, leg, game, rule, episode, at, decision, reason, level, game_clock, home, away, p, was,
  detail, text, expires_at, poll
) VALUES (
  :bet, :leg, :game, :rule, :episode, :at, :decision, :reason, :level, :game_clock, :home, :away,
  :p, :was, :detail, :text, :expires_at, :poll
)
ON CONFLICT DO NOTHING
"""

ADD_DELIVERY = """
INSERT INTO delivery (alert, channel, state, told, due_at, expires_at, updated_at)
VALUES (:alert, :channel, :state, :told, :due_at, :expires_at, :at)
"""

TOLD_SINCE = """
SELECT DISTINCT game, at FROM alert
WHERE decision = 'fired' AND game IS NOT NULL AND at > ? ORDER BY at
"""

# ----------------------------------------------------------------------------------------- outbox

RECOVER = """
UPDATE delivery SET state = 'unknown', repeat = 1, due_at = :at, updated_at = :at,
  detail = 'the program stopped while this was being sent'
WHERE state = 'sending'
"""

RECOVER_DIGESTS = "UPDATE delivery SET told = 'unknown', repeat = 1 WHERE told = 'sending'"

WAITING = """
SELECT alert, channel, due_at, expires_at, clock_step, state FROM delivery
WHERE channel = :channel AND (state IN ('due', 'unknown', 'sending') OR told <> 'sent')
"""

SHIFT = """
UPDATE delivery SET due_at = :due_at, expires_at = :expires_at, clock_step = :clock_step
WHERE alert = :alert AND channel = :channel
"""

PENDING = """
SELECT delivery.alert, delivery.channel, alert.at, delivery.clock_step
FROM delivery JOIN alert ON alert.id = delivery.alert WHERE delivery.state IN ('due', 'unknown')
"""

OUT_OF_TIME = "UPDATE delivery SET expires_at = :at WHERE alert = :alert AND channel = :channel"

_CARRIED = """
SELECT delivery.*, alert.text, alert.at, alert.bet, alert.rule, alert.episode, alert.game,
  alert.level, alert.reason
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
  repeat = max(repeat, :repeat), updated_at = :at
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

TELL = "UPDATE delivery SET told = ?, repeat = max(repeat, ?) WHERE alert = ? AND channel = ?"

NEXT_DUE = """
SELECT min(due) FROM (
  SELECT min(min(due_at, coalesce(expires_at, due_at))) AS due FROM delivery
  WHERE channel = :channel AND state IN ('due', 'unknown')
  UNION ALL
  SELECT min(due_at) FROM delivery
  WHERE channel = :channel AND told <> 'sent' AND told = 'due' AND attempts = 0
)
"""

SETTLED_SINCE = "SELECT DISTINCT bet FROM settlement WHERE settled_at >= ? ORDER BY bet"

LAST_NOTICE = """
SELECT rule, at FROM alert WHERE bet IS NULL AND rule IN (SELECT value FROM json_each(?))
ORDER BY id DESC LIMIT 1
"""

# ---------------------------------------------------------------------------------------- snoozes

ADD_SNOOZE = "INSERT INTO snooze (scope, target, since, until) VALUES (?, ?, ?, ?)"

SNOOZES = """
SELECT * FROM snooze WHERE lifted_at IS NULL AND until > :at ORDER BY until, id
"""

LIFT_SNOOZE = """
UPDATE snooze SET lifted_at = :at
WHERE lifted_at IS NULL AND until > :at
  AND (:scope IS NULL OR (scope = :scope AND target = :target))
"""

# ---------------------------------------------------------------------------------------- reading

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
SELECT channel, iif(told = 'due' AND attempts = 0, 'held', state) AS state, count(*) AS n
FROM delivery GROUP BY 1, 2
"""

DECISION_COUNTS = """
SELECT decision, reason, count(*) AS n FROM alert WHERE bet IS NOT NULL GROUP BY decision, reason
"""

DECISIONS_SINCE = """
SELECT decision, reason, count(*) AS n FROM alert
WHERE bet IS NOT NULL AND at >= ? GROUP BY decision, reason
"""
