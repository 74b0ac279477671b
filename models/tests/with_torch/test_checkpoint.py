"""The import against an independent forward pass in torch, written from the paper and the facts
of the official code.
"""

import pickle
import sys
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from films import film
from madeup import made_up
from squeezetime import graph
from squeezetime.export import to_tflite
from squeezetime.folding import fold
from squeezetime.litert import Model
from squeezetime.official import checkpoint, convert
from squeezetime.packaging import unpack
from squeezetime.presets import Preset
from squeezetime.resize import bilinear
from tiny import SMALL


def reference(state: dict, preset: Preset, clip: torch.Tensor) -> torch.Tensor:
    """Logits of clip [N,3,T,H,W], normalized, from a state dict in mmaction2's names: functional
    torch, no module shared with us.
    """

    def bn(x, name):
        return functional.batch_norm(
            x,
            state[f"{name}.running_mean"],
            state[f"{name}.running_var"],
            state[f"{name}.weight"],
            state[f"{name}.bias"],
            eps=1e-5,
        )

    def conv(x, name, **how):
        return functional.conv2d(x, state[f"{name}.weight"], state.get(f"{name}.bias"), **how)

    root = "backbone.net."
    x = clip.flatten(1, 2)  # channel c*T+t
    x = functional.relu(bn(conv(x, root + "conv1", stride=2, padding=2), root + "bn1"))
    x = functional.max_pool2d(x, 3, 2, 1)
    for stage, depth in enumerate(preset.depths, 1):
        for index in range(depth):
            block = f"{root}layer{stage}.{index}."
            if stage > 1 and index == 0:
                x = bn(
                    conv(x, block + "downsample.0", stride=2, groups=x.shape[1]),
                    block + "downsample.1",
                )
            y = functional.relu(bn(conv(x, block + "conv1"), block + "bn1"))
            pooled = {"avg": y.mean, "max": y.amax}[preset.wcm_pool]((2, 3), keepdim=True)
            w = conv(pooled, block + "conv2.param_conv.1")
            w = torch.sigmoid(
                conv(
                    functional.relu(bn(w, block + "conv2.param_conv.2")),
                    block + "conv2.param_conv.4",
                )
            )
            spatial = block + "conv2.spatial_conv."
            gate = functional.relu(
                bn(conv(y * w, spatial + "glo_conv.0", padding=1), spatial + "glo_conv.1")
            )
            position = state[spatial + "pos_embed"]
            if position.shape[2:] != gate.shape[2:]:
                position = functional.interpolate(
                    position, gate.shape[2:], mode="bilinear", align_corners=True
                )
            gate = functional.relu(
                bn(conv(gate + position, spatial + "glo_conv.3", padding=3), spatial + "glo_conv.4")
            )
            gate = torch.sigmoid(conv(gate, spatial + "glo_conv.6", padding=1))
            y = (
                conv(y * w, block + "conv2.temporal_conv")
                + conv(y, spatial + "short_conv", padding=1) * gate
            )
            y = functional.relu(bn(y, block + "bn2"))
            y = bn(conv(y, block + "conv3"), block + "bn3")
            if block + "shortcut_conv.0.weight" in state:
                x = bn(conv(x, block + "shortcut_conv.0"), block + "shortcut_conv.1")
            x = functional.relu(y + x)
    return functional.linear(
        x.mean((2, 3)), state["cls_head.fc_cls.weight"], state["cls_head.fc_cls.bias"]
    )


def saved(tmp_path, state, wrap=True):
    path = tmp_path / "checkpoint.pth"
    torch.save({"meta": {"epoch": 5}, "state_dict": state} if wrap else state, path)
    return path


