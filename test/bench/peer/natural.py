#!/usr/bin/env python3
"""What a user would write: OpenCV, NumPy, ai-edge-litert, paho.

Every frame is decoded, as cv2.VideoCapture.read does; sampled ones are cropped, scaled and quantized
once and wait in a deque, from which each window is put together.
"""

import collections
import json

import cv2
import numpy as np
import paho.mqtt.client as mqtt

import common


class Natural:
    def __init__(self, model, port):
        self.model = model
        self.grid = common.Grid(model.frame_rate)
        self.window = collections.deque(maxlen=model.frames)
        self.windows = 0
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        cv2.setNumThreads(1)

    def on_frame(self, frame):
        picture = cv2.imdecode(np.frombuffer(frame.jpeg(), np.uint8), cv2.IMREAD_COLOR)
        if not self.grid.take(frame.arrival_ns):
            return
        if not self.squeeze(self.fit(picture)):
            return
        self.model.interpreter.invoke()
        self.windows += 1
        self.publish(frame, self.scores())

    def fit(self, picture):
        """BGR of any size -> RGB [H,W,3] of the model's, cropped about the centre."""
        rows, columns = common.centre(*picture.shape[:2], self.model)
        size = (self.model.width, self.model.height)
        scaled = cv2.resize(picture[rows, columns], size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB)

    def squeeze(self, rgb):
        """Puts the window that ends with this frame into the input tensor; False while there are too few."""
        self.window.append(cv2.LUT(rgb, self.model.quantized))
        if len(self.window) < self.model.frames:
            return False
        # [1,H,W,T*3], channel t*3+c
        window = np.concatenate(self.window, axis=2)[None]
        self.model.interpreter.set_tensor(self.model.input["index"], window)
        return True

    def scores(self):
        scale, zero_point = self.model.output["quantization"]
        raw = self.model.interpreter.get_tensor(self.model.output["index"])[0]
        values = (raw.astype(np.float32) - zero_point) * scale
        if self.model.outputs_probabilities:
            return values
        exponentials = np.exp(values - values.max())
        return exponentials / exponentials.sum()

    def publish(self, frame, scores):
        scores = {label: round(p, 4) for label, p in zip(self.model.labels, scores.tolist(), strict=True)}
        message = {"window": self.windows, "monotonic_ns": frame.arrival_ns, "scores": scores}
        self.client.publish(common.TOPIC, json.dumps(message), qos=0)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


if __name__ == "__main__":
    common.main(Natural)
