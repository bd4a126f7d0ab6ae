"""Nothing is drawn inside, and what is loaded afterwards is what counts."""

import subprocess
import sys

import torch

from lass.networks.undrawn import Undrawn


def test_nothing_is_drawn_and_drawing_comes_back():
    before = torch.random.get_rng_state()
    with Undrawn():
        layer = torch.nn.Embedding(50, 8)
    assert torch.equal(torch.random.get_rng_state(), before)
    layer.load_state_dict({"weight": torch.ones(50, 8)})
    assert torch.equal(layer(torch.tensor([3])), torch.ones(1, 8))
    torch.nn.init.normal_(layer.weight)
    assert layer.weight.std() > 0.5


def test_words_need_no_algebra():
    """The device ``meta`` would import sympy, which takes a second."""
    told = (
        "import sys\n"
        "from lass.zoo import load_encoder\n"
        "encoder = load_encoder('compact')\n"
        "encoder.cache = None\n"
        "encoder.encode_text(['violin'])\n"
        "print('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
