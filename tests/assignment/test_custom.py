"""Assignments read from files: what is accepted, and where a bad file is said to be wrong."""

import pytest

from aspis_sim.assignment import build
from aspis_sim.assignment.custom import numbers
from aspis_sim.errors import InputError

FANO = [[0, 1, 2], [0, 3, 4], [0, 5, 6], [1, 3, 5], [1, 4, 6], [2, 3, 6], [2, 4, 5]]

ACCEPTED = {
    "plain.txt": "0 1 2\n0 3 4\n0 5 6\n1 3 5\n1 4 6\n2 3 6\n2 4 5\n",
    "unsorted.txt": "2 1 0\n4 3 0\n6 5 0\n5 3 1\n6 4 1\n6 3 2\n5 4 2",
    "commented.txt": "# the Fano plane\n\n0 1 2  # a line\n0 3 4\n0 5 6\n1 3 5\n1 4 6\n2 3 6\n2 4 5\n",
    "headed.csv": "first,second,third\n0,1,2\n0,3,4\n0,5,6\n1,3,5\n1,4,6\n2,3,6\n2,4,5\n",
    "european.csv": "\ufeff0;1;2\r\n0;3;4\r\n0;5;6\r\n1;3;5\r\n1;4;6\r\n2;3;6\r\n2;4;5\r\n",
    "list.json": "[[0,1,2],[0,3,4],[0,5,6],[1,3,5],[1,4,6],[2,3,6],[2,4,5]]",
    "object.json": '{"name": "Fano", "files": [[0,1,2],[0,3,4],[0,5,6],[1,3,5],[1,4,6],[2,3,6],[2,4,5]]}',
}

REFUSED = {
    "short.txt": ("0 1 2\n3 4\n", r"line 2: 2 workers, but the first group has 3"),
    "twice.txt": ("0 1 2\n\n3 4 3\n", r"line 3: a worker occurs twice in \[3, 4, 3\]"),
    "beyond.txt": ("0 1 2\n3 4 7\n", r"line 2: worker 7 does not exist; the 7 workers are numbered 0 to 6"),
    "negative.txt": ("0 1 -2\n", r"line 1: worker -2 does not exist"),
    "word.txt": ("0 1 2\n3 four 5\n", r"line 2: 'four' is not a worker's number"),
    "headings.txt": ("a b c\nd e f\n0 1 2\n", r"line 2: 'd' is not a worker's number"),
    "half.csv": ("0,1.5,2\n", r"line 1: '1.5' is not a worker's number"),
    "uneven.txt": ("0 1 2\n0 3 4\n1 5 6\n", r"worker 2 holds 1 files and worker 0 holds 2"),
    "absent.txt": ("0 1 2\n3 4 5\n" * 2, r"worker 6 holds 0 files and worker 0 holds 2"),
    "larger.txt": ("0 1 2 3 4\n", r"groups have 5 workers, not 3; try redundancy 5"),
    "empty.txt": ("# nothing\n", r"holds no group"),
    "broken.json": ("[[0, 1, 2],\n[3, 4", r"line 2: not JSON"),
    "number.json": ("3", r"expected a list of groups"),
    "text.json": ('[[0, 1, 2], ["a", 1, 2]]', r"group 2: \['a', 1, 2\] is not a list of workers"),
    "truth.json": ("[[0, 1, true]]", r"group 1: \[0, 1, True\] is not a list of workers"),
    "hollow.json": ("[[]]", r"group 1: \[\] is not a list of workers"),
    "long.json": (f"[[0, 1, {'9' * 5000}]]", r"too long for a worker's number"),
    "long.txt": (f"0 1 {'9' * 5000}", r"line 1: '9+' is not a worker's number"),
    "sparse.txt": ("0 1 2\n0 1 6\n", r"its 2 groups have places for 6 workers, not 7"),
    "deep.json": ("[" * 100_000, r"nested too deeply|not JSON"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(ACCEPTED[name].encode())
    assert numbers(str(path)) == (7, 3)
    assert build("custom", workers=7, redundancy=3, path=str(path)).files.tolist() == FANO


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path):
    text, message = REFUSED[name]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        build("custom", workers=7, redundancy=3, path=str(path))
    assert str(path) in str(caught.value)


def test_an_even_group_is_refused(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("0 1\n1 2\n0 2\n")
    with pytest.raises(InputError, match="redundancy 2 is even"):
        build("custom", workers=3, redundancy=2, path=str(path))


def test_a_missing_file_a_folder_and_binary_data_are_refused(tmp_path):
    with pytest.raises(InputError, match="no assignment file"):
        build("custom", workers=7, redundancy=3, path=str(tmp_path / "none.txt"))
    with pytest.raises(InputError, match="cannot read the assignment file"):
        build("custom", workers=7, redundancy=3, path=str(tmp_path))
    (tmp_path / "data.bin").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="is not a text file"):
        build("custom", workers=7, redundancy=3, path=str(tmp_path / "data.bin"))
