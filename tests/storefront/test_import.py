"""Importing a catalogue with its pictures: all or nothing, and nothing twice."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from storefront.adapters.postgres.catalogue import PostgresCatalogue
from storefront.domain.errors import NotFoundError, UnavailableError
from storefront.usecases.catalogue_file import COLUMNS
from storefront.usecases.importing import BadCatalogueError, import_catalogue

HEADER = ",".join(COLUMNS)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SERVICE = Path(__file__).parents[2] / "services" / "storefront"


class Pictures:
    """The images port in memory, counting."""

    def __init__(self):
        self.kept = {}
        self.puts = 0
        self.most = self._now = 0

    async def put(self, key, body, content_type):
        self.puts += 1
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        self.kept[key] = (body, content_type)

    async def get(self, key):
        return self.kept[key]


@pytest.fixture
async def catalogue(database, owner):
    await owner.execute("truncate products, categories, stock cascade")
    return PostgresCatalogue(database, "USD")


@pytest.fixture
def write(tmp_path):
    """Writes catalogue.csv with these lines after the header."""

    def write(*lines, header=HEADER):
        file = tmp_path / "catalogue.csv"
        file.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
        return file

    return write


def line(sku="A-1", name="Mug", price="18.50", stock=5, image="", category="Table"):
    return f"{sku},{name},About it,{category},{price},USD,{stock},{image}"


async def refused(catalogue, images, file):
    with pytest.raises(BadCatalogueError) as caught:
        await import_catalogue(catalogue, images, file, "USD")
    return [str(problem) for problem in caught.value.problems.kept]


async def counts(owner):
    return tuple(
        await owner.fetchrow("""
        select (select count(*) from products), (select count(*) from stock),
            (select count(*) from categories)""")
    )


async def test_creates_then_updates_only_what_changed(catalogue, owner, write):
    done = await import_catalogue(
        catalogue, Pictures(), write(line("A-1"), line("A-2", "Bowl"), line("A-3", "Jug")), "USD"
    )
    assert (done.rows, done.created, done.updated) == (3, 3, 0)
    versions = await owner.fetch("select sku, xmin::text from products order by sku")
    done = await import_catalogue(
        catalogue,
        Pictures(),
        write(
            line("A-1"), line("A-2", "Bowl", price="20"), line("A-3", "Jug", stock=9), line("A-4")
        ),
        "USD",
    )
    assert (done.rows, done.created, done.updated) == (4, 1, 2)
    after = await owner.fetch("select sku, xmin::text from products order by sku")
    assert [old == new for old, new in zip(versions, after, strict=False)] == [True, False, True]
    assert (await catalogue.product("jug")).available == 9
    done = await import_catalogue(catalogue, Pictures(), write(line("A-1")), "USD")
    assert (done.created, done.updated) == (0, 0)
    assert await counts(owner) == (4, 4, 1)


async def test_attributes_keep_the_files_order(catalogue, owner, write):
    header = HEADER + ",attributes"
    given = "Material: Oak; Width: 30 cm; Care: Oil; A: 1"

    def imported(text):
        file = write(f"{line('A-1')},{text}", header=header)
        return import_catalogue(catalogue, Pictures(), file, "USD")

    await imported(given)
    assert list((await catalogue.product("mug")).attributes) == ["Material", "Width", "Care", "A"]
    assert (await imported(given)).updated == 0
    assert (await imported("Width: 30 cm; Material: Oak; Care: Oil; A: 1")).updated == 1
    assert list((await catalogue.product("mug")).attributes) == ["Width", "Material", "Care", "A"]
    assert (await imported("Breadth: 30 cm; Material: Oak; Care: Oil; A: 1")).updated == 1


async def test_slugs_are_readable_unique_and_stay(catalogue, owner, write):
    await import_catalogue(
        catalogue, Pictures(), write(line("A"), line("B"), line("C", "Mug 2"), line("D")), "USD"
    )
    slugs = dict(await owner.fetch("select sku, slug from products"))
    assert slugs == {"A": "mug", "B": "mug-2", "C": "mug-2-2", "D": "mug-3"}
    await import_catalogue(
        catalogue, Pictures(), write(line("D"), line("E"), line("A", "Large Mug"), line("B")), "USD"
    )
    assert dict(await owner.fetch("select sku, slug from products")) == slugs | {"E": "mug-4"}
    assert (await catalogue.product("mug")).summary.name == "Large Mug"


async def test_one_bad_line_changes_nothing(catalogue, owner, write):
    await import_catalogue(catalogue, Pictures(), write(line("A-1")), "USD")
    images = Pictures()
    file = write(line("A-1", price="1"), line("A-2", image="a.svg"), line("A-3", price="1,5,"))
    file.with_name("a.svg").write_bytes(SVG)
    assert await refused(catalogue, images, file) == ["line 4: 10 columns instead of 8"]
    assert images.puts == 0
    assert (await catalogue.product("mug")).summary.price == 1850
    assert await counts(owner) == (1, 1, 1)


async def test_a_failure_in_the_database_changes_nothing(catalogue, owner, write):
    await owner.execute("""
        alter table stock add constraint not_13 check (available <> 13);
    """)
    try:
        with pytest.raises(Exception, match="not_13"):
            await import_catalogue(
                catalogue, Pictures(), write(line("A-1"), line("A-2", stock=13)), "USD"
            )
    finally:
        await owner.execute("alter table stock drop constraint not_13")
    assert await counts(owner) == (0, 0, 0)


async def test_pictures_beside_the_file_are_stored_by_content_and_once(catalogue, write, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mug.svg").write_bytes(SVG)
    (tmp_path / "images" / "same.svg").write_bytes(SVG)
    (tmp_path / "Photo 1.PNG").write_bytes(PNG)
    images = Pictures()
    done = await import_catalogue(
        catalogue,
        images,
        write(
            line("A", image="images/mug.svg"),
            line("B", image="images/same.svg"),
            line("C", image="./images/../images/mug.svg"),
            line("D", "Bowl", image="Photo 1.PNG"),
            line("E", "Jug", image="https://cdn.test/jug.jpg"),
        ),
        "USD",
    )
    assert (done.pictures, images.puts, done.warnings.count) == (2, 2, 0)
    url = (await catalogue.product("mug")).summary.image_url
    assert images.kept[url.removeprefix("/images/")] == (SVG, "image/svg+xml")
    assert (await catalogue.product("mug-3")).summary.image_url == url
    png = (await catalogue.product("bowl")).summary.image_url
    assert images.kept[png.removeprefix("/images/")] == (PNG, "image/png")
    assert (await catalogue.product("jug")).summary.image_url == "https://cdn.test/jug.jpg"


async def test_a_missing_picture_is_a_warning(catalogue, write):
    done = await import_catalogue(catalogue, Pictures(), write(line(image="images/mug.svg")), "USD")
    assert [str(warning) for warning in done.warnings.kept] == [
        'line 2, image_url: there is no file "images/mug.svg"; the product has no picture'
    ]
    assert (await catalogue.product("mug")).summary.image_url == ""


async def test_pictures_that_are_refused(catalogue, owner, write, tmp_path):
    outside = tmp_path.parent / "outside.svg"
    outside.write_bytes(SVG)
    (tmp_path / "link.svg").symlink_to(outside)
    (tmp_path / "text.png").write_bytes(b"no picture")
    (tmp_path / "page.svg").write_bytes(b"<html>")
    (tmp_path / "huge.png").write_bytes(PNG + b"\0" * 10 * 1024 * 1024)
    names = ["../outside.svg", "link.svg", "text.png", "page.svg", "huge.png"]
    file = write(*(line(f"A{n}", image=name) for n, name in enumerate(names)))
    images = Pictures()
    assert await refused(catalogue, images, file) == [
        'line 2, image_url: "../outside.svg" leads outside the catalogue\'s folder',
        'line 3, image_url: "link.svg" leads outside the catalogue\'s folder',
        'line 4, image_url: "text.png" is no PNG picture',
        'line 5, image_url: "page.svg" is no SVG picture',
        'line 6, image_url: "huge.png" has more than 10 MB',
    ]
    assert images.puts == 0
    assert await counts(owner) == (0, 0, 0)


async def test_many_pictures_go_a_few_at_a_time(catalogue, write, tmp_path):
    for n in range(60):
        (tmp_path / f"{n}.svg").write_bytes(SVG + str(n).encode())
    images = Pictures()
    await import_catalogue(
        catalogue, images, write(*(line(f"A{n}", image=f"{n}.svg") for n in range(60))), "USD"
    )
    assert images.puts == 60
    assert images.most <= 16


async def test_images_that_are_down_change_nothing(catalogue, owner, write, tmp_path):
    class Down(Pictures):
        async def put(self, key, body, content_type):
            raise UnavailableError("images")

    (tmp_path / "a.svg").write_bytes(SVG)
    with pytest.raises(UnavailableError):
        await import_catalogue(catalogue, Down(), write(line(image="a.svg")), "USD")
    assert await counts(owner) == (0, 0, 0)
    assert await catalogue.last_import_refused()


async def test_who_watches_sees_a_refused_import_until_one_goes_through(catalogue, owner, write):
    await owner.execute("truncate last_import")
    assert await catalogue.last_import_refused() is None
    with pytest.raises(OSError, match="gone"):
        await import_catalogue(catalogue, Pictures(), Path("/gone.csv"), "USD")
    await import_catalogue(catalogue, Pictures(), write(line()), "USD")
    assert await catalogue.last_import_refused() is False
    await refused(catalogue, Pictures(), write(line(price="cheap")))
    assert await catalogue.last_import_refused()


async def test_imports_at_the_same_time_do_not_mix(catalogue, owner, write):
    file = write(*(line(f"A{n}") for n in range(200)))
    done = await asyncio.gather(
        *(import_catalogue(catalogue, Pictures(), file, "USD") for _ in range(3))
    )
    assert sorted((d.created, d.updated) for d in done) == [(0, 0), (0, 0), (200, 0)]
    assert await owner.fetchval("select count(distinct slug) from products") == 200


async def test_stock_is_set_while_checkouts_take_it(catalogue, database, owner, write):
    """Both lock stock in SKU order: nobody waits in a circle, and no change is lost."""
    names = [f"A{n:03}" for n in range(100)]
    await import_catalogue(catalogue, Pictures(), write(*(line(n, stock=1) for n in names)), "USD")

    async def take():
        for _ in range(10):
            async with database.transaction() as connection:
                await connection.fetch(
                    "select 1 from stock where sku = any($1) order by sku for update", names[::7]
                )
                await connection.execute(
                    "update stock set available = available - 1 "
                    "where sku = any($1) and available > 0",
                    names[::7],
                )

    for stock in (50, 60):
        file = write(*(line(n, stock=stock) for n in reversed(names)))
        await asyncio.gather(
            import_catalogue(catalogue, Pictures(), file, "USD"), *(take() for _ in range(3))
        )
    assert await owner.fetchval("select min(available) >= 30 from stock")


# --- on S3, and as a command ---


async def test_pictures_in_s3(shop, settings):
    await shop.images.put("k.svg", SVG, "image/svg+xml")
    await shop.images.put("k.svg", b"other", "image/png")  # the key is the content: kept as it was
    assert await shop.images.get("k.svg") == (SVG, "image/svg+xml")
    with pytest.raises(NotFoundError):
        await shop.images.get("none.svg")
    head = boto3.client("s3").head_object(Bucket=settings.images_bucket, Key="images/k.svg")
    assert "immutable" in head["CacheControl"]


def command(environment, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "storefront", *map(str, arguments)],
        env={**os.environ, **environment},
        cwd=SERVICE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_imports(environment, write, tmp_path, settings):
    (tmp_path / "cup.svg").write_bytes(SVG + b"<!-- cup -->")
    file = write(line("CLI-1", "Cup", image="cup.svg"), line("CLI-2", image="none.png"))
    done = command(environment, "import-catalogue", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 products: 2 created, 0 updated, 0 unchanged; 1 picture\n"
    assert 'warning: line 3, image_url: there is no file "none.png"' in done.stderr
    again = command(environment, "import-catalogue", file)
    assert again.stdout == "2 products: 0 created, 0 updated, 2 unchanged; 1 picture\n"
    stored = boto3.client("s3").list_objects_v2(Bucket=settings.images_bucket)["Contents"]
    assert [item["Key"] for item in stored if item["Key"] != "k.svg"]


def test_the_command_names_every_bad_line_up_to_a_limit(environment, write):
    file = write(*(line(f"A{n}", price="x") for n in range(150)))
    done = command(environment, "import-catalogue", file)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert lines[0].startswith('line 2, price: "x" is not a decimal number')
    assert lines[100:] == ["... and 50 more", f"{file}: 150 problems; nothing was changed"]


def test_100_000_rows_with_one_bad_line_change_nothing(environment, write):
    rows = [line(f"SKU-{n}", f"Mug {n}") for n in range(100_000)]
    rows[73_212] = rows[73_212].replace("18.50", '"12,99"')
    done = command(environment, "import-catalogue", write(*rows))
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        'line 73214, price: "12,99" is not a decimal number with at most two places'
    )
    assert "1 problem; nothing was changed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["import-catalogue", "/nowhere/catalogue.csv"], 1, "No such file"),
        (["import-catalogue", "/"], 1, "Is a directory"),
        (["import-catalogue"], 2, "FILE"),
        (["dance"], 2, "invalid choice"),
        ([], 2, "COMMAND"),
        (["staff", "add", "nobody@fieldfare.test"], 1, ""),
    ],
)
def test_what_cannot_be_done_is_said(environment, arguments, status, said):
    done = command(environment, *arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_settings_are_said(environment):
    done = command({**environment, "CURRENCY": "dollars", "PORT": "x"}, "payments")
    assert done.returncode == 2
    assert "CURRENCY" in done.stderr
    assert "PORT" in done.stderr


def test_a_database_that_is_down_is_said(environment):
    done = command({**environment, "DATABASE_PORT": "1"}, "payments")
    assert (done.returncode, done.stderr) == (1, "database is not available; try again\n")


def test_the_command_migrates(environment):
    done = command(environment, "migrate")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0 migrations applied; the database is up to date\n"


async def test_the_ledger_is_one_json_line_a_charge(environment, owner):
    assert command(environment, "payments", "--all").stdout == ""
    await owner.execute("""
        insert into payments.charges (idempotency_key, order_number, amount, currency, status)
        values ('k1', 'S-1', 1850, 'USD', 'succeeded'), ('k2', 'S-2', 900, 'USD', 'declined')
    """)
    lines = command(environment, "payments").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "order_number": "S-1",
            "amount": 1850,
            "currency": "USD",
            "idempotency_key": "k1",
            "status": "succeeded",
        }
    ]
    assert len(command(environment, "payments", "--all").stdout.splitlines()) == 2


async def test_staff_come_and_go(environment, shop):
    await shop.accounts.create("ada@fieldfare.test", "Ada", "hash")
    for action, said, is_staff in (("add", "is staff", True), ("remove", "is no longer", False)):
        done = command(environment, "staff", action, "Ada@fieldfare.test")
        assert (done.returncode, said in done.stdout) == (0, True), done.stderr
        found = await shop.accounts.credentials("ada@fieldfare.test")
        assert found[0].is_staff is is_staff
