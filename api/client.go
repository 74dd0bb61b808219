package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Config sets a Client up.
type Config struct {
	Token     string
	BaseURL   string            // default https://api.digitalocean.com/
	Transport http.RoundTripper // nil: one with time-outs
	PerMinute int               // requests; 0 = 240
	Timeout   time.Duration     // of one mutation; a read has half of it; 0 = 30 s
	Now       func() time.Time
	Log       *slog.Logger
	CacheFor  time.Duration // 0 = 1 minute
	UserAgent string
}

// Client is the one caller of DigitalOcean. It is safe for concurrent use.
type Client struct{}

// New makes a Client. It sends nothing.
func New(Config) (*Client, error) { return &Client{}, nil }

var errUnbuilt = errors.New("api: under construction")

// Check says whether the token is accepted.
func (c *Client) Check(ctx context.Context) error { return errUnbuilt }

// Droplet reads one Droplet, always fresh.
func (c *Client) Droplet(ctx context.Context, id int) (Droplet, error) {
	return Droplet{}, errUnbuilt
}

// Droplets lists all Droplets, GPU ones included, cached.
func (c *Client) Droplets(ctx context.Context) ([]Droplet, error) { return nil, errUnbuilt }

// Found is what Find found.
type Found struct {
	Droplets []Droplet // exact: by ID, or by name in any case
	Nearest  []string  // up to 3 nearest names if there is none
}

// Find looks a Droplet up by ID or by exact name.
func (c *Client) Find(ctx context.Context, words string) (Found, error) { return Found{}, errUnbuilt }

// Tagged lists the Droplets with a tag, fresh.
func (c *Client) Tagged(ctx context.Context, tag string) ([]Droplet, error) { return nil, errUnbuilt }

// Image reads one image by ID or slug, fresh.
func (c *Client) Image(ctx context.Context, idOrSlug string) (Image, error) {
	return Image{}, errUnbuilt
}

// Backups lists the backups of a Droplet, newest first.
func (c *Client) Backups(ctx context.Context, droplet int) ([]Image, error) { return nil, errUnbuilt }

// Snapshots lists the snapshots of a Droplet, newest first.
func (c *Client) Snapshots(ctx context.Context, droplet int) ([]Image, error) { return nil, errUnbuilt }

// KernelVersion is a kernel that a Droplet can be given.
type KernelVersion struct {
	ID      int
	Name    string
	Version string
}

// Kernels lists the kernels of a Droplet.
func (c *Client) Kernels(ctx context.Context, droplet int) ([]KernelVersion, error) {
	return nil, errUnbuilt
}

// Plan is a size that a Droplet can have, with its price.
type Plan struct {
	Slug        string
	Description string
	VCPUs       int
	MemoryMB    int
	DiskGB      int
	Monthly     float64 // US dollars
	Regions     []string
	Available   bool
	GPU         bool
}

// Region is a datacenter region.
type Region struct {
	Slug      string
	Name      string
	Available bool
	Sizes     []string
	Features  []string
}

// Sizes lists all sizes, cached.
func (c *Client) Sizes(ctx context.Context) ([]Plan, error) { return nil, errUnbuilt }

// Images lists all images, cached.
func (c *Client) Images(ctx context.Context) ([]Image, error) { return nil, errUnbuilt }

// Regions lists all regions, cached.
func (c *Client) Regions(ctx context.Context) ([]Region, error) { return nil, errUnbuilt }

// History lists a Droplet's actions, newest first.
func (c *Client) History(ctx context.Context, droplet int) ([]Record, error) { return nil, errUnbuilt }

// Usual is how long an action usually takes on a Droplet.
func (c *Client) Usual(ctx context.Context, droplet int, a *Action) time.Duration { return a.Usual }

// PreCheck answers a sentence on why an action would be refused or do harm: the
// action's own PreCheck, and what look-ups tell of its arguments.
func (c *Client) PreCheck(ctx context.Context, a *Action, d Droplet, args Args, img *Image) (string, error) {
	return "", errUnbuilt
}

// Send sends an action: at most one POST that DigitalOcean accepted.
func (c *Client) Send(ctx context.Context, a *Action, droplet int, args Args, img *Image) (Record, error) {
	return Record{}, errUnbuilt
}

// Look reads an action under way once.
func (c *Client) Look(ctx context.Context, actionID int) (Record, error) {
	return Record{}, errUnbuilt
}

// PollEvery is how long to wait before the next look at an action of that age.
func PollEvery(age, usual time.Duration) time.Duration { return time.Second }
