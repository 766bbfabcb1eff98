"""Messages that leave Muster: an outbox, channels, attempts. It knows no domain: whoever has something to say gives a
text, its channel, and a key that is the same however often it is tried."""
