"""The console command `squeezetime`: trains, imports, exports and examines models for edged."""

import argparse
import json
import os
from pathlib import Path


def _train_starter(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "torch"  # read once, when keras is first imported
    from . import starter

    arguments.weights.parent.mkdir(parents=True, exist_ok=True)
    starter.train(arguments.work, arguments.weights, arguments.minutes, arguments.workers)
    print(f"weights in {arguments.weights}")


def _export(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from . import starter

    size = starter.export(arguments.work, arguments.weights, arguments.output)
    print(f"{arguments.output}: {size:,} bytes")


def _evaluate(arguments) -> None:
    from . import latency, report, robustness, starter
    from .evaluate import Model

    model = Model(arguments.model)
    size = starter.PRESET
    results = {
        "drawn": report.on_drawn_clips(model, arguments.work, arguments.picture),
        "accuracy under": robustness.accuracies(model, size.frames, size.size),
    }
    if arguments.footage:
        results["footage"] = report.on_footage(model, arguments.footage)
    results["invoke_ms"] = latency.interleaved({"": arguments.model}, (1,))["", 1]
    print("\n".join(report.lines(results)))


def _presets(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from . import sizes

    print("\n".join(sizes.report(arguments.work)))


def _example(arguments) -> None:
    from . import example

    for label, count in example.write(arguments.footage, arguments.output, arguments.count).items():
        print(f"{arguments.output / label}: {count} clips")


def _train(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "torch"
    from . import custom

    custom.train(
        arguments.data,
        arguments.preset,
        arguments.output,
        arguments.epochs,
        arguments.init,
        arguments.freeze,
    )


def _export_own(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from . import custom

    size = custom.export(arguments.work, arguments.output, arguments.type)
    print(f"{arguments.output}: {size:,} bytes")


def _import(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from . import imported

    size = imported.convert(
        arguments.checkpoint,
        arguments.labels,
        arguments.output,
        arguments.type,
        arguments.calibration,
        arguments.pooling,
    )
    print(f"{arguments.output}: {size:,} bytes")


def _verify(arguments) -> None:
    from .verify import verify

    for line in verify(arguments.model, arguments.clips, arguments.beside):
        print(line, flush=True)


def _inspect(arguments) -> None:
    from .packaging import unpack

    labels, manifest = unpack(arguments.model)
    print("\n".join(labels))
    print(json.dumps(manifest, indent=1))


def _parser() -> argparse.ArgumentParser:
    from .starter import cache_folder

    work = argparse.ArgumentParser(add_help=False)
    work.add_argument("--work", type=Path, default=cache_folder(), help="folder of the clip sets")
    weights = argparse.ArgumentParser(add_help=False)
    weights.add_argument("--weights", type=Path, default=cache_folder() / "starter.weights.h5")
    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument("--type", choices=("int8", "float16", "float32"), default="int8")

    parser = argparse.ArgumentParser(prog="squeezetime", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train-starter", parents=[work, weights], help="draw the clips and train the starter model"
    )
    train.add_argument("--minutes", type=float, default=float("inf"), help="end earlier, annealed")
    train.add_argument("--workers", type=int, default=os.cpu_count())
    train.set_defaults(run=_train_starter)

    export = commands.add_parser(
        "export", parents=[work, weights], help="weights -> int8 .tflite with labels and manifest"
    )
    export.add_argument("-o", "--output", type=Path, required=True)
    export.set_defaults(run=_export)

    evaluate = commands.add_parser(
        "evaluate",
        parents=[work],
        help="the starter on held-out clips, worse pictures and real footage",
    )
    evaluate.add_argument("model", type=Path)
    evaluate.add_argument("--footage", type=Path, help="vtest.avi of Debian's opencv-doc")
    evaluate.add_argument("--picture", type=Path, help="PNG of what was taken for what")
    evaluate.set_defaults(run=_evaluate)

    presets = commands.add_parser(
        "presets", parents=[work], help="what each size costs, float32 beside int8"
    )
    presets.set_defaults(run=_presets)

    example = commands.add_parser("example", help="clips of real walkers, to try train with")
    example.add_argument("--footage", type=Path, required=True, help="vtest.avi")
    example.add_argument("--count", type=int, default=5, help="clips a label")
    example.add_argument("-o", "--output", type=Path, required=True)
    example.set_defaults(run=_example)

    own = commands.add_parser("train", help="a model of your own, from a folder of clips per label")
    own.add_argument("--data", type=Path, required=True, help="DATA/LABEL/clip.mp4 and so on")
    own.add_argument("--preset", choices=("nano", "half", "full"), default="nano")
    own.add_argument("-o", "--output", type=Path, required=True)
    own.add_argument("--epochs", type=int, default=20)
    own.add_argument(
        "--init",
        default="",
        help="weights to start from: starter, an official .pth (--preset full), a .weights.h5",
    )
    own.add_argument("--freeze", action="store_true", help="train the classifier alone")
    own.set_defaults(run=_train)

    export_own = commands.add_parser(
        "export-own", parents=[kind], help="the second half of train, by itself"
    )
    export_own.add_argument("work", type=Path)
    export_own.add_argument("-o", "--output", type=Path, required=True)
    export_own.set_defaults(run=_export_own)

    import_ = commands.add_parser(
        "import",
        parents=[kind],
        help="an official checkpoint (SqueezeTime_K400.pth, ...) -> .tflite",
    )
    import_.add_argument("checkpoint", type=Path)
    import_.add_argument(
        "--pooling", choices=("avg", "max"), default="avg", help="the WCM's: max is the paper's"
    )
    import_.add_argument(
        "--labels",
        type=Path,
        required=True,
        help="a text file, a label a line, in the checkpoint's order",
    )
    import_.add_argument("-o", "--output", type=Path, required=True)
    import_.add_argument(
        "--calibration",
        type=Path,
        help="a video, or a folder of them, like what the camera will see: for int8",
    )
    import_.set_defaults(run=_import)

    verify = commands.add_parser(
        "verify", help="accuracy of a model file on your clips: what edged will see"
    )
    verify.add_argument("model", type=Path)
    verify.add_argument(
        "--clips", type=Path, required=True, help="a folder with a folder of videos for each label"
    )
    verify.add_argument(
        "--beside", type=Path, help="another export of it: how often both see the same"
    )
    verify.set_defaults(run=_verify)

    inspect = commands.add_parser("inspect", help="labels and manifest of a model file")
    inspect.add_argument("model", type=Path)
    inspect.set_defaults(run=_inspect)
    return parser


def main() -> None:
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as error:
        raise SystemExit(f"squeezetime: {error}") from error
