"""The commands of the people model: draw, train, blend, export and evaluate, each with -people."""

import os
from pathlib import Path

from .labels import LABELS

TWO_HOURS = 120


def add(commands, *, to_train, positive, minutes, new_file) -> None:
    """Adds the commands; the arguments are what cli.py checks and prepares its own with."""
    _add_draw(commands, positive)
    _add_train(commands, to_train, positive, minutes, new_file)
    _add_blend(commands, new_file)
    _add_export(commands, new_file)
    _add_evaluate(commands, to_train)


def _add_draw(commands, positive) -> None:
    draw = commands.add_parser("draw-people", help="clips of people, drawn, to train with")
    draw.add_argument("-o", "--output", type=Path, required=True, help="the folder of the clips")
    draw.add_argument("--clips", type=positive, default=20000, help="how many: %(default)s")
    draw.add_argument(
        "--seed", type=int, default=1, help="other seeds draw other clips: %(default)s"
    )
    draw.add_argument(
        "--held-out", action="store_true", help="clips to test with: of other bodies and motions"
    )
    draw.add_argument(
        "--motions", type=Path, help="a folder of .bvh, .amc and .glb motions, to be drawn as well"
    )
    draw.add_argument(
        "--processes", type=positive, default=len(os.sched_getaffinity(0)), help="%(default)s"
    )
    draw.add_argument(
        "--sheets", action="store_true", help="no clips: a contact sheet of each label, as PNG"
    )
    draw.set_defaults(run=_draw, extra="clips")


def _draw(arguments) -> None:
    from . import draw, folder, sheets

    added = folder.read(arguments.motions) if arguments.motions else ()
    for capture in added:
        kept = ", kept for --held-out" if capture.held_out else ""
        print(f"{capture.name}: {capture.label}, {len(capture.world)} frames{kept}")
    if arguments.sheets:
        sheets.write(arguments.output, list(LABELS), 8, arguments.seed, arguments.held_out, added)
        return
    drawn = draw.draw(
        arguments.output,
        arguments.clips,
        arguments.seed,
        arguments.held_out,
        added,
        arguments.processes,
    )
    if drawn:
        print(f"{arguments.output}: {drawn} clips drawn")
        return
    print("all of them were there already")
    if added:
        print("these may not show the motions of --motions: draw others, with another --seed")


def _add_train(commands, to_train, positive, minutes, new_file) -> None:
    train = commands.add_parser("train-people", help="trains the people model on drawn clips")
    train.add_argument("--data", type=Path, required=True, help="the folder of draw-people")
    train.add_argument(
        "-o",
        "--output",
        type=new_file,
        required=True,
        help="the weights, a .npz; called again, it goes on from OUTPUT.state.pt",
    )
    train.add_argument("--preset", choices=("nano", "half"), default="nano")
    train.add_argument(
        "--minutes", type=minutes, default=TWO_HOURS, help="in all, pauses not counted: %(default)s"
    )
    train.add_argument(
        "--half-minutes", type=minutes, default=0, help="first, at half the size: none by default"
    )
    train.add_argument(
        "--init", type=Path, help="weights to begin with, a .npz; those of a smaller preset grow"
    )
    train.add_argument("--rate", type=float, default=2e-3, help="the highest: %(default)s")
    train.add_argument("--pairs", type=positive, default=28, help="a step's: %(default)s")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument(
        "--threads", type=positive, default=len(os.sched_getaffinity(0)), help="%(default)s"
    )
    train.add_argument(
        "--eager", action="store_true", help="not compiled: begins at once, and is slower"
    )
    train.set_defaults(run=lambda arguments: _train(arguments, to_train), extra="train")


