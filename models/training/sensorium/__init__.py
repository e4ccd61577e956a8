"""The network, its checkpoint and its scores: what the steps of training share."""
