"""DuckDB with its postgres extension: attendances into the seven tables of schema mobilize.

    python duckdb_mobilize.py DATABASE_URL attendances.jsonl

The tables must be there (`loader migrate mobilize`) and empty. duckdb_mobilize.sql, beside this, reads the lines with the columns that are needed and no
others, takes the newest record of each key, and writes the rows that mobilize.sql writes through the attached database: the same constraints, one
transaction.

It does not promise: an upsert (a second call fails on the first primary key), an account of what was read, rejected or waits for its parent (one bad
record ends the load), bounded memory (the records are kept in DuckDB's), the same winners whatever the order of the lines.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import duckdb


def connect(url: str) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, with the database attached as pg."""
    # The extension comes as a package of its own, for DuckDB's very version: nothing is downloaded.
    package = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    if package is None:
        raise ModuleNotFoundError("duckdb_extension_postgres_scanner")
    folder = Path(package.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.load_extension(str(folder / "postgres_scanner.duckdb_extension"))
    connection.execute(f"attach '{url}' as pg (type postgres)")
    return connection


def main() -> None:
    url, path = sys.argv[1:]
    script = Path(__file__).with_suffix(".sql").read_text()
    begun = time.perf_counter()
    connection = connect(url)
    connection.execute("set variable input = ?", [path])
    connection.execute(script)
    connection.close()
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": round(seconds, 3), "version": f"duckdb {duckdb.__version__}"}))


if __name__ == "__main__":
    main()
