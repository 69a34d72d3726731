"""What travels: the events that come in, the alerts and dead letters that go out, and their codec."""
