"""A shop with a few articles, kept in memory."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException

app = FastAPI()
ARTICLES = [
    {"id": number, "name": f"article {number}", "cents": 199 + number} for number in range(500)
]


@app.get("/health")
def health() -> dict[str, str]:
    """Say that requests are served."""
    return {"status": "ok"}


@app.get("/articles")
def articles(search: str = "", limit: int = 20) -> list[dict[str, object]]:
    """Return the first articles whose name holds what is searched for."""
    return [each for each in ARTICLES if search in str(each["name"])][:limit]


@app.get("/articles/{number}")
def article(number: int) -> dict[str, object]:
    """Return one article."""
    if not 0 <= number < len(ARTICLES):
        raise HTTPException(status_code=404)
    return ARTICLES[number]
