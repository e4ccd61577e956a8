"""Is the server's network the one that was trained? One module per task, each with `run`."""
