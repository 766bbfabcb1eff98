# Writes one dump, reads it back, and deletes the oldest: docs/guides/deployment.md.
set -eu
umask 077
[ "$BACKUPS_TO_KEEP" -ge 1 ] || { echo "BACKUPS_TO_KEEP must be 1 or more." >&2; exit 1; }
name="muster-$(date -u +%Y%m%dT%H%M%SZ).dump"
# A dump that was cut short never gets the name of a whole one.
trap 'rm -f "/backups/$name.part"' EXIT
pg_dump --format=custom --file="/backups/$name.part"
pg_restore --file=/dev/null "/backups/$name.part"
mv "/backups/$name.part" "/backups/$name"
ls -1 /backups/muster-*.dump | head -n "-$BACKUPS_TO_KEEP" | while read -r older; do rm "$older"; done
echo "Wrote $name ($(stat --format=%s "/backups/$name") bytes)."