def _train(arguments, to_train) -> None:
    if arguments.half_minutes and arguments.half_minutes >= arguments.minutes:
        raise ValueError("--half-minutes: must be less than --minutes, which they are part of")
    to_train()
    import torch

    from . import feed, shards, train

    if not shards.whole(arguments.data / "train"):
        raise ValueError(f"--data: {arguments.data}/train has no clips; run draw-people first")
    if arguments.init and not arguments.init.is_file():
        raise ValueError(f"--init: {arguments.init}: no such file")
    torch.set_num_threads(arguments.threads)
    recipe = train.Recipe(
        arguments.preset,
        arguments.minutes,
        arguments.half_minutes,
        arguments.rate,
        arguments.pairs,
        arguments.seed,
    )
    drawn = feed.drawn_motions(arguments.data)
    train.train(
        arguments.data, arguments.output, recipe, arguments.init, drawn, not arguments.eager
    )
    print(f"weights in {arguments.output}")


def _add_blend(commands, new_file) -> None:
    blend = commands.add_parser("blend-people", help="weights between two of train-people")
    blend.add_argument("begin", type=Path, help="what the training began with; may be smaller")
    blend.add_argument("end", type=Path, help="what it ended with")
    blend.add_argument("--share", type=float, default=0.75, help="of the end: %(default)s")
    blend.add_argument("--preset", choices=("nano", "half"), default="nano")
    blend.add_argument("-o", "--output", type=new_file, required=True)
    blend.set_defaults(run=_blend, extra="export")


def _blend(arguments) -> None:
    if not 0 <= arguments.share <= 1:
        raise ValueError(f"--share: must be 0 to 1, not {arguments.share}")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from .blend import blend

    blend(arguments.begin, arguments.end, arguments.share, arguments.preset, arguments.output)
    print(f"weights in {arguments.output}")


def _add_export(commands, new_file) -> None:
    export = commands.add_parser("export-people", help="what train-people left -> .tflite, int8")
    export.add_argument("weights", type=Path)
    export.add_argument("--preset", choices=("nano", "half"), default="nano")
    export.add_argument("-o", "--output", type=new_file, required=True)
    export.set_defaults(run=_export, extra="export")


def _export(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from .export import export

    for what, value in export(arguments.weights, arguments.preset, arguments.output).items():
        print(f"{what}: {value}")


def _add_evaluate(commands, to_train) -> None:
    evaluate = commands.add_parser(
        "evaluate-people", help="people models side by side, on real footage and drawn clips"
    )
    evaluate.add_argument("models", type=Path, nargs="*")
    evaluate.add_argument(
        "--footage",
        type=Path,
        action="append",
        default=[],
        help="a folder of videos with a labels.tsv (models/README.md); more than once for several",
    )
    evaluate.add_argument("--fights", type=Path, help="a folder with the folders fight and noFight")
    evaluate.add_argument("--shown", type=Path, help="a folder of videos: what each is taken for")
    evaluate.add_argument("--walkers", type=Path, help="vtest.avi of Debian's opencv-doc")
    evaluate.add_argument(
        "--held", type=Path, help="the clips that draw-people --held-out has drawn: FOLDER/held"
    )
    evaluate.add_argument(
        "--side-task",
        type=Path,
        metavar="WEIGHTS",
        help="the weights of train-people: how well they know the starter's motions",
    )
    evaluate.add_argument("--preset", choices=("nano", "half"), default="nano")
    evaluate.set_defaults(run=lambda arguments: _evaluate(arguments, to_train), extra="clips")


def _evaluate(arguments, to_train) -> None:
    a = arguments
    material = a.footage or a.fights or a.shown or a.walkers or a.held
    if not material and not arguments.side_task:
        raise ValueError(
            "nothing to evaluate on: give --footage, --fights, --shown, --walkers, --held "
            "or --side-task"
        )
    if bool(material) != bool(arguments.models):
        raise ValueError(
            "MODELS and what to show them (--footage, --held, ...) are needed together"
        )
    if arguments.side_task:
        to_train()  # first: it starts Python anew
    if arguments.models:
        from .evaluate import report

        for line in report(a.models, a.footage, a.fights, a.shown, a.walkers, a.held):
            print(line)
    if arguments.side_task:
        from ..starter import recipe
        from . import side_task

        test = recipe.clip_set(recipe.cache_folder(), "test")
        for line in side_task.report(arguments.side_task, arguments.preset, test):
            print(line)
