"""Images at URLs: redirects, hosts and URLs."""

from __future__ import annotations

import re
import socket

import pytest
from support.web_server import (
    REMEDY,
    Names,
    Server,
    assert_is_the_picture,
    encoded,
    only_here,
    refused,
)

from fiftyone_faiss.brain.queries.remote_images import fetch_image

# Names that do not exist and names of the server's own network have the same sentence.
NOT_PUBLIC = "there is no host with that name on the public internet"


def test_a_picture_is_fetched(server: Server) -> None:
    assert_is_the_picture(fetch_image(f"  {server.url()}\n", only_here))
    assert server.asked == [(f"127.0.0.1:{server.server_port}", "/picture")]


def test_a_picture_that_comes_in_chunks_is_fetched(server: Server) -> None:
    body = encoded()
    url = server.raw(
        "/chunks",
        b"HTTP/1.1 200 OK\r\nContent-Type: IMAGE/PNG; q=1\r\nTransfer-Encoding: chunked\r\n\r\n",
        *(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:70], body[70:])),
        b"0\r\n\r\n",
    )
    assert_is_the_picture(fetch_image(url, only_here))


def test_the_path_and_the_query_of_a_url_are_sent_and_its_fragment_is_not(server: Server) -> None:
    server.pages["/a%20b/%C3%A4?q=1%2F2&r"] = server.pages["/picture"]
    assert_is_the_picture(fetch_image(server.url("/a b/ä?q=1%2F2&r#part"), only_here))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_three_redirects_are_followed(server: Server, status: int) -> None:
    server.redirect("/one", "/deeper/two", status)
    server.redirect("/deeper/two", "three?x", status)
    server.redirect("/deeper/three?x", server.url(), status)
    assert_is_the_picture(fetch_image(server.url("/one"), only_here))
    paths = [path for _, path in server.asked]
    assert paths == ["/one", "/deeper/two", "/deeper/three?x", "/picture"]


def test_a_fourth_redirect_is_not_followed(server: Server) -> None:
    for i in range(4):
        server.redirect(f"/{i}", f"/{i + 1}")
    server.page("/4", body=encoded())
    with refused("127.0.0.1", "its URL has more than 3 redirects"):
        fetch_image(server.url("/0"), only_here)
    assert [path for _, path in server.asked] == ["/0", "/1", "/2", "/3"]


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1", "127.0.0.2", "[::1]", "2130706434"]
)
def test_a_redirect_to_an_address_that_is_not_allowed_is_refused(server: Server, host: str) -> None:
    url = server.redirect("/away", f"http://{host}:{server.server_port}/picture")
    with refused(host, NOT_PUBLIC):
        fetch_image(url, only_here)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/a.png", "gopher://127.0.0.1:70/", "data:,a"]
)
def test_a_redirect_to_another_scheme_is_refused(server: Server, to: str) -> None:
    sentence = f"^'{re.escape(to)}' is no URL like http://host/image{REMEDY}$"
    with pytest.raises(ValueError, match=sentence):
        fetch_image(server.redirect("/away", to), only_here)


def test_a_redirect_to_an_address_with_a_password_is_refused(server: Server) -> None:
    url = server.redirect("/away", f"http://me:secret@127.0.0.1:{server.server_port}/picture")
    with refused("127.0.0.1", "its URL contains a user or a password"):
        fetch_image(url, only_here)
    assert len(server.asked) == 1


def test_proxies_of_the_environment_are_not_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert_is_the_picture(fetch_image(server.url(), only_here))


# -- hosts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
        "localhost", "LOCALHOST",
    ],
)  # fmt: skip
def test_this_machine_is_not_asked_however_it_is_spelled(server: Server, host: str) -> None:
    with refused(host.lower(), NOT_PUBLIC):
        fetch_image(server.url(host=host))
    assert server.asked == []


@pytest.mark.parametrize(
    "host", ["localhost.", "127.0.0.1.", "127。0。0。1", "①②⑦.0.0.1", "localhost%00"]
)
def test_spellings_that_only_some_systems_know_are_refused_too(server: Server, host: str) -> None:
    with pytest.raises(ValueError, match=f"[^.]{REMEDY}$"):
        fetch_image(server.url(host=host))
    assert server.asked == []


