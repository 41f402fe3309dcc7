"""The magazine: pages behind nginx, which lets members alone below /members/ and says in headers who they are."""

import os
from urllib.parse import unquote

from flask import Flask, abort, request
from markupsafe import Markup

from tests.demo.paper import page

app = Flask(__name__)

FRONT = Markup("""
<p>A small magazine. Its first story is for everybody, its second for members.</p>
<ul>
  <li><a href="/the-harbour">The harbour</a></li>
  <li><a href="/members/the-last-keeper">The last keeper</a> (members)</li>
</ul>
<nav><a href="/account">Your account</a><a href="{comments}/">Comments</a><a href="{newsletter}/">Newsletter</a>
<a href="/dev/mailbox">Mailbox of the demo</a></nav>
""")
HARBOUR = Markup("""
<p>The ferry came in twice a day and brought, besides the post, whoever had missed the other one.</p>
<p><a href="/members/the-last-keeper">Read on: The last keeper</a> (members)</p>
""")
KEEPER = Markup("""
<p>Welcome, {name}.</p>
<p>When the lamp went electric, nobody thought to tell the keeper, and so he climbed the stairs for another year.</p>
<nav><a href="{comments}/on/the-last-keeper">Comments</a><a href="/account">Your account</a>
<a href="/logout">Sign out</a></nav>
""")
ELSEWHERE = {"comments": os.environ["COMMENTS_URL"], "newsletter": os.environ["NEWSLETTER_URL"]}


@app.get("/")
def front() -> str:
    return page("The Lighthouse", FRONT.format(**ELSEWHERE))


@app.get("/the-harbour")
def harbour() -> str:
    return page("The harbour", HARBOUR)


@app.get("/members/the-last-keeper")
def keeper() -> str:
    """Nobody gets here signed out, for nginx has asked; who comes past nginx is refused."""
    if not request.headers.get("Remote-User"):
        abort(403)
    name = unquote(request.headers.get("Remote-Name", "")) or "reader"
    return page("The last keeper", KEEPER.format(name=name, **ELSEWHERE))
