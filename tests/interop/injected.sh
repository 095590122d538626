# Leave once for each fault that strace is to inject, and print what is left behind, one line each:
#
#     FAULT|STATUS|FILES|PROCESSES|LAST LINE OF STANDARD ERROR
#
# Then everything that stayed is ended.  WORDS are leaving.py's; EACH comes before.
for fault in $FAULTS; do
    rm -f *.pid* status
    eval "$EACH" > /dev/null 2>&1
    strace -f -qq --seccomp-bpf -o trace -e "trace=${fault%%:*}" -e "inject=$fault" \
        sh -c "$LEAVE $WORDS > out 2> err; echo \$? > status" 2> /dev/null & tracer=$!
    count=0
    while ! [ -s status ] && [ $count -lt 600 ]; do sleep 0.05; count=$((count + 1)); done
    # Whoever is to end needs a moment for it; a pause process whose id is in a file stays, and strace with it.
    count=0
    while [ $count -lt 60 ]; do
        sleep 0.05; count=$((count + 1))
        ps -eo stat=,comm=,pid= | grep -v -E ' (sh|ps|grep|strace|cat) +[0-9]+$' > processes
        cat ./*.pid 2> /dev/null | grep -q . || [ -s processes ] || break
        grep -q -v "podman pause *$(cat ./*.pid 2> /dev/null)$" processes || break
    done
    kill -KILL $tracer; wait $tracer 2> /dev/null
    echo "$fault|$(cat status)|$(ls -A | grep '^pause' | tr '\n' ' ')|$(awk '{ print $1, $2, $3, $4 }' processes | tr '\n' ',')|$(tail -n 1 err)|$(cat pause.pid 2> /dev/null)"
    awk '{ print $NF }' processes | xargs -r kill -KILL 2> /dev/null
    sleep 0.1
done
