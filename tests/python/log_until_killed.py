"""Logs numbered events until a line comes in or it is killed, and writes down what the bridge has acknowledged.

Arguments: the run's id, and a file for the notes, which survive the program. A line is `session <producer> <session>`, or
`acknowledged <producer> <how many of its events>`.
"""

import os
import sys
import threading
import time

import hivewatch_bridge as hivewatch
from hivewatch_bridge._sender import Sender

run_id, path = sys.argv[1:]
notes = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
stored = Sender._stored


def note_and_store(self, sealed):
    os.write(notes, f"acknowledged {self._outbox.producer.producer_id} {sealed.end}\n".encode())
    stored(self, sealed)


Sender._stored = note_and_store
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()

session = str(os.getpid()) + "-" + str(time.time_ns())
run = hivewatch.init(run_id=run_id, config={"session": session})
os.write(notes, f"session {run._sender._outbox.producer.producer_id} {session}\n".encode())
print("started", flush=True)
number = 1
while not stop.is_set():
    for _ in range(100):
        hivewatch.log_client_update(f"client-{number % 7}", round=number // 1000, number=number, session=session)
        number += 1
    hivewatch.log_event("mark", number=number, session=session)
    number += 1
    # More than the bridge takes would only fill this program's memory.
    stop.wait(0.02)
print("durable:", hivewatch.finish(reason=f"{session} {number}", timeout=60), flush=True)
for thread in threading.enumerate():
    if thread.name == "hivewatch-resume":
        thread.join()