@pytest.mark.parametrize(
    "preset",
    [SMALL, replace(SMALL, wcm_pool="max"), checkpoint.PRESET],
    ids=["small", "small, maximum", "full"],
)
def test_import_gives_the_official_logits(tmp_path, preset):
    classes = 51
    state = made_up(preset, classes)
    model, found = checkpoint.import_(checkpoint.read(saved(tmp_path, state)), preset)
    assert found == classes
    tflite = Model(to_tflite(fold(model, preset, classes)))
    rng = np.random.default_rng(1)
    mean, std = (np.array(v, np.float32) for v in (checkpoint.MEAN, checkpoint.STD))
    whole, apart = [], []
    for _ in range(20):
        clip = rng.integers(0, 256, (preset.frames, preset.size, preset.size, 3), np.uint8)
        normalized = (clip.astype(np.float32) - mean) / std
        with torch.no_grad():
            whole.append(
                reference(state, preset, torch.from_numpy(normalized).permute(3, 0, 1, 2)[None])[
                    0
                ].numpy()
            )
        edged = clip.transpose(1, 2, 0, 3).reshape(preset.size, preset.size, -1)
        apart.append(tflite.logits(edged, *(np.tile(v, preset.frames) for v in (mean, std))))
    whole, apart = np.array(whole), np.array(apart)
    assert np.ptp(whole, axis=0).max() > 1e-2 * np.ptp(whole)  # the clips differ in their logits
    assert np.abs(whole - apart).max() <= 1e-3 * np.ptp(whole)


def test_the_file_decides_the_classes_and_may_be_bare(tmp_path):
    for classes in (51, 400, 600):
        _, found = checkpoint.import_(
            checkpoint.read(saved(tmp_path, made_up(SMALL, classes), wrap=False)), SMALL
        )
        assert found == classes


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda s: s.pop("backbone.net.layer2.0.bn2.running_var"),
            "layer2.0.bn2.running_var: missing",
        ),
        (lambda s: s.pop("cls_head.fc_cls.weight"), "cls_head.fc_cls.weight: missing"),
        (
            lambda s: s.update({"backbone.net.layer9.0.conv1.weight": torch.zeros(1)}),
            "layer9.0.conv1.weight",
        ),
        (
            lambda s: s.update({"backbone.net.conv1.weight": torch.zeros(8, 3, 5, 5)}),
            "conv1.weight: its shape is 8x3x5x5, not 8x48x5x5",
        ),
        (
            lambda s: s["backbone.net.bn1.bias"].fill_(float("nan")),
            "bn1.bias: holds values that are not finite",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, says):
    state = made_up(SMALL, 5)
    change(state)
    with pytest.raises(checkpoint.CheckpointError, match=says):
        checkpoint.import_(checkpoint.read(saved(tmp_path, state)), SMALL)


class HistoryBuffer:
    """As mmengine's: its pickle holds NumPy arrays and, by getattr, its own methods."""

    def __init__(self):
        self.log, self.count = np.arange(3.0), np.float64(2)

    def mean(self):
        raise AssertionError("code of the checkpoint ran")

    def __getstate__(self):
        return {**self.__dict__, "methods": {"mean": HistoryBuffer.mean}}

    def __setstate__(self, state):
        raise AssertionError("code of the checkpoint ran")


def test_the_history_that_mmengine_saves_is_passed_over(tmp_path, monkeypatch):
    names = "mmengine", "mmengine.logging", "mmengine.logging.history_buffer"
    modules = [types.ModuleType(name) for name in names]
    modules[-1].HistoryBuffer, HistoryBuffer.__module__ = HistoryBuffer, names[-1]
    for name, module in zip(names, modules, strict=True):
        monkeypatch.setitem(sys.modules, name, module)
    path = tmp_path / "epoch_100.pth"
    state = made_up(SMALL, 5)
    log = {"log_scalars": {"train/loss": HistoryBuffer()}}
    torch.save({"meta": {"epoch": 100}, "message_hub": log, "state_dict": state}, path)
    for name in names:
        monkeypatch.delitem(sys.modules, name)
    _, classes = checkpoint.import_(checkpoint.read(path), SMALL)
    assert classes == 5


