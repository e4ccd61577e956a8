"""Training of Sensorium's checkpoints: every step is one command, `python -m training.<step> --help`."""
