"""The road to ready of made-up fleets, as the page gives it to its drawing: one of 24 sites, one of a thousand."""

from random import Random

TODAY, BY = "2026-11-30", "2026-12-31"
PILLARS = {
    "p1": "Infrastructure",
    "p2": "Continuity",
    "p3": "Workforce",
    "p4": "Standards",
    "p5": "Validation",
}
CHECKS = (
    ("p1-fabric", "Fabric bandwidth", "330 GB/s across all nodes"),
    ("p1-diagnostic", "Node diagnostic", "every node passes the long test"),
    ("p1-cooling", "Cooling range", "inlet below 27 °C at full load"),
    ("p2-drill", "Escalation drill", "rehearsed in the last 90 days"),
    ("p3-night", "Night cover", "two certified people a night"),
    ("p4-review", "Go-live review", "all five signatures"),
    ("p5-soak", "Full-load soak", "24 hours without a fault"),
)
OWNERS = (
    ("network-emea", "Network EMEA", "Henrik Brandt"),
    ("americas", "Platform Americas", "Dana Hale"),
    ("facilities", "Facilities", "Omar Haddad"),
    ("apac", "Platform APAC", "Mei Tan"),
    ("emea", "Platform EMEA", "Ingrid Solberg"),
    ("edge", "Edge operations", "Lucía Arroyo"),
)
READY = (
    ("ASH-1", 3200),
    ("TYO-1", 2100),
    ("FRA-1", 1900),
    ("PAR-1", 1600),
    ("WAW-1", 1200),
    ("ZRH-1", 900),
    ("SEL-1", 700),
)
WAITING = (
    ("GVX-1", 5200, "p1-fabric", "network-emea", "2026-12-12"),
    ("PHX-1", 4000, "p1-diagnostic", "americas", "2027-01-22"),
    ("SAT-1", 2300, "p1-diagnostic", "americas", "2027-01-22"),
    ("OSA-1", 800, "p1-diagnostic", "apac", "2026-12-09"),
    ("DXB-1", 1900, "p1-cooling", "facilities", "2027-02-26"),
    ("SIN-1", 2400, "p1-cooling", "facilities", "2027-03-12"),
    ("QUE-1", 2600, "p2-drill", "none", None),
    ("MRS-1", 500, "p2-drill", "emea", "2026-12-05"),
    ("DSM-1", 2100, "p3-night", "americas", None),
    ("DUB-1", 1700, "p3-night", "emea", "2027-01-29"),
    ("JNB-1", 600, "p3-night", "edge", "2027-03-19"),
    ("SYD-1", 1300, "p4-review", "apac", "2026-12-04"),
    ("LON-1", 700, "p4-review", "emea", "2026-12-10"),
    ("OSL-1", 300, "p4-review", "emea", "2026-12-17"),
    ("GRU-1", 900, "p5-soak", "edge", "2026-12-18"),
    ("PNQ-1", 800, "p5-soak", "none", None),
    ("QRO-1", 300, "p5-soak", "edge", None),
)


def small():
    sites = [_site(code, size) for code, size in READY]
    for code, size, check, owner, date in WAITING:
        sites.append(_site(code, size, [(check, owner, date)], is_silent=code == "QRO-1"))
    # QUE-1 lacks a second check, with a date: a fix of the first leaves it the day of the second.
    que = next(site for site in sites if site["code"] == "QUE-1")
    que["blockers"].append(_blocker("p4-review", "none", "2027-01-15"))
    return _road(sites, CHECKS, OWNERS)


def thousand(sites=1000, seed=1):
    random = Random(seed)
    checks = [(f"p{1 + k % 5}-check-{k}", f"Check {k}", f"claim {k}") for k in range(40)]
    owners = [(f"team-{k}", f"Team {k}", "") for k in range(30)]
    made = []
    for place in range(sites):
        lacks = random.sample(checks, random.choice((0, 1, 1, 2, 3)))
        owner = random.choice([*owners, ("none", "", "")])[0]
        made.append(
            _site(
                f"S{place}",
                random.choice((2, 40, 640, 3200)),
                [(check, owner, _day(random)) for check, _name, _claim in lacks],
                is_silent=random.random() < 0.02,
            )
        )
    return _road(made, sorted(checks), owners)


def all_ready():
    return _road([_site(code, size) for code, size in READY], CHECKS, OWNERS)


def _day(random):
    year, month = random.choice(
        [(2026, 12), *((2027, month) for month in range(1, 13)), *((2028, m) for m in range(1, 4))]
    )
    return None if random.random() < 0.3 else f"{year}-{month:02}-{random.randint(1, 28):02}"


def _blocker(check, owner, date):
    is_sooner = date is None or date > BY
    return {"check": check, "owner": owner, "date": date, "fix": f"{check}.{owner}" if is_sooner else None}


def _site(code, size, lacks=(), *, is_silent=False):
    blockers = [_blocker(*each) for each in lacks]
    dates = [each["date"] for each in blockers]
    ready_on = max(dates) if dates and None not in dates else None
    return {
        "slug": code.lower(),
        "code": code,
        "name": f"Site {code}",
        "url": f"/sites/{code.lower()}/",
        "size": size,
        "state": "ready" if not lacks else "dated" if ready_on else "undated",
        "is_silent": is_silent,
        "blocker": lacks[0][0] if lacks else None,
        "owner": lacks[0][1] if lacks else None,
        "month": ready_on[:7] if ready_on else None,
        "ready_on": ready_on,
        "blockers": blockers,
    }


def _road(sites, checks, owners):
    fixes = {}
    for site in sites:
        for blocker in site["blockers"]:
            if blocker["fix"]:
                fixes.setdefault(blocker["fix"], (blocker, []))[1].append(site["slug"])
    return {
        "today": TODAY,
        "measure": "power",
        "unit": "MW",
        "deployed": sum(site["size"] for site in sites),
        "sites": sites,
        "checks": [
            {"id": id_, "name": name, "claim": claim, "pillar": id_[:2], "pillar_name": PILLARS[id_[:2]]}
            for id_, name, claim in checks
        ],
        "owners": [{"key": key, "name": name, "lead": lead, "is_gap": False} for key, name, lead in owners]
        + [{"key": "none", "name": "No owner", "lead": "", "is_gap": True}],
        "fixes": [
            {
                "key": key,
                "check": blocker["check"],
                "sites": slugs,
                "date": BY,
                "owner": blocker["owner"],
                "cost": "",
            }
            for key, (blocker, slugs) in fixes.items()
        ],
    }
