#!/usr/bin/env python3
"""Takes the latency of every window on the broker: newest frame's arrival -> message in a subscriber's hands.

Prints "ready" when subscribed; when stdin closes, the latencies in milliseconds as a JSON list.
"""

import json
import sys
import threading
import time

import paho.mqtt.client as mqtt

SCORES = "edged/+/+/scores"


def main():
    latencies_ms = []
    subscribed = threading.Event()

    def on_message(client, _, message):
        now = time.monotonic_ns()
        latencies_ms.append((now - json.loads(message.payload)["monotonic_ns"]) / 1e6)

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe(SCORES, qos=0)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = on_message
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_start()
    subscribed.wait()
    print("ready", flush=True)
    sys.stdin.read()
    client.disconnect()
    client.loop_stop()
    print(json.dumps(latencies_ms), flush=True)


if __name__ == "__main__":
    main()
