"""The outbox: messages written in the transaction of the act, delivered after it."""
