import os
import subprocess
import sys

import pytest

from paths import STARTER
from squeezetime import cli
from squeezetime.packaging import pack, unpack

READY = os.environ | {"GLIBC_TUNABLES": cli.tuned("")}


def test_an_interrupt_gives_no_traceback(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_inspect", interrupted)
    monkeypatch.setattr(sys, "argv", ["squeezetime", "inspect", "x"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130 and capsys.readouterr().err == "\nsqueezetime: interrupted\n"


@pytest.mark.parametrize(
    "command",
    [
        "train --data .",
        "export x.training",
        "import x.pth --labels x",
        "export-starter",
    ],
)
@pytest.mark.parametrize(
    ("output", "says"), [(".", "is a folder"), ("no/x.tflite", "there is no folder no")]
)
def test_where_nothing_can_be_written_is_said_first(
    tmp_path, monkeypatch, capsys, command, output, says
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["squeezetime", *command.split(), "-o", output])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2 and f"{output}: {says}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "other", [{"frame_rate": 7.5}, {"height": 112, "width": 112}, {"labels": 11}], ids=str
)
def test_only_the_starter_is_evaluated(tmp_path, monkeypatch, other):
    labels, manifest = unpack(STARTER)
    model = tmp_path / "my.tflite"
    described = {key: other.get(key, value) for key, value in manifest.items()}
    model.write_bytes(pack(b"\x1c\0\0\0TFL3", labels[: other.get("labels", 12)], described))
    monkeypatch.setattr(sys, "argv", ["squeezetime", "evaluate", str(model)])
    with pytest.raises(SystemExit, match=r"my\.tflite: evaluate draws clips for the starter's"):
        cli.main()


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [
        ("keras", "train --data . -o x.tflite", "[train,export]"),
        ("tensorflow", "train --data . -o x.tflite", "[train,export]"),
        ("torch", "train-starter", "[train]"),
        ("keras", "import x.pth --labels x -o x.tflite", "[import]"),
        ("ai_edge_litert", "verify x --clips .", "[clips]"),
    ],
)
def test_what_is_missing_is_named_with_its_extra(tmp_path, module, command, extra):
    without = f"""
import sys
sys.modules[{module!r}] = None
sys.argv = ["squeezetime", *{command.split()!r}]
from squeezetime.cli import main
main()
"""
    environment = {**READY, "EDGED_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", without],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == (
        f"squeezetime: {module} is not installed: pip install -e 'models{extra}'\n"
    )


def test_head_has_seen_enough():
    """Into a pipe that nobody reads, as behind `| head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "squeezetime", "inspect", STARTER],
        env=READY | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert done.stderr == "" and done.returncode == 1


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("train --epochs x", "--epochs: x: must be a whole number from 1 up"),
        ("train --epochs 0", "--epochs: 0: must be a whole number from 1 up"),
        ("train-starter --workers 1.5", "--workers: 1.5: must be a whole number from 1 up"),
        ("train-starter --minutes 0", "--minutes: 0: must be a number above 0"),
        ("train-starter --minutes nan", "--minutes: nan: must be a number above 0"),
        ("train-starter --minutes x", "--minutes: x: must be a number above 0"),
        ("example --count -1", "--count: -1: must be a whole number from 1 up"),
    ],
)
def test_a_number_that_will_not_do(monkeypatch, capsys, command, says):
    monkeypatch.setattr(sys, "argv", ["squeezetime", *command.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2 and says in capsys.readouterr().err


def test_the_clip_sets_are_where_make_keeps_its_own(monkeypatch):
    from squeezetime.starter.recipe import cache_folder

    for names, folder in (
        ({"EDGED_CACHE": "/e", "XDG_CACHE_HOME": "/x"}, "/e/squeezetime"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/edged/squeezetime"),
        ({"HOME": "/h"}, "/h/.cache/edged/squeezetime"),
    ):
        for name in ("EDGED_CACHE", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in names.items():
            monkeypatch.setenv(name, value)
        assert str(cache_folder()) == folder


def test_training_begins_with_what_glibc_reads():
    bare = {k: v for k, v in os.environ.items() if k != "GLIBC_TUNABLES"}
    told = "import os; from squeezetime import cli; cli._to_train(); "
    told += "print(os.environ['GLIBC_TUNABLES'])"
    mine = "glibc.malloc.mmap_max=7:glibc.cpu.x86_ibt=off"
    for environment in bare, bare | {"GLIBC_TUNABLES": mine}:
        done = subprocess.run(
            [sys.executable, "-c", told], env=environment, capture_output=True, text=True
        )
        said = done.stdout.strip().split(":")
        assert "glibc.malloc.trim_threshold=17179869184" in said, done.stderr
        for tunable in environment.get("GLIBC_TUNABLES", "glibc.malloc.mmap_max=0").split(":"):
            assert tunable in said
        assert len({t.partition("=")[0] for t in said}) == len(said)
