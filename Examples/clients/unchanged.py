# SPDX-License-Identifier: Apache-2.0
"""The vendor's own SDK with nothing changed for Windbreak: windbreak run -- python3 unchanged.py PHOTO"""

import os
import sys

from kindwise import PlantApi

api = PlantApi(os.environ.get("PLANT_ID_API_KEY") or "held-by-windbreak")
for suggestion in api.identify(sys.argv[1]).result.classification.suggestions:
    print(f"{suggestion.probability:.2f}  {suggestion.name}")
