"""Measures units as Python objects: with __slots__, with __dict__, and as plain dicts.

Usage: python3 python.py OBJECTS REPETITIONS

Prints one JSON object: for each layout the bytes per object, and the best nanoseconds per operation. Bytes
include the values, because every object has its own. As in timeit, the garbage collector is off while timing.
"""

import gc
import json
import platform
import random
import sys
import time
import tracemalloc

# Bytes per object do not depend on the number of objects, and tracing memory is slow.
MOST_TRACED = 20_000
MOST_HEALTH = 250


class WithSlots:
    __slots__ = ("position", "velocity", "health", "kind", "team", "alive", "seed")

    def __init__(self, position, velocity, health, kind, team, alive, seed):
        self.position = position
        self.velocity = velocity
        self.health = health
        self.kind = kind
        self.team = team
        self.alive = alive
        self.seed = seed


# The same code again: CPython specialises the code of a function for one class.
class WithDict:
    def __init__(self, position, velocity, health, kind, team, alive, seed):
        self.position = position
        self.velocity = velocity
        self.health = health
        self.kind = kind
        self.team = team
        self.alive = alive
        self.seed = seed


def plain_dict(position, velocity, health, kind, team, alive, seed):
    return {
        "position": position,
        "velocity": velocity,
        "health": health,
        "kind": kind,
        "team": team,
        "alive": alive,
        "seed": seed,
    }


def random_values():
    def vector(limit):
        return tuple(random.uniform(-limit, limit) for _ in range(3))

    return (
        vector(1000.0),
        vector(10.0),
        float(random.randrange(1, MOST_HEALTH)),
        random.randrange(1000),
        random.randrange(8),
        random.random() < 0.5,
        random.getrandbits(32),
    )


def read_attribute(units):
    total = 0.0
    for unit in units:
        total += unit.health
    return total


def write_attribute(units, values):
    for unit, value in zip(units, values):
        unit.health = value


def read_item(units):
    total = 0.0
    for unit in units:
        total += unit["health"]
    return total


def write_item(units, values):
    for unit, value in zip(units, values):
        unit["health"] = value


def bytes_per_object(create, objects):
    units = [None] * objects
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(objects):
        units[number] = create(*random_values())
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / objects


def timed(work, *arguments):
    start = time.perf_counter_ns()
    result = work(*arguments)
    return time.perf_counter_ns() - start, result


def spawn(create, rows):
    return [create(*row) for row in rows]


def measure(create, read, write, rows, repetitions):
    best = {"spawn_ns": float("inf"), "read_ns": float("inf"), "write_ns": float("inf")}
    values = [float(k % MOST_HEALTH) for k in range(len(rows))]
    expected = sum(values)
    for _ in range(repetitions):
        spawn_time, units = timed(spawn, create, rows)
        random.shuffle(units)
        write_time, _ = timed(write, units, values)
        read_time, total = timed(read, units)
        if total != expected:
            sys.exit(f"the sum of all health is {total}, expected {expected}")
        times = {"spawn_ns": spawn_time, "read_ns": read_time, "write_ns": write_time}
        for key, time_taken in times.items():
            best[key] = min(best[key], time_taken / len(rows))
    return {"bytes": bytes_per_object(create, min(len(rows), MOST_TRACED)), **best}


def main():
    objects, repetitions = int(sys.argv[1]), int(sys.argv[2])
    random.seed(1)
    rows = [random_values() for _ in range(objects)]
    gc.disable()
    layouts = {
        "__slots__": measure(WithSlots, read_attribute, write_attribute, rows, repetitions),
        "__dict__": measure(WithDict, read_attribute, write_attribute, rows, repetitions),
        "dict": measure(plain_dict, read_item, write_item, rows, repetitions),
    }
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    print(json.dumps({"interpreter": interpreter, "objects": objects, "layouts": layouts}))


main()
