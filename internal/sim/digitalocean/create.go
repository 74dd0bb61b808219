package digitalocean

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// DigitalOcean's bounds of a create, from its OpenAPI document.
const (
	maxCreate   = 10       // Droplets in one request
	maxUserData = 64 << 10 // bytes
)

// createRequest is the body of POST /v2/droplets, checked.
type createRequest struct {
	names   []string
	many    bool // names were given, so the answer is a list
	region  *Region
	size    *Size
	image   *Image
	tags    []string
	volumes []*Volume
	vpc     string
	policy  *BackupPolicy

	ipv6, monitoring, noPublic bool
	agent                      *bool
}

func (w *world) createDroplets(c *call) (answer, *refusal) {
	o, refused := c.readObject()
	if refused != nil {
		return answer{}, refused
	}
	r := &createRequest{}
	for _, read := range []func(*world, *call, object, *createRequest) *refusal{
		readNames, readPlace, readLogin, readOptions, readAttached,
	} {
		if refused := read(w, c, o, r); refused != nil {
			return answer{}, refused
		}
	}
	c.rec.UnknownFields = o.unknown()
	if len(w.droplets)+len(r.names) > w.account.DropletLimit {
		return answer{}, unprocessable("creating this/these droplet(s) will exceed your droplet limit")
	}
	r.tags = w.addTags(r.tags)
	var made []Droplet
	var l links
	for _, name := range r.names {
		d := w.make(r, name, c.now)
		a := w.begin(d, "create", c.now, c.outcome, func(at time.Time) { w.boot(d, r, at) })
		c.accepted(d.real.ID, a.ID, "create")
		made = append(made, d.view())
		l.Actions = append(l.Actions, linkAction{a.ID, "create", c.base + "/v2/actions/" + strconv.Itoa(a.ID)})
	}
	if r.many {
		return answer{202, map[string]any{"droplets": made, "links": l}}, nil
	}
	return answer{202, map[string]any{"droplet": made[0], "links": l}}, nil
}

// make is a Droplet that is not there yet: new, without addresses.
func (w *world) make(r *createRequest, name string, now time.Time) *droplet {
	d := &droplet{w: w, policy: r.policy}
	w.hosts[w.nextDroplet] = w.newHost(r.region.Slug)
	d.real = Droplet{
		ID: w.nextDroplet, Name: name, Memory: r.size.Memory, Vcpus: r.size.Vcpus, Disk: r.size.Disk, DiskInfo: r.size.DiskInfo,
		Status: "new", CreatedAt: second(now), Features: r.features(), BackupIDs: []int{}, SnapshotIDs: []int{}, Image: *r.image,
		VolumeIDs: []string{}, Size: *r.size, SizeSlug: r.size.Slug, Networks: Networks{[]NetworkV4{}, []NetworkV6{}},
		Region: *r.region, Tags: r.tags, VPCUUID: r.vpc, GPUInfo: r.size.GPUInfo,
	}
	w.nextDroplet++
	if r.policy != nil {
		d.real.NextBackupWindow = r.policy.next(now.UTC())
	}
	for _, v := range r.volumes {
		v.DropletIDs = []int{d.real.ID}
		d.real.VolumeIDs = append(d.real.VolumeIDs, v.ID)
	}
	d.change(func(*Droplet) {})
	d.appears(now)
	w.droplets = append(w.droplets, d)
	w.byID[d.real.ID] = d
	return d
}

func (r *createRequest) features() []string {
	f := []string{}
	if r.policy != nil {
		f = append(f, "backups")
	}
	if r.ipv6 {
		f = append(f, "ipv6")
	}
	if r.monitoring {
		f = append(f, "monitoring")
	}
	if r.agent == nil || *r.agent {
		f = append(f, "droplet_agent")
	}
	return append(f, "private_networking")
}

// boot is the end of a create.
func (w *world) boot(d *droplet, r *createRequest, at time.Time) {
	n := Networks{V4: []NetworkV4{}, V6: []NetworkV6{}}
	if !r.noPublic {
		n.V4 = append(n.V4, w.newPublicIPv4())
	}
	n.V4 = append(n.V4, w.newPrivateIPv4())
	if r.ipv6 {
		n.V6 = append(n.V6, w.newIPv6(r.region.Slug))
	}
	w.changeLate(d, at, func(real *Droplet) { real.Status, real.Networks = "active", n })
}

func readNames(_ *world, _ *call, o object, r *createRequest) *refusal {
	var name string
	one, refused := o.take("name", &name)
	if refused != nil {
		return refused
	}
	many, refused := o.take("names", &r.names)
	switch {
	case refused != nil:
		return refused
	case one && many:
		return unprocessable("Only one of name and names may be given.") // wording ours
	case one:
		r.names = []string{name}
	}
	r.many = many
	if len(r.names) == 0 || slices.Contains(r.names, "") {
		return unprocessable("Name can't be blank")
	}
	if len(r.names) > maxCreate {
		return unprocessable("You can only create %d droplets at a time.", maxCreate) // wording ours
	}
	for _, n := range r.names {
		if !validHostname(n) {
			return invalidHostname()
		}
	}
	return nil
}

