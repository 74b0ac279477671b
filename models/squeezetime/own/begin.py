"""The weights that training begins with: the starter's, an official checkpoint's, one's own."""

import io
from pathlib import Path

import numpy as np

from .. import weights
from ..packaging import write_whole

STARTER_WEIGHTS = Path(__file__).parents[2] / "starter.weights.npz"


def begin(model, preset: str, init: str) -> None:
    """Gives the model what `init` names: none, starter, an official .pth, or a .weights.h5."""
    if init == "starter":
        if preset != "nano":
            raise ValueError(
                f"--init starter: the starter's weights fit the preset nano, not {preset}"
            )
        start_from_starter(model)
    elif init.endswith(".pth"):
        start_from_official(model, Path(init))
    elif init != "none":
        start_from_own(model, Path(init), preset)


def start_from_starter(model) -> None:
    """The starter's weights, but for the classifier."""
    if not STARTER_WEIGHTS.exists():
        raise ValueError(
            f"{STARTER_WEIGHTS} is missing: it comes with the repository, not with the package. "
            "Install the repository's models folder with pip install -e, or use --init none"
        )
    with np.load(STARTER_WEIGHTS) as stored:
        for layer in model.layers:
            if layer.weights and layer.name != "classifier":
                count = len(layer.weights)
                layer.set_weights(
                    [stored[f"{layer.name}/{i}"].astype(np.float32) for i in range(count)]
                )


def keep_starter(model, path: Path) -> None:
    """Writes the starter's weights, in 16 bits, for start_from_starter."""
    content = io.BytesIO()
    np.savez_compressed(
        content,
        **{
            f"{layer.name}/{i}": w.astype(np.float16)
            for layer in model.layers
            for i, w in enumerate(layer.get_weights())
            if layer.name != "classifier"
        },
    )
    write_whole(path, content.getvalue())


def start_from_official(model, path: Path) -> None:
    """An official checkpoint's weights, but for the classifier."""
    from ..official import checkpoint

    imported, _ = checkpoint.load(path, checkpoint.PRESET)
    for layer in model.layers:
        if layer.weights and layer.name != "classifier":
            layer.set_weights(imported.get_layer(layer.name).get_weights())


def start_from_own(model, path: Path, preset: str) -> None:
    """The weights that a training left; the classifier's only where it has as many labels."""
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"--init {path}: must be starter, none, a .pth or a .weights.h5")
    there = _shapes(path)
    here = _shapes(weights.content_of(model))
    # Keras names a layer there by its class: the classifier is the one that is dense.
    differ = [
        f"{name} is {there.get(name, 'missing')}, not {here.get(name, 'there')}"
        for name in sorted(here.keys() | there.keys())
        if here.get(name) != there.get(name) and not name.startswith("/layers/dense/")
    ]
    if differ:
        more = f", and {len(differ) - 1} more" if len(differ) > 1 else ""
        raise ValueError(f"{path}: these weights do not fit the preset {preset}: {differ[0]}{more}")
    model.load_weights(path, skip_mismatch=here != there)


def _shapes(path: Path | io.BytesIO) -> dict[str, str]:
    """Every array of a .weights.h5 by name: 1x1x48x10 and so on."""
    import h5py

    shapes = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            shapes[f"/{name}"] = "x".join(map(str, item.shape)) or "a number"

    try:
        with h5py.File(path) as file:
            file.visititems(note)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read as weights: {error}") from error
    return shapes
