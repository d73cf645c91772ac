"""pandas and SQLAlchemy: attendances into tables of schema mobilize_pandas, made anew by to_sql, without keys or other constraints.

    python pandas_mobilize.py DATABASE_URL attendances.jsonl

A typical script: all records in memory, json_normalize, the newest of each key by sort_values and drop_duplicates, to_sql with the COPY callable of
pandas' documentation.

It does not promise: constraints of any kind, an upsert (a second call replaces the tables), typed rows (a table is created as pandas guesses its columns), an
account of bad records (one ends the load), bounded memory.
"""

import csv
import json
import sys
import time
from io import StringIO

import pandas as pd
import sqlalchemy

SCHEMA = "mobilize_pandas"
EPOCHS = ["created_date", "modified_date", "start_date", "end_date", "blocked_date", "event_modified_date", "attendance_modified_date"]


def psql_insert_copy(table, connection, keys, rows) -> None:
    """The insertion method that pandas' documentation gives for PostgreSQL."""
    with connection.connection.cursor() as cursor:
        buffer = StringIO()
        csv.writer(buffer).writerows(rows)
        buffer.seek(0)
        columns = ", ".join(f'"{key}"' for key in keys)
        cursor.copy_expert(f"copy {table.schema}.{table.name} ({columns}) from stdin with csv", buffer)


def newest(frame: pd.DataFrame, key: str | list[str], version: str = "modified_date") -> pd.DataFrame:
    """The row of each key with the greatest version, the last of those that are equal."""
    return frame.sort_values(version, kind="stable", na_position="first").drop_duplicates(key, keep="last")


def first(values: list[dict] | None, name: str):
    """What the first of a list of objects says."""
    return values[0][name] if values else None


def tables(records: list[dict]) -> dict[str, pd.DataFrame]:
    """The seven tables, by name."""
    whole = [r for r in records if r.get("id") is not None]
    masked = [r for r in records if r.get("id") is None and r["event"].get("id") is None]

    organizations = [o for r in records for o in (r.get("sponsor"), r["event"].get("sponsor")) if o]
    people = pd.json_normalize([r["person"] for r in records])
    people["email_address"] = [first(v, "address") for v in people.pop("email_addresses")]
    people["phone_number"] = [first(v, "number") for v in people.pop("phone_numbers")]
    people["postal_code"] = [first(v, "postal_code") for v in people.pop("postal_addresses")]

    # An event stands in a hundred records: one of each version is enough, the last.
    events = pd.json_normalize(list({(r["event"]["id"], r["event"]["modified_date"]): r["event"] for r in whole}.values()), sep="_")
    events["tag_ids"] = [[t["id"] for t in tags] if tags else None for tags in events["tags"]]
    events["tag_names"] = [[t["name"] for t in tags] if tags else None for tags in events.pop("tags")]

    timeslots = [
        {"event_id": r["event"]["id"], "event_modified_date": r["event"]["modified_date"]} | t
        for r in whole
        for t in [r["timeslot"], *(r["event"].get("timeslots") or [])]
    ]
    answers = [
        {"attendance_id": r["id"], "attendance_modified_date": r["modified_date"]} | field
        for r in whole
        for field in r.get("custom_signup_field_values") or []
    ]
    nested = {"person", "event", "timeslot", "sponsor"}
    attendances = pd.json_normalize(
        [
            {k: v for k, v in r.items() if k not in nested}
            | {
                "user_id": r["person"]["user_id"],
                "event_id": r["event"]["id"],
                "timeslot_id": r["timeslot"]["id"],
                "sponsor_organization_id": (r.get("sponsor") or {}).get("id"),
            }
            for r in whole
        ],
        sep="_",
    )
    hidden = pd.json_normalize(
        [
            {k: v for k, v in r.items() if k not in nested}
            | {"user_id": r["person"]["user_id"], "event_type": r["event"]["event_type"]}
            | {"sponsor_organization_id": (r.get("sponsor") or {}).get("id")}
            | {k: v for k, v in r["timeslot"].items() if k != "id"}
            for r in masked
        ],
        sep="_",
    )
    alike = ["user_id", "created_date", "start_date", "end_date", "event_type"]
    hidden["occurrence"] = hidden.groupby(alike).cumcount() + 1
    return {
        "organizations": newest(pd.DataFrame(organizations), "id"),
        "people": newest(people, "user_id"),
        "events": newest(events.drop(columns="timeslots"), "id"),
        "timeslots": newest(pd.DataFrame(timeslots), "id", "event_modified_date"),
        "attendances": newest(attendances.drop(columns="custom_signup_field_values"), "id"),
        "attendance_custom_fields": newest(
            pd.DataFrame(answers), ["attendance_id", "custom_field_id"], "attendance_modified_date"
        ),
        "masked_attendances": hidden.drop(columns=["id", "custom_signup_field_values"]),
    }


def main() -> None:
    url, path = sys.argv[1:]
    begun = time.perf_counter()
    with open(path, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    engine = sqlalchemy.create_engine(sqlalchemy.make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"create schema if not exists {SCHEMA}"))
        for name, frame in tables(records).items():
            for column in frame.columns.intersection(EPOCHS):
                frame[column] = pd.to_datetime(frame[column], unit="s", utc=True)
            # Numbers with gaps are floats to pandas; this keeps them whole, as COPY into bigint needs them.
            frame.convert_dtypes().to_sql(
                name, connection, schema=SCHEMA, if_exists="replace", index=False, method=psql_insert_copy
            )
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": round(seconds, 3), "version": f"pandas {pd.__version__}"}))


if __name__ == "__main__":
    main()
