"""Reads a file of JSON lines as Python hivewatch does, and prints what it made of it as JSON."""

import json
import sys
from pathlib import Path

from hivewatch.map import MapServer, build_map_metadata_from_events

path = Path(sys.argv[1])
events = MapServer(runs_dir=str(path.parent)).read_events(path)
# Nothing in it may be a number that JSON doesn't have: no browser could read it.
print(json.dumps({"events": events, "metadata": build_map_metadata_from_events(events)}, allow_nan=False))
