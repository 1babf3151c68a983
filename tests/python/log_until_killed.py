"""Logs numbered events until a line comes in or it is killed, and writes down what of them is safe.

Arguments: the run's id, and a file for the notes, which survive the program. A line is `session <producer> <session>`,
or `acknowledged <producer> <how many of its events>`, or `spooled …` with as many as are acknowledged or in its spool.
"""

import os
import sys
import threading
import time

import hivewatch_bridge as hivewatch
from hivewatch_bridge._sender import Sender
from hivewatch_bridge._spooler import Spooler

run_id, path = sys.argv[1:]
notes = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
stored, keep = Sender._stored, Spooler.keep


def note_and_store(self, sealed):
    os.write(notes, f"acknowledged {self._outbox.producer.producer_id} {sealed.end}\n".encode())
    stored(self, sealed)


def keep_and_note(self, payload, droppable):
    result = keep(self, payload, droppable)
    spool = self._spool
    if spool is not None:
        end = spool.anchor.seq + spool._next_place - spool.anchor.place
        os.write(notes, f"spooled {self._outbox.producer.producer_id} {end}\n".encode())
    return result


Sender._stored, Spooler.keep = note_and_store, keep_and_note
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
