"""What both peers share and what is not being compared: model file, camera, measuring, command line.

The keys of the result are those of `edged bench --json` and mean the same.
"""

import argparse
import collections
import json
import os
import resource
import statistics
import time
import zipfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter

CAMERA_FPS = 30
CAMERA_BUFFERS = 4
TOPIC = "edged/peer/camera/scores"


class Model:
    """A model file: a .tflite with labels.txt and edged.json zipped onto its end."""

    def __init__(self, path, threads):
        with zipfile.ZipFile(path) as tail:
            self.labels = tail.read("labels.txt").decode().splitlines()
            manifest = json.loads(tail.read("edged.json"))
        if (manifest["channel_order"], manifest["input_type"]) != ("tc", "int8"):
            raise SystemExit(f"{path}: the peers run int8 models of channel order tc only")
        self.frames = manifest["frames"]
        self.frame_rate = manifest["frame_rate"]
        self.height, self.width = manifest["height"], manifest["width"]
        self.outputs_probabilities = manifest["output"] == "probabilities"
        # XNNPACK is ai-edge-litert's default.
        self.interpreter = Interpreter(model_path=path, num_threads=threads)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self.quantized = self._quantization_table(manifest)

    def _quantization_table(self, manifest):
        """int8 [256]: what the input tensor holds for each 8-bit pixel value."""
        if len(set(manifest["mean"])) > 1 or len(set(manifest["std"])) > 1:
            raise SystemExit("the peers run models with one mean and one std for all colours only")
        scale, zero_point = self.input["quantization"]
        real = (np.arange(256) - manifest["mean"][0]) / manifest["std"][0]
        return np.clip(np.round(real / scale + zero_point), -128, 127).astype(np.int8)


Frame = collections.namedtuple("Frame", "index arrival_ns camera")
Frame.jpeg = lambda frame: frame.camera.read(frame.index)


class Camera:
    """Footage (concatenated JPEGs) played as a camera would: frame i arrives i/30 s after the start.

    The driver has four buffers; a frame that finds them full is lost. Nothing is read before the
    program asks for the picture, so that memory holds no footage.
    """

    def __init__(self, path):
        self._file = os.open(path, os.O_RDONLY)
        self._pictures = list(_jpegs(self._file))
        if not self._pictures:
            raise SystemExit(f"{path}: no JPEG in it")
        self.lost = 0

    def read(self, index):
        offset, size = self._pictures[index % len(self._pictures)]
        return os.pread(self._file, size, offset)

    def frames(self):
        """Frames without end, each at its time; the arrival is on CLOCK_MONOTONIC."""
        start = time.monotonic_ns()
        waiting = collections.deque()
        index = 0

        def arrival(i):
            return start + i * 1_000_000_000 // CAMERA_FPS

        while True:
            if not waiting:
                time.sleep(max(0, arrival(index) - time.monotonic_ns()) / 1e9)
            now = time.monotonic_ns()
            while arrival(index) <= now:
                if len(waiting) < CAMERA_BUFFERS:
                    waiting.append(Frame(index, arrival(index), self))
                else:
                    self.lost += 1
                index += 1
            if waiting:
                yield waiting.popleft()


def _jpegs(file, chunk_size=1 << 20):
    """(offset, size) of each JPEG. Inside of one, ff d9 is never followed by ff d8."""
    boundary = b"\xff\xd9\xff\xd8"
    start = offset = 0
    kept = b""
    while chunk := os.pread(file, chunk_size, offset + len(kept)):
        data = kept + chunk
        at = data.find(boundary)
        while at >= 0:
            end = offset + at + 2
            yield start, end - start
            start = end
            at = data.find(boundary, at + 2)
        kept = data[-3:]
        offset += len(data) - len(kept)
    if offset + len(kept) > start:
        yield start, offset + len(kept) - start


class Grid:
    """The model's sampling grid: of the frames in each 1/rate seconds, the first is taken."""

    def __init__(self, rate):
        self._period_ns = 1e9 / rate
        self._origin_ns = None
        self._tick = None

    def take(self, arrival_ns):
        if self._origin_ns is None:
            self._origin_ns = arrival_ns
        tick = (arrival_ns - self._origin_ns) // self._period_ns
        taken = tick != self._tick
        self._tick = tick
        return taken


def centre(height, width, model):
    """Slices of a picture's largest centred part that has the model's aspect."""
    h, w = height, width
    if w * model.height > h * model.width:
        w = h * model.width // model.height
    else:
        h = w * model.height // model.width
    top, left = (height - h) // 2, (width - w) // 2
    return slice(top, top + h), slice(left, left + w)


def main(program_class):
    """Runs a program for a while on paced footage and prints what it cost as one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--source", required=True, help="concatenated JPEGs")
    parser.add_argument("--port", type=int, required=True, help="MQTT broker on 127.0.0.1")
    parser.add_argument("--seconds", type=float, default=20, help="measured time, first window on")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    camera = Camera(args.source)
    model = Model(args.model, args.threads)
    program = program_class(model, args.port)

    invoke = [invoke_cpu_us(model.interpreter)]
    result = play(program, camera, args.seconds)
    result["peak_rss_bytes"] = peak_rss_bytes()
    program.close()
    invoke.append(invoke_cpu_us(model.interpreter))

    result["invoke_cpu_us"] = statistics.mean(invoke)
    result["overhead"] = result["cpu_per_window_us"] / result["invoke_cpu_us"]
    result |= squeeze_and_memcpy_us(program, model)
    print(json.dumps(result), flush=True)


def play(program, camera, seconds):
    """Counts from the first window on: before it frames are decoded, but nothing is inferred."""
    began = None
    for frame in camera.frames():
        program.on_frame(frame)
        if began is None:
            if program.windows:
                began, cpu = time.monotonic(), cpu_seconds()
                windows, lost = program.windows, camera.lost
        elif time.monotonic() - began >= seconds:
            break
    cpu = cpu_seconds() - cpu
    elapsed = time.monotonic() - began
    windows = program.windows - windows
    return {
        "seconds": elapsed,
        "windows": windows,
        "frames_dropped": camera.lost - lost,
        "cpu_per_window_us": cpu / windows * 1e6,
        "cpu_per_second": cpu / elapsed,
    }


def cpu_seconds():
    """CPU time of the whole process, all threads, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_rss_bytes():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def invoke_cpu_us(interpreter, warm_up=3, at_least=10, at_most=50, seconds=2):
    """Median CPU time of a bare Invoke, on whatever the input tensor holds."""
    times = []
    began = time.monotonic()
    while len(times) < warm_up + at_least or (len(times) < warm_up + at_most and time.monotonic() - began < seconds):
        before = time.process_time_ns()
        interpreter.invoke()
        times.append(time.process_time_ns() - before)
    return statistics.median(times[warm_up:]) / 1e3


def squeeze_and_memcpy_us(program, model):
    """A frame's way into the input tensor, over and over, and a copy of as many bytes as the tensor has."""
    frame = np.zeros((model.height, model.width, 3), np.uint8)
    source = np.ones(model.input["shape"], np.int8)
    target = np.zeros_like(source)
    return {
        "squeeze_us": median_us(lambda: program.squeeze(frame)),
        "memcpy_us": median_us(lambda: np.copyto(target, source)),
    }


def median_us(call, runs=200):
    times = []
    for _ in range(runs):
        before = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - before)
    return statistics.median(times) / 1e3
