"""`.env`: a line is read as python-dotenv reads it, or the start stops with file and line."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations_center import env_file


@pytest.fixture
def file(tmp_path):
    return tmp_path / ".env"


@pytest.fixture
def environment(monkeypatch):
    """Instead of this process's own."""
    fresh = {}
    monkeypatch.setattr(env_file.environ.Env, "ENVIRON", fresh)
    return fresh


def test_the_real_environment_wins_over_the_file(file, environment):
    environment["TEST_RATE"] = "3"
    file.write_text("TEST_RATE=99\nPORT=8123\n")

    env_file.read(file)

    assert environment == {"TEST_RATE": "3", "PORT": "8123"}


def test_without_a_file_nothing_is_read(file, environment):
    env_file.read(file)

    assert environment == {}


# What python-dotenv 1.2.4 reads from each of these lines.
@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=one", "one"),
        ("A=", ""),
        ("A=one two", "one two"),
        ("  A = one  ", "one"),
        ("A\t=\tone", "one"),
        ("export A=one", "one"),
        ("export   A=one", "one"),
        ("A='one'", "one"),
        ('A="one two"', "one two"),
        ("A=''", ""),
        ("A = 'one'", "one"),
        ("A=one # why", "one"),
        ("A=one#two", "one#two"),
        ("A=one two\t#why # and why", "one two"),
        ("A='one # two' # why", "one # two"),
        ('A="one"#why', "one"),
        ("A= # why", ""),
        ("A=a=b==", "a=b=="),
        ("A=it's", "it's"),
        ("A='say \"x\"'", 'say "x"'),
        ("A='one\\two'", "one\\two"),
        ("A=one\\two$(three)`$FOUR", "one\\two$(three)`$FOUR"),
        ("A='$(one)'", "$(one)"),
        ("A=first\nA=last", "last"),
        ("A=één", "één"),
        ("\ufeffA=one", "one"),
        ("# A=two\r\n\r\n  # A=three\rA=one\r\n", "one"),
        ("\xa0A=one\xa0", "one"),
    ],
)
def test_a_line_is_read_as_python_dotenv_reads_it(file, environment, line, value):
    file.write_bytes(line.encode())

    env_file.read(file)

    assert environment == {"A": value}


@pytest.mark.parametrize(
    "line",
    [
        "hidden-4711",
        "A: hidden-4711",
        "export A",
        "set A=hidden-4711",
        "declare -x A=hidden-4711",
        "A+=hidden-4711",
        "A-B=hidden-4711",
        "'A'=hidden-4711",
        "\u200bA=hidden-4711",
        "A='hidden-4711",
        'A="hidden-4711',
        "A='hidden-4711\nB=two'",
        "A='hidden'-4711",
        "A='hidden'\\''4711'",
        'A="hidden\\"-4711"',
        "A='hidden\\'-4711'",
        "A=#hidden-4711",
        "A=hidden\x00-4711",
        "A=hidden\u200b-4711",
        "A=hidden\xa0-4711",
        "A=hidden-4711${B}",
        "A='hidden-4711${B:-x}'",
        "A=$(echo hidden-4711)",
        "A=`echo hidden-4711`",
        'A="$(echo hidden-4711)"',
        "A=“hidden-4711”",
    ],
)
def test_another_line_stops_the_start_and_is_not_repeated(
    file, environment, line, capfd, caplog, recwarn
):
    file.write_bytes(f"# first\r\n\nB=one\r{line}\n".encode())

    with pytest.raises(ImproperlyConfigured) as refusal:
        env_file.read(file)

    assert str(refusal.value).startswith(f"{file}, line 4: ")
    assert not any(part in str(refusal.value) for part in ("hidden", "4711"))
    assert environment == {}
    assert [*capfd.readouterr(), caplog.text, *recwarn] == ["", "", ""]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("A=one\nB=één\n".encode("latin-1"), 2),
        ("A=hidden-4711\n".encode("utf-16"), 1),
        ("A=hidden-4711\n".encode("utf-16-le"), 1),
    ],
)
def test_another_encoding_is_said_with_its_line(file, environment, content, line):
    file.write_bytes(content)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env_file.read(file)

    assert str(refusal.value).startswith(f"{file}, line {line}: ")
    assert "4711" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_file_that_cannot_be_read_is_not_taken_for_none(file):
    file.symlink_to(file)  # as root, who may read everything, sees it too

    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read: "):
        env_file.read(file)


def test_a_folder_in_its_place_is_not_taken_for_none(file):
    file.mkdir()  # as a container makes one where a file to mount is missing

    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read: Is a directory"):
        env_file.read(file)
