"""`file://`: what lies below the roots is read, and nothing else of the host, by whatever way it is named."""

import os
import socket
from pathlib import Path

import pytest

from queues.errors import Misconfigured
from queues.fetch import FetchPolicy, FetchRefused, fetch


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "part.stl").write_bytes(b"a part")
    (tmp_path / "secret").write_bytes(b"a secret")
    return folder


@pytest.fixture
def policy(root: Path) -> FetchPolicy:
    return FetchPolicy(roots=(root,), max_file=100)


def refusal(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(FetchRefused) as caught:
        fetch(url, policy)
    return str(caught.value)


def test_a_file_below_a_root(root: Path, policy: FetchPolicy) -> None:
    assert fetch(f"file://{root}/part.stl", policy) == b"a part"
    assert fetch(f"file://localhost{root}/part.stl", policy) == b"a part"
    assert fetch(f"file://{root}/%70art.stl", policy) == b"a part"
    assert fetch(f"FILE://{root}/x/../part.stl", policy) == b"a part"


def test_a_link_inside_a_root_is_followed(root: Path, policy: FetchPolicy) -> None:
    (root / "link.stl").symlink_to("part.stl")
    assert fetch(f"file://{root}/link.stl", policy) == b"a part"


def test_a_root_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    assert fetch(f"file://{tmp_path}/alias/part.stl", FetchPolicy(roots=(tmp_path / "alias",))) == b"a part"


@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/x/../../secret", "/link", "/folder/secret"])
def test_what_is_outside_is_refused(path: str, root: Path, policy: FetchPolicy) -> None:
    (root / "link").symlink_to("../secret")
    (root / "folder").symlink_to("..")
    assert "outside the folders" in refusal(f"file://{root}{path}", policy)
    assert "JOBYARD_FILE_ROOTS" in refusal(f"file://{root}{path}", policy)


def test_outside_says_the_same_whether_it_exists_or_not(root: Path, policy: FetchPolicy) -> None:
    there, absent = (refusal(f"file://{root}/../{name}", policy) for name in ("secret", "absent"))
    assert there.replace("secret", "absent") == absent


@pytest.mark.parametrize("path", ["/proc/self/environ", "/dev/zero", "/sys/kernel/uevent_seqnum"])
def test_kernel_files_are_closed_even_when_everything_is_a_root(path: str) -> None:
    assert "outside the folders" in refusal(f"file://{path}", FetchPolicy(roots=(Path("/"),)))


def test_what_is_no_regular_file_is_refused_without_waiting(root: Path, policy: FetchPolicy) -> None:
    os.mkfifo(root / "pipe")
    assert "no regular file" in refusal(f"file://{root}/pipe", policy)
    assert "no regular file" in refusal(f"file://{root}", policy)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "s"))
        assert "cannot be opened" in refusal(f"file://{root}/s", policy)


def test_hidden_files_are_closed(root: Path, policy: FetchPolicy) -> None:
    (root / ".env").write_text("PASSWORD=1")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("token")
    assert "outside" in refusal(f"file://{root}/.env", policy)
    assert "outside" in refusal(f"file://{root}/.git/config", policy)


def test_our_own_data_folder_is_closed_but_for_the_artifacts(tmp_path: Path) -> None:
    artifacts = tmp_path / "data" / "artifacts"
    artifacts.mkdir(parents=True)
    (tmp_path / "data" / "secret").write_text("the signing secret")
    (artifacts / "part.stl").write_bytes(b"made by a job")
    policy = FetchPolicy(roots=(tmp_path, artifacts), data=tmp_path / "data")
    assert "outside" in refusal(f"file://{tmp_path}/data/secret", policy)
    assert fetch(f"file://{artifacts}/part.stl", policy) == b"made by a job"


def test_artifacts_below_a_hidden_data_folder_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    artifacts = tmp_path / ".jobyard" / "artifacts"
    artifacts.mkdir(parents=True)
    (artifacts / "part.stl").write_bytes(b"made by a job")
    (tmp_path / ".jobyard" / "token").write_text("a token")
    policy = FetchPolicy.from_environment({})
    assert fetch(f"file://{artifacts}/part.stl", policy) == b"made by a job"
    assert "outside" in refusal(f"file://{tmp_path}/.jobyard/token", policy)


