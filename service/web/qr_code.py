"""QR codes, drawn by `segno` as pictures that a page can hold."""

import segno


def picture(text: str) -> str:
    """Return a `data:` address of an SVG: dark on light with its quiet zone, as cameras want it (ISO/IEC 18004)."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_data_uri(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
