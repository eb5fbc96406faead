#!/usr/bin/env bash
# tap.sh FOLDER: captures and judges what ICE sends in the network namespace that this runs in (wiretap.c), until it is told to end.
# The kernel marks the frames of the two cgroups, whose path nft looks for below /sys/fs/cgroup.
group=$(basename "$(dirname "$(readlink "$1/ice")")")
nft -f - <<-RULES || exit 77
	table inet wiretap {
		chain out {
			type filter hook output priority 0; policy accept;
			socket cgroupv2 level 2 "$group/ice" meta mark set 0x1ce1
			socket cgroupv2 level 2 "$group/window" meta mark set 0x1ce2
		}
	}
RULES
exec nice "${B:-build}/tests/wiretap/wiretap" "$1"