def test_a_folder_swapped_for_a_link_between_the_two_looks_gains_nothing(
    root: Path, tmp_path: Path, policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "folder").mkdir()
    (root / "folder" / "secret").write_bytes(b"harmless")
    really_open = os.open

    def swap_and_open(path: Path, flags: int) -> int:
        (root / "folder").rename(root / "was")
        (root / "folder").symlink_to(tmp_path)
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", swap_and_open)
    assert "outside the folders" in refusal(f"file://{root}/folder/secret", policy)


def test_a_file_swapped_for_a_link_is_not_followed(
    root: Path, policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = os.open

    def swap_and_open(path: Path, flags: int) -> int:
        (root / "part.stl").unlink()
        (root / "part.stl").symlink_to("../secret")
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", swap_and_open)
    assert "cannot be opened" in refusal(f"file://{root}/part.stl", policy)


def test_a_missing_file(root: Path, policy: FetchPolicy) -> None:
    assert refusal(f"file://{root}/absent.stl", policy) == f"file://{root}/absent.stl does not exist"


def test_the_limit_is_exact(root: Path, policy: FetchPolicy) -> None:
    (root / "fits").write_bytes(bytes(100))
    (root / "large").write_bytes(bytes(101))
    assert len(fetch(f"file://{root}/fits", policy)) == 100
    assert "too large: it has 101 bytes, and the limit is 100 bytes (set by JOBYARD_FETCH_MAX_FILE)" in refusal(
        f"file://{root}/large", policy
    )


@pytest.mark.parametrize("url", ["file://part.stl", "file:part.stl", "file://server/share/part.stl", "file:///a%00b"])
def test_file_urls_without_an_absolute_path(url: str, policy: FetchPolicy) -> None:
    assert "file:///folder/part.stl" in refusal(url, policy)


def test_no_roots_is_no_files(root: Path) -> None:
    assert "outside" in refusal(f"file://{root}/part.stl", FetchPolicy())


def test_the_default_roots_are_the_working_directory_and_the_artifacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = FetchPolicy.from_environment({})
    assert policy.roots == (tmp_path / ".jobyard" / "artifacts", tmp_path)
    monkeypatch.chdir("/")
    assert FetchPolicy.from_environment({}).roots == (Path("/.jobyard/artifacts"),)


def test_settings_are_read() -> None:
    policy = FetchPolicy.from_environment(
        {
            "JOBYARD_FILE_ROOTS": "/models:/more",
            "JOBYARD_FETCH_ALLOW": "Files.internal:8080, [::1]:9000",
            "JOBYARD_FETCH_BUCKETS": "a,b",
            "JOBYARD_FETCH_MAX_FILE": "1",
            "JOBYARD_FETCH_MAX_HTTP": "2",
            "JOBYARD_FETCH_MAX_S3": "3",
            "JOBYARD_FETCH_TIMEOUT": "4.5",
        }
    )
    assert policy.roots == (Path("/models"), Path("/more"))
    assert policy.allow == {("files.internal", 8080), ("::1", 9000)}
    assert policy.buckets == frozenset({"a", "b"})
    assert (policy.max_file, policy.max_http, policy.max_s3, policy.total_timeout) == (1, 2, 3, 4.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JOBYARD_FETCH_ALLOW", "files.internal"),
        ("JOBYARD_FETCH_ALLOW", "files.internal:http"),
        ("JOBYARD_FETCH_ALLOW", ":80"),
        ("JOBYARD_FETCH_MAX_HTTP", "10 MB"),
        ("JOBYARD_FETCH_MAX_S3", "0"),
        ("JOBYARD_FETCH_TIMEOUT", "soon"),
        ("JOBYARD_FETCH_TIMEOUT", "nan"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        FetchPolicy.from_environment({name: value})


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("part.stl", "has no scheme"),
        ("ftp://host/part.stl", "scheme 'ftp'"),
        ("data:,solid", "scheme 'data'"),
        ("http://host:99999/", "malformed"),
        ("http://[::1/", "malformed"),
        ("file:///a b", "%20"),
        ("file:///a\nb", "%20"),
        ("http://host/" + "a" * 5000, "5012 characters"),
    ],
)
def test_what_is_no_url_of_ours(url: str, says: str) -> None:
    assert says in refusal(url, FetchPolicy())


def test_secrets_of_a_url_stay_out_of_messages() -> None:
    message = refusal("ftp://user:hunter2@host/part.stl?X-Amz-Signature=hunter2#hunter2", FetchPolicy())
    assert "hunter2" not in message
    assert "ftp://host/part.stl" in message
