"""dlt: attendances merged on their number into a schema of dlt's own making.

    python dlt_mobilize.py DATABASE_URL attendances.jsonl

A pipeline as dlt's documentation shows it: the records as they are, write disposition merge on id, the default normalisation (objects become columns,
lists become child tables), schema mobilize_dlt made anew.

It does not promise: the tables of schema mobilize (people, events and organizations stand in every attendance's row, dates are numbers), foreign keys, an
older record of a later delivery not overwriting a newer row, a home for masked attendances by key (they have no id, so they are appended, again by every call).
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt
from dlt.common.json import json as fast_json
from psycopg2.extensions import parse_dsn


def credentials(url: str) -> str:
    """The URL with all the parts that dlt asks for. libpq lets the host of the query, such as a Unix socket's folder, go before the one in front."""
    dsn = {"host": "localhost", "port": "5432", "user": "postgres", "password": "none"} | parse_dsn(url)
    user, password, database, host = (quote(dsn[part], safe="") for part in ("user", "password", "dbname", "host"))
    return f"postgresql://{user}:{password}@localhost:{dsn['port']}/{database}?host={host}"


def records(path: str) -> Iterator[list[dict]]:
    """The records, by the thousand."""
    with open(path, "rb") as lines:
        while batch := [fast_json.loadb(line) for line in islice(lines, 1000)]:
            yield batch


@dlt.source
def mobilize(path: str):
    @dlt.resource(selected=False)
    def lines():
        yield from records(path)

    newest_first = {"modified_date": {"dedup_sort": "desc"}}

    @dlt.transformer(data_from=lines, primary_key="id", write_disposition="merge", columns=newest_first)
    def attendances(batch):
        yield [record for record in batch if record.get("id") is not None]

    @dlt.transformer(data_from=lines, write_disposition="append")
    def masked_attendances(batch):
        yield [record for record in batch if record.get("id") is None]

    return attendances, masked_attendances


def main() -> None:
    url, path = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        pipeline = dlt.pipeline(
            pipeline_name="mobilize",
            pipelines_dir=folder,
            destination=dlt.destinations.postgres(credentials(url)),
            dataset_name="mobilize_dlt",
        )
        pipeline.run(mobilize(path)).raise_on_failed_jobs()
        seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": round(seconds, 3), "version": f"dlt {dlt.__version__}"}))


if __name__ == "__main__":
    main()
