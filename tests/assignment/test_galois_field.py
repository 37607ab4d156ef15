"""GF(l): the axioms of a field, over every element."""

import numpy as np
import pytest

from aspis_sim.assignment.galois_field import field, is_prime, prime_power
from aspis_sim.errors import InputError


@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, 8, 9, 11, 16, 25, 27, 32])
def test_field_axioms(order):
    gf = field(order)
    x = np.arange(order)
    a, b, c = x[:, None, None], x[None, :, None], x[None, None, :]
    assert np.array_equal(gf.sums, gf.sums.T)
    assert np.array_equal(gf.products, gf.products.T)
    assert np.array_equal(gf.add(gf.add(a, b), c), gf.add(a, gf.add(b, c)))
    assert np.array_equal(gf.multiply(gf.multiply(a, b), c), gf.multiply(a, gf.multiply(b, c)))
    assert np.array_equal(gf.multiply(a, gf.add(b, c)), gf.add(gf.multiply(a, b), gf.multiply(a, c)))
    assert np.array_equal(gf.sums[0], x)
    assert np.array_equal(gf.products[1], x)
    assert all(sorted(row) == list(x) for row in gf.sums.tolist())
    assert all(sorted(row) == list(x[1:]) for row in gf.products[1:, 1:].tolist())
    assert sorted(gf.power(gf.generator, e) for e in range(order - 1)) == list(x[1:])


def test_prime_orders_are_the_integers_modulo_p():
    x = np.arange(7)
    assert np.array_equal(field(7).sums, np.add.outer(x, x) % 7)
    assert np.array_equal(field(7).products, np.multiply.outer(x, x) % 7)


def test_prime_powers():
    found = {n: prime_power(n) for n in range(1, 33) if prime_power(n)}
    assert found[8] == (2, 3)
    assert found[27] == (3, 3)
    assert sorted(found) == [2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27, 29, 31, 32]
    assert [n for n in range(20) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19]


def test_no_field_of_order_six():
    with pytest.raises(InputError, match="no field has 6 elements"):
        field(6)
