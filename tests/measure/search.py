"""Who calls, found while somebody types, with 200,000 vehicles and 50,000 customers on record.

    python -m tests.measure.search [--vehicles 200000] [--customers 50000] [--rounds 40]

Builds a throwaway PostgreSQL: a contact for each customer, a driver, a terminal and a SIM for each vehicle. Prints one JSON line for each
kind of search (median and p95 in milliseconds through the whole application, queries, limit). Exits 1 when a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from urllib.parse import quote

import sqlalchemy as sa

from dispatch import db
from dispatch.search import name_words
from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.rules import SYSTEM
from tests.measure import fetching

LIMIT_MS = 100
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆范"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰健鑫波斌宇浩凯晨阳欣雪梅春志国建文辉林红云飞龙"
PLACES = ["深圳", "广州", "东莞", "惠州", "佛山", "珠海", "中山", "江门", "肇庆", "汕头", "厦门", "长沙", "南昌", "武汉", "重庆"]
NAMES = "恒通顺安平达捷运兴隆金龙飞腾远航宏图大地长城华丰永泰瑞祥鹏程万里天马东方海纳百川"
TRADES = ["物流", "运输", "客运", "货运", "旅游客运", "出租汽车", "供应链", "工程机械", "商贸", "环卫"]

# Plates run through five signs by a step that is prime to their number, VINs and phones by another: no two alike, no order to see.
FILL = (
    "SET session_replication_role = replica",
    "INSERT INTO customer (branch_id, name, tier, created_at, search_text) SELECT :branch, name, 'b', now(), words FROM names_of_companies ORDER BY n",
    "INSERT INTO contact (customer_id, name, phone, phone_digits, search_text) SELECT c.id, w.name, phone, phone, w.words || '|' || phone "
    "FROM (SELECT id, (13500000000 + id * 48611 % 99999989)::text AS phone FROM customer) c JOIN names_of_people w ON w.n = c.id % :people",
    "INSERT INTO vehicle (branch_id, customer_id, plate, plate_colour, vin, created_at, search_text) SELECT :branch, 1 + n % :customers, "
    "plate, 'yellow', vin, now(), lower(plate || '|' || vin) FROM (SELECT n, '粤' || chr((65 + n % 20)::int) || "
    "upper(lpad(to_hex((n * 48611) % 1048573), 5, '0')) AS plate, 'LSGPC52U6A' || upper(lpad(to_hex((n * 7368787) % 268435399), 7, '0')) AS vin "
    "FROM generate_series(CAST(1 AS bigint), :vehicles) n) v",
    "INSERT INTO driver (vehicle_id, name, phone, search_text) SELECT v.id, w.name, phone, w.words || '|' || phone "
    "FROM (SELECT id, (13800000000 + id * 48611 % 99999989)::text AS phone FROM vehicle) v JOIN names_of_people w ON w.n = v.id % :people",
    "INSERT INTO terminal_model (name, warranty_months) VALUES ('BD-808A', 24)",
    "INSERT INTO holder (kind, branch_id, vehicle_id, role) SELECT 'slot', branch_id, id, 'main' FROM vehicle ORDER BY id",
    "CREATE TABLE made AS SELECT n, CASE n % 2 WHEN 0 THEN 'terminal' ELSE 'sim' END AS kind, (n + 1) / 2 AS vehicle, "
    "lpad((n * 104729 % 99999989)::text, 8, '0') AS digits FROM generate_series(CAST(1 AS bigint), 2 * :vehicles) n",
    "INSERT INTO unit (kind, branch_id, created_at, search_text) SELECT kind, :branch, now(), CASE kind WHEN 'terminal' "
    "THEN 'sn' || digits || '|8612345' || digits || '|bd808a' ELSE '89860619000' || digits || '0|1440' || digits || '7' END FROM made ORDER BY n",
    "INSERT INTO terminal (unit_id, serial, model, imei, warranty_months) SELECT n, 'SN' || digits, 'BD-808A', '8612345' || digits, 24 "
    "FROM made WHERE kind = 'terminal'",
    "INSERT INTO sim (unit_id, iccid, iccid_key, msisdn) SELECT n, '89860619000' || digits || '0', '89860619000' || digits, "
    "'1440' || digits || '7' FROM made WHERE kind = 'sim'",
    "INSERT INTO custody_position (unit_id, unit_kind, holder_id, holder_kind, seq, hash, since) "
    "SELECT m.n, m.kind, h.id, 'slot', 1, '', now() FROM made m JOIN holder h ON h.vehicle_id = m.vehicle",
    "DROP TABLE made, names_of_companies, names_of_people",
    "VACUUM ANALYZE",
)
NAMED = "INSERT INTO {table} SELECT * FROM unnest(CAST(:n AS bigint[]), CAST(:name AS text[]), CAST(:words AS text[]))"


def fill(url: str, random: Random, *, vehicles: int, customers: int) -> int:
    """A branch with its customers and vehicles; returns the dispatcher's id."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with db.transaction() as session:
        branch = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=at)
        desk = add_person(session, branch=branch, new=NewPerson("D1", "林晓", frozenset({"specialist"})), by=SYSTEM, at=at)
        facts = {"branch": branch.id, "vehicles": vehicles, "customers": customers, "people": 5_000}
        _name(session, "names_of_companies", list(companies(random, customers)))
        _name(session, "names_of_people", list(people(random, 5_000)))
        desk_id = desk.id
    fetching.fill(url, FILL, facts)
    return desk_id


