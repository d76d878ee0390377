"""Telegram: alerts, cards and commands of one chat, with every outcome told apart."""
