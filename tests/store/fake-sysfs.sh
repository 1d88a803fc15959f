# A tree of plain files in sysfs's shape, for scenarios of netvm; source it behind lib.sh and isolate.
# $sysfs is its root. $NETVM_PLAY is a Xen that moves its devices; what it is told stands in $scratch/played.

sysfs=$scratch/sys
mkdir -p "$sysfs"/{bus/pci/devices,bus/pci/drivers,class/net,class/iommu,devices/pci0000:00,hypervisor}
echo xen >"$sysfs/hypervisor/type"
: >"$sysfs/bus/pci/drivers_probe"

# device BDF CLASS DRIVER: on the root bus. DRIVER "" for none.
device() {
	local dir=$sysfs/devices/pci0000:00/$1
	mkdir -p "$dir"
	ln -s "../../../devices/pci0000:00/$1" "$sysfs/bus/pci/devices/$1"
	echo "0x$2" >"$dir/class"
	echo 0x8086 >"$dir/vendor"
	echo 0x10d3 >"$dir/device"
	head -c 256 /dev/zero >"$dir/config"
	[ -z "$3" ] || driver "$1" "$3"
}

# driver BDF NAME: who holds it from now on.
driver() {
	mkdir -p "$sysfs/bus/pci/drivers/$2"
	: >>"$sysfs/bus/pci/drivers/$2/bind"
	ln -sfn "../../../bus/pci/drivers/$2" "$sysfs/devices/pci0000:00/$1/driver"
}

# nic BDF NAME MAC: an interface of a device.
nic() {
	mkdir -p "$sysfs/devices/pci0000:00/$1/net/$2"
	echo "$3" >"$sysfs/devices/pci0000:00/$1/net/$2/address"
	ln -sfn "../../devices/pci0000:00/$1/net/$2" "$sysfs/class/net/$2"
}

# nic_gone BDF NAME
nic_gone() {
	rm -rf "$sysfs/devices/pci0000:00/$1/net/$2" "$sysfs/class/net/$2"
}

driver_of() { basename "$(readlink "$sysfs/devices/pci0000:00/$1/driver")" 2>/dev/null; }

mkdir -p "$scratch/bin" "$scratch/domains.d"
export PATH=$scratch/bin:$PATH NETVM_PLAY=$scratch/bin/play
echo 1 >"$scratch/iommu"
: >"$scratch/domains" >"$scratch/played"

# The Xen of these scenarios. A file $scratch/fail-CALL makes a call fail with its words.
# Programs are run with next to no environment.
cat >"$NETVM_PLAY" <<PLAY
#!/bin/bash
SYSFS=$sysfs SCRATCH=$scratch
PLAY
cp "$NETVM_PLAY" "$scratch/bin/modprobe"
cat >>"$NETVM_PLAY" <<'PLAY'
dir=$SYSFS/devices/pci0000:00/$2
echo "$*" >>"$SCRATCH/played"
if [ -e "$SCRATCH/fail-$1" ]; then
	cat "$SCRATCH/fail-$1" >&2
	[ "$1" != take ] || rm -f "$dir/driver" # as libxl does: the driver has let go
	exit 1
fi
case $1 in
domains) cat "$SCRATCH/domains" ;;
vifs) cat "$SCRATCH/vifs" 2>/dev/null ;;
iommu) cat "$SCRATCH/iommu" ;;
list) cat "$SCRATCH/domains.d/$2" 2>/dev/null ;;
take)
	mkdir -p "$SCRATCH/taken/$2"
	readlink "$dir/driver" >"$SCRATCH/taken/$2/driver"
	for net in "$dir"/net/*; do
		[ -e "$net" ] || continue
		cp -r "$net" "$SCRATCH/taken/$2/"
		rm -rf "$net" "$SYSFS/class/net/${net##*/}"
	done
	ln -sfn ../../../bus/pci/drivers/pciback "$dir/driver" ;;
give-back)
	rm -f "$dir/driver"
	[ -e "$SCRATCH/taken/$2/driver" ] || exit 0
	ln -sfn "$(cat "$SCRATCH/taken/$2/driver")" "$dir/driver"
	for net in "$SCRATCH/taken/$2"/*/; do
		[ -e "$net" ] || continue
		name=$(basename "$net")
		new=$(cat "$SCRATCH/new-name" 2>/dev/null || echo "$name")
		mkdir -p "$dir/net"
		cp -r "$net" "$dir/net/$new"
		ln -sfn "../../devices/pci0000:00/$2/net/$new" "$SYSFS/class/net/$new"
	done
	rm -rf "$SCRATCH/taken/$2" ;;
attach) echo "$2" >>"$SCRATCH/domains.d/$3" ;;
detach) sed -i "/^$2$/d" "$SCRATCH/domains.d/$3" ;;
esac
exit 0
PLAY
cat >>"$scratch/bin/modprobe" <<'MODPROBE'
echo "modprobe $*" >>"$SCRATCH/played"
if [ -e "$SCRATCH/fail-modprobe" ]; then
	cat "$SCRATCH/fail-modprobe" >&2
	exit 1
fi
name=${1#xen-}
mkdir -p "$SYSFS/bus/pci/drivers/$name"
: >>"$SYSFS/bus/pci/drivers/$name/bind"
MODPROBE
chmod +x "$scratch/bin"/*
