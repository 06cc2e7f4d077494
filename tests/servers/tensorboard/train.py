"""Writes event files as trainings do: one that ended an hour ago, one whose loss became NaN, and one that goes on.

Usage: train.py FOLDER once|forever
"""

import math
import sys
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter


def point(writer, at, step, loss):
    value = Summary.Value(tag="loss", simple_value=loss)
    writer.add_event(Event(wall_time=at, step=step, summary=Summary(value=[value])))


def ended(folder, name, loss):
    writer = EventFileWriter(str(folder / name))
    begin = time.time() - 3600
    for step in range(20):
        point(writer, begin + step, step, loss(step))
    writer.close()


def forever(folder):
    writer = EventFileWriter(str(folder / "running"), flush_secs=1)
    step = 0
    while True:
        point(writer, time.time(), step, math.exp(-step / 100))
        writer.flush()
        step += 1
        time.sleep(2)


def main():
    folder = Path(sys.argv[1])
    if sys.argv[2] == "forever":
        forever(folder)
    ended(folder, "ended", lambda step: math.exp(-step / 5))
    ended(folder, "diverged", lambda step: 2.0**step if step < 8 else math.nan)


main()
