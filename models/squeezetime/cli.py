"""Trains, imports, exports and examines models for edged."""

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path

# Without these settings glibc returns memory after each step, and page faults can almost stop
# training. Large pages make a step of the people model a third shorter. glibc reads them when a
# process starts.
_TUNABLES = "GLIBC_TUNABLES"
_MALLOC = {
    "glibc.malloc.mmap_max": 0,
    "glibc.malloc.trim_threshold": 16 << 30,
    "glibc.malloc.top_pad": 200_000_000,
    "glibc.malloc.hugetlb": 1,
}


def tuned(tunables: str) -> str:
    """These tunables of glibc, and those of _MALLOC that are not among them."""
    there = [t for t in tunables.split(":") if t]
    known = {t.partition("=")[0] for t in there}
    return ":".join(there + [f"{k}={v}" for k, v in _MALLOC.items() if k not in known])


def _to_train() -> None:
    """Sets what Keras reads when it is imported, and what glibc reads when Python starts."""
    before = os.environ.get(_TUNABLES, "")
    if sys.platform == "linux" and before != tuned(before):
        os.environ[_TUNABLES] = tuned(before)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ["KERAS_TORCH_DEVICE"] = (
        "cpu"  # otherwise Keras puts the network on any GPU that it finds
    )


def _train_starter(arguments) -> None:
    _to_train()
    from .starter import recipe

    if not arguments.weights.name.endswith(".weights.h5"):
        raise ValueError(f"--weights {arguments.weights}: its name must end in .weights.h5")
    arguments.weights.parent.mkdir(parents=True, exist_ok=True)
    recipe.train(arguments.work, arguments.weights, arguments.minutes, arguments.workers)
    print(f"weights in {arguments.weights}")


