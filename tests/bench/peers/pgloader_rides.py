"""pgloader: trips and charges into the tables of schema rides; the few drivers before them, by SQL, for pgloader reads no JSON.

    python pgloader_rides.py DATABASE_URL FOLDER

FOLDER holds drivers.json, trips.csv and charges.csv. The tables must be there (`loader migrate rides`) and empty: the same constraints as for everybody.

It does not promise: one transaction (pgloader commits by the batch; what was committed before a bad line stays, and the charges are tried all the same), an
upsert (a second call fails, and so does a key that stands twice), an account of bad records (one ends the load of its file).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2.extensions import parse_dsn

DRIVERS = """
insert into rides.drivers (driver_id, tlc_number, first_name, last_name)
select distinct on (id) id, tlc_number, first_name, last_name
from rows from (
    jsonb_to_recordset(%s) as (id bigint, tlc_number text, first_name text, last_name text)
) with ordinality as s (id, tlc_number, first_name, last_name, line)
order by id, line desc
"""


def pgloader_url(url: str) -> str:
    """The URL as pgloader writes it: a Unix socket's folder stands where the host does."""
    dsn = {"host": "localhost", "port": "5432", "user": "postgres"} | parse_dsn(url)
    host = f"unix:{dsn['host']}" if dsn["host"].startswith("/") else dsn["host"]
    password = f":{quote(dsn['password'], safe='')}" if "password" in dsn else ""
    return f"postgresql://{dsn['user']}{password}@{host}:{dsn['port']}/{dsn['dbname']}"


def main() -> None:
    url, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    pgloader = shutil.which("pgloader")
    if pgloader is None:
        sys.exit("pgloader: not installed")
    said = subprocess.run([pgloader, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r'version "([^"]+)"', said)[1]
    with tempfile.TemporaryDirectory() as scratch:
        begun = time.perf_counter()
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(DRIVERS, [(folder / "drivers.json").read_text()])
        # Else this connection is open while pgloader works.
        connection.close()
        ran = subprocess.run(
            [pgloader, "--quiet", "--root-dir", scratch, Path(__file__).with_suffix(".load")],
            env=os.environ | {"FOLDER": str(folder), "DATABASE": pgloader_url(url)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seconds = time.perf_counter() - begun
    # It exits with 0 though a file did not get in: what it says decides.
    if ran.returncode or re.search(r"^\S+ (ERROR|FATAL) ", ran.stdout, re.MULTILINE):
        sys.exit(f"pgloader, exit {ran.returncode}:\n{ran.stdout}")
    print(json.dumps({"seconds": round(seconds, 3), "version": f"pgloader {version}"}))


if __name__ == "__main__":
    main()
