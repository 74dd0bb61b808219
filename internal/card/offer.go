package card

import (
	"fmt"
	"strconv"
	"strings"

	"dropletops/api"
)

// Sizes are lines for a list of sizes.
func Sizes(plans []api.Plan) []string {
	out := make([]string, len(plans))
	for i, p := range plans {
		parts := hardware(p.VCPUs, p.MemoryMB, p.DiskGB)
		if p.Description != "" {
			parts = append(parts, escaped(p.Description, maxShort))
		}
		switch {
		case !p.Available:
			parts = append(parts, "⚪ not for new Droplets")
		case len(p.Regions) == 0:
			parts = append(parts, "⚪ in no region now")
		default:
			parts = append(parts, some(p.Regions, 14, 12))
		}
		out[i] = Code(p.Slug)
		if p.Monthly > 0 {
			out[i] += " · *" + Money(p.Monthly) + "* a month"
		}
		out[i] += "\n" + strings.Join(parts, " · ")
	}
	return out
}

// Images are lines for a list of images.
func Images(images []api.Image) []string {
	out := make([]string, len(images))
	for i, img := range images {
		first := strconv.Itoa(img.ID)
		if img.Slug != "" {
			first = img.Slug
		}
		parts := []string{}
		if img.Slug != "" {
			parts = append(parts, fmt.Sprintf("`%d`", img.ID))
		}
		parts = append(parts, kind(img.Kind))
		if img.MinDisk > 0 {
			parts = append(parts, fmt.Sprintf("disk of %d GB or more", img.MinDisk))
		}
		if len(img.Regions) == 0 {
			parts = append(parts, "⚪ in no region now")
		} else {
			parts = append(parts, some(img.Regions, 14, 12))
		}
		title := strings.TrimSpace(img.Distro + " " + img.Name)
		if title == "" {
			title = "without a name"
		}
		out[i] = Code(first) + " · " + escaped(title, 120) + "\n" + strings.Join(parts, " · ")
	}
	return out
}

// kind says what kind of image it is, in a word that one can filter by.
func kind(k string) string {
	switch k {
	case "base":
		return "base image"
	case "":
		return "image"
	}
	return escaped(k, maxShort)
}

// Regions are lines for a list of regions.
func Regions(regions []api.Region) []string {
	out := make([]string, len(regions))
	for i, r := range regions {
		open := "🟢 takes new Droplets"
		if !r.Available {
			open = "⚪ takes no new Droplets"
		}
		line := fmt.Sprintf("%s · %d %s", open, len(r.Sizes), plural(len(r.Sizes), "size", "sizes"))
		if len(r.Features) > 0 {
			line += " · " + some(r.Features, 8, 30)
		}
		out[i] = Code(r.Slug)
		if r.Name != "" {
			out[i] += " · *" + escaped(r.Name, maxShort) + "*"
		}
		out[i] += "\n" + line
	}
	return out
}

// Kernels are lines for a list of kernels. give answers what to type to be given
// one; that which the Droplet has is marked.
func Kernels(kernels []api.KernelVersion, has int, give func(id int) string) []string {
	out := make([]string, len(kernels))
	for i, k := range kernels {
		line := code(give(k.ID))
		if k.ID == has {
			line = fmt.Sprintf("`%d` · 🟢 in use", k.ID)
		}
		title := escaped(k.Name, 120)
		if title == "" {
			title = fmt.Sprintf("kernel %d", k.ID)
		}
		out[i] = strings.Join(nonEmpty("*"+title+"*", escaped(k.Version, maxShort)), " · ") + "\n" + line
	}
	return out
}
