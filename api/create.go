package api

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

// createParams are the options of a create: all that DigitalOcean's OpenAPI document
// has, but for private_networking, which it calls deprecated for vpc_uuid. A region
// must be named, also where DigitalOcean would choose one: what people decide on is
// where it will be.
func createParams() []Param {
	ps := []Param{
		{Name: "region", Kind: Place, Flag: true, Required: true, Doc: "the region's slug", Example: "nyc3"},
		{Name: "size", Kind: Size, Flag: true, Required: true, Doc: "the size's slug", Example: "s-1vcpu-1gb"},
		{Name: "image", Kind: Base, Flag: true, Required: true, Doc: "the image's slug or ID; a snapshot or backup goes by its ID", Example: "ubuntu-24-04-x64"},
		{Name: "ssh-keys", Kind: Keys, Flag: true, Doc: "the SSH keys that may log in as root: names, IDs or fingerprints with commas between them, or all", Example: "all"},
		{Name: "backups", Kind: Switch, Flag: true, Doc: "turn automatic backups on", Example: "true"},
	}
	ps = append(ps, policyParams(false)...)
	return append(ps,
		Param{Name: "ipv6", Kind: Switch, Flag: true, Doc: "give it a public IPv6 address", Example: "true"},
		Param{Name: "monitoring", Kind: Switch, Flag: true, Doc: "install DigitalOcean's monitoring agent", Example: "true"},
		Param{Name: "vpc", Kind: VPC, Flag: true, Doc: "its VPC, by name or ID; the region's default one if left out", Example: "default-nyc3"},
		Param{Name: "user-data", Kind: Script, Flag: true, Doc: "what it runs at its first boot, such as a cloud-config; put no secret in it: who has to approve it reads it on the card", Example: "#cloud-config"},
		Param{Name: "volumes", Kind: Volumes, Flag: true, Doc: "volumes to attach, by names or IDs with commas between them; to one Droplet alone", Example: "spare"},
		Param{Name: "tags", Kind: List, Flag: true, Doc: "its tags, with commas between them", Example: "web,production", Check: checkTag},
		Param{Name: "agent", Kind: Choice, Flag: true, Doc: "the agent behind the control panel's console: with on, a failure to install it fails the create", Example: "on", Choices: []string{"on", "off"}},
		Param{Name: "public-networking", Kind: Choice, Flag: true, Doc: "public addresses, which it has if left out; with off it can never have one", Example: "on", Choices: []string{"on", "off"}},
		Param{Name: "unless-present", Kind: Switch, Flag: true, Doc: "make only those whose name no Droplet bears yet", Example: "true"},
	)
}

var (
	uuid        = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	fingerprint = regexp.MustCompile(`^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})+$`)
)

// IsAssetID says whether an asset of a kind can have that ID, as DigitalOcean takes it:
// of an SSH key, its fingerprint as well.
func IsAssetID(k Kind, s string) bool {
	if k == Keys {
		return digits(s) || fingerprint.MatchString(s)
	}
	return uuid.MatchString(s)
}

func checkTag(s string) string {
	if ValidTag(s) {
		return ""
	}
	return "a tag has letters, digits, colons, underscores and hyphens only."
}

// WrongName says why a Droplet can't be called so, and what would be right; empty if
// it can.
func WrongName(name string) string {
	if name == "" || len(name) > maxValue {
		return fmt.Sprintf("a Droplet's name has 1 to %d characters.", maxValue)
	}
	return checkHostname(name)
}

// fitCreate fills in what one option implies for another.
func fitCreate(a Args) error {
	if a["plan"] != "" || a["weekday"] != "" || a["hour"] != "" {
		a["backups"] = "true"
	}
	if a["public-networking"] == "off" && a["ipv6"] == "true" {
		return &ArgError{"ipv6", "Without public networking there is no IPv6 address: leave --ipv6 out, or --public-networking off."}
	}
	return fitPolicy(a)
}

// makeDroplet creates one Droplet, from the pinned image by its ID: a slug may mean
// another image by the time it is approved.
func makeDroplet(ctx context.Context, c *godo.Client, name string, a Args, img *Image) (*godo.Droplet, *godo.Response, error) {
	req := createRequest{DropletCreateRequest: godo.DropletCreateRequest{
		Name: name, Region: a["region"], Size: a["size"], Image: imageToUse(a["image"], img),
		SSHKeys: []godo.DropletCreateSSHKey{}, Tags: items(a["tags"]), // null is not what DigitalOcean's document has
		Backups: a["backups"] == "true", IPv6: a["ipv6"] == "true", Monitoring: a["monitoring"] == "true",
		VPCUUID: a["vpc"], UserData: a["user-data"], WithDropletAgent: onOrOff(a["agent"]), PublicNetworking: onOrOff(a["public-networking"]),
	}, BackupPolicy: policyOf(a)}
	for _, k := range items(a["ssh-keys"]) {
		key := godo.DropletCreateSSHKey{Fingerprint: k}
		if digits(k) {
			key = godo.DropletCreateSSHKey{ID: number(k)}
		}
		req.SSHKeys = append(req.SSHKeys, key)
	}
	if a["volumes"] != "" {
		req.Volumes = items(a["volumes"])
	}
	var root struct {
		Droplet *godo.Droplet `json:"droplet"`
		Links   *godo.Links   `json:"links"`
	}
	resp, err := post(ctx, c, "v2/droplets", req, &root)
	if resp != nil && root.Links != nil {
		resp.Links = root.Links
	}
	return root.Droplet, resp, err
}

