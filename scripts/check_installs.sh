#!/usr/bin/env bash
# Builds the wheel from the sdist and tries it in empty environments, on every Python from 3.11 to 3.13 that is here.
# Downloads packages unless pip has them; takes minutes. --demo also runs `mmed demo` out of the wheel (up to ten more).
#
#   base              the base install: its doors open, each other door names its extra, the researcher's side works
#   curate            wheel[curate]: every room imports but those of the benchmark
#   curate,benchmark  wheel[curate,benchmark]: every room imports; only with --demo
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
with_demo=false
[ "${1:-}" = --demo ] && with_demo=true
results=()
failed=0

note() {  # note PYTHON INSTALL RESULT
  results+=("$(printf '%-8s %-18s %s' "$1" "$2" "$3")")
  [ "$3" = passed ] || failed=1
}

interpreter_of() {  # interpreter_of 3.12: a command that runs it, or nothing
  local found
  for found in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if "$found" -c 'import ensurepip, venv' 2>/dev/null; then
      echo "$found"
      return
    fi
  done
}

install_into() {  # install_into PYTHON FOLDER EXTRAS
  "$1" -m venv "$2" &&
    "$2/bin/python" -m pip install --quiet --constraint "$root/constraints.txt" "$wheel${3:+[$3]}" 2>&1 |
    grep -v 'is ignored\|notice' >&2
  [ -x "$2/bin/mmed" ]
}

"$root/.venv/bin/python" -m build --no-isolation --outdir "$place/dist" "$root" >/dev/null || {
  echo "the wheel cannot be built: run make setup first" >&2
  exit 2
}
wheel=$(echo "$place"/dist/*.whl)
cd "$place" || exit 2

for version in 3.11 3.12 3.13; do
  python=$(interpreter_of "$version")
  if [ -z "$python" ]; then
    results+=("$(printf '%-8s %-18s %s' "$version" - 'not here')")
    continue
  fi

  echo "Python $version: base install" >&2
  if install_into "$python" "$place/base-$version" ""; then
    if "$place/base-$version/bin/python" "$root/scripts/try_base_install.py"; then
      note "$version" base passed
    else
      note "$version" base FAILED
    fi
  else
    note "$version" base 'DOES NOT INSTALL'
  fi

  extras=curate
  if $with_demo && [ "$version" = 3.11 ]; then
    extras=curate,benchmark
  fi
  echo "Python $version: [$extras]" >&2
  if install_into "$python" "$place/full-$version" "$extras"; then
    if "$place/full-$version/bin/python" "$root/scripts/import_every_room.py" "$extras"; then
      note "$version" "$extras" passed
    else
      note "$version" "$extras" FAILED
    fi
  else
    note "$version" "$extras" 'DOES NOT INSTALL'
  fi

  if [ "$extras" = curate,benchmark ]; then
    echo "Python $version: mmed demo" >&2
    if "$place/full-$version/bin/mmed" demo --to "$place/demo-out" >"$place/demo.log" 2>&1; then
      note "$version" 'mmed demo' passed
    else
      tail -20 "$place/demo.log" >&2
      note "$version" 'mmed demo' FAILED
    fi
  fi
done

printf '%s\n' "python   install            result" "${results[@]}"
exit "$failed"
