"""The description of the API: for programs as OpenAPI, for people as a page."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get

from api.openapi import described
from api.openapi_page import PAGE_POLICY, page
from api.protocol_page import page as protocol_page


@get("/v1/openapi.json", opt={"hidden": True})
async def show_openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the OpenAPI document."""
    return Response(msgspec.json.encode(described(request.app, protocol_page())), media_type=MediaType.JSON)


@get("/v1/docs", opt={"hidden": True})
async def show_docs(request: Request[Any, Any, Any]) -> Response[str]:
    """Answer the page."""
    return Response(
        page(described(request.app, protocol_page())),
        media_type=MediaType.HTML,
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


DEVELOPMENT_ROUTES = (show_openapi, show_docs)
