"""Notifications: a finished report folder → messages to Slack and by e-mail, each sent once.

`plan.py` says what is due without a network, `ledger.py` remembers what was sent, `send.py` sends.
"""
