#!/usr/bin/env bash
# Installs what the tests start by themselves from Debian, each a private instance.
set -euo pipefail

missing=()

# need PACKAGE PROGRAM...: any one of the programs, by name or path, will do.
need() {
  local package=$1 program
  shift
  for program in "$@"; do
    if command -v "$program" >/dev/null; then return; fi
  done
  missing+=("$package")
}

# need_module PACKAGE MODULE: Debian's packages are for the system's own Python.
need_module() {
  if ! /usr/bin/python3 -c "import $2" 2>/dev/null; then missing+=("$1"); fi
}

find_missing() {
  missing=()
  need chromium chromium
  need firefox-esr firefox-esr
  need memcached memcached
  need mariadb-server-core mariadbd /usr/sbin/mariadbd
  need nginx-light nginx /usr/sbin/nginx
  need openssl openssl
  need pgbouncer pgbouncer /usr/sbin/pgbouncer
  need_module python3-django django
  need_module python3-django-redis django_redis
  need_module python3-fastapi fastapi
  need_module python3-flask flask
  need_module python3-flask-login flask_login
  need_module python3-flask-session flask_session
  need_module python3-flask-sqlalchemy flask_sqlalchemy
  need_module python3-flaskext.wtf flask_wtf
  need_module python3-mysqldb MySQLdb
  need_module python3-psycopg2 psycopg2
  need_module python3-pymemcache pymemcache
  need_module python3-redis redis
  need_module python3-starlette starlette
  need_module python3-tornado tornado
  need_module python3-uvicorn uvicorn
  need postgresql-15 /usr/lib/postgresql/15/bin/postgres
  need redis-server redis-server
  need redis-tools redis-cli
}

find_missing
if ((${#missing[@]} == 0)); then exit 0; fi

if ((EUID == 0)) && command -v apt-get >/dev/null; then
  echo "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # A failure shows below, in what is still missing.
  apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || true
  hash -r
  find_missing
fi
if ((${#missing[@]} == 0)); then exit 0; fi

if [[ ${CI:-} == true ]]; then
  echo "Missing, and the tests need it: ${missing[*]}" >&2
  exit 1
fi
echo "Missing: ${missing[*]}. The tests that need it are skipped." >&2
echo "To run them too: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
