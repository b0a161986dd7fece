. /app/src/util.sh
