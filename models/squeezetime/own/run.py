"""What a training keeps in its folder, so that it goes on after a kill, and nothing else does."""

import io
import json
import shutil
from pathlib import Path

from .. import weights
from ..packaging import write_whole


class Run:
    """A folder with

    state.json: what the training is made of, the names and sizes of all files that its weights have
    been trained on, and in the end its accuracy and background;
    newest.pt: weights, optimizer and the epochs done, of the last whole epoch;
    frames/: the sampled clips, while it is trained;
    best.weights.h5: the weights of the epoch that did best on the held-out files;
    calibration.npy: windows for the export, from the end of the training on;
    held-out/: links to those files, for `squeezetime verify`.
    """

    def __init__(self, folder: Path):
        self.folder, self.done, self.best_score = folder, 0, -1.0
        self.newest, self.best = folder / "newest.pt", folder / "best.weights.h5"
        self.noted, self.calibration = folder / "state.json", folder / "calibration.npy"
        self.frames = folder / "frames"

    def open(self, made_of: dict) -> str:
        """Makes the folder, empty unless a training of the very same is in it.

        Returns why what it held cannot be used; "" if it can, or if there was nothing.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        made_of = json.loads(json.dumps(made_of))  # as it is read back
        why = _difference(self.state().get("made_of"), made_of) if self.newest.exists() else ""
        if why or not self.newest.exists():
            for path in self.noted, self.newest, self.best, self.calibration:
                path.unlink(missing_ok=True)
            self.note(made_of=made_of)
        return why

    def state(self) -> dict:
        """Raises ValueError where it is damaged; empty where there is none."""
        try:
            state = json.loads(self.noted.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise ValueError(f"{self.noted}: is damaged; remove it to start anew") from error
        if not isinstance(state, dict):
            raise ValueError(f"{self.noted}: is damaged; remove it to start anew")
        return state

    def note(self, **what) -> None:
        content = json.dumps(self.state() | what, indent=1).encode()
        write_whole(self.noted, content)

    def link_held_out(self, data: Path, names: list[str]) -> Path | None:
        """None where the file system has no links: exFAT, FAT."""
        folder = self.folder / "held-out"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).symlink_to((data / name).resolve())
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return folder

    def save(self, model, optimizer, score: float) -> None:
        """After an epoch. Beside, then renamed: who is killed goes on from whole weights."""
        import torch

        if score >= self.best_score:
            self.best_score = score
            weights.save(model, self.best)
        self.done += 1
        content = io.BytesIO()
        values = [v.value.detach() for v in model.weights]
        state = (values, optimizer.state_dict(), self.done, self.best_score)
        torch.save(state, content)
        write_whole(self.newest, content.getvalue())

    def restore(self, model, optimizer) -> None:
        """As save left them, where it did."""
        import torch

        if not self.newest.exists():
            return
        try:
            state = torch.load(self.newest, weights_only=True)
            values, of_optimizer, self.done, self.best_score = state
            for variable, value in zip(model.weights, values, strict=True):
                variable.assign(value)
            optimizer.load_state_dict(of_optimizer)
        except Exception as error:  # of many kinds: what is damaged is read as something else
            raise ValueError(f"{self.newest}: is damaged; remove it to start anew") from error


def _difference(old: dict | None, new: dict) -> str:
    if old is None:
        return "there is no state.json of it"
    if old.keys() != new.keys():
        return "it is of another version of squeezetime"
    for key in new:
        if old[key] != new[key]:
            was, is_ = old[key], new[key]
            return _changed(was, is_) if key == "files" else f"{key} was {was}, is {is_}"
    return ""


def _changed(was: list, is_: list) -> str:
    old, new = ({name: rest for name, *rest in files} for files in (was, is_))
    found = {
        "new": sorted(new.keys() - old.keys()),
        "gone": sorted(old.keys() - new.keys()),
        "changed": sorted(n for n in new.keys() & old.keys() if new[n] != old[n]),
    }
    some = [f"{len(names)} {how} ({names[0]})" for how, names in found.items() if names]
    return f"clips: {', '.join(some)}"
