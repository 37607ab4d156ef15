"""What cannot be built is refused with the numbers that would work."""

import pytest

from aspis_sim.assignment import build, shape
from aspis_sim.errors import InputError

REFUSED = [
    ("mols", 15, 4, {}, r"redundancy 4 is even: a majority needs an odd r; try 3 or 5"),
    ("subset", 2, 2, {}, r"redundancy 2 is even: a majority needs an odd r; try 1$"),
    ("subset", 5, 7, {}, r"redundancy 7 exceeds the 5 workers"),
    ("subset", 5, 0, {}, r"redundancy 0: a file needs at least 1 worker"),
    ("cyclic", 0, 1, {}, r"workers 0: at least 1 worker"),
    ("baseline", 0, 1, {}, r"workers 0: at least 1 worker"),
    ("baseline", 15, 3, {}, r"baseline has no redundancy: got redundancy 3, only 1 works"),
    ("repetition", 16, 3, {}, r"redundancy 3 does not divide 16 workers into groups; try workers 15 or 18$"),
    ("repetition", 25, 3, {}, r"try workers 24 or 27, or with 25 workers redundancy 5 or 25"),
    ("mols", 16, 3, {}, r"redundancy 3 does not divide 16 workers\); try workers 12, 15 or 21"),
    ("mols", 18, 3, {}, r"K/r = 6 is not a prime power\); try workers 12, 15 or 21"),
    ("mols", 15, 5, {}, r"mutually orthogonal only up to 2 of them\); try workers 35"),
    ("mols", 9, 3, {}, r"only up to 2 of them\); try workers 12, 15 or 21"),
    ("ramanujan-1", 12, 3, {}, r"K/r to be a prime above r; try workers 15, 21 or 33"),
    (
        "ramanujan-2",
        24,
        5,
        {},
        r"need K = r² and r a prime; try workers 9 redundancy 3 or workers 25 redundancy 5",
    ),
    ("ramanujan-2", 25, 5, {"load": 7}, r"load 7 must be a multiple of the redundancy 5; try 5 or 10"),
    ("ramanujan-2", 25, 5, {"load": 0}, r"load 0 must be a multiple"),
    ("bibd", 18, 5, {}, r"no design for 18 workers with redundancy 5 is known to this project; try workers"),
    ("bibd", 3, 3, {}, r"no design for 3 workers"),
    ("bibd", 9, 1, {}, r"no design for 9 workers with redundancy 1 .* try redundancy 3"),
    ("bibd", 16, 3, {"pair_files": 3}, r"two workers share 3 files .* try pair_files 2 or a multiple"),
    ("bibd", 15, 3, {"pair_files": 0}, r"two workers share 0 files"),
    ("subset", 100, 5, {}, r"75,287,520 files, 8\.4 GiB for the assignment alone;\ntry at most 81 workers"),
    ("subset", 1_000, 499, {}, r"make 10\^299 files, 10\^\d+ GiB for the assignment alone"),
    ("mosl", 15, 3, {}, r"unknown assignment 'mosl'; did you mean mols\?"),
    (
        "cyclic",
        15,
        3,
        {"load": 2},
        r"unexpected keyword argument 'load'; its parameters: workers, redundancy",
    ),
]


@pytest.mark.parametrize("function", [build, shape])
@pytest.mark.parametrize(("name", "workers", "redundancy", "further", "message"), REFUSED)
def test_refused(function, name, workers, redundancy, further, message):
    with pytest.raises(InputError, match=message) as caught:
        function(name, workers=workers, redundancy=redundancy, **further)
    assert len(str(caught.value).splitlines()) <= 2


@pytest.mark.parametrize("redundancy", [3, 5, 7])
def test_the_sizes_advised_exist(redundancy):
    for name in ("mols", "ramanujan-1", "bibd", "repetition"):
        for workers in range(redundancy, 60):
            try:
                shape(name, workers=workers, redundancy=redundancy)
            except InputError as error:
                advice = str(error).split("try workers ")
                if len(advice) == 2:
                    sizes = advice[1].split(", or with")[0].replace(" or ", ", ").split(", ")
                    for size in sizes:
                        assert shape(name, workers=int(size), redundancy=redundancy).files > 0
