"""`flask mail preview`."""

from pathlib import Path

from service.delivery.samples import SAMPLES
from service.languages import shipped
from tests.cli.conftest import runner
from tests.support.service import Service


def test_every_letter_is_written_in_every_language(make_service, sqlite_url: str, tmp_path: Path) -> None:
    service: Service = make_service(sqlite_url)
    result = runner(service)("mail", "preview", str(tmp_path / "letters"))
    assert result.exit_code == 0, result.output
    for language in shipped():
        files = {file.name for file in (tmp_path / "letters" / language).iterdir()}
        assert files == {f"{sample.name}.{kind}" for sample in SAMPLES for kind in ("html", "txt")}
    text = (tmp_path / "letters" / "de" / "password_changed.txt").read_text()
    assert text.startswith("Ihr Passwort bei The Masthead wurde geändert\n\nGuten Tag Ada,\n")


def test_one_language_is_enough_and_an_unknown_one_is_refused(
    make_service, sqlite_url: str, tmp_path: Path
) -> None:
    run = runner(make_service(sqlite_url))
    assert run("mail", "preview", str(tmp_path), "--language", "ar").exit_code == 0
    assert [place.name for place in tmp_path.iterdir() if (place / "no_account.txt").exists()] == ["ar"]
    refused = run("mail", "preview", str(tmp_path), "--language", "tlh")
    assert refused.exit_code == 2
    assert "choose among en" in refused.output
