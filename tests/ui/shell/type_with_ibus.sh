#!/bin/sh
# Type Telex through ibus-unikey into each field of tests.ui.shell.fields: PYTHON OUT.
# Runs inside a session bus and a virtual screen of its own.
set -u
openbox >/dev/null 2>&1 &
ibus-daemon -x -r -p disable >/dev/null 2>&1 &
for _ in $(seq 100); do ibus engine Unikey >/dev/null 2>&1 && break; sleep 0.1; done
"$1" -m tests.ui.shell.fields "$2" >/dev/null 2>&1 &
program=$!
xdotool search --sync --name 'loại ô nhập' windowactivate --sync >/dev/null
sleep 1
ibus engine Unikey
for text in 'Ddieenj Bieen ' 'Sowr Nooij vuj ' 'Ddaauf tuw coong ' 'uyr ban '; do
    xdotool type --delay 60 "$text"
    sleep 0.4
    xdotool key Tab
    sleep 0.2
done
sleep 0.5
kill $program
ibus exit
