"""A site: trains on its own data, and says where it is.

python client.py ADDRESS PARTITION
"""

import sys
import time

from flwr.client import NumPyClient, start_client
from task import evaluate, load_data, train

PLACES = [
    {"site": "cologne", "city": "Cologne", "country": "DE", "lat": 50.94, "lng": 6.96},
    {"site": "lyon", "city": "Lyon", "country": "FR", "lat": 45.76, "lng": 4.84},
    {"site": "porto", "city": "Porto", "country": "PT", "lat": 41.15, "lng": -8.61},
]


class Site(NumPyClient):
    """Trains and evaluates on the data of one site."""

    def __init__(self, partition):
        self.features, self.labels = load_data(partition)
        self.place = PLACES[partition]

    def fit(self, parameters, config):
        """Trains the global model."""
        began = time.perf_counter()
        weights = train(parameters[0], self.features, self.labels, epochs=2, learning_rate=0.1)
        seconds = time.perf_counter() - began
        loss, accuracy = evaluate(weights, self.features, self.labels)
        metrics = {"loss": loss, "accuracy": accuracy, "train_time_sec": seconds, **self.place}
        return [weights], len(self.labels), metrics

    def evaluate(self, parameters, config):
        """Evaluates the global model."""
        loss, accuracy = evaluate(parameters[0], self.features, self.labels)
        return loss, len(self.labels), {"accuracy": accuracy}


if __name__ == "__main__":
    start_client(server_address=sys.argv[1], client=Site(int(sys.argv[2])).to_client())