def test_a_name_is_looked_up_once_for_each_request(server: Server, names: Names) -> None:
    names.answers["pictures.test"] = [["127.0.0.1"], ["127.0.0.1"]]
    server.redirect("/away", "/picture")
    assert_is_the_picture(fetch_image(server.url("/away", "pictures.test"), only_here))
    host = f"pictures.test:{server.server_port}"
    assert server.asked == [(host, "/away"), (host, "/picture")]
    assert names.asked == ["pictures.test", "pictures.test"]


def test_a_name_that_changes_its_address_gains_nothing(server: Server, names: Names) -> None:
    # Looked up again to connect, it would lead to a place where nothing listens.
    names.answers["pictures.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert_is_the_picture(fetch_image(server.url(host="pictures.test"), only_here))
    with refused("pictures.test", NOT_PUBLIC):
        fetch_image(server.url(host="pictures.test"), only_here)
    assert names.asked == ["pictures.test", "pictures.test"]


def test_a_name_that_changes_its_address_between_redirects_is_refused(
    server: Server, names: Names
) -> None:
    names.answers["pictures.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    server.redirect("/away", "/picture")
    with refused("pictures.test", NOT_PUBLIC):
        fetch_image(server.url("/away", "pictures.test"), only_here)
    assert [path for _, path in server.asked] == ["/away"]


@pytest.mark.parametrize("addresses", [["127.0.0.1", "10.0.0.1"], ["::1", "127.0.0.1"]])
def test_a_name_with_one_address_that_is_not_allowed_is_refused(
    server: Server, names: Names, addresses: list[str]
) -> None:
    names.answers["pictures.test"] = [addresses]
    with refused("pictures.test", NOT_PUBLIC):
        fetch_image(server.url(host="pictures.test"), only_here)
    assert server.asked == []


def test_the_next_address_is_tried_where_nobody_listens(server: Server, names: Names) -> None:
    names.answers["pictures.test"] = [["127.0.0.2", "127.0.0.1"]]
    url = server.url(host="pictures.test")
    assert_is_the_picture(fetch_image(url, lambda address: address.is_loopback))


def test_a_name_with_an_umlaut_is_looked_up_as_the_internet_spells_it(
    server: Server, names: Names
) -> None:
    names.answers["xn--bcher-kva.test"] = [["127.0.0.1"]]
    assert_is_the_picture(fetch_image(server.url(host="Bücher.test"), only_here))
    assert names.asked == ["xn--bcher-kva.test"]


def test_nobody_learns_which_names_of_the_network_exist(server: Server, names: Names) -> None:
    names.answers["exists.internal"] = [["10.0.0.1"], ["10.0.0.1"]]
    messages = set()
    for host in ("exists.internal", "missing.internal"):
        away = server.redirect(f"/{host}", f"http://{host}/a.png")
        for url in (f"http://{host}/a.png", away):
            with pytest.raises(ValueError) as caught:
                fetch_image(url, only_here)
            messages.add(str(caught.value).replace(host, "<host>"))
    assert messages == {f"The image at <host> was not fetched: {NOT_PUBLIC}{REMEDY}"}


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", f"{'a' * 70}.invalid"])
def test_an_unknown_name_is_refused(host: str) -> None:
    with refused(host, NOT_PUBLIC):
        fetch_image(f"http://{host}/a.png")


def test_a_host_where_nobody_listens_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, it does not listen
        with refused("127.0.0.1", "its server did not answer, or closed the connection"):
            fetch_image(f"http://127.0.0.1:{taken.getsockname()[1]}/a.png", only_here)


@pytest.mark.parametrize(
    "url",
    [
        "", "a.png", "/a.png", "host/a.png", "//host/a.png", "file:///etc/passwd", "ftp://host/a",
        "data:image/png;base64,AAAA", "javascript:alert(1)", "http://", "http:///a.png", "http:a",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    sentence = f"{url!r} is no URL like http://host/image{REMEDY}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        fetch_image(url)


@pytest.mark.parametrize("url", ["http://[::1/a", "http://host:70000/a", "http://host:port/a"])
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    sentence = f"{url!r} is no valid URL{REMEDY}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        fetch_image(url)


@pytest.mark.parametrize("user", ["me", "me:secret", "me:", ":secret"])
def test_an_address_with_a_user_is_refused(server: Server, user: str) -> None:
    with refused("127.0.0.1", "its URL contains a user or a password"):
        fetch_image(server.url(host=f"{user}@127.0.0.1"), only_here)
    assert server.asked == []