def _name(session: sa.orm.Session, table: str, names: list[str]) -> None:
    session.execute(sa.text(f"CREATE TABLE {table} (n bigint, name text, words text)"))
    rows = {"n": list(range(len(names))), "name": names, "words": [name_words(name) for name in names]}
    session.execute(sa.text(NAMED.format(table=table)), rows)


def companies(random: Random, count: int) -> Iterator[str]:
    """Names of companies, no two alike."""
    for number in range(count):
        name = "".join(random.choices(NAMES, k=random.choice((2, 2, 3, 4))))
        yield f"{random.choice(PLACES)}{name}{random.choice(TRADES)}{number if number % 10 == 0 else ''}有限公司"


def people(random: Random, count: int) -> Iterator[str]:
    """Names of people, some of them alike."""
    for _ in range(count):
        yield random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2, 2))))


def kinds() -> dict[str, list[str]]:
    """Kind of search -> things that are looked for in that way, as somebody would type them."""
    with db.transaction() as session:
        asked = {
            "plate": "SELECT overlay(plate placing '·' from 3 for 0) FROM vehicle",
            "plate without province": "SELECT substr(plate, 2) FROM vehicle",
            "end of a plate": "SELECT right(plate, 4) FROM vehicle",
            "VIN": "SELECT vin FROM vehicle",
            "end of a VIN": "SELECT right(vin, 6) FROM vehicle",
            "driver's phone": "SELECT phone FROM driver",
            "contact's phone": "SELECT phone FROM contact",
            "last four of a phone": "SELECT right(phone, 4) FROM contact",
            "start of a phone": "SELECT left(phone, 7) FROM driver",
            "terminal": "SELECT serial FROM terminal",
            "end of a terminal's number": "SELECT right(serial, 6) FROM terminal",
            "SIM": "SELECT msisdn FROM sim",
            "ICCID": "SELECT iccid FROM sim",
            "name of a company": "SELECT left(name, 6) FROM customer",
            "name of a person": "SELECT name FROM driver",
            "initials of a company": "SELECT left(split_part(search_text, '|', 2), 6) FROM customer",
            "initials of a person": "SELECT split_part(search_text, '|', 2) FROM driver",
        }
        found = {
            kind: list(session.scalars(sa.text(f"SELECT * FROM ({query}) x ORDER BY random() LIMIT 100")))
            for kind, query in asked.items()
        }
    found["two letters that many names have"] = ["物流", "深圳", "王伟", "恒通", "sz", "wl"]
    found["two signs that every plate has"] = ["粤B", "粤A", "LS", "13", "14"]
    found["what nobody is called"] = ["火星车队", "zzqq", "粤Z99999", "999999999"]
    return found


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--vehicles", type=int, default=200_000)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    random = Random(1)
    with fetching.application() as (app, url):
        client = fetching.sit_down(app, fill(url, random, vehicles=options.vehicles, customers=options.customers))

        def typed(words: list[str]) -> fetching.Make:
            return lambda: f"/calls/find?q={quote(random.choice(words))}"

        pages = {kind: (LIMIT_MS, typed(words)) for kind, words in kinds().items()}
        broken = fetching.hold_against_limits(client, pages, options.rounds)
    print(json.dumps({"vehicles": options.vehicles, "customers": options.customers, "cores": os.cpu_count(), "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
