"""How long the client waits, the same for every protocol. Seconds."""

CONNECT_SECONDS = 0.25  # from the first packet to being logged in, TLS included
ANSWER_SECONDS = 90.0  # for a statement's answer: only so that a run ends
PAUSE_SECONDS = 0.002  # between two rows
BACK_OFF_SECONDS = 0.01  # before the next attempt to connect
