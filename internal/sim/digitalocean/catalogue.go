package digitalocean

import (
	"fmt"
	"slices"
	"time"
)

// catalogue is what every account sees: regions, sizes, public images, its keys and default VPCs.
func (w *world) catalogue(now time.Time) {
	for _, r := range [][2]string{
		{"nyc1", "New York 1"}, {"nyc3", "New York 3"}, {"sfo3", "San Francisco 3"}, {"ams3", "Amsterdam 3"}, {"fra1", "Frankfurt 1"},
		{"lon1", "London 1"}, {"sgp1", "Singapore 1"}, {"blr1", "Bangalore 1"}, {"tor1", "Toronto 1"}, {"syd1", "Sydney 1"},
		{"nyc2", "New York 2"},
	} {
		w.regions = append(w.regions, Region{
			Slug: r[0], Name: r[1], Available: r[0] != "nyc2", Sizes: []string{},
			Features: []string{"backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer", "private_networking"},
		})
	}
	w.addSizes()
	w.addPublicImages(now)
	w.keys = []Key{
		{512189, "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample1 ana@example.com", "ana"},
		{512190, "f5:d1:78:ed:28:72:5f:e1:ac:94:fd:1f:e0:a3:48:6d", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample2 ben@example.com", "ben"},
	}
	for i, r := range w.regions {
		id := fmt.Sprintf("5a4981aa-9653-4bd1-bef5-d6bff52042%02x", i)
		w.vpcs = append(w.vpcs, VPC{
			ID: id, URN: "do:vpc:" + id, Name: "default-" + r.Slug, Region: r.Slug,
			IPRange: fmt.Sprintf("10.%d.0.0/20", 100+i), Default: true, CreatedAt: now.AddDate(-3, 0, 0),
		})
	}
}

// addSizes has the slugs, memory, disks and prices of DigitalOcean's price list.
func (w *world) addSizes() {
	everywhere := w.regionSlugs("nyc2")
	add := func(slug string, memory, vcpus, disk int, transfer, monthly float64, description string, regions []string) *Size {
		w.sizes = append(w.sizes, Size{
			Slug: slug, Memory: memory, Vcpus: vcpus, Disk: disk, Transfer: transfer, PriceMonthly: monthly, PriceHourly: hourly(monthly),
			Regions: regions, Available: true, Description: description,
			DiskInfo: []DiskInfo{{"local", Amount{disk, "gib"}}},
		})
		for _, r := range regions {
			region := w.region(r)
			region.Sizes = append(region.Sizes, slug)
		}
		return &w.sizes[len(w.sizes)-1]
	}
	add("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4, "Basic", []string{"nyc1", "nyc3", "sfo3", "ams3", "fra1", "sgp1", "syd1"})
	add("s-1vcpu-1gb", 1024, 1, 25, 1, 6, "Basic", everywhere)
	add("s-1vcpu-2gb", 2048, 1, 50, 2, 12, "Basic", everywhere)
	add("s-2vcpu-2gb", 2048, 2, 60, 3, 18, "Basic", everywhere)
	add("s-2vcpu-4gb", 4096, 2, 80, 4, 24, "Basic", everywhere)
	add("s-4vcpu-8gb", 8192, 4, 160, 5, 48, "Basic", everywhere)
	add("s-8vcpu-16gb", 16384, 8, 320, 6, 96, "Basic", everywhere)
	add("s-2vcpu-4gb-amd", 4096, 2, 80, 4, 28, "Basic AMD", everywhere)
	add("c-2", 4096, 2, 25, 4, 42, "CPU-Optimized", everywhere)
	add("c-4", 8192, 4, 50, 5, 84, "CPU-Optimized", everywhere)
	add("g-2vcpu-8gb", 8192, 2, 25, 4, 63, "General Purpose", everywhere)
	add("g-4vcpu-16gb", 16384, 4, 50, 5, 126, "General Purpose", everywhere)
	add("m-2vcpu-16gb", 16384, 2, 50, 4, 84, "Memory-Optimized", everywhere)
	add("so-2vcpu-16gb", 16384, 2, 300, 4, 131, "Storage-Optimized", []string{"nyc3", "sfo3", "fra1", "ams3"})
	h100 := add("gpu-h100x1-80gb", 245760, 20, 720, 15, 2522.16, "H100 GPU - 1X", []string{"nyc1", "tor1", "ams3"})
	h100.GPUInfo = &GPUInfo{1, "nvidia_h100", Amount{80, "gib"}}
	h100.DiskInfo = []DiskInfo{{"boot", Amount{720, "gib"}}, {"scratch", Amount{5120, "gib"}}}
	l40s := add("gpu-l40sx1-48gb", 65536, 8, 500, 10, 1165.68, "L40S GPU - 1X", []string{"tor1"})
	l40s.GPUInfo = &GPUInfo{1, "nvidia_l40s", Amount{48, "gib"}}
	l40s.DiskInfo = []DiskInfo{{"boot", Amount{500, "gib"}}}
	add("s-24vcpu-128gb", 131072, 24, 640, 9, 768, "Basic", everywhere).Available = false // sold out
}

// hourly is the price of an hour where 28 days of hours make the month, as DigitalOcean bills.
func hourly(monthly float64) float64 { return float64(int(monthly/672*100_000+0.5)) / 100_000 }

func (w *world) regionSlugs(but string) []string {
	var out []string
	for _, r := range w.regions {
		if r.Slug != but {
			out = append(out, r.Slug)
		}
	}
	return out
}

func (w *world) addPublicImages(now time.Time) {
	everywhere := w.regionSlugs("")
	for i, im := range []struct {
		id                       int
		slug, distribution, name string
		minDisk                  int
		application              bool
	}{
		{155133621, "ubuntu-24-04-x64", "Ubuntu", "24.04 (LTS) x64", 10, false},
		{129211873, "ubuntu-22-04-x64", "Ubuntu", "22.04 (LTS) x64", 10, false},
		{188100342, "ubuntu-25-04-x64", "Ubuntu", "25.04 x64", 10, false},
		{139648795, "debian-12-x64", "Debian", "12 x64", 10, false},
		{195932981, "debian-13-x64", "Debian", "13 x64", 10, false},
		{185706325, "fedora-42-x64", "Fedora", "42 x64", 10, false},
		{140318439, "rockylinux-9-x64", "Rocky Linux", "9 x64", 10, false},
		{133773640, "centos-stream-9-x64", "CentOS", "Stream 9 x64", 10, false},
		{164113092, "docker-20-04", "Ubuntu", "Docker 27 on Ubuntu 22.04", 25, true},
		{164113095, "wordpress-20-04", "Ubuntu", "WordPress 6 on Ubuntu 22.04", 25, true},
		{164113099, "lemp-20-04", "Ubuntu", "LEMP on Ubuntu 22.04", 25, true},
		{160712000, "gpu-h100x1-base", "Ubuntu", "NVIDIA AI/ML Ready", 50, true},
	} {
		kind := "base"
		if im.application {
			kind = "snapshot" // what DigitalOcean says of one-click applications
		}
		w.addImage(Image{
			ID: im.id, Name: im.name, Type: kind, Distribution: im.distribution, Slug: &im.slug, Public: true,
			Regions: slices.Clone(everywhere), CreatedAt: now.AddDate(0, -14+i, -3), MinDiskSize: im.minDisk, SizeGigabytes: 0.4 + float64(i)/4,
			Description: im.distribution + " " + im.name, Tags: []string{}, Status: "available", application: im.application,
		}, now)
	}
}
