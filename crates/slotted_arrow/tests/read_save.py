"""Reads a save with pyarrow and Polars, and compares every value with those that the test wrote."""
import json, math, pathlib, sys

import polars
import pyarrow

folder = pathlib.Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())
save = json.loads((folder / "manifest.json").read_text())["content"]


def same(found, wanted):
    if isinstance(wanted, dict) and "any" in wanted:  # JSON, as text
        texts = [json.dumps(value, sort_keys=True) for value in (json.loads(found), wanted["any"])]
        return texts[0] == texts[1]
    if isinstance(wanted, dict):  # a float, as text
        wanted = float(wanted["float"])
        return found == wanted and math.copysign(1, found) == math.copysign(1, wanted) or (
            math.isnan(found) and math.isnan(wanted)
        )
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, bytes):
        return wanted is not None and list(found) == wanted
    if hasattr(found, "to_list"):
        return same(found.to_list(), wanted)
    return type(found) is type(wanted) and found == wanted


count = 0
for number, table in enumerate(save["schemas"]):
    entry = next(entry for entry in save["tables"] if entry["schema"] == table["name"])
    path = folder / entry["file"]
    opened = pyarrow.ipc.open_file(path).read_all()
    opened.validate(full=True)
    readers = {"pyarrow": opened, "Polars": polars.read_ipc(path, **({"memory_map": False} if polars.__version__ < "2" else {}))}
    for reader, frame in readers.items():
        rows = expected[table["name"]]
        names = frame.column_names if reader == "pyarrow" else frame.columns
        for slot in rows[0]["values"]:
            assert slot in names, f"{reader}: no column {slot}"
            column = frame.column(slot) if reader == "pyarrow" else frame.get_column(slot)
            values = column.to_pylist() if reader == "pyarrow" else column.to_list()
            assert len(values) == len(rows), f"{reader}: {len(values)} rows of {table['name']}"
            for row, value in enumerate(values):
                wanted = rows[row]["values"][slot]
                count += 1
                assert same(value, wanted), f"{reader}: {slot} in row {row} is {value!r}, not {wanted!r}"
        if "slotted.generation" in names:
            column = frame.column("slotted.generation") if reader == "pyarrow" else frame.get_column("slotted.generation")
            generations = column.to_pylist() if reader == "pyarrow" else column.to_list()
        else:
            metadata = json.loads(opened.schema.metadata[b"slotted.table"])
            generations = [metadata["generation"]] * len(rows)
        for row, generation in enumerate(generations):
            id = number << 48 | generation << 32 | row if generation % 2 else None
            assert id == rows[row]["id"], f"{reader}: row {row} has id {id}"
# Two more readers, if they are there: the number of rows shows that they open the columns.
opened = pyarrow.ipc.open_file(folder / next(e["file"] for e in save["tables"] if e["schema"] == "floor")).read_all()
try:
    import pandas

    assert len(opened.to_pandas()) == opened.num_rows
except ModuleNotFoundError:
    pass
try:
    import duckdb

    counted = duckdb.sql("SELECT count(height), count(DISTINCT name) FROM opened").fetchall()[0][0]
    assert counted == sum(row["id"] is not None for row in expected["floor"]), counted
except ModuleNotFoundError:
    pass
print(f"{count} values are equal")
