# bash completion for edged(1)
_edged() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  case $prev in
    -c | --config | --model | --fallback) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
    --camera) mapfile -t COMPREPLY < <(compgen -W 'v4l2:auto pattern: file: command:' -- "$cur") && return ;;
  esac
  if [ "$COMP_CWORD" = 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'run replay status check probe model bench broker teach password version' -- "$cur")
  elif [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$1" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -- '--[a-z-]*' | sort -u)" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -o filenames -F _edged edged
