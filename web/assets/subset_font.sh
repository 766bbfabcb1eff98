#!/bin/sh
# Makes static/fonts/inter.woff2 of the font in node_modules: the weights and characters that pages use, 22 kB of 48. Only
# to be run when the font changes or a character is missing: `pip install fonttools brotli`, then this script.
set -eu
cd "$(dirname "$0")/../.."
whole=node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2
weights=$(mktemp)
trap 'rm -f "$weights"' EXIT
fonttools varLib.instancer -q -o "$weights" "$whole" wght=400:700
# Latin-1 for names; then what Western European names need besides, dashes, quotes, units, arrows.
pyftsubset "$weights" --output-file=static/fonts/inter.woff2 --flavor=woff2 --no-hinting \
    --layout-features=kern,tnum,ccmp,locl,mark \
    --unicodes=20-7E,A0-FF,131,141-142,152-153,160-161,17D-17E,2009,2010-2015,2018-201A,201C-201E,2022,2026,202F,2032-2033,20AC,2122,2191,2193,2212