// createRequest is godo's, with what that writes in another way than DigitalOcean's
// OpenAPI document has: volumes as objects.
type createRequest struct {
	godo.DropletCreateRequest
	Volumes      []string      `json:"volumes,omitempty"`
	BackupPolicy *backupPolicy `json:"backup_policy,omitempty"`
}

// imageToUse is the pinned image, or what was typed. godo prefers a slug to an ID.
func imageToUse(typed string, img *Image) godo.DropletCreateImage {
	switch {
	case img != nil && img.ID > 0:
		return godo.DropletCreateImage{ID: img.ID}
	case digits(typed):
		return godo.DropletCreateImage{ID: number(typed)}
	}
	return godo.DropletCreateImage{Slug: typed}
}

// items are those of a [List], none of an empty one.
func items(list string) []string {
	if list == "" {
		return []string{}
	}
	return strings.Split(list, ",")
}

func onOrOff(v string) *bool {
	if v == "" {
		return nil
	}
	return godo.PtrTo(v == "on")
}

// optionScopes are the token's scopes that some options of a create take besides its
// own, from the OpenAPI document.
var optionScopes = map[string]string{"ssh-keys": "ssh_key:read", "tags": "tag:create", "vpc": "vpc:read", "volumes": "block_storage:read"}

// Create makes a Droplet: at most one POST, as with [Client.Send], of which at most
// one is accepted. The record's ResourceID is the new Droplet; its ID is 0 where
// DigitalOcean does not name the action.
func (c *Client) Create(ctx context.Context, a *Action, name string, args Args, img *Image) (Record, error) {
	at := attempt{what: "create " + name, scopes: slices.Clone(a.Scopes), mutation: true, x: &exchange{mutation: true}}
	if a.Make == nil {
		return Record{}, &Error{Kind: Invalid, What: at.what, Message: "it makes no Droplet"}
	}
	for _, option := range slices.Sorted(maps.Keys(optionScopes)) {
		if args[option] != "" {
			at.scopes = append(at.scopes, optionScopes[option])
		}
	}
	r, err := c.mutate(ctx, at, func(ctx context.Context) (Record, error) {
		d, resp, err := a.Make(ctx, c.godo, name, args, img)
		switch {
		case err != nil:
			return Record{}, err
		case d == nil || d.ID == 0:
			return Record{}, errEmpty
		}
		c.cache.Delete(allDroplets) // who looks for it is to find it
		return c.making(*d, resp), nil
	})
	return r, err
}

// making is the record of a create that was accepted.
func (c *Client) making(d godo.Droplet, resp *godo.Response) Record {
	r := Record{Type: "create", Status: "in-progress", StartedAt: c.now(), ResourceID: d.ID, ResourceType: "droplet"}
	if at, err := time.Parse(time.RFC3339, d.Created); err == nil {
		r.StartedAt = at
	}
	if resp == nil || resp.Links == nil {
		return r
	}
	for _, l := range resp.Links.Actions {
		if l.Rel == "create" {
			r.ID = l.ID
		}
	}
	return r
}

// Named lists the Droplets of a name, in any case, fresh.
func (c *Client) Named(ctx context.Context, name string) ([]Droplet, error) {
	if !slug(name) && WrongName(name) != "" {
		return nil, nil // none can be called so
	}
	return c.named(ctx, name)
}

// Tags lists the account's tags, in their canonical capitalization, fresh.
func (c *Client) Tags(ctx context.Context) ([]string, error) {
	tags, err := pages(ctx, c, "list the tags", []string{"tag:read"}, c.godo.Tags.List)
	out := []string{}
	for _, t := range tags {
		out = append(out, t.Name)
	}
	return out, err
}

