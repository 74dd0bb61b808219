package digitalocean

import "fmt"

// Addresses are from the blocks that are kept for documentation (RFC 5737, RFC 3849), so nothing
// that reads them off a screen reaches anybody. 203.0.113.0/24 is small: they repeat after 254.

func (w *world) newPublicIPv4() NetworkV4 {
	return NetworkV4{fmt.Sprintf("203.0.113.%d", 1+w.rand.IntN(254)), "255.255.255.0", "203.0.113.1", "public"}
}

func (w *world) newPrivateIPv4() NetworkV4 {
	return NetworkV4{fmt.Sprintf("10.%d.%d.%d", 100+w.rand.IntN(40), w.rand.IntN(256), 2+w.rand.IntN(250)), "255.255.240.0", "", "private"}
}

func (w *world) newIPv6(region string) NetworkV6 {
	net := fmt.Sprintf("2001:db8:%x", 0x400+int(region[0])%64)
	return NetworkV6{fmt.Sprintf("%s::%x:%x", net, w.rand.IntN(1<<16), 1+w.rand.IntN(1<<15)), 64, net + "::1", "public"}
}

// newHost is the hardware; a region has few, so that some Droplets are neighbors.
func (w *world) newHost(region string) string { return fmt.Sprintf("%s-%03d", region, w.rand.IntN(12)) }
