"""What the pages of the demo's services look like: plain, readable on a phone, light and dark."""

from markupsafe import Markup

PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1.1rem/1.6 Georgia, serif; }}
  html {{ background: light-dark(#fff, #161616); color: light-dark(#161616, #f2f2f2); }}
  body {{ max-width: 34rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
  h1 {{ line-height: 1.2; }}
  a, button, textarea {{ font: inherit; }}
  a {{ color: light-dark(#8a1c2c, #ff9aa8); }}
  textarea {{ width: 100%; box-sizing: border-box; }}
  nav {{ display: flex; flex-wrap: wrap; gap: .5rem 1rem; }}
  footer {{ margin-top: 3rem; font-size: .9rem; }}
</style>
<main><h1>{title}</h1>
{body}</main>
</html>
""")


def page(title: str, body: Markup) -> str:
    """A whole page; the title is made harmless, the body is."""
    return PAGE.format(title=title, body=body)
