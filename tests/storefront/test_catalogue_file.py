"""Catalogue files: every mistake is named with its line and column."""

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storefront.usecases.catalogue_file import COLUMNS, MAX_KEPT, parse, slugify

HEADER = ",".join(COLUMNS)
GOOD = "A-1,Stoneware Mug,For tea,Table,18.50,USD,12,"


def read(*lines, header=HEADER, end="\n"):
    text = end.join((header, *lines)) + end
    return parse(io.BytesIO(text.encode()), "USD")


def complaints(*lines, header=HEADER):
    _, problems = read(*lines, header=header)
    return [str(problem) for problem in problems.kept]


def test_a_good_line():
    rows, problems = read(GOOD)
    assert problems.count == 0
    (row,) = rows
    assert (row.line, row.sku, row.name, row.slug) == (2, "A-1", "Stoneware Mug", "stoneware-mug")
    assert (row.category, row.category_slug) == ("Table", "table")
    assert (row.price, row.currency, row.stock, row.image_url) == (1850, "USD", 12, "")
    assert row.attributes == {}


@pytest.mark.parametrize(
    ("price", "amount"), [("18", 1800), ("18.5", 1850), ("0.01", 1), (" 7.00 ", 700), ("007", 700)]
)
def test_prices_are_exact(price, amount):
    rows, _ = read(f"A-1,Mug,,Table,{price},USD,1,")
    assert rows[0].price == amount


@pytest.mark.parametrize(
    "price",
    ['"12,99"', "12.999", "-1", "+1", "1e3", "", "0", "0.00", "NaN", "inf", "$5", ".5", "5.",
     "1 000", "٣", "1_000", "99999999999999999999", "1000000.01"],
)  # fmt: skip
def test_bad_prices(price):
    (complaint,) = complaints(f"A-1,Mug,,Table,{price},USD,1,")
    assert complaint.startswith("line 2, price: ")


def test_the_complaint_about_a_price_says_what_is_wrong():
    assert complaints('A-1,Mug,,Table,"12,99",USD,1,') == [
        'line 2, price: "12,99" is not a decimal number with at most two places'
    ]


@pytest.mark.parametrize("stock", ["-1", "1.5", "", "many", "1000001", "1e2", "²"])
def test_bad_stock(stock):
    (complaint,) = complaints(f"A-1,Mug,,Table,1,USD,{stock},")
    assert complaint.startswith("line 2, stock: ")


@pytest.mark.parametrize("currency", ["usd", "EUR", "", "US$"])
def test_another_currency_is_refused(currency):
    (complaint,) = complaints(f"A-1,Mug,,Table,1,{currency},1,")
    assert complaint.startswith("line 2, currency: ")
    assert "USD" in complaint


@pytest.mark.parametrize("sku", ["", "  ", "a b", "a/b", "-a", "ü", "x" * 65, "a?b", "a%2Fb"])
def test_bad_skus(sku):
    assert complaints(f"{sku},Mug,,Table,1,USD,1,")[0].startswith("line 2, sku: ")


def test_a_sku_that_is_there_twice_names_the_first_line():
    assert complaints(GOOD, GOOD.replace("A-1", "A-2"), GOOD) == [
        'line 4, sku: "A-1" is on line 2 already'
    ]


def test_all_problems_of_a_line_come_together():
    found = complaints(",,,,x,EUR,-1,ftp://x")
    assert [complaint.split(":")[0] for complaint in found] == [
        f"line 2, {column}"
        for column in ("sku", "name", "category", "currency", "image_url", "price", "stock")
    ]


@pytest.mark.parametrize(
    ("column", "length"), [("name", 201), ("description", 10_001), ("category", 101)]
)
def test_what_is_too_long_is_refused(column, length):
    cells = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {column: "x" * length}
    (complaint,) = complaints(",".join(cells.values()))
    assert complaint.startswith(f"line 2, {column}: has {length} characters; ")


@pytest.mark.parametrize("column", ["sku", "name", "description", "category"])
@pytest.mark.parametrize("control", ["\0", "\x1b", "\x7f", "\x85"])
def test_control_characters_are_refused(column, control):
    cells = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {column: f"a{control}b"}
    (complaint,) = complaints(",".join(cells.values()))
    assert f"line 2, {column}: " in complaint


