"""A link to a paragraph leads there, also by way of the sign-in page: browsers keep what follows the `#`."""

from tests.browser.reader import FIRST, SECOND


def test_a_reader_is_back_at_the_paragraph(new_reader, site):
    reader = new_reader(site, java_script_enabled=False)
    reader.join()
    reader.sign_out()
    reader.page.goto("/account/devices#paragraph-7")
    reader.is_at("/login?next=%2Faccount%2Fdevices#paragraph-7")
    reader.sign_in(SECOND)
    reader.is_alerted("The email address or the password is not right.")
    reader.sign_in(FIRST)
    reader.is_at("/account/devices#paragraph-7")
