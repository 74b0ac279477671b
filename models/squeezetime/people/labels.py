"""The labels of the people model.

`other` is the background, which never fires: nobody, somebody who stands, sits or works, a pet, a
passing car. One label for all of it: edged has one background, and a second one would fire all
day.
"""

LABELS = (
    "other",
    "walk",
    "run",
    "sit_down",
    "stand_up",
    "fall",
    "lying",
    "get_up",
    "lie_down",
    "bend",
    "wave",
    "jump",
    "fight",
    "crawl",
)
BACKGROUND = "other"
INDEX = {label: index for index, label in enumerate(LABELS)}
