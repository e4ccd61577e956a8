"""The figures of the model cards, through a running server: one module per task, each with `run`."""
