"""The shop's values in the shapes that the API gives."""

from __future__ import annotations

from storefront.domain.accounts import Customer
from storefront.domain.cart import PricedCart
from storefront.domain.catalogue import Category, Product, ProductPage, ProductSummary
from storefront.domain.orders import Order
from storefront.domain.reviews import Review, ReviewPage

from .schemas import (
    CartLineOut,
    CartOut,
    CategoriesOut,
    CategoryFacet,
    CategoryOut,
    CustomerOut,
    FacetsOut,
    MoneyOut,
    OrderLineOut,
    OrderOut,
    PriceFacet,
    ProductOut,
    ProductsOut,
    ReviewListOut,
    ReviewOut,
    ReviewsOut,
    ReviewSummaryOut,
    SummaryOut,
)


def categories_out(categories: list[Category]) -> CategoriesOut:
    """For GET /categories."""
    return CategoriesOut([CategoryOut(c.slug, c.name, c.product_count) for c in categories])


def summary_out(p: ProductSummary) -> SummaryOut:
    """A product of a list."""
    price = MoneyOut(p.price, p.currency)
    return SummaryOut(p.sku, p.slug, p.name, p.category, price, p.image_url, p.in_stock, p.rating)


def products_out(page: ProductPage) -> ProductsOut:
    """For GET /products."""
    facets = FacetsOut(
        [CategoryFacet(c.value, c.count) for c in page.categories],
        [PriceFacet(b.min, b.max, b.count) for b in page.prices],
    )
    items = [summary_out(item) for item in page.items]
    return ProductsOut(items, page.total, page.page, page.page_size, facets)


def product_out(product: Product) -> ProductOut:
    """For GET /products/{slug}."""
    s = product.summary
    return ProductOut(
        s.sku,
        s.slug,
        s.name,
        s.category,
        MoneyOut(s.price, s.currency),
        s.image_url,
        s.in_stock,
        s.rating,
        product.description,
        product.attributes,
        product.available,
        ReviewsOut(product.reviews.count, product.reviews.average),
    )


def review_out(review: Review) -> ReviewOut:
    """A review; only buyers may write one."""
    return ReviewOut(
        author=review.author,
        rating=review.rating,
        title=review.title,
        text=review.text,
        verified_purchase=True,
        written_at=review.written_at,
    )


def reviews_out(page: ReviewPage) -> ReviewListOut:
    """For GET /products/{slug}/reviews."""
    stars = {str(number): count for number, count in enumerate(page.distribution, 1)}
    summary = ReviewSummaryOut(page.count, page.average, stars)
    items = [review_out(review) for review in page.items]
    return ReviewListOut(items, page.count, page.page, page.page_size, summary)


def cart_out(cart: PricedCart) -> CartOut:
    """For every call about the cart."""

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount, cart.currency)

    lines = [
        CartLineOut(
            line.sku,
            line.name,
            line.quantity,
            money(line.unit_price),
            money(line.line_total),
            line.available,
        )
        for line in cart.lines
    ]
    return CartOut(lines, money(cart.subtotal), cart.version)


def order_out(order: Order) -> OrderOut:
    """For every call about an order."""

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount, order.currency)

    totals = order.totals
    return OrderOut(
        number=order.number,
        status=order.status,
        items=[
            OrderLineOut(
                line.sku,
                line.name,
                line.quantity,
                money(line.unit_price),
                money(line.line_total),
            )
            for line in order.lines
        ],
        subtotal=money(totals.subtotal),
        discount=money(totals.discount),
        shipping=money(totals.shipping),
        tax=money(totals.tax),
        total=money(totals.total),
        placed_at=order.placed_at,
    )


def customer_out(customer: Customer) -> CustomerOut:
    """For every call about the signed-in customer."""
    return CustomerOut(customer.email, customer.name)
