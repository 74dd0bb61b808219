package digitalocean

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// route is one operation of the API.
type route struct {
	method string
	path   string // {names} stand for one segment
	scope  string // that a token with custom scopes needs
	serve  func(w *world, c *call) (answer, *refusal)
}

// routes are DigitalOcean's paths. A fixed segment goes before a {name}, so order does not matter.
var routes = []route{
	{"GET", "/v2/account", "account:read", (*world).getAccount},
	{"GET", "/v2/account/keys", "ssh_key:read", (*world).listKeys},
	{"GET", "/v2/account/keys/{key}", "ssh_key:read", (*world).getKey},

	{"GET", "/v2/droplets", "droplet:read", (*world).listDroplets},
	{"POST", "/v2/droplets", "droplet:create", (*world).createDroplets},
	{"DELETE", "/v2/droplets", "droplet:delete", (*world).destroyByTag},
	{"POST", "/v2/droplets/actions", "droplet:update", (*world).postActionsByTag},
	{"GET", "/v2/droplets/backups/policies", "droplet:read", (*world).listBackupPolicies},
	{"GET", "/v2/droplets/backups/supported_policies", "droplet:read", (*world).listSupportedPolicies},
	{"GET", "/v2/droplets/{droplet_id}", "droplet:read", (*world).getDroplet},
	{"DELETE", "/v2/droplets/{droplet_id}", "droplet:delete", (*world).destroyDroplet},
	{"GET", "/v2/droplets/{droplet_id}/actions", "droplet:read", (*world).listDropletActions},
	{"POST", "/v2/droplets/{droplet_id}/actions", "droplet:update", (*world).postAction},
	{"GET", "/v2/droplets/{droplet_id}/actions/{action_id}", "droplet:read", (*world).getDropletAction},
	{"GET", "/v2/droplets/{droplet_id}/backups", "droplet:read", (*world).listBackups},
	{"GET", "/v2/droplets/{droplet_id}/backups/policy", "droplet:read", (*world).getBackupPolicy},
	{"GET", "/v2/droplets/{droplet_id}/snapshots", "droplet:read", (*world).listDropletSnapshots},
	{"GET", "/v2/droplets/{droplet_id}/kernels", "droplet:read", (*world).listKernels},
	{"GET", "/v2/droplets/{droplet_id}/firewalls", "firewall:read", (*world).listFirewalls},
	{"GET", "/v2/droplets/{droplet_id}/neighbors", "droplet:read", (*world).listNeighbors},
	{"GET", "/v2/droplets/{droplet_id}/destroy_with_associated_resources", "droplet:read", (*world).listAssociated},
	{"DELETE", "/v2/droplets/{droplet_id}/destroy_with_associated_resources/selective", "droplet:delete", (*world).destroySelective},
	{"DELETE", "/v2/droplets/{droplet_id}/destroy_with_associated_resources/dangerous", "droplet:delete", (*world).destroyDangerous},
	{"GET", "/v2/droplets/{droplet_id}/destroy_with_associated_resources/status", "droplet:delete", (*world).getDestroyStatus},
	{"POST", "/v2/droplets/{droplet_id}/destroy_with_associated_resources/retry", "droplet:delete", (*world).retryDestroy},
	{"GET", "/v2/reports/droplet_neighbors_ids", "droplet:read", (*world).reportNeighbors},

	{"GET", "/v2/actions", "actions:read", (*world).listActions},
	{"GET", "/v2/actions/{action_id}", "actions:read", (*world).getAction},

	{"GET", "/v2/images", "image:read", (*world).listImages},
	{"GET", "/v2/images/{image_id}", "image:read", (*world).getImage},
	{"DELETE", "/v2/images/{image_id}", "image:delete", (*world).deleteImage},
	{"GET", "/v2/sizes", "sizes:read", (*world).listSizes},
	{"GET", "/v2/regions", "regions:read", (*world).listRegions},
	{"GET", "/v2/snapshots", "snapshot:read", (*world).listSnapshots},
	{"GET", "/v2/snapshots/{snapshot_id}", "snapshot:read", (*world).getSnapshot},
	{"DELETE", "/v2/snapshots/{snapshot_id}", "snapshot:delete", (*world).deleteSnapshot},
	{"GET", "/v2/tags", "tag:read", (*world).listTags},
	{"GET", "/v2/tags/{tag_id}", "tag:read", (*world).getTag},
	{"GET", "/v2/volumes", "block_storage:read", (*world).listVolumes},
	{"GET", "/v2/volumes/{volume_id}", "block_storage:read", (*world).getVolume},
	{"GET", "/v2/vpcs", "vpc:read", (*world).listVPCs},
	{"GET", "/v2/vpcs/{vpc_id}", "vpc:read", (*world).getVPC},
}

// findRoute is the route of a request. A trailing slash is taken, as DigitalOcean takes it:
// python-digitalocean writes "droplets/".
func findRoute(method, path string) (*route, map[string]string, *refusal) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var best *route
	var bestVars map[string]string
	known := false
	for i := range routes {
		vars, ok := routes[i].fits(segments)
		if !ok {
			continue
		}
		known = true
		if routes[i].method == method && (best == nil || len(vars) < len(bestVars)) {
			best, bestVars = &routes[i], vars
		}
	}
	switch {
	case best != nil:
		return best, bestVars, nil
	case known:
		return nil, nil, methodNotAllowed()
	}
	return nil, nil, notFound()
}

func (rt *route) fits(segments []string) (map[string]string, bool) {
	pattern := strings.Split(strings.Trim(rt.path, "/"), "/")
	if len(pattern) != len(segments) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range pattern {
		if name, isVar := strings.CutPrefix(p, "{"); isVar {
			vars[strings.TrimSuffix(name, "}")] = segments[i]
		} else if p != segments[i] {
			return nil, false
		}
	}
	return vars, true
}

// Operations are the methods and paths there are, as "GET /v2/droplets", in order of path.
func Operations() []string {
	var out []string
	for _, rt := range routes {
		out = append(out, rt.method+" "+rt.path)
	}
	slices.Sort(out)
	return out
}

// pageURL is a link to another page of the same list.
func (c *call) pageURL(page int) string {
	q := url.Values{}
	for k, v := range c.query {
		q[k] = v
	}
	q.Set("page", strconv.Itoa(page))
	return c.base + c.rec.Path + "?" + q.Encode()
}
