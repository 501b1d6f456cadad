# What every launcher of this checkout does; to be sourced by bash with `checkout` set to its folder.

is_jdk_25() {
  [ -x "$1/bin/java" ] && grep -qs '^JAVA_VERSION="25[."]' "$1/release"
}

find_jdk() {
  local home
  for home in "${JDK25_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* "${HOME:-}"/.sdkman/candidates/java/* \
      "${HOME:-}"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$home" ] && is_jdk_25 "$home"; then
      echo "$home"
      return
    fi
  done
  echo "error: Mneme needs a JDK 25 and found none; install one, or set JDK25_HOME to its folder" >&2
  return 1
}

# build_once MODULE FILE: packages a module unless the file it makes is there.
build_once() {
  if [ ! -f "$2" ]; then
    command -v mvn > /dev/null || { echo "error: the first run builds Mneme and needs Maven (mvn) on the path" >&2; exit 1; }
    echo "Building Mneme (first run only) ..." >&2
    (cd "$checkout" && mvn -q -B -DskipTests -pl "$1" -am package) >&2 \
      || { echo "error: the build failed; its messages are above" >&2; exit 1; }
  fi
}

# Training in PyTorch: waiting threads sleep instead of burning cores that others need, and glibc
# keeps large blocks instead of fetching them from the system anew for every step (about 15 % of
# the time). All three are read when the process starts, so they cannot be set from Java. -Xrs lets
# Ctrl-C end the process at once, which every stage survives; an orderly end would pull PyTorch away
# from under its running threads.
flags=()
prepare_training() {
  export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"
  export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-33554432}"
  export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-1073741824}"
  flags+=(-Xrs)
}

# The JVM reads arguments, paths and variables in the locale's encoding. Where that is ASCII, as
# without any locale, every other character would be lost: a UTF-8 locale takes its place.
use_utf8_locale() {
  local encoding locale
  if command -v locale > /dev/null; then
    encoding="$(locale charmap 2> /dev/null || true)"
  else # as with musl, which knows UTF-8 under every other name
    case "${LC_ALL:-${LC_CTYPE:-${LANG:-C}}}" in
      C | POSIX) encoding=ASCII ;;
      *) encoding=UTF-8 ;;
    esac
  fi
  case "$encoding" in
    "" | ASCII | US-ASCII | ANSI_X3.4-* | 646) ;;
    *) return ;;
  esac
  for locale in C.UTF-8 C.utf8 en_US.UTF-8 en_US.utf8 $(locale -a 2> /dev/null | grep -i 'utf-\{0,1\}8' | head -n 1); do
    if ! command -v locale > /dev/null || [ "$(LC_ALL="$locale" locale charmap 2> /dev/null)" = UTF-8 ]; then
      export LC_ALL="$locale"
      return
    fi
  done
  flags+=(-Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8) # what is written needs no locale
}

# run_java JDK ARGUMENTS...: becomes the program, with the JVM flags that native access and vector
# arithmetic need.
run_java() {
  local jdk="$1"
  shift
  use_utf8_locale
  exec "$jdk/bin/java" --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector \
    ${flags[@]+"${flags[@]}"} -XX:+UseSerialGC -Djava.awt.headless=true \
    -Dorg.slf4j.simpleLogger.defaultLogLevel="${MNEME_LOG:-error}" "$@"
}
