# The image of PostgreSQL runs this once, on a new volume.
psql --no-psqlrc --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=database="$POSTGRES_DB" \
    --set=owner_password="$OWNER_PASSWORD" --set=web_password="$WEB_PASSWORD" --set=worker_password="$WORKER_PASSWORD" \
    --file=/docker-entrypoint-initdb.d/roles.psql
