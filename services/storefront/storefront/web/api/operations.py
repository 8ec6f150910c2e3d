"""Every call of the API, once: routes and the OpenAPI document are both made from this list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
from starlette.requests import Request

from storefront.web.reply import Reply
from storefront.web.site import Site

from . import buying, catalogue, people, reviews, schemas

Handler = Callable[[Site, Request], Awaitable[Reply]]
_CART_ERRORS = (403, 404, 413, 415, 422, 503)
_SIGN_ERRORS = (403, 413, 415, 422, 429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call; ``path`` below /api/v1, ``answers`` maps status to body type (None: no body)."""

    method: str
    path: str
    name: str
    tag: str
    handler: Handler
    answers: dict[int, type[msgspec.Struct] | None]
    errors: tuple[int, ...]
    query: type[msgspec.Struct] = schemas.NoQuery
    body: type[msgspec.Struct] | None = None
    headers: dict[str, str] = field(default_factory=dict)


OPERATIONS = (
    Operation(
        method="GET",
        path="/products",
        name="searchProducts",
        tag="Catalogue",
        handler=catalogue.search_products,
        query=schemas.ProductsQuery,
        answers={200: schemas.ProductsOut},
        errors=(422, 503),
    ),
    Operation(
        method="GET",
        path="/products/{slug}",
        name="getProduct",
        tag="Catalogue",
        handler=catalogue.show_product,
        answers={200: schemas.ProductOut},
        errors=(404, 422, 503),
    ),
    Operation(
        method="GET",
        path="/products/{slug}/recommendations",
        name="getRecommendations",
        tag="Catalogue",
        handler=catalogue.recommend,
        query=schemas.RecommendationsQuery,
        answers={200: schemas.RecommendationsOut},
        errors=(404, 422, 503),
    ),
    Operation(
        method="GET",
        path="/products/{slug}/reviews",
        name="listReviews",
        tag="Reviews",
        handler=reviews.list_reviews,
        query=schemas.ReviewsQuery,
        answers={200: schemas.ReviewListOut},
        errors=(404, 422, 503),
    ),
    Operation(
        method="POST",
        path="/products/{slug}/reviews",
        name="writeReview",
        tag="Reviews",
        handler=reviews.write_review,
        body=schemas.ReviewBody,
        answers={201: schemas.ReviewOut},
        errors=(401, 403, 404, 409, 413, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path="/categories",
        name="listCategories",
        tag="Catalogue",
        handler=catalogue.list_categories,
        answers={200: schemas.CategoriesOut},
        errors=(422, 503),
    ),
    Operation(
        method="GET",
        path="/cart",
        name="getCart",
        tag="Cart",
        handler=buying.show_cart,
        answers={200: schemas.CartOut},
        errors=(422, 503),
    ),
    Operation(
        method="PUT",
        path="/cart/items/{sku}",
        name="setCartItem",
        tag="Cart",
        handler=buying.put_item,
        body=schemas.Quantity,
        answers={200: schemas.CartOut},
        errors=_CART_ERRORS,
    ),
    Operation(
        method="DELETE",
        path="/cart/items/{sku}",
        name="deleteCartItem",
        tag="Cart",
        handler=buying.delete_item,
        answers={200: schemas.CartOut},
        errors=_CART_ERRORS,
    ),
    Operation(
        method="POST",
        path="/checkout",
        name="checkout",
        tag="Orders",
        handler=buying.place_order,
        body=schemas.CheckoutBody,
        headers={
            "Idempotency-Key": "1 to 255 characters that name this purchase: the same key and the "
            "same body give the same answer, one order and one charge, however often it is sent."
        },
        answers={201: schemas.OrderOut},
        errors=(400, 402, 403, 409, 413, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path="/orders",
        name="listOrders",
        tag="Orders",
        handler=buying.list_orders,
        answers={200: schemas.OrdersOut},
        errors=(401, 422, 503),
    ),
    Operation(
        method="GET",
        path="/orders/{number}",
        name="getOrder",
        tag="Orders",
        handler=buying.show_order,
        answers={200: schemas.OrderOut},
        errors=(404, 422, 503),
    ),
    Operation(
        method="POST",
        path="/auth/register",
        name="register",
        tag="Account",
        handler=people.register,
        body=schemas.Registration,
        answers={201: schemas.CustomerOut},
        errors=(409, *_SIGN_ERRORS),
    ),
    Operation(
        method="POST",
        path="/auth/login",
        name="login",
        tag="Account",
        handler=people.login,
        body=schemas.Credentials,
        answers={200: schemas.CustomerOut},
        errors=(401, *_SIGN_ERRORS),
    ),
    Operation(
        method="POST",
        path="/auth/logout",
        name="logout",
        tag="Account",
        handler=people.logout,
        answers={204: None},
        errors=(403, 413, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path="/me",
        name="getMe",
        tag="Account",
        handler=people.me,
        answers={200: schemas.CustomerOut},
        errors=(401, 422, 503),
    ),
)
