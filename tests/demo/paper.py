"""What the pages of the demo's services look like: plain, readable on a phone, light and dark."""

from markupsafe import Markup

PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1.1rem/1.6 Georgia, serif; }}
  body {{ max-width: 34rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
  h1 {{ line-height: 1.2; }}
  a, button, textarea {{ font: inherit; }}
  a {{ color: light-dark(#8a1c2c, #ff9aa8); }}
  textarea {{ width: 100%; box-sizing: border-box; }}
  nav a {{ margin-inline-end: 1rem; }}
  footer {{ margin-top: 3rem; font-size: .9rem; }}
</style>
<main><h1>{title}</h1>
{body}</main>
</html>
""")


def page(title: str, body: Markup) -> str:
    """A whole page; the title is made harmless, the body is."""
    return PAGE.format(title=title, body=body)