// readPlace is region, size, image and VPC, which must fit together.
func readPlace(w *world, c *call, o object, r *createRequest) *refusal {
	var region, size string
	var image imageRef
	for name, v := range map[string]any{"region": &region, "size": &size, "vpc_uuid": &r.vpc} {
		if _, refused := o.take(name, v); refused != nil {
			return refused
		}
	}
	if _, refused := o.takeImage(&image); refused != nil {
		return refused
	}
	if refused := c.server.scope("image:read"); refused != nil {
		return refused
	}
	if r.vpc != "" {
		if refused := c.server.scope("vpc:read"); refused != nil {
			return refused
		}
	}
	if r.size = w.size(size); r.size == nil {
		return unprocessable("You specified an invalid size for Droplet creation.")
	}
	if r.image = w.imageAt(image); r.image == nil || r.image.Status != "available" {
		return unprocessable("You specified an invalid image for Droplet creation.")
	}
	if region == "" { // "If not provided, the Droplet is placed by availability" in short
		region = r.size.Regions[0]
	}
	if r.region = w.region(region); r.region == nil {
		return unprocessable("You specified an invalid region for Droplet creation.")
	}
	switch {
	case !r.region.Available:
		return unprocessable("Region is not available")
	case !r.size.Available || !slices.Contains(r.size.Regions, region):
		return unprocessable("Size is not available in this region.")
	case !slices.Contains(r.image.Regions, region):
		return unprocessable("The image you specified is not available in the selected region, you can transfer it to this region from the image's page.") // wording ours
	case r.image.MinDiskSize > r.size.Disk:
		return unprocessable("The image requires a disk of at least %d GB.", r.image.MinDiskSize) // wording ours
	}
	if r.vpc == "" {
		r.vpc = w.defaultVPC(region)
	} else if v := w.vpc(r.vpc); v == nil || v.Region != region {
		return unprocessable("You specified an invalid VPC for Droplet creation.") // wording ours
	}
	return nil
}

// readLogin is SSH keys (by ID or fingerprint) and user data.
func readLogin(w *world, c *call, o object, _ *createRequest) *refusal {
	var keys []json.RawMessage
	if _, refused := o.take("ssh_keys", &keys); refused != nil {
		return refused
	}
	if len(keys) > 0 {
		if refused := c.server.scope("ssh_key:read"); refused != nil {
			return refused
		}
	}
	for _, raw := range keys {
		var ref string
		if json.Unmarshal(raw, &ref) != nil {
			ref = string(raw)
		}
		if w.findKey(ref) == nil {
			return unprocessable("%s are invalid key identifiers for Droplet creation.", ref)
		}
	}
	var userData string
	if _, refused := o.take("user_data", &userData); refused != nil {
		return refused
	}
	if len(userData) > maxUserData {
		return unprocessable("User data is too long (maximum is 64 KiB)") // wording ours
	}
	return nil
}

func readOptions(_ *world, _ *call, o object, r *createRequest) *refusal {
	backups, ignored, public := false, false, true
	for name, v := range map[string]any{
		"backups": &backups, "ipv6": &r.ipv6, "monitoring": &r.monitoring, "private_networking": &ignored,
		"with_droplet_agent": &r.agent, "public_networking": &public,
	} {
		if _, refused := o.take(name, v); refused != nil {
			return refused
		}
	}
	r.noPublic = !public
	if r.noPublic && r.ipv6 {
		return unprocessable("IPv6 cannot be enabled without public networking.") // wording ours
	}
	policy, refused := o.takePolicy()
	if refused != nil {
		return refused
	}
	if backups {
		if r.policy = policy; policy == nil {
			r.policy = newPolicy("daily", "", 0) // the OpenAPI document's default
		}
	}
	var mode string
	if _, refused := o.take("gpu_partition_mode", &mode); refused != nil {
		return refused
	}
	var subnet string
	_, refused = o.take("subnet_uuid", &subnet)
	return refused
}

// readAttached is tags (made where they do not exist) and volumes, which must be free and in the
// same region. godo sends a volume as {"id": …}, the OpenAPI document wants the bare ID.
func readAttached(w *world, c *call, o object, r *createRequest) *refusal {
	if _, refused := o.take("tags", &r.tags); refused != nil {
		return refused
	}
	if r.tags == nil {
		r.tags = []string{}
	}
	for _, t := range r.tags {
		if !tagPattern.MatchString(t) {
			return unprocessable("Tag %q is invalid: only letters, numbers, colons, dashes and underscores are allowed.", t) // wording ours
		}
	}
	if len(r.tags) > 0 {
		if refused := c.server.scope("tag:create"); refused != nil {
			return refused
		}
	}
	var volumes []json.RawMessage
	if _, refused := o.take("volumes", &volumes); refused != nil {
		return refused
	}
	if len(volumes) > 0 {
		if refused := c.server.scope("block_storage:read"); refused != nil {
			return refused
		}
	}
	for _, raw := range volumes {
		var byID struct{ ID string } // godo sends objects, which DigitalOcean takes though its document does not have them
		if json.Unmarshal(raw, &byID.ID) != nil && json.Unmarshal(raw, &byID) != nil {
			return unprocessable("volumes is invalid.") // wording ours
		}
		v := w.volume(byID.ID)
		if v == nil || len(v.DropletIDs) > 0 || v.Region.Slug != r.region.Slug || len(r.names) > 1 {
			return unprocessable("Volume %s cannot be attached to this Droplet.", byID.ID) // wording ours
		}
		r.volumes = append(r.volumes, v)
	}
	return nil
}
