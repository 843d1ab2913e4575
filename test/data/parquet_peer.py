"""This script is the other side of test/data/parquet-python.test.ts.

read FILE: what pyarrow, polars and DuckDB see in a file, as JSON.
write FOLDER: files of other writers, and as JSON what they hold and which sentence is expected for the bad ones.
"""

import json
import os
import sys
from datetime import UTC
from decimal import Decimal

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet

def milliseconds(time):
    """Of a datetime; one without a zone is UTC, whatever the zone of this machine."""
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def read(path):
    arrow = pyarrow.parquet.read_table(path)
    frame = polars.read_parquet(path)
    duck = duckdb.read_parquet(path)
    rows = duck.fetchall()
    meta = pyarrow.parquet.ParquetFile(path).metadata
    return {
        "pyarrow": {
            "types": {f.name: str(f.type) + ("" if f.nullable else " not null") for f in arrow.schema},
            "columns": {
                c: [milliseconds(t) for t in v] if c == "timestamp" else v for c, v in arrow.to_pydict().items()
            },
        },
        "polars": {
            "types": {c: str(t) for c, t in frame.schema.items()},
            "columns": {
                c: [milliseconds(t) for t in v] if c == "timestamp" else v
                for c, v in frame.to_dict(as_series=False).items()
            },
        },
        "duckdb": {
            "types": {c: str(t) for c, t in zip(duck.columns, duck.types)},
            "columns": {
                c: [milliseconds(r[i]) if c == "timestamp" else r[i] for r in rows] for i, c in enumerate(duck.columns)
            },
        },
        "compression": sorted({meta.row_group(g).column(c).compression for g in range(meta.num_row_groups) for c in range(6)}),
    }


def write(folder):
    times = pandas.date_range("2024-01-01", periods=50, freq="h")
    columns = {name: [100.0 + k + 0.1 * i for i in range(50)] for k, name in enumerate(["low", "open", "close", "high"])}
    columns["volume"] = [float(i) for i in range(50)]
    good = pandas.DataFrame(columns)
    arrow = pyarrow.Table.from_pandas(good, preserve_index=False)
    files = []

    def save(name, table, error=None, **options):
        path = os.path.join(folder, name + ".parquet")
        pyarrow.parquet.write_table(table, path, **options)
        files.append({"name": name, "path": path, "error": error})

    def with_time(name, values, type_):
        return arrow.append_column(name, pyarrow.array(values, type_))

    ns = [t.value for t in times]
    for codec in ["snappy", "zstd", "gzip", "brotli", "lz4", "none"]:
        save(f"compression {codec}", with_time("timestamp", ns, pyarrow.timestamp("ns")), compression=codec)
    for unit, divisor in {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}.items():
        counts = [t // divisor for t in ns]
        save(f"timestamp {unit}", with_time("Date", counts, pyarrow.timestamp(unit)))
        save(f"timestamp {unit} of New York", with_time("TIME", counts, pyarrow.timestamp(unit, tz="America/New_York")))
        save(f"integer {unit}", with_time("time", counts, pyarrow.int64()))
    save("int96", with_time("date_close", ns, pyarrow.timestamp("ns")), use_deprecated_int96_timestamps=True)
    save("text times", with_time("datetime", [t.isoformat() for t in times], pyarrow.string()))
    timed = with_time("timestamp", ns, pyarrow.timestamp("ns"))
    save("no dictionary, page version 2", timed, use_dictionary=False, data_page_version="2.0")
    save("small row groups", timed, row_group_size=7)
    save("upper case", timed.rename_columns([c.upper() for c in timed.column_names]))
    save("columns reversed", timed.select(timed.column_names[::-1]))
    for type_ in [pyarrow.int32(), pyarrow.int64(), pyarrow.uint64(), pyarrow.float32()]:
        i = timed.schema.get_field_index("volume")
        save(f"volume {type_}", timed.set_column(i, "volume", timed["volume"].cast(type_)))
    for type_ in [pyarrow.decimal128(9, 1), pyarrow.decimal128(18, 1), pyarrow.decimal128(30, 1), pyarrow.decimal256(40, 1)]:
        table = timed
        for name in columns:
            exact = [Decimal(str(round(v, 1))) for v in columns[name]]
            table = table.set_column(table.schema.get_field_index(name), name, pyarrow.array(exact, type_))
        save(f"prices {type_}", table)

    indexed = good.set_index(times)
    for name in [None, "date_close", "Date"]:
        path = os.path.join(folder, f"pandas {name}.parquet")
        indexed.rename_axis(name).to_parquet(path)
        files.append({"name": f"pandas index {name}", "path": path, "error": None})
    path = os.path.join(folder, "polars.parquet")
    polars.DataFrame(columns).with_columns(polars.Series("timestamp", list(times.to_pydatetime()))).write_parquet(path)
    files.append({"name": "polars", "path": path, "error": None})
    path = os.path.join(folder, "duckdb.parquet")
    duckdb.sql(f"copy (select * from timed) to '{path}' (format parquet)")
    files.append({"name": "duckdb", "path": path, "error": None})

    holes = [None if i in (3, 30) else v for i, v in enumerate(columns["close"])]
    i = timed.schema.get_field_index("close")
    save("nulls", timed.set_column(i, "close", pyarrow.array(holes)), "close is not a number in rows 4 (empty), 31 (empty)")
    save("empty", timed.slice(0, 0), "has no rows")
    save("a null time", with_time("timestamp", [None, *ns[1:]], pyarrow.timestamp("ns")), "holds no time in row 1 (empty)")
    return {"files": files, "columns": {**columns, "timestamp": [t // 10**6 for t in ns]}}


print(json.dumps({"read": read, "write": write}[sys.argv[1]](sys.argv[2])))
