# The machine: QEMU without KVM, with Xen's hypervisor, an IOMMU, two e1000e NICs on one wire and two disks. To be sourced.
#
# A running machine is a directory: $dir/disk (dom0's, an overlay), $dir/exchange, $dir/monitor and $dir/line (sockets of QEMU),
# $dir/pid. Its logs go to $logs: console.log (Xen and dom0), qemu.log.
#
# NIC 00:03.0 is what dom0 was installed with and gives to the network domain; 00:04.0 belongs to the world.

# Without SMAP: a PV dom0 dies at once under QEMU's. Without XSAVE: a restored machine had broken extended states in it.
machine_start() { # DIR LOGS [RAM]: RAM is a state to go on from
	local dir=$1 logs=$2 incoming=()
	[ -z "${3:-}" ] || incoming=(-incoming "exec:zstd -qdc $(printf %q "$3")")
	qemu-system-x86_64 -name xen-netvm-lab -machine q35,accel=tcg,kernel-irqchip=split -cpu max,-smap -smp 2 -m 3072 \
		-nodefaults -no-user-config -display none -no-reboot \
		-device intel-iommu,intremap=on \
		-kernel "$images/kernel/xen" \
		-append "console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning dom0_mem=896M,max:896M dom0_max_vcpus=1 iommu=verbose sched=credit noreboot xsave=0" \
		-initrd "$images/kernel/vmlinuz console=hvc0 quiet loglevel=4 net.ifnames=1 systemd.show_status=0,$images/dom0.initrd" \
		-chardev file,id=console,path="$logs/console.log" -device isa-serial,chardev=console \
		-chardev socket,id=line,path="$dir/line",server=on,wait=off -device isa-serial,chardev=line \
		-chardev socket,id=monitor,path="$dir/monitor",server=on,wait=off -mon chardev=monitor,mode=readline \
		-drive if=none,id=disk,format=qcow2,cache=unsafe,file="$dir/disk" -device ide-hd,drive=disk,bus=ide.0,serial=dom0 \
		-drive if=none,id=exchange,format=raw,cache=unsafe,file="$dir/exchange" -device ide-hd,drive=exchange,bus=ide.1,serial=exchange \
		-netdev hubport,id=nic,hubid=0 -device e1000e,netdev=nic,addr=3,mac=52:54:00:00:00:03 \
		-netdev hubport,id=world,hubid=0 -device e1000e,netdev=world,addr=4,mac=52:54:00:00:00:04 \
		"${incoming[@]}" >"$logs/qemu.log" 2>&1 </dev/null &
	echo $! >"$dir/pid"
	until [ -S "$dir/line" ] && [ -S "$dir/monitor" ]; do
		kill -0 "$(cat "$dir/pid")" 2>/dev/null || { cat "$logs/qemu.log" >&2; return 1; }
		sleep 0.05
	done
	# What is sent before the state is there would be lost with the state of the line.
	[ -z "${3:-}" ] || until machine_monitor "$dir" "info status" | grep -q 'VM status: running'; do
		kill -0 "$(cat "$dir/pid")" 2>/dev/null || { cat "$logs/qemu.log" >&2; return 1; }
		sleep 0.05
	done
}

# A command of QEMU's monitor, and its answer.
machine_monitor() { # DIR COMMAND
	echo "$2" | socat -t 60 - "UNIX-CONNECT:$1/monitor" 2>/dev/null | tr -d '\r'
}

# Ends the machine at once.
machine_stop() { # DIR
	local pid
	pid=$(cat "$1/pid" 2>/dev/null) || return 0
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	rm -f "$1/pid"
}

# Saves the whole machine, which ends by it.
machine_save() { # DIR RAM
	machine_monitor "$1" "migrate_set_parameter max-bandwidth 100G" >/dev/null
	machine_monitor "$1" "migrate_set_parameter downtime-limit 60000" >/dev/null
	machine_monitor "$1" "migrate \"exec:zstd -q -1 -T2 -f -o $(printf %q "$2")\"" >/dev/null
	machine_monitor "$1" "info migrate" | grep -q 'Migration status: completed' || return 1
	machine_monitor "$1" "quit" >/dev/null
	wait "$(cat "$1/pid")" 2>/dev/null || true
	rm -f "$1/pid"
}
