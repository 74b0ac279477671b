"""Completes cyclonedx-gomod's bill (standard input) with what is not a Go module: bill.py VERSION DATE."""

import json
import re
import sys

NATIVE = [
    # name, version, licence, where it comes from
    ("tensorflow-lite", "2.17.1", "Apache-2.0", "pkg:pypi/pymicro-wakeword@2.5.0"),
    ("libjpeg-turbo", "2.1.5", "IJG AND BSD-3-Clause AND Zlib", "pkg:deb/debian/libturbojpeg0-dev"),
    ("libyuv", "0.0~git20230123", "BSD-3-Clause", "pkg:deb/debian/libyuv-dev"),
]

# What it takes for the version of edged itself depends on how much of git it finds.
bill = json.loads(re.sub(r"pkg:golang/edged(@[^?\"]*)?(?=[?\"])", f"pkg:golang/edged@{sys.argv[1]}", sys.stdin.read()))
bill["metadata"]["timestamp"] = sys.argv[2]
bill["metadata"]["component"]["version"] = sys.argv[1]
bill["metadata"].pop("tools", None)  # their hashes differ from one machine's build of the tool to another's
for component in bill["components"]:
    for found in component.get("evidence", {}).get("licenses", []):
        if found["license"].get("id") == "BSD-Source-Code":  # what it takes Go's own BSD-3-Clause for
            found["license"]["id"] = "BSD-3-Clause"
for name, version, licence, purl in NATIVE:
    bill["components"].append(
        {
            "bom-ref": purl,
            "type": "library",
            "name": name,
            "version": version,
            "scope": "required",
            "licenses": [{"expression": licence}],
            "purl": purl,
        }
    )
json.dump(bill, sys.stdout, indent=1, sort_keys=True)
