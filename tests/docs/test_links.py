"""What docs/check_links.py finds in a site."""

import pytest

from tests.docs.test_api import script

pytestmark = pytest.mark.tensorflow  # nothing here depends on the backend

RIGHT = """
<h2 id="here">x</h2> <a href="">top</a> <a href="#here">x</a> <img src="../a%20b.png">
<a href="../other/">page</a> <a href="../other/index.html#there">x</a>
<a href="https://arxiv.org/abs/1811.08764">paper</a> <a href="mailto:a@b.org">mail</a>
"""
WRONG = {
    "#nowhere": "has no such anchor",
    "../other/#here": "has no such anchor",
    "../missing/": "is not there",
    "../../elsewhere.html": "is outside of the site",
    "missing.png": "is not there",
    "https://": "is no address",
    "https://localhost/x": "is no address",
    "https://arxiv.org/abs/1 (paper": "is no address",
    "htps://arxiv.org": "begins with neither https nor http",
    "http://[::1": "Invalid IPv6 URL",
}


@pytest.fixture
def site(tmp_path):
    for name in ("page", "other"):
        (tmp_path / "site" / name).mkdir(parents=True)
    (tmp_path / "site" / "a b.png").touch()
    (tmp_path / "elsewhere.html").touch()
    (tmp_path / "site/other/index.html").write_text('<a name="there">x</a>')
    (tmp_path / "site/page/index.html").write_text(RIGHT)
    return tmp_path / "site"


def test_a_site_that_is_right(site, capsys):
    assert script("check_links").main(str(site)) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("link", WRONG)
def test_a_wrong_link(site, link, capsys):
    (site / "page/index.html").write_text(f'{RIGHT}<a href="{link}">x</a>')
    assert script("check_links").main(str(site)) == 1
    assert capsys.readouterr().out == f"page/index.html: {link} {WRONG[link]}\n"
