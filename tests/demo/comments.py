"""Comments: the Flask recipe of `docs/integrations/flask.md`, which is `app` here, and what it is for."""

import os

from app import app, database, reader, sign_in_first  # type: ignore[import-not-found]
from flask import redirect, request
from markupsafe import Markup

from tests.demo.paper import page

COMMENTS = "CREATE TABLE IF NOT EXISTS comments (id INTEGER PRIMARY KEY, article TEXT, sub TEXT, name TEXT, text TEXT)"
WRITE = Markup("""
<form method="post"><p><label for="text">Your comment</label>
<textarea id="text" name="text" rows="3" maxlength="2000" required></textarea></p>
<p><button>Comment as {name}</button></p></form>
<form method="post" action="/logout"><button>Sign out</button></form>
""")
SIGN_IN = Markup('<p><a href="/on/{article}/sign-in">Sign in to comment</a></p>')
BACK = Markup('<footer><a href="{magazine}/members/{article}">Back to the article</a></footer>')


@app.get("/on/<article>")
def comments(article: str) -> str:
    """All comments on an article, and a form for who is signed in."""
    written = rows().execute("SELECT name, text FROM comments WHERE article = ? ORDER BY id", [article])
    shown = Markup("").join(Markup("<p><b>{}</b>: {}</p>").format(*row) for row in written.fetchall())
    who = reader()
    form = WRITE.format(name=who["name"] or "reader") if who else SIGN_IN.format(article=article)
    back = BACK.format(magazine=os.environ["MASTHEAD_URL"], article=article)
    return page("Comments", shown + form + back)


@app.get("/on/<article>/sign-in")
def sign_in(article: str):
    """Sign in, and come back to this very page, which then leads on to the comments."""
    return redirect(f"/on/{article}") if reader() else sign_in_first()


@app.post("/on/<article>")
def comment(article: str):
    """Keep a comment under the reader's `sub`."""
    who, text = reader(), request.form.get("text", "").strip()
    if who is None:
        return redirect(f"/on/{article}")
    if text:
        with rows() as open_rows:
            values = [article, who["sub"], who["name"] or "reader", text[:2000]]
            open_rows.execute("INSERT INTO comments (article, sub, name, text) VALUES (?, ?, ?, ?)", values)
    return redirect(f"/on/{article}")


def rows():
    connection = database()
    connection.execute(COMMENTS)
    return connection
