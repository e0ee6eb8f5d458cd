# PREFIX: starts the window that is installed there, and ends it. It must come up and go with grace.
set -eu
profile=$(mktemp -d)
"$1/bin/melody" --version
grep -q '^Exec=melody-studio' "$1/share/applications/"*[Mm]elody*.desktop
MELODY_SECRETS=file "$1/bin/melody-studio" --profile "$profile" &
app=$!
trap 'kill -9 "$app" 2>/dev/null || true; rm -rf "$profile"' EXIT
timeout 60 xdotool search --sync --onlyvisible --name "Melody Studio"
# Its profile is open when its settings are there.
for _ in $(seq 120); do
    [ -f "$profile/settings.json" ] && break
    sleep 0.25
done
[ -f "$profile/settings.json" ]
kill "$app"
wait "$app"
[ -f "$profile/window.json" ]
