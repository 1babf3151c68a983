"""Saves a run with Python hivewatch, whichever version is installed, into the folder that is named."""

import sys

import hivewatch

try:
    from hivewatch.emitters import GeoEmitter as FilesEmitter
except ImportError:  # until 0.2.1
    from hivewatch.emitters import SSEEmitter as FilesEmitter

PLACES = {
    "client-paris": {"lat": 48.85, "lng": 2.35, "city": "Paris", "country": "FR"},
    "client-東京": {"lat": 35.68, "lng": 139.69, "city": "東京", "country": "JP"},
    "client-nowhere": {},
}

run = hivewatch.init(
    run_id="run-saved-0001",
    algorithm="FedProx",
    config={"lr": 0.01, "rounds": 3, "model": {"name": "resnet18"}, "tags": ["a", "b"], "off": None},
    emitters=[FilesEmitter(runs_dir=sys.argv[1], serve_map=False)],
    verbose=False,
)
run.set_server_metadata(lat=41.7136, lng=-87.9959, city="Lemont", country="US", org="Example Lab", protocol="gRPC")
run.log_round(0, global_accuracy=0.1, global_loss=2.3)
for number in (1, 2, 3):
    run.round_start(number)
    for index, (client, place) in enumerate(PLACES.items()):
        run.log_client_update(
            client,
            round=number,
            local_accuracy=0.25 * number + 0.01 * index,
            local_loss=float("nan") if (number, index) == (2, 1) else 1.5 / number + index,
            num_samples=100 * (index + 1),
            base_round=number - 1,
            gradient_norm=0.5 + index,
            bytes_sent=4_801_485,
            train_time_sec=3.25,
            site="hospital-a",
            _debug_score=0.123,
            nested={"k": [1, 2]},
            **place,
        )
    run.log_round(
        number,
        global_accuracy=0.25 * number,
        global_loss=float("inf") if number == 2 else 1 / number,
        num_selected=5,
        num_stragglers=1,
    )
run.log_dropout(2, "client-lima", "network")
run.log_dropout(3, "client-paris")
run.log_comm_failure(3, "client-lima", "timeout")
run.log_checkpoint(3, "checkpoints/round_3.pt", best=True)
run.log_client_update("client-paris", local_loss=9.0)  # of no round
run.finish()
