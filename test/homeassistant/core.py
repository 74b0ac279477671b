"""Runs a real Home Assistant core with its MQTT integration, for the Go tests.

core.py PORT connects to the broker on that port of this machine. It then reads one JSON object a line, and answers each
with one:

    {"call": "text.set_value", "data": {"entity_id": "text.kitchen_new", "value": "ring"}}   calls a service
    {"states": true}      answers with all states: {"text.kitchen_new": {"state": "", "attributes": {…}}, …}
    {"categories": true}  answers with the category of each entity
    {"log": true}         answers with the warnings and errors of the log so far

It ends when its input does.
"""

import asyncio
import json
import logging
import socket
import sys
import tempfile
from pathlib import Path

from homeassistant import auth, bootstrap, config_entries, loader
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry
from homeassistant.setup import async_setup_component


class Collected(logging.Handler):
    """What Home Assistant warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {record.getMessage()}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


async def start(folder, port):
    """Starts a core that knows MQTT alone."""
    (Path(folder) / "configuration.yaml").write_text("")
    hass = HomeAssistant(folder)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    loader.async_setup(hass)
    await bootstrap.async_load_base_functionality(hass)
    hass.config.skip_pip = True
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    assert await async_setup_component(hass, "homeassistant", {})
    http = {"server_host": "127.0.0.1", "server_port": free_port()}
    assert await async_setup_component(hass, "http", {"http": http})
    await hass.config_entries.async_initialize()
    flow = await hass.config_entries.flow.async_init("mqtt", context={"source": "user"})
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"],
        {"broker": "127.0.0.1", "port": port, "other_settings": {"set_client_cert": False, "set_ca_cert": "off"}},
    )
    assert result["type"] == "create_entry", result
    await hass.async_start()
    return hass


async def answer(hass, collected, request):
    if call := request.get("call"):
        domain, service = call.split(".")
        try:
            await hass.services.async_call(domain, service, request["data"], blocking=True)
        except Exception as error:  # whatever it is, the test is told
            return {"error": repr(error)}
        return {}
    if request.get("states"):
        return {s.entity_id: {"state": s.state, "attributes": dict(s.attributes)} for s in hass.states.async_all()}
    if request.get("categories"):
        entities = entity_registry.async_get(hass).entities.values()
        return {e.entity_id: e.entity_category or "" for e in entities}
    return {"log": collected.lines}


async def main(port):
    collected = Collected()
    logging.getLogger().addHandler(collected)
    with tempfile.TemporaryDirectory() as folder:
        hass = await start(folder, port)
        print(json.dumps({"started": True}), flush=True)
        lines = asyncio.StreamReader(limit=1 << 20)
        await hass.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            print(json.dumps(await answer(hass, collected, json.loads(line)), default=str), flush=True)
        await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
