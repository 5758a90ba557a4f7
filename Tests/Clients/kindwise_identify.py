# SPDX-License-Identifier: Apache-2.0
"""The vendor's SDK identifies a photo: `kindwise_identify.py PHOTO [HOST]` prints the names that it was told."""

import sys

from kindwise import PlantApi

if len(sys.argv) > 2:
    PlantApi.host = sys.argv[2]
api = PlantApi("a-key-of-the-caller")
for suggestion in api.identify(sys.argv[1]).result.classification.suggestions:
    print(suggestion.name)
