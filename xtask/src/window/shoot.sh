# PROGRAM FOLDER: a picture of the window as a new listener sees it.
set -eu
profile=$(mktemp -d)
MELODY_SECRETS=file "$1" --profile "$profile" &
app=$!
trap 'kill "$app" 2>/dev/null || true; wait "$app" || true; rm -rf "$profile"' EXIT
timeout 60 xdotool search --sync --onlyvisible --name "Melody Studio" >"$profile/window"
window=$(head -n 1 "$profile/window")
# It is drawn when it has colours, and no longer changes.
before=
for _ in $(seq 60); do
    import -window "$window" "$2/first-start.png"
    now=$(identify -format '%k %#' "$2/first-start.png")
    [ "${now%% *}" -gt 16 ] && [ "$now" = "$before" ] && exit 0
    before=$now
    sleep 0.5
done
echo "the window did not come to rest" >&2
exit 1
