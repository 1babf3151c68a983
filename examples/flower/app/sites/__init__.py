"""A federated classifier on synthetic data, with numpy only."""
