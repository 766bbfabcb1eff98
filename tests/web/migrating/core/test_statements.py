"""What statements of migrations do to whole tables."""

import pytest

from web.migrating.core.statements import Effect, TableSize, Work, find_works, say_duration


@pytest.mark.parametrize(
    ("statement", "works"),
    [
        ('CREATE INDEX "by_time" ON "sample" ("at");', [Work(Effect.INDEXES, "sample")]),
        ("CREATE UNIQUE INDEX ON ONLY sample (at)", [Work(Effect.INDEXES, "sample")]),
        ('CREATE INDEX CONCURRENTLY "i" ON "sample" ("at")', [Work(Effect.INDEXES_BESIDE, "sample")]),
        ('ALTER TABLE "site" ADD COLUMN "x" integer NULL', []),
        ("ALTER TABLE \"site\" ADD COLUMN \"x\" integer DEFAULT 0 NOT NULL", []),
        ('ALTER TABLE "site" ALTER COLUMN "x" TYPE bigint', [Work(Effect.REWRITES, "site")]),
        ('ALTER TABLE "site" ALTER COLUMN "x" SET NOT NULL', [Work(Effect.CHECKS, "site")]),
        ('ALTER TABLE "site" ADD CONSTRAINT "c" CHECK ("x" > 0)', [Work(Effect.CHECKS, "site")]),
        ('ALTER TABLE "site" ADD CONSTRAINT "c" CHECK ("x" > 0) NOT VALID', []),
        ('ALTER TABLE "site" ADD CONSTRAINT "c" UNIQUE ("x")', [Work(Effect.INDEXES, "site")]),
        ("ALTER TABLE site ADD CONSTRAINT c EXCLUDE USING gist (r WITH &&)", [Work(Effect.INDEXES, "site")]),
        ('ALTER TABLE "site" DROP COLUMN "x" CASCADE', []),
        ("UPDATE public.site SET x = 1", [Work(Effect.CHANGES, "public.site")]),
        ("WITH gone AS (DELETE FROM site RETURNING id) SELECT 1", [Work(Effect.CHANGES, "site")]),
        ("INSERT INTO site VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 1", []),
        ("CREATE TRIGGER t AFTER UPDATE ON site EXECUTE FUNCTION f()", []),
        ("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE site SET x = 1; END $$", []),
        ("-- UPDATE site SET x = 1", []),
        (
            "CREATE INDEX a ON site (x); CREATE INDEX b ON site (y); DROP INDEX c; UPDATE hall SET x = 1",
            [Work(Effect.INDEXES, "site"), Work(Effect.INDEXES, "site"), Work(Effect.CHANGES, "hall")],
        ),
    ],
)  # fmt: skip
def test_what_a_statement_does(statement: str, works: list[Work]) -> None:
    assert find_works([statement]) == works


@pytest.mark.parametrize(
    ("effect", "size_bytes", "words"),
    [
        (Effect.CHECKS, 0, "a second or less"),
        (Effect.INDEXES, 500_000_000, "about 10 s"),
        (Effect.REWRITES, 9_000_000_000, "about 10 minutes"),
        (Effect.CHANGES, 60_000_000_000, "about 2.8 hours"),
    ],
)
def test_an_estimate_follows_the_size_of_the_table(effect: Effect, size_bytes: int, words: str) -> None:
    assert say_duration(Work(effect, "site").duration_s(TableSize(None, size_bytes))) == words
