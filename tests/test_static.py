"""Static files: uploaded under the names that the storefront links to, to be kept for a year."""

from __future__ import annotations

import base64

import pytest
from storefront.web import assets
from storefront.web.headers import IMMUTABLE

from tests.stacks import STACKS, graph_of

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


@pytest.mark.parametrize("stack", STACKS)
def test_the_bucket_has_what_pages_link_to(stack: str) -> None:
    graph, served = graph_of(stack), assets.Assets()
    bucket = graph.one("aws:s3/bucket:Bucket", "edge-files").id
    found = {
        o.inputs["key"]: o for o in graph.of_type(OBJECT) if o.inputs["key"].startswith("static/")
    }
    assert set(found) == {f"static/{name}" for name in served._files}
    for name, file in served._files.items():
        made = found[f"static/{name}"]
        content = made.inputs.get("content")
        body = (
            base64.b64decode(made.inputs["contentBase64"]) if content is None else content.encode()
        )
        assert body == file.body
        assert made.inputs["bucket"] == bucket
        assert made.inputs["contentType"].encode() == file.content_type
        assert made.inputs["cacheControl"].encode() == IMMUTABLE[1]
        assert made.options.retain_on_delete is True  # yesterday's pages still find theirs
