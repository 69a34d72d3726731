"""The command `leadpulse`: one module per subcommand."""
