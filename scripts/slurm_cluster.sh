#!/usr/bin/env bash
# A private Slurm cluster for strffit's tests: the real daemons, one node, two slots, no systemd.
#
#   slurm_cluster.sh start    start the daemons, wait for the node
#   slurm_cluster.sh stop     cancel all jobs, stop the daemons that `start` started
#   slurm_cluster.sh status   daemons, node and jobs; exit code 3 if a daemon is down
#
# `start` writes one line to stdout:   eval "$(slurm_cluster.sh start)"
# Starting a stopped cluster resets it: job ids start at 1, old logs are deleted. It needs no root and
# runs the jobs of its user; scripts/setup.sh --slurm installs the packages.
#
# SLURM_LOCAL_DIR    configuration, state and logs (default /tmp/strffit-slurm)
# SLURM_LOCAL_PORT   port of slurmctld; slurmd takes the next one (default 16817)
set -euo pipefail
umask 022
PATH=$PATH:/usr/sbin:/sbin

dir=${SLURM_LOCAL_DIR:-/tmp/strffit-slurm}
port=${SLURM_LOCAL_PORT:-16817}
daemons=(slurmd slurmctld munged) # in the order of stopping
export SLURM_CONF=$dir/slurm.conf

say() { echo "slurm_cluster: $*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# Prints the pid of a daemon of this cluster; fails if it is not running. Compares the command line
# too, because the pid file may be older than the process (the command line of a zombie is empty).
pid_of() {
  local pid
  pid=$(cat "$dir/run/$1.pid") || return 1
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"$1 "*"$dir/"* ]] && echo "$pid"
} 2>/dev/null

is_up() { pid_of "$1" >/dev/null; }
is_down() { ! is_up "$1"; }
all_up() { is_up munged && is_up slurmctld && is_up slurmd; }
all_down() { is_down munged && is_down slurmctld && is_down slurmd; }
controller_answers() { scontrol ping 2>/dev/null | grep -q 'is UP'; }
node_ready() { [[ $(sinfo -h -o %t 2>/dev/null) =~ ^(idle|mix|alloc|comp)$ ]]; }
queue_empty() { [[ -z $(squeue -h 2>/dev/null) ]]; }

# wait_for SECONDS COMMAND...: waits until the command succeeds; fails after SECONDS.
wait_for() {
  local end=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

check_packages() {
  local tool
  for tool in munged slurmctld slurmd sbatch; do
    command -v "$tool" >/dev/null || die "$tool not found: scripts/setup.sh --slurm installs it"
  done
}

# Declares 2 CPUs and 64 GB for any machine (config_overrides) without enforcing them.
# JobRequeue=0 as at many sites: only jobs submitted with --requeue can be requeued.
# EnforcePartLimits: sbatch refuses a job that could never run, instead of queueing it.
# cred_expire and sched_interval: a requeued job starts again after 6 s instead of 2 min.
# MinJobAge: `scontrol show job` and `squeue -t all` know finished jobs for a day; `sacct` alone has
# no database to ask, `sacct -c` reads jobs.txt.
# Daemons are addressed by IP, not by the machine's name, which may resolve to anything. They listen on
# all interfaces, protected by a new key for every start.
write_config() {
  cat >"$SLURM_CONF" <<CONF
ClusterName=strffit-local
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket,cred_expire=5

StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobs.txt

ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
JobRequeue=0
EnforcePartLimits=ALL
MinJobAge=86400
KillWait=10

NodeName=local NodeHostname=localhost NodeAddr=127.0.0.1 CPUs=2 RealMemory=65536
PartitionName=test Nodes=local Default=YES MaxTime=INFINITE
CONF
}

prepare_folder() {
  [[ $dir =~ ^/[A-Za-z0-9._/+-]{1,60}$ ]] ||
    die "SLURM_LOCAL_DIR=$dir: expected an absolute path of at most 60 letters, digits and ._/+-"
  [[ $port =~ ^[0-9]{4,5}$ ]] || die "SLURM_LOCAL_PORT=$port: expected a port number from 1024"
  mkdir -p "$dir" || die "cannot create $dir; set SLURM_LOCAL_DIR"
  [[ -O $dir ]] || die "$dir belongs to another user; set SLURM_LOCAL_DIR"
  exec 9<"$dir"
  flock -w 60 9 || die "another start is still busy with $dir"
  grep -qs '^ClusterName=strffit-local$' "$SLURM_CONF" || [[ -z $(ls -A "$dir") ]] ||
    die "$dir is neither empty nor a cluster of this script; set SLURM_LOCAL_DIR"
}

start() {
  check_packages
  prepare_folder
  if all_up && node_ready; then
    say "already running"
  else
    all_down || stop
    rm -rf "$dir"/{run,log,state,spool}
    mkdir "$dir"/{run,log,state,spool}
    write_config
    (umask 077 && head -c 128 /dev/urandom >"$dir/run/munge.key")
    munged --force --origin=127.0.0.1 --socket="$dir/run/munge.socket" \
      --key-file="$dir/run/munge.key" --seed-file="$dir/run/munge.seed" \
      --pid-file="$dir/run/munged.pid" --log-file="$dir/log/munged.log" 9<&- || fail_start munged
    slurmctld -f "$SLURM_CONF" 9<&- || fail_start slurmctld
    wait_for 10 controller_answers || fail_start slurmctld
    slurmd -N local -f "$SLURM_CONF" 9<&- || fail_start slurmd
  fi
  wait_for 20 node_ready || fail_start slurmd
  echo "export SLURM_CONF=$SLURM_CONF"
}

fail_start() {
  tail -n 5 "$dir/log/$1.log" >&2 || true
  stop
  die "$1 did not start; its log is $dir/log/$1.log; is port $port or $((port + 1)) taken?"
}

stop() {
  local name pid
  all_down && say "not running" && return
  [[ -O $dir ]] || die "the cluster in $dir belongs to another user"
  if is_up slurmctld && controller_answers; then
    scancel --partition=test 2>/dev/null || true
    wait_for 20 queue_empty || say "warning: some jobs did not end"
  fi
  for name in "${daemons[@]}"; do
    pid=$(pid_of "$name") || continue
    kill "$pid" 2>/dev/null || continue
    wait_for 10 is_down "$name" || { say "killing $name ($pid)" && kill -9 "$pid"; }
  done
  say "stopped"
}

status() {
  local name pid
  for name in "${daemons[@]}"; do
    pid=$(pid_of "$name") || pid="not running"
    printf '%-10s %s\n' "$name" "$pid"
  done
  all_up || exit 3
  echo && sinfo && echo && squeue
}

case ${1-} in
  start | stop | status) "$1" ;;
  *) die "usage: slurm_cluster.sh start|stop|status" ;;
esac