class Runs:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (open, (str(self.trace), "w"))


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    path, trace = tmp_path / "evil.pth", tmp_path / "ran"
    torch.save({"state_dict": {}, "x": Runs(trace)}, path)
    with pytest.raises(checkpoint.CheckpointError, match=r"open\), and .* would run code"):
        checkpoint.read(path)
    with open(path, "wb") as f:
        pickle.dump(Runs(trace), f, protocol=2)
    with pytest.raises(checkpoint.CheckpointError, match=r"open\), and .* would run code"):
        checkpoint.read(path)
    assert not trace.exists()


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.pth"
    for content in (b"", b"no checkpoint", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(checkpoint.CheckpointError, match=r"x\.pth: not a torch checkpoint"):
            checkpoint.load(path)
    torch.save(nn.Linear(1, 1).state_dict(), path)
    with pytest.raises(checkpoint.CheckpointError, match=r"x\.pth: .*missing"):
        checkpoint.load(path)
    with pytest.raises(FileNotFoundError, match="absent"):
        checkpoint.load(tmp_path / "absent.pth")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({5: torch.zeros(1)}, "holds no state_dict"),
        ({"state_dict": {"a": "b"}}, "holds no state_dict"),
        ([torch.zeros(1)], "holds no state_dict"),
        ({"a": torch.eye(2).to_sparse()}, "a: is not a plain tensor"),
    ],
)
def test_other_contents_are_refused(tmp_path, content, says):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(checkpoint.CheckpointError, match=rf"x\.pth: {says}"):
        checkpoint.load(tmp_path / "x.pth")


def test_parameters_are_tensors_too(tmp_path):
    state = {k: nn.Parameter(v.float()) for k, v in made_up(SMALL, 5).items()}
    _, classes = checkpoint.import_(checkpoint.read(saved(tmp_path, state)), SMALL)
    assert classes == 5


@pytest.mark.parametrize("zipped", [True, False])
def test_whatever_is_damaged_is_an_error_that_names_the_file(tmp_path, zipped):
    path, rng = tmp_path / "x.pth", np.random.default_rng(0)
    content = {"state_dict": {f"layer.{i}": torch.ones(3) for i in range(20)}}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    whole, refused = np.frombuffer(path.read_bytes(), np.uint8), 0
    for n in range(300):
        damaged = whole.copy()
        if n % 4 == 0:
            damaged = damaged[: rng.integers(len(whole))]
        else:
            damaged[rng.integers(len(whole), size=4)] ^= np.uint8(1 << rng.integers(8))
        path.write_bytes(damaged.tobytes())
        with pytest.raises(checkpoint.CheckpointError, match=r"x\.pth: ") as caught:
            checkpoint.load(path)
        refused += "complete" in str(caught.value)
    assert refused > 100


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("a\nb\nc\nd\n", r"labels\.txt: has 4 labels, but .*checkpoint\.pth has 5 classes"),
        ("a\nb\nc\nd\na\n", r"labels\.txt: labels: 'a' occurs twice"),
        ("a\nb\nc/d\ne\nf\n", r"labels\.txt: labels: 'c/d' contains '/'"),
        (b"a\nstra\xdfe\n", r"labels\.txt: is not UTF-8"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, monkeypatch, labels, says):
    monkeypatch.setattr(checkpoint, "PRESET", SMALL)
    names = tmp_path / "labels.txt"
    names.write_bytes(labels if isinstance(labels, bytes) else labels.encode())
    source, output = saved(tmp_path, made_up(SMALL, 5)), tmp_path / "x.tflite"
    with pytest.raises(ValueError, match=says):
        convert.convert(source, names, output, "float32", None)
    assert not output.exists()


def test_labels_of_a_windows_editor(tmp_path):
    (tmp_path / "labels.txt").write_bytes("\ufeffstraße\r\nb\r\n".encode())
    assert convert.read_labels(tmp_path / "labels.txt") == ("straße", "b")