def _export_starter(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from .starter import recipe

    size = recipe.export(arguments.work, arguments.weights, arguments.output)
    print(f"{arguments.output}: {size:,} bytes")


def _evaluate(arguments) -> None:
    from . import latency
    from .litert import Model
    from .starter import recipe, report, robustness

    report.check(arguments.model)
    size = recipe.PRESET
    model = Model(arguments.model)
    # The footage comes first: it may be the wrong file, and drawing takes minutes.
    footage = report.on_footage(model, arguments.footage) if arguments.footage else None
    results = {
        "drawn": report.on_drawn_clips(model, arguments.work, arguments.picture),
        "accuracy under": robustness.accuracies(model, size.frames, size.size),
    }
    if footage:
        results["footage"] = footage
    results["invoke_ms"] = latency.interleaved({"": arguments.model}, (1,))["", 1]
    print("\n".join(report.lines(results)))


def _presets(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from . import sizes

    print("\n".join(sizes.report(arguments.work)))


def _example(arguments) -> None:
    from .own import example

    for label, count in example.write(arguments.footage, arguments.output, arguments.count).items():
        print(f"{arguments.output / label}: {count} clips")


def _train(arguments) -> None:
    _to_train()
    from .own import train

    if not importlib.util.find_spec("tensorflow"):
        raise ModuleNotFoundError(name="tensorflow")  # before the training, not after it
    folder = train.train(
        train.Options(
            data=arguments.data,
            output=arguments.output,
            preset=arguments.preset,
            epochs=arguments.epochs,
            init=arguments.init or "",
            freeze=arguments.freeze,
            mirror=arguments.mirror,
            mirror_pairs=tuple(arguments.mirror_pairs),
            backwards=arguments.reverse,
            pooling=arguments.pooling,
            background=arguments.background,
        )
    )
    train.export_apart(folder, arguments.output)


def _export(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from .own import train

    size = train.export(arguments.work, arguments.output, arguments.type)
    print(f"{arguments.output}: {size:,} bytes")


def _import(arguments) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from .official import convert

    size = convert.convert(
        arguments.checkpoint,
        arguments.labels,
        arguments.output,
        arguments.type,
        arguments.calibration,
        arguments.pooling,
    )
    print(f"{arguments.output}: {size:,} bytes")


def _embed(arguments) -> None:
    from . import embedding
    from .packaging import unpack

    _, about = unpack(arguments.model)
    size = embedding.upgrade(arguments.model, arguments.output, _windows(arguments, about))
    print(f"{arguments.output}: {size:,} bytes")


def _windows(arguments, about: dict):
    """Windows to find a model's ranges with: of the user's videos, or else drawn ones."""
    if arguments.calibration is None:
        from .starter.synthetic.sets import drawn_windows

        return drawn_windows(about["frames"], (about["height"], about["width"]))
    from . import video

    source, size = arguments.calibration, (about["height"], about["width"])
    files = video.videos_in(source) if source.is_dir() else [source]
    return (
        window
        for file in files
        for window in video.clips_of(file, about["frames"], about["frame_rate"], size)
    )


def _verify(arguments) -> None:
    from .verify import verify

    for line in verify(arguments.model, arguments.clips, arguments.beside):
        print(line, flush=True)


def _inspect(arguments) -> None:
    from .packaging import unpack

    labels, manifest = unpack(arguments.model)
    print("\n".join(labels))
    print(json.dumps(manifest, indent=1))


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 1 up")
    return number


def _minutes(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text}: must be a number above 0")
    return number


def _new_file(text: str) -> Path:
    """Refuses a path that cannot be written before the work that would be written there."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise argparse.ArgumentTypeError(f"{text}: {what}")
    return path


def _parser() -> argparse.ArgumentParser:
    from .people import cli as people
    from .starter.recipe import WORKERS, cache_folder

    work = argparse.ArgumentParser(add_help=False)
    work.add_argument(
        "--work", type=Path, default=cache_folder(), help="folder of the clip sets: %(default)s"
    )
    weights = argparse.ArgumentParser(add_help=False)
    weights.add_argument(
        "--weights",
        type=Path,
        default=cache_folder() / "starter.weights.h5",
        help="file that train-starter leaves: %(default)s",
    )
    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument(
        "--type",
        choices=("int8", "float16", "float32"),
        default="int8",
        help="type of the weights (default: %(default)s, the smallest and fastest)",
    )

    parser = argparse.ArgumentParser(prog="squeezetime", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train", help="train a model of your own from a folder of clips for each label"
    )
    train.add_argument("--data", type=Path, required=True, help="DATA/LABEL/clip.mp4 and so on")
    train.add_argument(
        "--preset",
        choices=("nano", "half", "full"),
        default="nano",
        help="the network: nano (default) has 0.8 M parameters, half 8, full 30",
    )
    train.add_argument("-o", "--output", type=_new_file, required=True, help="the .tflite to write")
    train.add_argument(
        "--epochs",
        type=_positive,
        default=20,
        help="how often training goes through the clips (default: %(default)s); another number "
        "starts the training again",
    )
    train.add_argument(
        "--init",
        help="weights to start from: starter (default for nano), none (default for the others), an "
        "official .pth (with --preset full), or the best.weights.h5 of another training",
    )
    train.add_argument(
        "--pooling",
        choices=("avg", "max"),
        help="pooling of the WCM, only for an official .pth: avg (default), or max as in the paper",
    )
    train.add_argument(
        "--background",
        metavar="LABEL",
        help="the label that never fires, or '' for none (default: the one called background, "
        "nothing, still, other or none)",
    )
    train.add_argument("--freeze", action="store_true", help="train only the classifier")
    train.add_argument(
        "--mirror",
        dest="mirror_pairs",
        metavar="A=B",
        action="append",
        default=[],
        help="a mirrored clip of label A shows B, and the other way round: for labels whose "
        "English words do not say so; A=A where a mirror changes nothing",
    )
    train.add_argument(
        "--no-mirror", dest="mirror", action="store_false", help="never mirror a clip"
    )
    train.add_argument(
        "--no-reverse", dest="reverse", action="store_false", help="never play a clip backwards"
    )
    train.set_defaults(run=_train, extra="train,export")

    export = commands.add_parser(
        "export",
        parents=[kind],
        help="export a finished training again, as another type",
    )
    export.add_argument("work", type=Path, metavar="MY.training")
    export.add_argument("-o", "--output", type=_new_file, required=True)
    export.set_defaults(run=_export, extra="export")

    import_ = commands.add_parser(
        "import",
        parents=[kind],
        help="convert an official checkpoint (SqueezeTime_K400.pth, ...)",
    )
    import_.add_argument("checkpoint", type=Path)
    import_.add_argument(
        "--pooling",
        choices=("avg", "max"),
        default="avg",
        help="pooling of the WCM: avg (default), or max as in the paper",
    )
    import_.add_argument(
        "--labels",
        type=Path,
        required=True,
        help="a text file with one label a line, in the checkpoint's order",
    )
    import_.add_argument("-o", "--output", type=_new_file, required=True)
    import_.add_argument(
        "--calibration",
        type=Path,
        help="for int8: a video like your camera's, or a folder of them",
    )
    import_.set_defaults(run=_import, extra="import")

    embed = commands.add_parser(
        "embed", help="adds the embedding that teaching needs to a model file without one"
    )
    embed.add_argument("model", type=Path)
    embed.add_argument("-o", "--output", type=_new_file, required=True)
    embed.add_argument(
        "--calibration",
        type=Path,
        help="a video, or a folder of them, like what the camera will see; else drawn clips",
    )
    embed.set_defaults(run=_embed, extra="export")

    verify = commands.add_parser(
        "verify", help="measure a model file on your clips, as edged would run it"
    )
    verify.add_argument("model", type=Path)
    verify.add_argument(
        "--clips", type=Path, required=True, help="a folder with a folder of videos for each label"
    )
    verify.add_argument(
        "--beside",
        type=Path,
        help="another export of the same model: also say how often both agree",
    )
    verify.set_defaults(run=_verify, extra="clips")

    inspect = commands.add_parser("inspect", help="print labels and manifest of a model file")
    inspect.add_argument("model", type=Path)
    inspect.set_defaults(run=_inspect, extra="")

    train_starter = commands.add_parser(
        "train-starter",
        parents=[work, weights],
        help="draw the starter's clips and train it",
    )
    train_starter.add_argument(
        "--minutes",
        type=_minutes,
        default=float("inf"),
        help="end after so many minutes, with the learning rate annealed",
    )
    train_starter.add_argument(
        "--workers",
        type=_positive,
        default=WORKERS,
        help="processes of one thread: %(default)s; another number trains another model",
    )
    train_starter.set_defaults(run=_train_starter, extra="train")

    export_starter = commands.add_parser(
        "export-starter",
        parents=[work, weights],
        help="export what train-starter trained",
    )
    export_starter.add_argument("-o", "--output", type=_new_file, required=True)
    export_starter.set_defaults(run=_export_starter, extra="export")

    evaluate = commands.add_parser(
        "evaluate",
        parents=[work],
        help="measure the starter on held-out clips, worse pictures and real footage",
    )
    evaluate.add_argument("model", type=Path)
    evaluate.add_argument("--footage", type=Path, help="vtest.avi of Debian's opencv-doc")
    evaluate.add_argument("--picture", type=_new_file, help="PNG to write the confusion matrix to")
    evaluate.set_defaults(run=_evaluate, extra="clips")

    presets = commands.add_parser(
        "presets", parents=[work], help="print what each size costs, as float32 and as int8"
    )
    presets.set_defaults(run=_presets, extra="export")

    example = commands.add_parser(
        "example", help="cut clips of real walkers out of vtest.avi, to try train with"
    )
    example.add_argument("--footage", type=Path, required=True, help="vtest.avi")
    example.add_argument("--count", type=_positive, default=5, help="clips a label: %(default)s")
    example.add_argument("-o", "--output", type=Path, required=True)
    example.set_defaults(run=_example, extra="clips")
    people.add(
        commands, to_train=_to_train, positive=_positive, minutes=_minutes, new_file=_new_file
    )
    return parser


def main() -> None:
    sys.stdout.reconfigure(
        errors="backslashreplace"
    )  # as stderr does: a file's name may be any bytes
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        raise SystemExit(1) from None
    except (OSError, ValueError) as error:
        raise SystemExit(f"squeezetime: {error}") from error
    except KeyboardInterrupt:
        print("\nsqueezetime: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except ModuleNotFoundError as error:
        module = (error.name or "squeezetime").partition(".")[0]
        if module == "squeezetime":
            raise
        extra = f"[{arguments.extra}]" if arguments.extra else ""
        raise SystemExit(
            f"squeezetime: {module} is not installed: pip install -e 'models{extra}'"
        ) from error
