# For scripts that need a tool of Python's package index. To be sourced from the repository's root.

# python_tool NAME REQUIREMENT: the path of a tool that the package brings, installed under target/ where it is not yet.
# Debian: apt-get install python3-venv
python_tool() {
  local folder=$PWD/target/python-tools/$2
  if [[ ! -x $folder/bin/$1 ]]; then
    python3 -m venv "$folder" >&2 && "$folder/bin/pip" -q install "$2" >&2 || return
  fi
  echo "$folder/bin/$1"
}
