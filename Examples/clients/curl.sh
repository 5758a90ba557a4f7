#!/bin/sh
# Everything that curl asks goes through Windbreak. Run it from the root of the repository; without keys of your own,
# have Windbreak hold them (`api_key:` in its file) and leave the two variables empty.
set -eu
windbreak=${WINDBREAK:-http://127.0.0.1:8080}
photo=${1:-Examples/photo.jpg}

# Both APIs at once, one merged answer.
curl --fail-with-body -sS -F "image=@$photo" -F health=all "$windbreak/identify"
echo

# Plant.id alone: https://plant.id/api/v3/... has become $windbreak/plant_id/...
curl --fail-with-body -sS -H "Api-Key: ${PLANT_ID_API_KEY:-}" -F "image=@$photo" \
    "$windbreak/plant_id/identification?details=common_names,taxonomy"
echo

# Pl@ntNet alone: https://my-api.plantnet.org/v2/... has become $windbreak/plantnet/v2/...
curl --fail-with-body -sS -F "images=@$photo;type=image/jpeg" -F organs=auto \
    "$windbreak/plantnet/v2/identify/all?api-key=${PLANTNET_API_KEY:-}"
echo

# Can they be used at the moment?
curl -sS "$windbreak/-/health"
echo
