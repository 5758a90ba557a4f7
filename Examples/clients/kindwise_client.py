# SPDX-License-Identifier: Apache-2.0
"""The vendor's own SDK (pip install kindwise-api-client) through Windbreak: one line more."""

import os
import sys

from kindwise import PlantApi

# The SDK goes on to say /api/v3/... behind it, which the profile plant_id knows.
PlantApi.host = os.environ.get("WINDBREAK", "http://127.0.0.1:8080") + "/plant_id"

api = PlantApi(os.environ.get("PLANT_ID_API_KEY") or "held-by-windbreak")
found = api.identify(sys.argv[1] if len(sys.argv) > 1 else "Examples/photo.jpg", details=["common_names", "taxonomy"])
for suggestion in found.result.classification.suggestions:
    print(f"{suggestion.probability:.2f}  {suggestion.name}  {suggestion.details.get('common_names')}")
print(api.usage_info().remaining)