// checkPlace says why no Droplet of a size can be made in a region.
func (c *Client) checkPlace(ctx context.Context, d Droplet, region string) (string, error) {
	regions, err := c.Regions(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(regions, func(r Region) bool { return r.Slug == region })
	if i < 0 {
		var slugs []string
		for _, r := range regions {
			slugs = append(slugs, r.Slug)
		}
		return fmt.Sprintf("DigitalOcean has no region %s.%s", region, didYouMean(Nearest(region, slugs))), nil
	}
	if !regions[i].Available {
		return fmt.Sprintf("DigitalOcean makes no new Droplets in %s at present.", region), nil
	}
	plan, ok, err := c.Plan(ctx, d.Size)
	switch {
	case err != nil || !ok:
		return "", err // that there is no such size is said of the size
	case !plan.Available || len(plan.Regions) == 0:
		return fmt.Sprintf("DigitalOcean makes no new Droplets of the size %s at present.", d.Size), nil
	case !slices.Contains(plan.Regions, region):
		return fmt.Sprintf("The size %s is not to be had in %s, only in %s.", d.Size, region, either(plan.Regions)), nil
	}
	return "", nil
}

// canBeMade says what keeps a Droplet from being made of an image.
func canBeMade(d Droplet, _ Args, img *Image) string {
	switch why := unusable(d, nil, img); {
	case img == nil:
		return ""
	case why != "":
		return why
	case img.MinDisk > 0 && d.DiskGB > 0 && img.MinDisk > d.DiskGB:
		return fmt.Sprintf("%s needs a disk of %d GB, and the size %s has one of %d GB.", img.or(""), img.MinDisk, d.Size, d.DiskGB)
	case len(img.Regions) > 0 && d.Region != "" && !slices.Contains(img.Regions, d.Region):
		return fmt.Sprintf("%s is not available in %s, only in %s.", img.or(""), d.Region, either(img.Regions))
	}
	return ""
}

// creates says what is made, and what it costs.
func creates(on []Droplet, a Args, p Pins) string {
	s := "Creates {name} in {region} from {image}."
	if p.Plan != nil && p.Plan.Monthly > 0 {
		s += " [It costs|Each costs " + dollars(p.Plan.Monthly) + ", together] {price}"
		if a["backups"] == "true" {
			s += ", and its backups a fifth to a third of that on top"
		}
		s += "."
	}
	if a["ssh-keys"] == "" {
		s += " No SSH key is put on [it|them]: DigitalOcean mails the root password[|s] to the owner of the account."
	}
	return tell(on, s, "{region}", a["region"], "{image}", p.Image.or(a["image"]))
}

// unmetOptions lists what a new Droplet does not show yet of what was asked for. DigitalOcean
// reports it active before it has an address. What a token can't read, such as its tags,
// is left out of the answer, and can't be held against it.
func unmetOptions(d Droplet, a Args, img *Image) (out []string) {
	for _, of := range []struct {
		missing bool
		what    string
	}{
		{d.Status != "active", "that it is active"},
		{a["public-networking"] != "off" && d.PublicIP == "", "a public address"},
		{a["public-networking"] == "off" && d.PrivateIP == "", "a private address"},
		{a["ipv6"] == "true" && d.PublicIP6 == "", "an IPv6 address"},
		{a["size"] != "" && d.Size != a["size"], "the size " + a["size"]},
		{a["region"] != "" && d.Region != a["region"], "the region " + a["region"]},
		{a["vpc"] != "" && d.VPC != a["vpc"], "the VPC " + a["vpc"]},
		{img != nil && img.ID > 0 && d.ImageID != 0 && d.ImageID != img.ID, "the image it was created from"},
	} {
		if of.missing {
			out = append(out, of.what)
		}
	}
	for _, tag := range items(a["tags"]) {
		if !slices.Contains(d.Unreadable, UnreadableTags) && !slices.ContainsFunc(d.Tags, func(had string) bool { return strings.EqualFold(had, tag) }) {
			out = append(out, "the tag "+tag)
		}
	}
	return out
}

// madeOptions sees that a new Droplet has the volumes, the monitoring and the backup policy
// that were asked for.
func madeOptions(ctx context.Context, c *Client, before, after Droplet, a Args, r Record) (string, error) {
	if a["volumes"] != "" || a["monitoring"] == "true" {
		what := fmt.Sprintf("read Droplet %d", before.ID)
		d, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) (*godo.Droplet, *godo.Response, error) {
			return c.godo.Droplets.Get(ctx, before.ID)
		})
		switch {
		case err != nil:
			return "", err
		case d == nil || d.ID != before.ID:
			return "", empty(what, resp)
		case a["monitoring"] == "true" && !slices.Contains(d.Features, "monitoring"):
			return "", fmt.Errorf("%s does not list monitoring among its features", after.label())
		}
		for _, id := range items(a["volumes"]) {
			if !slices.Contains(d.VolumeIDs, id) {
				return "", fmt.Errorf("the volume %s is not attached to %s", id, after.label())
			}
		}
	}
	if a["backups"] != "true" {
		return "", nil
	}
	_, err := madePolicy(ctx, c, before, after, a, r)
	return "", err // its addresses are what people look for
}

// made tells what a new Droplet is reached by.
func made(_, d Droplet, _ Args) string {
	out := "Its ID is " + strconv.Itoa(d.ID)
	for _, of := range []struct{ what, is string }{{"its address ", d.PublicIP}, {"its IPv6 address ", d.PublicIP6}, {"its private address ", d.PrivateIP}} {
		if of.is != "" {
			out += ", " + of.what + of.is
		}
	}
	return out + "."
}
