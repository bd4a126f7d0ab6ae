import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from lass.errors import ModelError, ModelNotFoundError
from lass.networks import build
from lass.packing import unpack
from lass.training import Recipe
from lass.training.export import export
from lass.training.setup import start_from
from lass.training.tasks import JointNetwork, SeparatorTask
from lass.zoo import verify
from lass.zoo.loading import read_config

CORE = {"channels": [4, 8, 8], "context": 16, "dilations": [1]}


def save_run(folder, module):
    folder.mkdir()
    state = {"average": module.state_dict(), "position": {"step": 7, "seconds": 90.0}}
    torch.save(state, folder / "last.ckpt")


def test_exported_separator_is_the_averaged_network(tmp_path):
    from safetensors.torch import load_file

    recipe = Recipe("separator", network={"kind": "band-unet", "core": CORE})
    network = build(recipe.network)
    save_run(tmp_path / "run", network)
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text('{"space": "other-v9"}')
    export(tmp_path / "run", replace(recipe, encoder=str(tmp_path / "encoder")), tmp_path / "m")
    verify(tmp_path / "m")
    config = read_config(tmp_path / "m")
    assert config["space"] == "other-v9"
    assert config["training"] == {"steps": 7, "minutes": 1.5}
    copy = build(config["network"])
    copy.load_state_dict(unpack(load_file(tmp_path / "m" / "model.safetensors")))
    for name, value in network.state_dict().items():
        torch.testing.assert_close(copy.state_dict()[name], value, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("by_example", [0.0, 0.25])
def test_a_model_that_knows_examples_looks_twice(tmp_path, by_example):
    recipe = Recipe("separator", network={"kind": "band-unet", "core": CORE})
    recipe = replace(recipe, mixtures=replace(recipe.mixtures, by_example=by_example))
    save_run(tmp_path / "run", build(recipe.network))
    export(tmp_path / "run", recipe, tmp_path / "m")
    assert read_config(tmp_path / "m").get("second_look", False) is (by_example > 0.0)


def test_the_table_of_licences_outlives_an_export(tmp_path):
    recipe = Recipe("separator", network={"kind": "band-unet", "core": CORE})
    save_run(tmp_path / "run", build(recipe.network))
    licences = {"data": {"licence": "CC0", "who": "A. Body"}}
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text(json.dumps({"licences": licences, "presence": 1}))
    export(tmp_path / "run", recipe, tmp_path / "m")
    config = read_config(tmp_path / "m")
    assert config["licences"] == licences
    assert "presence" not in config  # was fitted to other weights


def test_exported_encoder_states_its_space(tmp_path):
    tower = {"kind": "audio-tower", "tower": {"dim": 16, "channels": [4, 4]}}
    network = JointNetwork(build(tower), text_dim=384, dim=16)
    save_run(tmp_path / "run", network)
    (tmp_path / "m").mkdir()
    for name in ("text.safetensors", "tokenizer.json"):
        (tmp_path / "m" / name).write_bytes(b"x")
    export(tmp_path / "run", Recipe("joint", network=tower), tmp_path / "m", space="s-v1")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert (config["space"], config["dim"]) == ("s-v1", 16)
    np.testing.assert_allclose(config["logit_scale"], np.exp(2.5), rtol=1e-6)
    assert set(config["sha256"]) == {"model.safetensors", "text.safetensors", "tokenizer.json"}


def test_missing_checkpoint_is_said(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no checkpoint"):
        export(tmp_path, Recipe("separator"), tmp_path / "m")


def test_a_run_can_begin_with_exported_weights(tmp_path):
    recipe = Recipe("separator", network={"kind": "band-unet", "core": CORE})
    network = build(recipe.network)
    save_run(tmp_path / "run", network)
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text('{"space": "s"}')
    export(tmp_path / "run", replace(recipe, encoder=str(tmp_path / "encoder")), tmp_path / "m")
    task = SeparatorTask(build(recipe.network), sampler=None)
    start_from(task, tmp_path / "m")
    for name, value in network.state_dict().items():
        torch.testing.assert_close(task.module.state_dict()[name], value, atol=1e-3, rtol=1e-3)
    other = SeparatorTask(
        build({"kind": "band-unet", "core": {**CORE, "context": 8}}), sampler=None
    )
    with pytest.raises(ModelError, match="do not fit"):
        start_from(other, tmp_path / "m")