def test_a_newline_belongs_into_a_description_only():
    rows, problems = read('A-1,Mug,"One.\r\nTwo.",Table,1,USD,1,', 'B,"a\nb",,Table,1,USD,1,', GOOD)
    assert rows[0].description == "One.\nTwo."
    assert [str(p) for p in problems.kept] == [
        "line 4, name: contains the control character U+000A",
        'line 6, sku: "A-1" is on line 2 already',
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_bom_line_ends_and_blank_lines(end):
    text = "\ufeff" + end.join((HEADER, "", GOOD, "")) + end
    rows, problems = parse(io.BytesIO(text.encode()), "USD")
    assert problems.count == 0
    assert rows[0].line == 3


def test_text_is_trimmed_and_composed():
    rows, _ = read("A-1, Cafe\u0301 bowl ,,Table,1,USD,1,")
    assert (rows[0].name, rows[0].slug) == ("Café bowl", "cafe-bowl")


@pytest.mark.parametrize(
    "header",
    ["sku,name", HEADER.replace("sku,name", "name,sku"), HEADER.replace(",", ";"), HEADER.upper(),
     HEADER + ",colour", HEADER + ",attributes,attributes", GOOD],
)  # fmt: skip
def test_a_wrong_header_says_what_is_expected(header):
    rows, problems = read(GOOD, header=header)
    assert rows == []
    (problem,) = problems.kept
    assert str(problem).startswith(f"line 1: expected the header {HEADER}")


def test_an_empty_file_is_a_problem_but_one_without_products_is_not():
    assert str(parse([], "USD")[1].kept[0]).startswith("line 1: the file is empty")
    assert parse([HEADER.encode()], "USD")[1].count == 0


def test_a_wrong_number_of_columns():
    assert complaints("A-1,Mug", GOOD + ",more") == [
        "line 2: 2 columns instead of 8",
        "line 3: 9 columns instead of 8",
    ]


def test_text_that_is_not_utf_8_names_the_line():
    lines = [HEADER.encode() + b"\n", GOOD.encode() + b"\n", b"B,Caf\xe9,,Table,1,USD,1,\n"]
    _, problems = parse(lines, "USD")
    assert [str(p) for p in problems.kept] == ["line 3: not UTF-8: byte 0xe9 at 6"]


def test_an_open_quote_names_the_line_it_begins_on():
    found = complaints(GOOD, 'B,"Mug,,Table,1,USD,1,', GOOD.replace("A-1", "C"))
    assert found == ["line 3: not CSV: unexpected end of data"]
    assert complaints('B,"Mug"x,,Table,1,USD,1,')[0].startswith("line 2: not CSV: ")


@pytest.mark.parametrize(
    "url",
    ["http://x.test/a.png", "//x.test/a.png", "javascript:alert(1)", "data:image/png;base64,AA",
     "file:///etc/passwd", "a.exe", "a.png.txt", "C:\\a.png", "a\\b.png", "https://",
     "https://a b"],
)  # fmt: skip
def test_addresses_of_pictures_that_are_refused(url):
    assert complaints(f'A-1,Mug,,Table,1,USD,1,"{url}"')[0].startswith("line 2, image_url: ")


@pytest.mark.parametrize("url", ["", "https://x.test/a", "/images/a.png", "a/b.SVG", "b.avif"])
def test_addresses_of_pictures_that_are_fine(url):
    rows, problems = read(f"A-1,Mug,,Table,1,USD,1,{url}")
    assert problems.count == 0
    assert rows[0].image_url == url


def test_attributes():
    rows, _ = read(GOOD + ",Colour: Sage; Size: 30 cm; Note: a: b;", header=HEADER + ",attributes")
    assert rows[0].attributes == {"Colour": "Sage", "Size": "30 cm", "Note": "a: b"}


@pytest.mark.parametrize("text", ["Sage", "Colour:", ": Sage", "A: 1; A: 2", "A: " + "x" * 301])
def test_bad_attributes(text):
    (complaint,) = complaints(f"{GOOD},{text}", header=HEADER + ",attributes")
    assert complaint.startswith("line 2, attributes: ")


def test_category_names_that_look_alike_are_one_category():
    rows, _ = read(GOOD, GOOD.replace("A-1", "A-2").replace("Table", "TABLE"))
    assert {(row.category, row.category_slug) for row in rows} == {("Table", "table")}


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Crème Brûlée Set", "creme-brulee-set"), ("Gardener\u2019s  Knife!", "gardeners-knife"),
     ("Smørrebrød", "smorrebrod"), ("茶碗", ""), ("--", ""), ("x" * 200, "x" * 80)],
)  # fmt: skip
def test_slugs(text, slug):
    assert slugify(text) == slug


def test_names_without_a_latin_letter_get_other_slugs():
    rows, _ = read("A-1,茶碗,,食卓,1,USD,1,", "A-2,花瓶,,庭,1,USD,1,")
    assert [row.slug for row in rows] == ["a-1", "a-2"]
    assert len({row.category_slug for row in rows}) == 2


def test_100_000_lines_with_one_bad_one_take_seconds_and_name_it():
    lines = [
        f"SKU-{n},Stoneware Mug {n},A mug for tea and for coffee.,Table,18.50,USD,12,/i/{n}.svg"
        for n in range(100_000)
    ]
    lines[73_212] = lines[73_212].replace("18.50", '"12,99"')
    file = io.BytesIO("\n".join((HEADER, *lines)).encode())
    started = time.monotonic()
    rows, problems = parse(file, "USD")
    assert time.monotonic() - started < 15  # about 2 s on a quiet machine
    assert len(rows) == 99_999
    assert [str(p) for p in problems.kept] == [
        'line 73214, price: "12,99" is not a decimal number with at most two places'
    ]


def test_only_the_first_problems_are_kept_but_all_are_counted():
    _, problems = read(*["x"] * 1_000)
    assert (len(problems.kept), problems.count) == (MAX_KEPT, 1_000)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_crash_the_parser(junk):
    rows, problems = parse([HEADER.encode() + b"\n", *junk.splitlines(keepends=True)], "USD")
    assert rows or problems.count or not junk.strip()


@given(st.lists(st.text(max_size=20), min_size=8, max_size=8))
def test_whatever_is_accepted_fits_the_database(cells):
    import csv

    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, cells])
    rows, _ = parse(io.BytesIO(out.getvalue().encode("utf-8", "surrogatepass")), "USD")
    for row in rows:
        assert 0 < row.price < 2**31
        assert 0 <= row.stock < 2**31
        assert "\0" not in row.name + row.description
