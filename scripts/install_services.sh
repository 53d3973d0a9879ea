#!/usr/bin/env bash
# Installs what only some tests need: Redis, Chromium, OpenCV's system libraries. Debian or Ubuntu; safe to repeat.
# PostgreSQL with pgvector needs nothing here: a development requirement carries its own server.
set -euo pipefail

need=()
command -v redis-server >/dev/null || need+=(redis-server)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || need+=(chromium)
ldconfig -p | grep -q 'libGL\.so\.1' || need+=(libgl1)
ldconfig -p | grep -q 'libglib-2\.0\.so\.0' || need+=(libglib2.0-0)
ldconfig -p | grep -q 'libxcb\.so\.1' || need+=(libxcb1)
command -v msgfmt >/dev/null || need+=(gettext)
((${#need[@]})) || { echo "services: everything is installed"; exit 0; }

as_root=()
((EUID == 0)) || as_root=(sudo)
command -v apt-get >/dev/null || { echo "services: apt-get is missing; install ${need[*]} yourself" >&2; exit 1; }
"${as_root[@]}" apt-get update -q
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -q --no-install-recommends "${need[@]}"