def test_calibration_clips_come_from_all_of_every_file(tmp_path, capsys):
    """Each frame's grey says where in which file it was."""
    files = [tmp_path / f"{n}.mp4" for n in range(3)]
    for n, path in enumerate(files):
        frames = np.zeros((240 if n else 3, 64, 64, 3), np.uint8) + np.uint8(80 * n)
        film(path, frames + (np.arange(len(frames)) // 4).astype(np.uint8)[:, None, None, None])
    files[1:1] = [tmp_path / "broken.mp4"]
    files[1].write_bytes(b"junk")
    clips = list(convert.spread(files, SMALL, 16))
    grey = np.array([clip.mean() for clip in clips])
    assert clips[0].shape == (64, 64, 48) and "broken.mp4" in capsys.readouterr().err
    for n, count in enumerate((1, 4, 4)):
        of_file = grey[(grey > 80 * n - 10) & (grey < 80 * n + 70)] - 80 * n
        assert len(of_file) == count
        assert count == 1 or (of_file[0] < 10 and of_file[-1] > 50)
    few = np.array([clip.mean() for clip in convert.spread([files[0], *files[2:]] * 4, SMALL, 3)])
    assert len(few) == 3


@pytest.mark.parametrize(
    ("kind", "calibration", "says"),
    [
        ("int8", "absent", "absent: is neither a video nor a folder with videos"),
        ("int8", "empty", "empty: is neither a video nor a folder with videos"),
        ("float16", "empty", "empty: only int8 uses it, not float16"),
    ],
)
def test_what_calibration_names_is_looked_at_first(tmp_path, monkeypatch, kind, calibration, says):
    def load(*_):
        raise AssertionError("the checkpoint was read before")

    monkeypatch.setattr(checkpoint, "load", load)
    (tmp_path / "labels.txt").write_text("a\nb\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=rf"--calibration .*/{says}"):
        convert.convert(
            tmp_path / "x.pth",
            tmp_path / "labels.txt",
            tmp_path / "x.tflite",
            kind,
            tmp_path / calibration,
        )


def test_what_import_writes_is_a_model_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checkpoint, "PRESET", SMALL)
    names = tmp_path / "labels.txt"
    names.write_text("a\nb\nc\nd\ne\n")
    source, output = saved(tmp_path, made_up(SMALL, 5)), tmp_path / "x.tflite"
    for kind, type_ in (("int8", np.int8), ("float16", np.float32), ("float32", np.float32)):
        convert.convert(source, names, output, kind, None)
        assert ("WARNING" in capsys.readouterr().err) == (kind == "int8")
        labels, manifest = unpack(output)
        assert labels == list("abcde") and manifest["height"] == SMALL.size
        assert Model(output).input["dtype"] == type_
        made_of = graph.read(output)
        assert made_of.whole, (kind, made_of)
        assert made_of.per_channel == (kind == "int8") and "TRANSPOSE" not in made_of.ops


def test_max_pooling_is_another_network(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "PRESET", SMALL)
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd\ne\n")
    source = saved(tmp_path, made_up(SMALL, 5))
    clip = np.random.default_rng(0).integers(0, 256, (64, 64, 48), np.uint8)
    logits = []
    for pooling in ("avg", "max"):
        output = tmp_path / f"{pooling}.tflite"
        convert.convert(source, tmp_path / "labels.txt", output, "float32", None, pooling)
        logits.append(Model(output).logits(clip))
    assert np.abs(np.subtract(*logits)).max() > 1e-3 * np.ptp(logits[0])


def test_position_maps_are_resized_as_the_official_code_does():
    maps = np.random.default_rng(0).standard_normal((1, 7, 5, 3)).astype(np.float32)
    for size in ((7, 5), (4, 9), (1, 1), (20, 3)):
        theirs = functional.interpolate(
            torch.from_numpy(maps).permute(0, 3, 1, 2), size, mode="bilinear", align_corners=True
        )
        ours = bilinear(maps, *size)
        np.testing.assert_allclose(ours, theirs.permute(0, 2, 3, 1).numpy(), atol=1e-5)
