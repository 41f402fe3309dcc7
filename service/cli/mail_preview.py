"""`flask mail preview`: every letter in every variant and language, as files."""

from pathlib import Path

import click

from service.cli.context import masthead


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--language", "languages", multiple=True, help="Only this one; may be given several times.")
def preview(folder: Path, languages: tuple[str, ...]) -> None:
    """Write all letters into FOLDER/LANGUAGE: an .html and a .txt each, the subject on the first line."""
    gallery = masthead().gallery
    unknown = set(languages) - set(gallery.languages)
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(gallery.languages)}")
    for language in languages or gallery.languages:
        place = folder / language
        place.mkdir(parents=True, exist_ok=True)
        for name in gallery.names:
            letter = gallery.show(name, language)
            assert letter is not None
            (place / f"{name}.html").write_text(letter.html, encoding="utf-8")
            (place / f"{name}.txt").write_text(f"{letter.subject}\n\n{letter.text}", encoding="utf-8")
        click.echo(f"{place}: {len(gallery.names)} letters")
