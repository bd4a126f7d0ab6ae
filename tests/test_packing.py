import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.packing import pack, unpack


def matrix(rows, columns, *, seed=0, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(rows, columns, generator=generator)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 9),
    groups=st.integers(1, 5),
    group=st.sampled_from([2, 16, 32]),
    width=st.sampled_from([4, 8]),
    exponent=st.integers(-4, 4),
)
def test_the_error_is_at_most_half_a_step(rows, groups, group, width, exponent):
    weights = matrix(rows, groups * group, scale=10.0**exponent)
    again = unpack(pack({"w": weights}, bits=lambda *_: width, group=group))["w"]
    assert again.shape == weights.shape
    assert again.dtype == torch.float32
    size = group if width == 4 else weights.shape[1]
    peaks = weights.unflatten(1, (-1, size)).abs().amax(2, keepdim=True)
    step = peaks / (2 ** (width - 1) - 1)
    error = (again - weights).unflatten(1, (-1, size)).abs()
    # Half a step, the 11 bits of the scale, and the smallest 16-bit float.
    assert (error <= 0.5 * step + 2e-3 * peaks + 1e-6).all()


def test_whole_numbers_of_a_step_survive():
    values = torch.arange(-7, 9).float().clamp(max=7)[None].repeat(3, 1) * 0.25
    assert torch.equal(unpack(pack({"w": values}, bits=lambda *_: 4))["w"], values)
    values = torch.arange(-127, 128).float()[None] * 0.5
    assert torch.equal(unpack(pack({"w": values}, bits=lambda *_: 8))["w"], values)


def test_four_bits_are_packed_low_half_first():
    packed = pack({"w": torch.tensor([[7.0, -7.0, 0.0, 1.0]])}, bits=lambda *_: 4, group=4)
    # NumPy as the oracle: value + 8 in a half byte.
    nibbles = np.array([15, 1, 8, 9], np.uint8)
    np.testing.assert_array_equal(
        packed["w.q4"].numpy(), (nibbles[0::2] | (nibbles[1::2] << 4))[None]
    )
    assert packed["w.scale"].dtype == torch.float16


def test_a_matrix_of_zeros_stays_zeros():
    for width in (4, 8):
        again = unpack(pack({"w": torch.zeros(2, 32)}, bits=lambda *_, w=width: w))["w"]
        assert not again.any()


def test_everything_else_is_stored_as_it_is():
    tensors = {"bias": torch.randn(5), "count": torch.tensor(7), "half": matrix(3, 4)}
    packed = pack(tensors, bits=lambda name, _: 16 if name == "half" else 32)
    assert packed["half"].dtype == torch.float16
    again = unpack(packed)
    assert torch.equal(again["bias"], tensors["bias"])
    assert torch.equal(again["count"], tensors["count"])
    assert again["count"].dtype == torch.int64
    torch.testing.assert_close(again["half"], tensors["half"], atol=1e-3, rtol=1e-3)


def test_four_bits_are_a_quarter_of_sixteen():
    weights = matrix(64, 256)
    sizes = {
        width: sum(t.numel() * t.element_size() for t in pack(
            {"w": weights}, bits=lambda *_, w=width: w, group=32).values())
        for width in (4, 8, 16, 32)
    }  # fmt: skip
    assert sizes[4] < 0.3 * sizes[16]
    assert sizes[8] < 0.52 * sizes[16]
    assert sizes[32] == 2 * sizes[16]


def test_a_weight_may_be_called_scale():
    tensors = {"w": matrix(4, 32), "a.scale": torch.arange(5.0), "scale": torch.ones(1)}
    again = unpack(pack(tensors, bits=lambda name, _: 8 if name == "w" else 32))
    assert sorted(again) == sorted(tensors)
    assert torch.equal(again["a.scale"], tensors["a.scale"])


def test_the_packing_does_not_change_its_input():
    weights = matrix(4, 32)
    before = weights.clone()
    pack({"w": weights}, bits=lambda *_: 4)
    assert torch.equal(weights, before)


@pytest.mark.parametrize("width", [4, 8])
def test_packing_twice_changes_no_more(width):
    once = unpack(pack({"w": matrix(4, 64)}, bits=lambda *_: width))["w"]
    twice = unpack(pack({"w": once}, bits=lambda *_: width))["w"]
    torch.testing.assert_close(twice, once, atol=0, rtol=2e-3)
