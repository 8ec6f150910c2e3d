"""What the shop's mail says, and how it leaves."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session
from storefront.adapters.letters import TemplateLetters
from storefront.adapters.mail import FileMailer, SesMailer
from storefront.domain.accounts import Customer
from storefront.domain.errors import UnavailableError
from storefront.domain.orders import Address, Order, OrderLine
from storefront.domain.pricing import Totals
from storefront.ports import Mail

LETTERS = TemplateLetters("Fieldfare", "https://shop.test")
SENDER = "Fieldfare <shop@fieldfare.test>"
ORDER = Order(
    number="7K3M-9QXT-2BHA",
    status="paid",
    email="ada@example.com",
    shipping_address=Address("Ada <Field>", "1 Thrush Lane", "", "Portland", "97201", "US"),
    shipping_method="express",
    coupon="TENOFF",
    currency="USD",
    lines=[OrderLine("A", "Linen & oak", 2, 3800), OrderLine("B", "Ash board", 1, 123456)],
    totals=Totals(131056, 13106, 1290, 9436),
    placed_at=dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC),
)


def test_a_receipt_holds_every_figure() -> None:
    mail = LETTERS.order_confirmed(ORDER)
    assert (mail.to, mail.subject) == ("ada@example.com", "Your Fieldfare order 7K3M-9QXT-2BHA")
    for text in (mail.text, mail.html):
        for part in (
            "9 March 2026", "$76.00", "$1,234.56", "$1,310.56", "-$131.06", "TENOFF", "$12.90",
            "$94.36", "$1,286.76", "1 Thrush Lane", "97201 Portland", "Express", "7K3M-9QXT-2BHA",
        ):  # fmt: skip
            assert part in text
    assert "Ada <Field>" in mail.text
    assert "Linen & oak" in mail.text
    assert "Ada &lt;Field&gt;" in mail.html
    assert "Linen &amp; oak" in mail.html
    assert "<Field>" not in mail.html
    assert "\n\n\n" not in mail.text


def test_lines_without_an_amount_are_left_out() -> None:
    free = replace(ORDER, coupon=None, shipping_method="standard", totals=Totals(5000, 0, 0, 0))
    mail = LETTERS.order_confirmed(free)
    for text in (mail.text, mail.html):
        assert "free" in text
        assert "Discount" not in text
        assert "Tax" not in text
        assert "Express" not in text


def test_each_letter_has_an_id_of_its_own() -> None:
    mails = [
        LETTERS.order_confirmed(ORDER),
        LETTERS.order_fulfilled(ORDER),
        LETTERS.welcome(Customer("c1", "ada@example.com", "Ada")),
    ]
    assert len({mail.id for mail in mails}) == 3
    assert [mail.id for mail in mails] == ["7K3M-9QXT-2BHA-confirmed", "7K3M-9QXT-2BHA-fulfilled",
                                           "c1-welcome"]  # fmt: skip


def test_a_broken_template_tells_nobodys_name() -> None:
    broken = TemplateLetters("Fieldfare", "https://shop.test")
    broken._templates.add_template("welcome.txt", "{{ customer.nothing.at_all }}")
    with pytest.raises(Exception, match="undefined") as caught:
        broken.welcome(Customer("c1", "ada@example.com", "Ada"))
    assert "ada@example.com" not in str(caught.value)
    assert "ada@example.com" not in repr(caught.value)


async def test_files_are_whole_and_the_same_mail_is_one_file(tmp_path: Path) -> None:
    mailer = FileMailer(tmp_path / "new" / "folder", SENDER)
    mail = replace(LETTERS.welcome(Customer("c1", "ada@example.com", "Ada")), subject="Größe ✓")
    for _ in range(3):
        await mailer.send(mail)
    (file,) = (tmp_path / "new" / "folder").iterdir()
    assert file.name == "c1-welcome.eml"
    read: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (read["From"], read["To"], read["Subject"]) == (SENDER, "ada@example.com", "Größe ✓")
    assert read["Message-ID"] == "<c1-welcome@fieldfare.test>"
    for kind, body in (("plain", mail.text), ("html", mail.html)):
        assert read.get_body((kind,)).get_content().splitlines() == body.splitlines()


async def test_a_full_or_forbidden_disk_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    mailer = FileMailer(tmp_path / "file", SENDER)
    with pytest.raises(UnavailableError):
        await mailer.send(Mail("m1", "a@b.de", "s", "t", "h"))
    with pytest.raises(ValueError, match="file name"):
        await FileMailer(tmp_path, SENDER).send(Mail("../m1", "a@b.de", "s", "t", "h"))


async def test_ses_takes_the_mail(parts: Any) -> None:
    async with get_session().create_client("sesv2") as client:
        mailer = SesMailer(client, SENDER)
        mail = LETTERS.order_confirmed(ORDER)
        with pytest.raises(UnavailableError):  # nobody may send as anybody
            await mailer.send(mail)
        await client.create_email_identity(EmailIdentity="shop@fieldfare.test")
        await mailer.send(mail)
